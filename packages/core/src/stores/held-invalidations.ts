import { ALL_TAG } from '../invalidation/tags.js';
import type { Clock, Timer } from '../ports/clock.js';

/** Invalidations that are due within so many milliseconds of each other are done together. */
const STEP_MS = 50;
const FIRST_RETRY_MS = 250;
const LONGEST_RETRY_MS = 10_000;
/** Tags that wait, in all; what is invalidated on top invalidates everything once its time has come. */
const LIMIT = 100_000;

interface Batch {
  readonly tags: Set<string>;
  timer: Timer;
}

/**
 * Invalidates a second time, when data sources that lag have caught up (PROTOCOL 4.6, hold).
 *
 * For stores that cannot keep the waiting themselves. What was made meanwhile, perhaps from what a replica still had, is
 * gone after it. It waits in this process: one that ends before the time is over leaves what it waited with undone.
 */
export class HeldInvalidations {
  readonly #invalidate: (tags: readonly string[]) => Promise<boolean>;
  readonly #clock: Clock;
  readonly #batches = new Map<number, Batch>();
  #tags = 0;
  #isClosed = false;

  /** @param invalidate - false when the store has not heard of it; never rejects */
  constructor(invalidate: (tags: readonly string[]) => Promise<boolean>, clock: Clock) {
    this.#invalidate = invalidate;
    this.#clock = clock;
  }

  hold(tags: readonly string[], holdMs: number): void {
    this.#wait(tags, holdMs, FIRST_RETRY_MS);
  }

  close(): void {
    this.#isClosed = true;
    for (const { timer } of this.#batches.values()) timer.cancel();
    this.#batches.clear();
  }

  #wait(tags: readonly string[], delayMs: number, retryMs: number): void {
    if (this.#isClosed) return;
    const now = this.#clock.monotonic();
    // Never early: the next round moment after the time is over.
    const due = Math.ceil((now + delayMs) / STEP_MS) * STEP_MS;
    let batch = this.#batches.get(due);
    if (batch === undefined) {
      batch = { tags: new Set(), timer: this.#clock.after(due - now, () => void this.#send(due, retryMs)) };
      this.#batches.set(due, batch);
    }
    const before = batch.tags.size;
    for (const tag of this.#tags + tags.length > LIMIT ? [ALL_TAG] : tags) batch.tags.add(tag);
    this.#tags += batch.tags.size - before;
  }

  async #send(due: number, retryMs: number): Promise<void> {
    const batch = this.#batches.get(due);
    if (batch === undefined) return;
    this.#batches.delete(due);
    this.#tags -= batch.tags.size;
    const tags = [...batch.tags];
    if (!(await this.#invalidate(tags))) this.#wait(tags, retryMs, Math.min(retryMs * 2, LONGEST_RETRY_MS));
  }
}
