import type { ProducerRun } from './producer.js';

/** What one run of a producer is told: made as far as it asks for it. */
export class ToldRun implements ProducerRun {
  readonly isRefresh: boolean;
  readonly #readStale: () => unknown;
  #controller: AbortController | undefined;
  #reason: Error | undefined;

  constructor(isRefresh: boolean, readStale: () => unknown = () => undefined) {
    this.isRefresh = isRefresh;
    this.#readStale = readStale;
  }

  get stale(): unknown {
    return this.#readStale();
  }

  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.#reason !== undefined) this.#controller.abort(this.#reason);
    }
    return this.#controller.signal;
  }

  /** Nobody takes what it makes any more. */
  giveUp(reason: Error): void {
    this.#reason ??= reason;
    this.#controller?.abort(reason);
  }

  /** Whether it has failed for having been given up, and for nothing else. */
  hasStopped(error: unknown): boolean {
    return this.#reason !== undefined && error === this.#reason;
  }
}
