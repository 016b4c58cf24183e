import type { EvictionPolicy } from '../ports/eviction-policy.js';
import { widened } from './widened.js';

const MOST_WEIGHT = 0xffffffff;

/**
 * Evicts what was used least often for its size, where uses of long ago count less.
 *
 * Greedy-Dual-Size-Frequency (Cherkasova 1998): a value's rank is its number of uses per byte above the rank of what was evicted
 * last. For many small values beside few large ones under `maxBytes`: most requests are answered, fewest bytes perhaps not. Ranks
 * are kept in a heap: O(log n), 20 bytes a slot.
 */
export class GdsfPolicy implements EvictionPolicy {
  readonly name = 'gdsf';
  #ranks = new Float64Array(0);
  #weights = new Uint32Array(0);
  #uses = new Uint32Array(0);
  /** Slots, each ranked below neither of the two at twice its place. */
  #heap = new Uint32Array(0);
  /** Where in the heap a slot is. */
  #places = new Uint32Array(0);
  #count = 0;
  #floor = 0;

  grow(slots: number): void {
    this.#ranks = widened(this.#ranks, slots);
    this.#weights = widened(this.#weights, slots);
    this.#uses = widened(this.#uses, slots);
    this.#heap = widened(this.#heap, slots);
    this.#places = widened(this.#places, slots);
  }

  insert(slot: number, _hash: number, weight: number): void {
    this.#weigh(slot, weight);
    this.#uses[slot] = 1;
    this.#rank(slot);
    this.#heap[this.#count] = slot;
    this.#rise(this.#count++);
  }

  hit(slot: number): void {
    this.#uses[slot] = (this.#uses[slot] as number) + 1;
    this.#rank(slot);
    this.#sink(this.#places[slot] as number);
  }

  reweigh(slot: number, weight: number): void {
    this.#weigh(slot, weight);
    this.#rank(slot);
    this.#sink(this.#places[slot] as number);
    this.#rise(this.#places[slot] as number);
  }

  remove(slot: number): void {
    const place = this.#places[slot] as number;
    const last = this.#heap[--this.#count] as number;
    if (last === slot) return;
    this.#heap[place] = last;
    this.#places[last] = place;
    this.#sink(place);
    this.#rise(this.#places[last] as number);
  }

  victim(): number {
    const slot = this.#heap[0] as number;
    this.#floor = this.#ranks[slot] as number;
    return slot;
  }

  order(): Iterable<number> {
    const ranks = this.#ranks;
    return this.#heap.slice(0, this.#count).sort((a, b) => (ranks[a] as number) - (ranks[b] as number));
  }

  clear(): void {
    this.#count = 0;
    this.#floor = 0;
  }

  #weigh(slot: number, weight: number): void {
    this.#weights[slot] = Math.min(Math.max(weight, 1), MOST_WEIGHT);
  }

  #rank(slot: number): void {
    this.#ranks[slot] = this.#floor + (this.#uses[slot] as number) / (this.#weights[slot] as number);
  }

  #rise(from: number): void {
    const heap = this.#heap;
    const slot = heap[from] as number;
    const rank = this.#ranks[slot] as number;
    let place = from;
    while (place > 0) {
      const above = (place - 1) >> 1;
      const other = heap[above] as number;
      if (rank >= (this.#ranks[other] as number)) break;
      heap[place] = other;
      this.#places[other] = place;
      place = above;
    }
    heap[place] = slot;
    this.#places[slot] = place;
  }

  #sink(from: number): void {
    const heap = this.#heap;
    const slot = heap[from] as number;
    const rank = this.#ranks[slot] as number;
    let place = from;
    for (let below = 2 * place + 1; below < this.#count; below = 2 * place + 1) {
      if (below + 1 < this.#count && this.#rankAt(below + 1) < this.#rankAt(below)) below++;
      if (rank <= this.#rankAt(below)) break;
      const other = heap[below] as number;
      heap[place] = other;
      this.#places[other] = place;
      place = below;
    }
    heap[place] = slot;
    this.#places[slot] = place;
  }

  #rankAt(place: number): number {
    return this.#ranks[this.#heap[place] as number] as number;
  }
}
