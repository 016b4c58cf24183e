import { HashIndex } from './hash-index.js';

const FIRST_ROOM = 16;
/** Room for what was taken out and leaves with its turn. */
const SLACK = 1.25;
/** Cells of the index for each place in the ring. */
const CELLS = 1.5;

/**
 * Remembers by their hashes what has left, first in, first out, as much as a part of a store would hold.
 *
 * Exact but for keys of one 32-bit hash. A ring and an index into it: 17 bytes for each that is remembered.
 */
export class GhostQueue {
  readonly #maxCost: number;
  readonly #maxEntries: number;
  readonly #mostRoom: number;
  #hashes = new Uint32Array(FIRST_ROOM);
  #costs = new Uint32Array(FIRST_ROOM);
  #index = new HashIndex(CELLS * FIRST_ROOM);
  /** Where in the ring the oldest is. */
  #oldest = 0;
  /** How many places from there are taken, also by what is remembered no more. */
  #length = 0;
  #count = 0;
  #cost = 0;

  constructor(maxCost: number, maxEntries: number) {
    this.#maxCost = maxCost;
    this.#maxEntries = Math.max(1, maxEntries);
    this.#mostRoom = Math.max(FIRST_ROOM, Math.ceil(SLACK * this.#maxEntries) + 1);
  }

  add(hash: number, cost: number): void {
    this.take(hash);
    if (cost > this.#maxCost) return;
    while (this.#cost + cost > this.#maxCost || this.#count >= this.#maxEntries) this.#dropOldest();
    if (this.#length === this.#hashes.length) this.#makeRoom();
    const place = this.#placeOf(this.#length++);
    this.#hashes[place] = hash;
    this.#costs[place] = cost;
    this.#index.add(place, this.#hashes);
    this.#count++;
    this.#cost += cost;
  }

  /** Whether it is remembered; from now on, it is not. */
  take(hash: number): boolean {
    const place = this.#index.find(hash, this.#hashes);
    if (place < 0) return false;
    this.#forget(place);
    return true;
  }

  clear(): void {
    this.#index.clear();
    this.#oldest = this.#length = this.#count = this.#cost = 0;
  }

  #forget(place: number): void {
    this.#index.delete(place, this.#hashes);
    this.#count--;
    this.#cost -= this.#costs[place] as number;
  }

  #dropOldest(): void {
    const place = this.#oldest;
    if (this.#isRemembered(place)) this.#forget(place);
    this.#oldest = this.#placeOf(1);
    this.#length--;
  }

  /** Where in the ring is what came so many after the oldest. */
  #placeOf(after: number): number {
    const place = this.#oldest + after;
    return place >= this.#hashes.length ? place - this.#hashes.length : place;
  }

  #isRemembered(place: number): boolean {
    return this.#index.find(this.#hashes[place] as number, this.#hashes) === place;
  }

  /** More room, or where little of it is still in use, the same with that alone. Once for many that come in: O(1) amortised. */
  #makeRoom(): void {
    const crowded = this.#count > 0.75 * this.#hashes.length;
    const room = crowded ? Math.min(2 * this.#hashes.length, this.#mostRoom) : this.#hashes.length;
    const hashes = new Uint32Array(room);
    const costs = new Uint32Array(room);
    const index = new HashIndex(CELLS * room);
    let length = 0;
    for (let i = 0; i < this.#length; i++) {
      const place = this.#placeOf(i);
      if (!this.#isRemembered(place)) continue;
      hashes[length] = this.#hashes[place] as number;
      costs[length] = this.#costs[place] as number;
      index.add(length++, hashes);
    }
    this.#hashes = hashes;
    this.#costs = costs;
    this.#index = index;
    this.#oldest = 0;
    this.#length = length;
  }
}
