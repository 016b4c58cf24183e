/** URLs that are counted at a time: those that were asked for least are forgotten, and with them nothing that would count. */
const MOST = 100_000;

/** Counts what is asked for, in bounded memory: whoever asks for ever new URLs does not drive out what all others ask for. */
export class MostAsked {
  readonly #counts = new Map<string, number>();
  readonly #most: number;

  constructor(most: number = MOST) {
    this.#most = most;
  }

  add(target: string): void {
    const count = this.#counts.get(target);
    if (count === undefined && this.#counts.size >= this.#most) this.#forgetLeast();
    this.#counts.set(target, (count ?? 0) + 1);
  }

  /** Those that were asked for most, first; of those asked for as often, the one that came first. */
  top(count: number): readonly string[] {
    const sorted = [...this.#counts].sort(([, some], [, others]) => others - some);
    return sorted.slice(0, count).map(([target]) => target);
  }

  #forgetLeast(): void {
    for (let least = 1; this.#counts.size > this.#most / 2; least *= 2)
      for (const [target, count] of this.#counts) if (count <= least) this.#counts.delete(target);
  }
}
