/** Rests after the first failure; each further one doubles it. */
const FIRST_MS = 1_000;
const LONGEST_MS = 30_000;
/** Keys remembered; past it the oldest are forgotten, which costs a handler run too early. */
const LIMIT = 1_000;
/** A longer key is not remembered: the client chooses how long it is. */
const LONGEST_KEY = 2_048;

interface Failures {
  readonly restMs: number;
  readonly until: number;
}

/**
 * Remembers which handlers have failed, so that what they lean on is left alone for a moment while a stored response can
 * answer in their stead: for 1 s, then 2, 4 … up to 30 s, until one succeeds.
 */
export class BackOff {
  readonly #failed = new Map<string, Failures>();

  /** Whether the handler of this key is left alone now. */
  isResting(key: string, now: number): boolean {
    const failures = this.#failed.get(key);
    return failures !== undefined && now < failures.until;
  }

  failed(key: string, now: number): void {
    const before = this.#failed.get(key);
    // Several that began together fail together, and are one failure.
    if (key.length > LONGEST_KEY || (before !== undefined && now < before.until)) return;
    const restMs = before === undefined ? FIRST_MS : Math.min(before.restMs * 2, LONGEST_MS);
    this.#failed.delete(key);
    this.#failed.set(key, { restMs, until: now + restMs });
    if (this.#failed.size <= LIMIT) return;
    for (const oldest of this.#failed.keys()) {
      this.#failed.delete(oldest);
      return;
    }
  }

  succeeded(key: string): void {
    if (this.#failed.size > 0) this.#failed.delete(key);
  }
}
