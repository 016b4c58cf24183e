import type { EvictionPolicy } from '../ports/eviction-policy.js';
import { widened } from './widened.js';

const NONE = 0xffffffff;
const FIRST_BUCKETS = 64;

/**
 * Evicts what was used least often since it was stored; of several, what was used longest ago.
 *
 * Good where what is popular stays so. What was popular once stays for ever, and in a small store newcomers push out one another
 * before they are asked for again: `ageing` mends the first, `tinylfu` both.
 *
 * Slots used equally often share a bucket, the buckets stand in a list in ascending order, and a hit moves a slot to the next
 * one: O(1) (Shah, Mitra and Matani 2010), 12 bytes a slot and 20 for each frequency that occurs.
 */
export class LfuPolicy implements EvictionPolicy {
  readonly name = 'lfu';
  #newer = new Uint32Array(0);
  #older = new Uint32Array(0);
  #bucketOf = new Uint32Array(0);
  // Buckets. The first is the ring's own: before the least frequent, after the most frequent.
  #frequency = new Uint32Array(FIRST_BUCKETS);
  #newest = new Uint32Array(FIRST_BUCKETS);
  #oldest = new Uint32Array(FIRST_BUCKETS);
  #next = new Uint32Array(FIRST_BUCKETS);
  #previous = new Uint32Array(FIRST_BUCKETS);
  #bucketsUsed = 1;
  /** Buckets that are free again, by `next`; 0 for none. */
  #freeBucket = 0;

  grow(slots: number): void {
    this.#newer = widened(this.#newer, slots);
    this.#older = widened(this.#older, slots);
    this.#bucketOf = widened(this.#bucketOf, slots);
  }

  insert(slot: number): void {
    const least = this.#next[0] as number;
    this.#add(least !== 0 && this.#frequency[least] === 1 ? least : this.#bucketAfter(0, 1), slot);
  }

  hit(slot: number): void {
    const bucket = this.#unlink(slot);
    const frequency = (this.#frequency[bucket] as number) + 1;
    const next = this.#next[bucket] as number;
    const hasNext = next !== 0 && this.#frequency[next] === frequency;
    if (!hasNext && this.#oldest[bucket] === NONE) {
      // It was alone: its bucket goes up with it.
      this.#frequency[bucket] = frequency;
      this.#add(bucket, slot);
      return;
    }
    this.#add(hasNext ? next : this.#bucketAfter(bucket, frequency), slot);
    this.#freeIfEmpty(bucket);
  }

  remove(slot: number): void {
    this.#freeIfEmpty(this.#unlink(slot));
  }

  victim(): number {
    return this.#oldest[this.#next[0] as number] as number;
  }

  *order(): Generator<number> {
    for (let bucket = this.#next[0] as number; bucket !== 0; bucket = this.#next[bucket] as number)
      for (let slot = this.#oldest[bucket] as number; slot !== NONE; slot = this.#newer[slot] as number) yield slot;
  }

  clear(): void {
    this.#next[0] = this.#previous[0] = 0;
    this.#bucketsUsed = 1;
    this.#freeBucket = 0;
  }

  #bucketAfter(previous: number, frequency: number): number {
    const bucket = this.#takeBucket();
    const next = this.#next[previous] as number;
    this.#frequency[bucket] = frequency;
    this.#newest[bucket] = this.#oldest[bucket] = NONE;
    this.#next[bucket] = next;
    this.#previous[bucket] = previous;
    this.#next[previous] = bucket;
    this.#previous[next] = bucket;
    return bucket;
  }

  #takeBucket(): number {
    const free = this.#freeBucket;
    if (free !== 0) {
      this.#freeBucket = this.#next[free] as number;
      return free;
    }
    const bucket = this.#bucketsUsed++;
    if (bucket < this.#next.length) return bucket;
    this.#frequency = widened(this.#frequency, 2 * bucket);
    this.#newest = widened(this.#newest, 2 * bucket);
    this.#oldest = widened(this.#oldest, 2 * bucket);
    this.#next = widened(this.#next, 2 * bucket);
    this.#previous = widened(this.#previous, 2 * bucket);
    return bucket;
  }

  #freeIfEmpty(bucket: number): void {
    if (this.#oldest[bucket] !== NONE) return;
    const previous = this.#previous[bucket] as number;
    const next = this.#next[bucket] as number;
    this.#next[previous] = next;
    this.#previous[next] = previous;
    this.#next[bucket] = this.#freeBucket;
    this.#freeBucket = bucket;
  }

  #add(bucket: number, slot: number): void {
    const newest = this.#newest[bucket] as number;
    this.#newer[slot] = NONE;
    this.#older[slot] = newest;
    if (newest === NONE) this.#oldest[bucket] = slot;
    else this.#newer[newest] = slot;
    this.#newest[bucket] = slot;
    this.#bucketOf[slot] = bucket;
  }

  #unlink(slot: number): number {
    const bucket = this.#bucketOf[slot] as number;
    const newer = this.#newer[slot] as number;
    const older = this.#older[slot] as number;
    if (newer === NONE) this.#newest[bucket] = older;
    else this.#older[newer] = older;
    if (older === NONE) this.#oldest[bucket] = newer;
    else this.#newer[older] = newer;
    return bucket;
  }
}
