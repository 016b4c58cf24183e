/** Rests after the first failure; each further one doubles it. */
const FIRST_MS = 100;
const LONGEST_MS = 30_000;

/** How long to rest after so many failures in a row: a random part of it less, so that many do not come back at once. */
export function restAfter(failures: number): number {
  const most = Math.min(FIRST_MS * 2 ** Math.min(failures - 1, 20), LONGEST_MS);
  return most * (0.5 + Math.random() / 2);
}

/**
 * How many writes are sent to a database at a time, and when: fewer where they fail, down to one, so that one that the
 * database will never take keeps no others from it, and a database that is down is asked for one every now and then. When it
 * takes them again, more and more.
 */
export class Pace {
  readonly #most: number;
  #size: number;
  #failures = 0;
  /** Nothing is sent before. */
  restsUntil = Number.NEGATIVE_INFINITY;

  constructor(most: number) {
    this.#most = most;
    this.#size = most;
  }

  /** So many may be sent together. */
  get size(): number {
    return this.#size;
  }

  /** Nothing has been taken since the last failure. */
  get isFailing(): boolean {
    return this.#failures > 0;
  }

  /** Lets the next ones go at once. */
  hurry(): void {
    this.restsUntil = Number.NEGATIVE_INFINITY;
  }

  succeeded(): void {
    this.#failures = 0;
    this.restsUntil = Number.NEGATIVE_INFINITY;
    this.#size = Math.min(this.#size * 2, this.#most);
  }

  /**
   * None of those that were sent together was taken.
   *
   * @param count - how many they were
   */
  failed(count: number, now: number): void {
    if (count > 1) {
      this.#size = Math.ceil(count / 2);
      return;
    }
    this.#size = 1;
    this.#failures++;
    this.restsUntil = now + restAfter(this.#failures);
  }
}
