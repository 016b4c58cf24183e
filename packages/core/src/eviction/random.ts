import type { EvictionPolicy } from '../ports/eviction-policy.js';
import { widened } from './widened.js';

/** How often a slot is drawn again that is too young to leave. */
const DRAWS = 8;

/** Settings of a {@link RandomPolicy}. */
export interface RandomPolicySettings {
  /** At least 0 and below 1. */
  readonly random: () => number;
  /** What was stored less than these milliseconds ago is spared, as long as eight draws find something older. */
  readonly minAgeMs: number;
  /** Milliseconds of a clock that is not set back; asked only where there is a `minAgeMs`. */
  readonly now: () => number;
}

/**
 * Evicts any value, each as likely as every other.
 *
 * Has no worst case: no pattern of requests can be made to miss always. Takes no note of hits.
 */
export class RandomPolicy implements EvictionPolicy {
  readonly name = 'random';
  readonly #random: () => number;
  readonly #minAgeMs: number;
  readonly #now: () => number;
  /** The slots in use, side by side. */
  #slots = new Uint32Array(0);
  /** Where among those a slot is. */
  #places = new Uint32Array(0);
  #count = 0;
  /** When a slot was taken; has no room where nobody asks. */
  #since = new Float64Array(0);

  constructor({
    random = Math.random,
    minAgeMs = 0,
    now = () => performance.now(),
  }: Partial<RandomPolicySettings> = {}) {
    this.#random = random;
    this.#minAgeMs = minAgeMs;
    this.#now = now;
  }

  grow(slots: number): void {
    this.#slots = widened(this.#slots, slots);
    this.#places = widened(this.#places, slots);
    if (this.#minAgeMs > 0) this.#since = widened(this.#since, slots);
  }

  insert(slot: number): void {
    this.#places[slot] = this.#count;
    this.#slots[this.#count++] = slot;
    if (this.#minAgeMs > 0) this.#since[slot] = this.#now();
  }

  hit(_slot: number): void {}

  remove(slot: number): void {
    const place = this.#places[slot] as number;
    const last = this.#slots[--this.#count] as number;
    this.#slots[place] = last;
    this.#places[last] = place;
  }

  victim(): number {
    if (this.#minAgeMs === 0) return this.#draw();
    const youngest = this.#now() - this.#minAgeMs;
    let oldest = this.#draw();
    for (let drawn = 1; drawn < DRAWS && (this.#since[oldest] as number) > youngest; drawn++) {
      const slot = this.#draw();
      if ((this.#since[slot] as number) < (this.#since[oldest] as number)) oldest = slot;
    }
    return oldest;
  }

  order(): Iterable<number> {
    return this.#slots.subarray(0, this.#count);
  }

  clear(): void {
    this.#count = 0;
  }

  #draw(): number {
    return this.#slots[Math.floor(this.#random() * this.#count)] as number;
  }
}
