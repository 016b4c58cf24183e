import type { DroppedView } from './dropped-view.js';
import type { OneAtATime } from './one-at-a-time.js';
import { outsideRequests } from './outside-requests.js';
import type { WarmOptions, WarmResult, WarmSource } from './warm-types.js';
import type { WarmingParts } from './warming-parts.js';

/** The warmings of one cache. What carries them out is loaded with the first: most processes never ask for one. */
export class Warming {
  readonly #parts: WarmingParts;
  readonly #stops = new Map<AbortController, Promise<unknown>>();
  #turns: OneAtATime | undefined;
  #isClosed = false;

  constructor(parts: WarmingParts) {
    this.#parts = parts;
  }

  async warm(source: WarmSource, options?: WarmOptions): Promise<WarmResult> {
    const stop = new AbortController();
    if (this.#isClosed) stop.abort();
    const isWithin = this.#parts.isWarming();
    const result = outsideRequests(() => this.#warm(source, options, stop, isWithin));
    this.#stops.set(stop, result);
    try {
      return await result;
    } finally {
      this.#stops.delete(stop);
    }
  }

  /**
   * Asks again for what was dropped. Never rejects.
   *
   * @param views - what that is, found when it is asked
   */
  async rewarm(views: () => readonly DroppedView[]): Promise<void> {
    const stop = new AbortController();
    // Whoever has written is somebody: nothing of him is seen by those who make the views of all.
    const work = outsideRequests(async () => {
      const { rewarm } = await import('./late.js');
      const dropped = views();
      if (dropped.length > 0) await rewarm(this.#parts, dropped, stop.signal);
    });
    this.#stops.set(stop, work);
    try {
      await work;
    } catch (error) {
      this.#parts.warn(`rewarm: ${error instanceof Error ? error.message : String(error)}`);
    } finally {
      this.#stops.delete(stop);
    }
  }

  /** Ends all that is under way, and whatever is asked for later. */
  async close(): Promise<void> {
    this.#isClosed = true;
    const open = [...this.#stops];
    for (const [stop] of open) stop.abort();
    await Promise.allSettled(open.map(([, result]) => result));
  }

  async #warm(
    source: WarmSource,
    options: WarmOptions | undefined,
    stop: AbortController,
    isWithin: boolean,
  ): Promise<WarmResult> {
    const { OneAtATime, warm } = await import('./late.js');
    this.#turns ??= new OneAtATime(this.#parts.leases, this.#parts.leaseClock);
    return await warm(this.#parts, this.#turns, source, options, stop, isWithin);
  }
}
