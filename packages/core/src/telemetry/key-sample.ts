/** Hashes that a sample holds at most, and as many of those before. */
const MOST = 128;
/** One key of so many, less one: more would be no small integer. */
const THINNEST = 2 ** 29 - 1;

/**
 * Tells keys that are asked for again from new ones, without remembering them all: of the keys whose hashes end in enough
 * zeros, of each one for good, so that what it says of these holds for all.
 */
export class KeySample {
  /** Whether what was stored of it has left for space since. */
  readonly #known = new Map<number, boolean>();
  readonly #earlier: Map<number, boolean>;
  #mask = 0;

  /** @param before - knows what was asked for earlier; what was before that is forgotten */
  constructor(before?: KeySample) {
    this.#earlier = before === undefined ? new Map() : before.#known;
    if (before === undefined) return;
    // As few as before, so that both know of the same keys; more of them, where there were few.
    this.#mask = before.#known.size < MOST / 4 ? before.#mask >>> 2 : before.#mask;
  }

  /** How many hashes are held, for tests of boundedness. */
  get size(): number {
    return this.#known.size + this.#earlier.size;
  }

  /** Counts a key, where it is one of those that are looked at, for as many as it stands for. */
  note(hash: number, counts: { new: number; again: number; returned: number }): void {
    if ((hash & this.#mask) !== 0) return;
    const hadLeft = this.#known.get(hash) ?? this.#earlier.get(hash);
    counts[hadLeft === undefined ? 'new' : 'again'] += this.#mask + 1;
    if (hadLeft === true) counts.returned += this.#mask + 1;
    this.#known.set(hash, false);
    while (this.#known.size > MOST && this.#mask < THINNEST) this.#thin();
  }

  /** What was stored of a key has left for space, and would have been of use. */
  left(hash: number): void {
    const known = [this.#known, this.#earlier].find((hashes) => hashes.has(hash));
    known?.set(hash, true);
  }

  #thin(): void {
    this.#mask = this.#mask * 2 + 1;
    for (const hash of this.#known.keys()) if ((hash & this.#mask) !== 0) this.#known.delete(hash);
  }
}
