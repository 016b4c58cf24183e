import type { Clock } from '../ports/clock.js';

/** How far L1 goes by what it knows: as far as it may lag, or not without asking the store. */
export type Consistency = 'bounded' | 'strict';

/**
 * How far L1 is believed where other processes invalidate, too (PROTOCOL 4.5).
 *
 * A response is believed for as long as L1 may lag, counted from the sending of the read or commit that last found it
 * valid. Where a bus tells of all invalidations, it is believed for longer: as long as that has lately said that
 * everything was told, and nothing was missed since the response was validated.
 */
export class Trust {
  /** How long anything is believed, in milliseconds; `Infinity` where nobody else writes, below 0 where the store is asked. */
  #lagMs: number;
  /** Up to when all is known that was invalidated. */
  #heardUpTo = Number.NEGATIVE_INFINITY;
  /** When something was missed last. */
  #missedAt = Number.NEGATIVE_INFINITY;
  readonly #clock: Clock;
  readonly #onLimit: () => void;

  /**
   * @param lagMs - `Infinity` where nobody else writes
   * @param onLimit - told when L1 is believed less far than it was
   */
  constructor(clock: Clock, lagMs: number, consistency: Consistency = 'bounded', onLimit: () => void = () => {}) {
    this.#clock = clock;
    this.#onLimit = onLimit;
    this.#lagMs = consistency === 'strict' && lagMs !== Number.POSITIVE_INFINITY ? -1 : lagMs;
  }

  /** Nobody else writes: what is held is as true as ever. */
  get isAlone(): boolean {
    return this.#lagMs === Number.POSITIVE_INFINITY;
  }

  /** Whether what was validated at one time may be used at another without asking anybody; both monotonic. */
  holds(verifiedAt: number, now: number): boolean {
    if (now - verifiedAt <= this.#lagMs) return true;
    // In the same millisecond nobody knows which came first.
    return verifiedAt > this.#missedAt && now - this.#heardUpTo <= this.#lagMs;
  }

  /** Whether who came some time after a read was sent may still share its answer (PROTOCOL 4.4, W-rule (c)). */
  allowsLag(ms: number): boolean {
    return ms <= this.#lagMs;
  }

  /** All that was invalidated before this moment has been told. */
  heardUpTo(at: number): void {
    this.#heardUpTo = Math.max(this.#heardUpTo, at);
  }

  /** Something may not have been told: what was validated until now is not believed for that alone. */
  missed(): void {
    this.#missedAt = this.#clock.monotonic();
  }

  /** There turn out to be other processes that write. */
  limitTo(lagMs: number): void {
    this.#lagMs = Math.min(this.#lagMs, lagMs);
    this.#onLimit();
  }
}
