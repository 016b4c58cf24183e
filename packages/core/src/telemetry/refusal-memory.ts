import type { Bypass, Refusal } from '../ports/event-sink.js';

/** Why a target was not stored, or let past the cache. */
export interface RememberedRefusal {
  readonly reason: Refusal | Bypass;
  /** What more there is to say of some: of `input` what was read, of `failed` the error. */
  readonly detail: string | undefined;
  /** The route's pattern; empty where the request went past the cache. */
  readonly route: string;
  /** How often, as far as it is remembered. */
  readonly count: number;
  /** The last time, in milliseconds since the epoch. */
  readonly at: number;
}

/** Targets whose refusals are remembered … */
const TARGETS = 1_000;
/** … and the characters of their keys: the client chooses how long a target is. */
const CHARACTERS = 500_000;

/** The last refusals by target: bounded by targets and by characters, and for each by how many reasons there are. */
export class RefusalMemory {
  readonly #targets = new Map<string, Map<Refusal | Bypass, RememberedRefusal>>();
  readonly #now: () => number;
  #characters = 0;

  constructor(now: () => number) {
    this.#now = now;
  }

  /** How many targets are remembered, for tests of boundedness. */
  get size(): number {
    return this.#targets.size;
  }

  clear(): void {
    this.#targets.clear();
    this.#characters = 0;
  }

  note(key: string, reason: Refusal | Bypass, route: string, detail: string | undefined): void {
    let reasons = this.#targets.get(key);
    if (reasons === undefined) {
      reasons = new Map();
      this.#characters += key.length;
    } else {
      // A Map keeps the place of a key that is set again, and the oldest leave from the front.
      this.#targets.delete(key);
    }
    this.#targets.set(key, reasons);
    const count = (reasons.get(reason)?.count ?? 0) + 1;
    reasons.set(reason, { reason, detail, route, count, at: this.#now() });
    while (this.#targets.size > TARGETS || this.#characters > CHARACTERS) this.#forgetOldest();
  }

  /** What is remembered of the targets that are meant, the last one first. */
  of(isMeant: (key: string) => boolean): readonly (RememberedRefusal & { readonly key: string })[] {
    const found = [...this.#targets].filter(([key]) => isMeant(key));
    return found
      .flatMap(([key, reasons]) => [...reasons.values()].map((refusal) => ({ key, ...refusal })))
      .sort((a, b) => b.at - a.at);
  }

  #forgetOldest(): void {
    const [oldest] = this.#targets.keys();
    if (oldest === undefined) return;
    this.#targets.delete(oldest);
    this.#characters -= oldest.length;
  }
}
