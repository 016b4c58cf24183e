import type { Clock, Timer } from '../ports/clock.js';
import { ALL_TAG } from './tags.js';

type Mode = 'soft' | 'hard';

/** Invalidations that are due within so many milliseconds of each other are done together. */
const STEP_MS = 50;
/** Tags that wait, in all; what is invalidated on top invalidates everything once its time has come. */
const LIMIT = 100_000;

interface Batch {
  readonly soft: Set<string>;
  readonly hard: Set<string>;
  readonly timer: Timer;
}

/**
 * Invalidates a second time, when data sources that lag have caught up (PROTOCOL 4.6, hold).
 *
 * What was made meanwhile, perhaps from what a replica still had, is gone after it, whatever the store. It waits in this
 * process: one that ends before the time is over leaves what it waited with undone.
 */
export class HeldInvalidations {
  readonly #repeat: (tags: readonly string[], mode: Mode) => unknown;
  readonly #clock: Clock;
  readonly #batches = new Map<number, Batch>();
  #tags = 0;
  #isClosed = false;

  /** @param repeat - invalidates, and sees to it that the store hears of it; neither throws nor rejects */
  constructor(repeat: (tags: readonly string[], mode: Mode) => unknown, clock: Clock) {
    this.#repeat = repeat;
    this.#clock = clock;
  }

  hold(tags: readonly string[], mode: Mode, holdMs: number): void {
    if (this.#isClosed) return;
    const now = this.#clock.monotonic();
    // Never early: the next round moment after the time is over.
    const due = Math.ceil((now + holdMs) / STEP_MS) * STEP_MS;
    let batch = this.#batches.get(due);
    if (batch === undefined) {
      batch = { soft: new Set(), hard: new Set(), timer: this.#clock.after(due - now, () => this.#send(due)) };
      this.#batches.set(due, batch);
    }
    const waiting = batch[mode];
    const before = waiting.size;
    for (const tag of this.#tags + tags.length > LIMIT ? [ALL_TAG] : tags) waiting.add(tag);
    this.#tags += waiting.size - before;
  }

  close(): void {
    this.#isClosed = true;
    for (const { timer } of this.#batches.values()) timer.cancel();
    this.#batches.clear();
  }

  #send(due: number): void {
    const batch = this.#batches.get(due);
    if (batch === undefined) return;
    this.#batches.delete(due);
    for (const mode of ['hard', 'soft'] as const) {
      const tags = [...batch[mode]];
      this.#tags -= tags.length;
      if (tags.length > 0) this.#repeat(tags, mode);
    }
  }
}
