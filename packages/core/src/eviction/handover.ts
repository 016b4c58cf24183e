import type { EvictionPolicy } from '../ports/eviction-policy.js';
import type { SlotFacts } from './slot-facts.js';
import { widened } from './widened.js';

/**
 * Slots on their way from one policy to another, the worst first, some at a time.
 *
 * Until it is done a slot is with one of the two; what is evicted meanwhile comes from the new one, which has the worst.
 */
export class Handover {
  readonly #from: EvictionPolicy;
  readonly #to: EvictionPolicy;
  readonly #facts: SlotFacts;
  /** 1 for a slot that is still with the former policy. */
  #isWaiting: Uint8Array;
  #waiting: number;

  /** @param waiting - how many slots the former policy has; all that there are, on being made */
  constructor(from: EvictionPolicy, to: EvictionPolicy, facts: SlotFacts, waiting: number) {
    this.#from = from;
    this.#to = to;
    this.#facts = facts;
    this.#waiting = waiting;
    // Which they are, only the former policy knows: what it is not asked to give, and what comes in later, is noted here.
    this.#isWaiting = new Uint8Array(facts.hashes.length).fill(1);
  }

  /** How many slots are still to be moved. */
  get waiting(): number {
    return this.#waiting;
  }

  grow(slots: number): void {
    this.#from.grow(slots);
    this.#isWaiting = widened(this.#isWaiting, slots);
  }

  /** Moves so many slots. */
  move(slots: number): void {
    for (let left = Math.min(slots, this.#waiting); left > 0; left--) {
      const slot = this.#from.victim(0, 0);
      this.#from.remove(slot);
      this.#isWaiting[slot] = 0;
      this.#waiting--;
      const hash = this.#facts.hashes[slot] as number;
      const cost = this.#facts.costs[slot] as number;
      if (this.#to.adopt !== undefined) this.#to.adopt(slot, hash, cost);
      else this.#to.insert(slot, hash, cost);
    }
  }

  /** A value took a slot: with the new policy. */
  taken(slot: number): void {
    this.#isWaiting[slot] = 0;
  }

  /** The policy that has the slot. */
  holder(slot: number): EvictionPolicy {
    return this.#isWaiting[slot] === 1 ? this.#from : this.#to;
  }

  /** What still waits, from the worst to the best. */
  order(): Iterable<number> {
    return this.#from.order();
  }

  remove(slot: number): void {
    this.holder(slot).remove(slot);
    if (this.#isWaiting[slot] === 1) this.#waiting--;
    this.#isWaiting[slot] = 0;
  }
}
