/** When a store is left alone, and for how long. */
export interface BreakerLimits {
  /** Failures running after which nothing more is asked. */
  readonly failures: number;
  /** For how long, at first, in milliseconds. */
  readonly openMs: number;
  /** It doubles with each probe that fails, up to this. */
  readonly maxOpenMs: number;
}

/** The right to ask the store once, given back with the outcome. */
export type Pass = number;

/**
 * A circuit breaker: after some failures running nothing is asked for a while, then one probe, and its outcome decides.
 *
 * Outcomes of operations that began in an earlier state are ignored: 256 deadlines that pass together open it once, and
 * do not lengthen the wait.
 */
export class Breaker {
  readonly #limits: BreakerLimits;
  #state: 'closed' | 'open' | 'probing' = 'closed';
  #failures = 0;
  #openMs: number;
  #openedAt = 0;
  #openUntil = 0;
  /** Counts the states gone through; a pass is good only in the state that gave it. */
  #era: Pass = 0;

  constructor(limits: BreakerLimits) {
    this.#limits = limits;
    this.#openMs = limits.openMs;
  }

  get isClosed(): boolean {
    return this.#state === 'closed';
  }

  /** Whether {@link enter} may be called now, on the monotonic clock. */
  admits(now: number): boolean {
    return this.#state === 'closed' || (this.#state === 'open' && now >= this.#openUntil);
  }

  /** Begins an operation; after a wait, the one probe. */
  enter(): Pass {
    if (this.#state === 'open') {
      this.#state = 'probing';
      this.#era++;
    }
    return this.#era;
  }

  succeed(pass: Pass): void {
    if (pass !== this.#era) return;
    this.#state = 'closed';
    this.#failures = 0;
    this.#openMs = this.#limits.openMs;
  }

  fail(pass: Pass, now: number): void {
    if (pass !== this.#era) return;
    if (this.#state === 'closed' && ++this.#failures < this.#limits.failures) return;
    if (this.#state === 'probing') this.#openMs = Math.min(this.#openMs * 2, this.#limits.maxOpenMs);
    this.#state = 'open';
    this.#failures = 0;
    this.#era++;
    this.#openedAt = now;
    this.#openUntil = now + this.#openMs;
  }

  /**
   * An operation that was given up has succeeded after all: the store lives, so the wait need not be longer than the
   * first one was. Not shorter, or a store that is merely slow would cost a deadline each time it answers.
   */
  stir(): void {
    if (this.#state === 'open') this.#openUntil = Math.min(this.#openUntil, this.#openedAt + this.#limits.openMs);
  }
}
