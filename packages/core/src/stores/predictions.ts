/** Tags remembered in all; the keys that were learned first are forgotten first. */
const LIMIT = 100_000;
/** Characters of keys and tags together: a URL is the client's to write, and stands in its key and in several tags. */
const CHARACTERS = 8_000_000;

/**
 * The tags that a key had last time: what a fill will probably depend on, known before its handler runs.
 *
 * A wrong guess costs one more round trip and nothing else.
 */
export class Predictions {
  readonly #tags = new Map<string, readonly string[]>();
  readonly #limit: number;
  #size = 0;
  #characters = 0;

  constructor(limit: number = LIMIT) {
    this.#limit = limit;
  }

  /** How many tags are remembered, each key counting for one more. */
  get size(): number {
    return this.#size;
  }

  of(key: string): readonly string[] {
    return this.#tags.get(key) ?? [];
  }

  learn(key: string, tags: readonly string[]): void {
    const known = this.#tags.get(key);
    if (known !== undefined) {
      if (known.length === tags.length && known.every((tag, i) => tag === tags[i])) return;
      this.#forget(key, known);
    }
    this.#tags.set(key, tags);
    this.#size += tags.length + 1;
    this.#characters += charactersOf(key, tags);
    for (const [oldest, itsTags] of this.#tags) {
      if (this.#size <= this.#limit && this.#characters <= CHARACTERS) return;
      this.#forget(oldest, itsTags);
    }
  }

  #forget(key: string, tags: readonly string[]): void {
    this.#tags.delete(key);
    this.#size -= tags.length + 1;
    this.#characters -= charactersOf(key, tags);
  }
}

function charactersOf(key: string, tags: readonly string[]): number {
  let characters = key.length;
  for (const tag of tags) characters += tag.length;
  return characters;
}
