import type { Clock } from '../ports/clock.js';

/** Lets one after the other begin, so many in a second at most. What is late is not made up for. */
export class Pace {
  readonly #clock: Clock;
  readonly #everyMs: number;
  #next = Number.NEGATIVE_INFINITY;

  /** @param perSecond - `undefined` for no bound */
  constructor(clock: Clock, perSecond: number | undefined) {
    this.#clock = clock;
    this.#everyMs = perSecond === undefined ? 0 : 1_000 / perSecond;
  }

  /** Resolves when the next may begin, or at once when there is to be none. */
  async turn(signal: AbortSignal): Promise<void> {
    if (this.#everyMs === 0) return;
    const now = this.#clock.monotonic();
    const at = Math.max(now, this.#next);
    this.#next = at + this.#everyMs;
    if (at > now) await pause(this.#clock, at - now, signal);
  }
}

/** So long, or until the signal. */
export function pause(clock: Clock, ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) {
      resolve();
      return;
    }
    const end = (): void => {
      timer.cancel();
      signal.removeEventListener('abort', end);
      resolve();
    };
    const timer = clock.after(ms, end);
    signal.addEventListener('abort', end);
  });
}

/** Resolves when the signal has come. */
export function ending(signal: AbortSignal): Promise<undefined> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve(undefined);
    else signal.addEventListener('abort', () => resolve(undefined), { once: true });
  });
}
