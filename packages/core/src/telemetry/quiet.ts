/** How often listeners hear of one kind of failure: a store that refuses each write would tell of each of them. */
const EVERY_MS = 1_000;
/** Kinds that are told apart; further ones share a turn. */
const KINDS = 100;
const OTHER = '(other)';

interface Turn {
  at: number;
  unsaid: number;
}

/** Lets one event of a kind through each second, and counts the others. */
export class Quiet {
  readonly #turns = new Map<string, Turn>();
  readonly #now: () => number;

  constructor(now: () => number) {
    this.#now = now;
  }

  /** @returns how many were kept back since the last that was told; `undefined` where this one is, too */
  admit(kind: string): number | undefined {
    const known = this.#turns.get(kind);
    if (known === undefined) {
      if (this.#turns.size >= KINDS && kind !== OTHER) return this.admit(OTHER);
      this.#turns.set(kind, { at: this.#now(), unsaid: 0 });
      return 0;
    }
    const now = this.#now();
    // A clock that was set back must not keep anything back for longer.
    if (now >= known.at && now - known.at < EVERY_MS) {
      known.unsaid++;
      return undefined;
    }
    const { unsaid } = known;
    known.at = now;
    known.unsaid = 0;
    return unsaid;
  }
}
