import type { Counted, Counter, Held } from '../engine/keyed.js';
import type { MemoRecord } from './memo-names.js';

/** What memory may do for whoever counts it. */
interface Memory {
  /** Whether what is held of a key may answer. */
  holds(key: Counted): boolean;
  drop(keys: readonly Counted[]): void;
}

/**
 * Which results of one function memory holds, and that they are not too many: whether they were made here, found in the
 * shared store or come in behind an answer.
 */
export class MemoSizes implements Counter {
  readonly #record: MemoRecord;
  readonly #maxSize: number;
  readonly #memory: Memory;

  constructor(record: MemoRecord, maxSize: number, memory: Memory) {
    this.#record = record;
    this.#maxSize = maxSize;
    this.#memory = memory;
  }

  entered(held: Held, { text }: Counted): void {
    const { entries } = this.#record;
    entries.delete(text);
    entries.set(text, held);
    while (entries.size > this.#maxSize) {
      const [oldest] = entries.values();
      if (oldest?.counted === undefined) return;
      entries.delete(oldest.counted.text);
      this.#memory.drop([oldest.counted]);
    }
  }

  left(held: Held, { text }: Counted): void {
    // Another one may be there already, before it is told that this one has left.
    if (this.#record.entries.get(text) === held) this.#record.entries.delete(text);
  }

  /** It is the last that leaves. */
  used(text: string): void {
    const { entries } = this.#record;
    const held = this.#maxSize === Number.POSITIVE_INFINITY ? undefined : entries.get(text);
    if (held === undefined) return;
    entries.delete(text);
    entries.set(text, held);
  }

  clear(): void {
    this.#memory.drop(this.#keys());
  }

  /** How many may answer. */
  get size(): number {
    return this.#keys().filter((key) => this.#memory.holds(key)).length;
  }

  #keys(): Counted[] {
    return [...this.#record.entries.values()].flatMap(({ counted }) => counted ?? []);
  }
}
