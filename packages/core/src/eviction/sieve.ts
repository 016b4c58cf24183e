import type { EvictionPolicy } from '../ports/eviction-policy.js';
import { SlotLists } from './slot-lists.js';
import { widened } from './widened.js';

/**
 * Evicts what a hand that goes from old to new, round and round, finds unused since it last came by.
 *
 * SIEVE (Zhang et al., NSDI 2024): a hit only sets a mark. Very good on web traffic; under loops and scans as bad as LRU.
 */
export class SievePolicy implements EvictionPolicy {
  readonly name = 'sieve';
  readonly #queue = new SlotLists(1);
  #used = new Uint8Array(0);
  /** The slot that is looked at next; -1 for the oldest. */
  #hand = -1;

  grow(slots: number): void {
    this.#queue.grow(slots);
    this.#used = widened(this.#used, slots);
  }

  insert(slot: number): void {
    this.#used[slot] = 0;
    this.#queue.push(0, slot);
  }

  hit(slot: number): void {
    this.#used[slot] = 1;
  }

  remove(slot: number): void {
    if (this.#hand === slot) this.#hand = this.#queue.newerThan(slot);
    this.#queue.remove(slot);
  }

  victim(): number {
    let slot = this.#hand < 0 ? this.#queue.oldest(0) : this.#hand;
    while (this.#used[slot] !== 0) {
      this.#used[slot] = 0;
      const newer = this.#queue.newerThan(slot);
      slot = newer < 0 ? this.#queue.oldest(0) : newer;
    }
    this.#hand = slot;
    return slot;
  }

  *order(): Generator<number> {
    for (const slot of this.#queue.fromOldest(0)) if (this.#used[slot] === 0) yield slot;
    for (const slot of this.#queue.fromOldest(0)) if (this.#used[slot] !== 0) yield slot;
  }

  clear(): void {
    this.#queue.clear();
    this.#hand = -1;
  }
}
