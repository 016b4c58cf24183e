/** How much is remembered of texts. */
export interface ParsedTextsLimits {
  readonly texts: number;
  /** Characters of them all. */
  readonly characters: number;
  /** Characters of the longest one that is kept. */
  readonly longest: number;
}

/**
 * What texts have come to, of those used last.
 *
 * Two generations: a text that is found in the older one moves to the younger, and when that is full the older one goes. So
 * a hit costs one look into a map, and no order is kept.
 */
export class ParsedTexts<Parsed> {
  #young = new Map<string, Parsed>();
  #old = new Map<string, Parsed>();
  #characters = 0;

  constructor(
    readonly parse: (text: string) => Parsed,
    readonly limits: ParsedTextsLimits,
  ) {}

  /** Texts that are remembered, at most. */
  get size(): number {
    return this.#young.size + this.#old.size;
  }

  get(text: string): Parsed {
    const young = this.#young.get(text);
    if (young !== undefined) return young;
    const old = this.#old.get(text);
    const parsed = old ?? this.parse(text);
    if (text.length <= this.limits.longest) this.#keep(text, parsed);
    return parsed;
  }

  #keep(text: string, parsed: Parsed): void {
    const { texts, characters } = this.limits;
    if (this.#young.size >= texts / 2 || this.#characters + text.length > characters / 2) {
      this.#old = this.#young;
      this.#young = new Map();
      this.#characters = 0;
    }
    this.#old.delete(text);
    this.#young.set(text, parsed);
    this.#characters += text.length;
  }
}
