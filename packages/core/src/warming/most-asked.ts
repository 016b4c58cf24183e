import { copied } from './copied.js';

/** URLs that are counted at a time: those that were asked for least are forgotten, and with them nothing that would count. */
const MOST = 100_000;
/** … and the characters of all of them: strangers choose how long a URL is. */
const CHARACTERS = 16_000_000;
/** Longer ones are not warmed, and not counted. */
const LONGEST = 2_048;

/** Counts what is asked for, in bounded memory: whoever asks for ever new URLs does not drive out what all others ask for. */
export class MostAsked {
  readonly #counts = new Map<string, number>();
  readonly #most: number;
  readonly #mostCharacters: number;
  #characters = 0;

  constructor(most: number = MOST, mostCharacters: number = CHARACTERS) {
    this.#most = most;
    this.#mostCharacters = mostCharacters;
  }

  /** How much is held, for tests of boundedness. */
  get size(): { readonly targets: number; readonly characters: number } {
    return { targets: this.#counts.size, characters: this.#characters };
  }

  add(target: string): void {
    if (target.length > LONGEST) return;
    const count = this.#counts.get(target);
    if (count !== undefined) {
      this.#counts.set(target, count + 1);
      return;
    }
    if (this.#counts.size >= this.#most || this.#characters + target.length > this.#mostCharacters) this.#forgetLeast();
    this.#characters += target.length;
    this.#counts.set(copied(target), 1);
  }

  /** Those that were asked for most, first; of those asked for as often, the one that came first. */
  top(count: number): readonly string[] {
    const sorted = [...this.#counts].sort(([, some], [, others]) => others - some);
    return sorted.slice(0, count).map(([target]) => target);
  }

  #forgetLeast(): void {
    for (let least = 1; this.#isMoreThanHalf; least *= 2)
      for (const [target, count] of this.#counts) {
        if (count > least) continue;
        this.#counts.delete(target);
        this.#characters -= target.length;
      }
  }

  get #isMoreThanHalf(): boolean {
    return this.#counts.size > this.#most / 2 || this.#characters > this.#mostCharacters / 2;
  }
}
