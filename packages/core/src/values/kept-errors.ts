import { type Failure, isUntouched } from '../engine/failure.js';
import type { Keyed } from '../engine/keyed.js';
import type { Trust } from '../engine/trust.js';
import type { TagTable } from '../invalidation/tag-table.js';
import type { Clock } from '../ports/clock.js';

/** Errors that are kept at a time; past it the oldest are forgotten, which costs a run of a producer. */
const LIMIT = 1_000;

interface KeptError {
  readonly failure: Failure;
  readonly until: number;
}

/**
 * Errors of producers that are thrown again for a while rather than asked for, in this process only: an error has no bytes
 * that another one could read.
 *
 * Nobody tells this process what others have put in its place: where they write, too, an error is believed for no longer
 * than anything that L1 holds, and not at all where the store is asked each time.
 */
export class KeptErrors {
  readonly #tags: TagTable;
  readonly #clock: Clock;
  readonly #trust: Trust;
  readonly #kept = new Map<string, KeptError>();

  constructor(tags: TagTable, clock: Clock, trust: Trust) {
    this.#tags = tags;
    this.#clock = clock;
    this.#trust = trust;
  }

  find({ text }: Keyed): Failure | undefined {
    if (this.#kept.size === 0) return undefined;
    const kept = this.#kept.get(text);
    if (kept === undefined) return undefined;
    const { failure, until } = kept;
    const now = this.#clock.monotonic();
    const isGood = now < until && this.#trust.holds(failure.startedAt, now) && isUntouched(failure, this.#tags);
    if (isGood) return failure;
    this.#kept.delete(text);
    return undefined;
  }

  keep(key: Keyed, failure: Failure, lifetimeMs: number): void {
    this.#kept.delete(key.text);
    this.#kept.set(key.text, { failure, until: this.#clock.monotonic() + lifetimeMs });
    if (this.#kept.size <= LIMIT) return;
    const [oldest] = this.#kept.keys();
    if (oldest !== undefined) this.#kept.delete(oldest);
  }

  forget({ text }: Keyed): void {
    this.#kept.delete(text);
  }

  /** A value was found that was made at this time: an error from before that is of no use any more. */
  outlive({ text }: Keyed, madeAt: number): void {
    const kept = this.#kept.size === 0 ? undefined : this.#kept.get(text);
    if (kept !== undefined && kept.failure.startedAt < madeAt) this.#kept.delete(text);
  }
}
