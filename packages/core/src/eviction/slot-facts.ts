import type { PolicyLimits } from '../ports/eviction-policy.js';
import { widened } from './widened.js';

const { max, min } = Math;
const MOST_COST = 0xffffffff;

/**
 * What a policy has to know again of the value in a slot: the hash of its key, and what it costs.
 *
 * The cost is its weight, but an even share of the bytes at least, so that costs of a full store come to `maxBytes` whichever of
 * the two limits is the one that binds: a policy that divides the store into parts measures them all by one number. Policies
 * that take turns over the same slots share one of these, 8 bytes a slot.
 */
export class SlotFacts {
  hashes = new Uint32Array(0);
  costs = new Uint32Array(0);
  readonly #evenShare: number;

  constructor({ maxBytes, maxEntries }: PolicyLimits) {
    this.#evenShare = max(1, Math.floor(maxBytes / maxEntries));
  }

  /** Makes room for slots `0 … slots - 1`. */
  grow(slots: number): void {
    this.hashes = widened(this.hashes, slots);
    this.costs = widened(this.costs, slots);
  }

  /** Notes what took a slot; returns what it costs. */
  note(slot: number, hash: number, weight: number): number {
    const cost = this.costOf(weight);
    this.hashes[slot] = hash;
    this.costs[slot] = cost;
    return cost;
  }

  /** Notes that what is in a slot weighs otherwise by now; returns how much more it costs. */
  reweigh(slot: number, weight: number): number {
    const more = this.costOf(weight) - (this.costs[slot] as number);
    this.costs[slot] = this.costOf(weight);
    return more;
  }

  costOf(weight: number): number {
    return min(max(weight, this.#evenShare), MOST_COST);
  }
}
