import type { EvictionPolicy } from '../ports/eviction-policy.js';
import { SlotLists } from './slot-lists.js';
import { widened } from './widened.js';

/** Ranks told apart at a time: a power of two, so that a rank finds its list by its low bits. */
const RANKS = 256;
const MOST_USES = RANKS - 1;

/**
 * Evicts what was used least often, where uses of long ago count less: LFU with dynamic ageing.
 *
 * A value ranks by its number of uses, 255 at most, above the rank of what was evicted last (Arlitt et al. 1999): what is not used
 * any more stays where it is while all else rises past it. O(1): the ranks in use at a time are 256 at most, each a list of its
 * own; 9 bytes a slot.
 */
export class AgeingLfuPolicy implements EvictionPolicy {
  readonly name = 'lfu';
  readonly #lists = new SlotLists(RANKS);
  #uses = new Uint8Array(0);
  /** The rank of what was evicted last; its list is `#floor % RANKS`, and every slot's is within the 255 above. */
  #floor = 0;

  grow(slots: number): void {
    this.#lists.grow(slots);
    this.#uses = widened(this.#uses, slots);
  }

  insert(slot: number): void {
    this.#uses[slot] = 1;
    this.#lists.push((this.#floor + 1) % RANKS, slot);
  }

  hit(slot: number): void {
    const uses = Math.min((this.#uses[slot] as number) + 1, MOST_USES);
    this.#uses[slot] = uses;
    this.#lists.remove(slot);
    this.#lists.push((this.#floor + uses) % RANKS, slot);
  }

  remove(slot: number): void {
    this.#lists.remove(slot);
  }

  victim(): number {
    while (this.#lists.isEmpty(this.#floor)) this.#floor = (this.#floor + 1) % RANKS;
    return this.#lists.oldest(this.#floor);
  }

  *order(): Generator<number> {
    for (let above = 0; above < RANKS; above++) yield* this.#lists.fromOldest((this.#floor + above) % RANKS);
  }

  clear(): void {
    this.#lists.clear();
  }
}
