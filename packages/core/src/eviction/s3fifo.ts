import type { EvictionPolicy, PolicyLimits } from '../ports/eviction-policy.js';
import { GhostQueue } from './ghost-queue.js';
import { SlotFacts } from './slot-facts.js';
import { SlotLists } from './slot-lists.js';
import { widened } from './widened.js';

const SMALL = 0;
const MAIN = 1;
const SMALL_SHARE = 0.1;
/** How a slot's state is packed: uses, 3 at most, and whether it is in the main queue. */
const USES = 3;
const IN_MAIN = 4;
const USES_TO_STAY = 2;

/**
 * Gives newcomers a tenth of the store to prove themselves in, and evicts what does not.
 *
 * S3-FIFO (Yang et al., SOSP 2023): three queues. What is used twice while in the small one goes to the main one, where what was
 * used gets another round; what leaves the small one is remembered, and comes into the main one if it comes back soon. A hit only
 * counts up to three. The best of the fixed policies on web traffic; under loops over more than the store holds, poor.
 */
export class S3FifoPolicy implements EvictionPolicy {
  readonly name = 's3fifo';
  readonly #queues = new SlotLists(2);
  readonly #facts: SlotFacts;
  readonly #left: GhostQueue;
  readonly #maxBytes: number;
  readonly #mainShare: number;
  #states = new Uint8Array(0);
  #smallCost = 0;
  #mainCost = 0;

  constructor(limits: PolicyLimits, facts: SlotFacts = new SlotFacts(limits)) {
    const { maxBytes, maxEntries } = limits;
    this.#facts = facts;
    this.#maxBytes = maxBytes;
    this.#mainShare = maxBytes - Math.max(1, Math.floor(maxBytes * SMALL_SHARE));
    this.#left = new GhostQueue(this.#mainShare, maxEntries - Math.floor(maxEntries * SMALL_SHARE));
  }

  grow(slots: number): void {
    this.#queues.grow(slots);
    this.#facts.grow(slots);
    this.#states = widened(this.#states, slots);
  }

  insert(slot: number, hash: number, weight: number): void {
    const cost = this.#facts.note(slot, hash, weight);
    if (this.#left.take(hash)) {
      this.#states[slot] = IN_MAIN;
      this.#mainCost += cost;
      this.#queues.push(MAIN, slot);
    } else {
      this.#states[slot] = 0;
      this.#smallCost += cost;
      this.#queues.push(SMALL, slot);
    }
  }

  /** The worst become the small queue, which loses what is not used soon; the others have earned their place elsewhere. */
  adopt(slot: number, hash: number, weight: number): void {
    const isWorst = this.#smallCost + this.#facts.costOf(weight) <= this.#maxBytes - this.#mainShare;
    if (isWorst) {
      this.insert(slot, hash, weight);
      return;
    }
    this.#states[slot] = IN_MAIN;
    this.#mainCost += this.#facts.note(slot, hash, weight);
    this.#queues.push(MAIN, slot);
  }

  hit(slot: number): void {
    const state = this.#states[slot] as number;
    if ((state & USES) < USES) this.#states[slot] = state + 1;
  }

  reweigh(slot: number, weight: number): void {
    const more = this.#facts.reweigh(slot, weight);
    if ((this.#states[slot] as number) >= IN_MAIN) this.#mainCost += more;
    else this.#smallCost += more;
  }

  remove(slot: number): void {
    const cost = this.#facts.costs[slot] as number;
    if ((this.#states[slot] as number) >= IN_MAIN) this.#mainCost -= cost;
    else this.#smallCost -= cost;
    this.#queues.remove(slot);
  }

  victim(): number {
    for (;;) {
      const slot =
        this.#queues.isEmpty(MAIN) || (this.#mainCost <= this.#mainShare && !this.#queues.isEmpty(SMALL))
          ? this.#fromSmall()
          : this.#fromMain();
      if (slot >= 0) return slot;
    }
  }

  *order(): Generator<number> {
    yield* this.#queues.fromOldest(SMALL);
    yield* this.#queues.fromOldest(MAIN);
  }

  clear(): void {
    this.#queues.clear();
    this.#left.clear();
    this.#smallCost = this.#mainCost = 0;
  }

  /** The oldest of the small queue, -1 where it has earned its place in the main one. */
  #fromSmall(): number {
    const slot = this.#queues.oldest(SMALL);
    const cost = this.#facts.costs[slot] as number;
    if ((this.#states[slot] as number) < USES_TO_STAY) {
      this.#left.add(this.#facts.hashes[slot] as number, cost);
      return slot;
    }
    this.#queues.remove(slot);
    this.#queues.push(MAIN, slot);
    this.#states[slot] = IN_MAIN;
    this.#smallCost -= cost;
    this.#mainCost += cost;
    return -1;
  }

  /** The oldest of the main queue, -1 where it gets another round. */
  #fromMain(): number {
    const slot = this.#queues.oldest(MAIN);
    const state = this.#states[slot] as number;
    if (state === IN_MAIN) return slot;
    this.#states[slot] = state - 1;
    this.#queues.renew(MAIN, slot);
    return -1;
  }
}
