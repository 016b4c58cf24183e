const { imul, min } = Math;

/** Words of a block: 64 bytes, what a processor fetches at once. */
const BLOCK = 16;
const BLOCK_BITS = 4;
/** Bytes for each value that the store may hold. */
const WORDS_PER_ENTRY = 2;
const MOST_ENTRIES = 2 ** 23;
const SAMPLE = 10;
const MOST = 15;
const MOST_EPOCH = 2 ** 14 - 1;

/**
 * Estimates how often each of many keys was seen lately, without keeping any.
 *
 * A count-min sketch of 4-bit counters, four for each key: the least of them is the estimate, too high at times, never too low.
 * After ten times as many sights as the store holds values all counters are halved, so that what was popular once fades
 * (TinyLFU, Einziger et al. 2017). A key's counters stand in one block; halving is done a block at a time, along with what comes
 * in. 8 bytes for each value that the store may hold.
 */
export class FrequencySketch {
  /** Another number, from 1 up, after each halving. */
  epoch = 1;
  #counters: Int32Array;
  #blockMask: number;
  #sample: number;
  /** Counted sights since halving began. */
  #seen = 0;
  /** The word up to which counters are halved; all of them, while nothing is to be halved. */
  #halved: number;

  constructor() {
    this.#counters = new Int32Array(BLOCK);
    this.#blockMask = 0;
    this.#sample = SAMPLE;
    this.#halved = BLOCK;
  }

  /** Makes room for the keys of so many values; what was counted before stays. */
  fit(entries: number): void {
    const wanted = min(entries, MOST_ENTRIES) * WORDS_PER_ENTRY;
    let words = this.#counters.length;
    while (words < wanted) words *= 2;
    this.#sample = SAMPLE * Math.max(entries, BLOCK / WORDS_PER_ENTRY);
    if (words === this.#counters.length) return;
    const before = this.#counters;
    this.#counters = new Int32Array(words);
    // The block of a key is its lowest bits: of twice as many blocks, each has one half of the keys of a former one.
    if (this.#seen > 0) {
      this.#counters.set(before);
      for (let filled = before.length; filled < words; filled *= 2) this.#counters.copyWithin(filled, 0, filled);
    }
    this.#blockMask = words / BLOCK - 1;
    this.#halved = words;
  }

  /**
   * Counts a sight of a key.
   *
   * @returns whether all of its counters are at their most: until {@link epoch} is another, counting it again changes nothing
   */
  add(hash: number): boolean {
    // Written out: a hit waits for this, and four calls are more than V8 takes into it.
    const counters = this.#counters;
    const block = (hash & this.#blockMask) << BLOCK_BITS;
    const bits = spread(hash);
    let word = block + (bits & 3);
    let value = counters[word] as number;
    let one = oneMore(value, bits & 0x1c);
    counters[word] = value + one;
    let added = one;
    word = block + 4 + ((bits >>> 5) & 3);
    value = counters[word] as number;
    one = oneMore(value, (bits >>> 5) & 0x1c);
    counters[word] = value + one;
    added |= one;
    word = block + 8 + ((bits >>> 10) & 3);
    value = counters[word] as number;
    one = oneMore(value, (bits >>> 10) & 0x1c);
    counters[word] = value + one;
    added |= one;
    word = block + 12 + ((bits >>> 15) & 3);
    value = counters[word] as number;
    one = oneMore(value, (bits >>> 15) & 0x1c);
    counters[word] = value + one;
    added |= one;
    if (added !== 0 && ++this.#seen >= this.#sample) this.#beginHalving();
    if (this.#halved === counters.length) return added === 0;
    this.#halveBlock();
    return false;
  }

  /** About how often a key was seen, 0 to 15. */
  estimate(hash: number): number {
    const counters = this.#counters;
    const block = (hash & this.#blockMask) << BLOCK_BITS;
    const bits = spread(hash);
    return min(
      ((counters[block + (bits & 3)] as number) >>> (bits & 0x1c)) & MOST,
      ((counters[block + 4 + ((bits >>> 5) & 3)] as number) >>> ((bits >>> 5) & 0x1c)) & MOST,
      ((counters[block + 8 + ((bits >>> 10) & 3)] as number) >>> ((bits >>> 10) & 0x1c)) & MOST,
      ((counters[block + 12 + ((bits >>> 15) & 3)] as number) >>> ((bits >>> 15) & 0x1c)) & MOST,
    );
  }

  clear(): void {
    this.#counters.fill(0);
    this.#seen = 0;
    this.epoch = 1;
    this.#halved = this.#counters.length;
  }

  #beginHalving(): void {
    this.#seen >>>= 1;
    this.#halved = 0;
    this.epoch = (this.epoch % MOST_EPOCH) + 1;
  }

  #halveBlock(): void {
    const counters = this.#counters;
    const end = this.#halved + BLOCK;
    for (let word = this.#halved; word < end; word++) counters[word] = ((counters[word] as number) >>> 1) & 0x77777777;
    this.#halved = end;
  }
}

/** One in the counter that begins with this bit, 0 where it is at its most: without a branch, which would go either way. */
function oneMore(word: number, shift: number): number {
  return ((((((word >>> shift) & MOST) + 1) >>> 4) ^ 1) << shift) | 0;
}

/** Other bits of a hash than those that choose its block. */
function spread(hash: number): number {
  const mixed = imul(hash ^ (hash >>> 15), 0x2c1b3c6d);
  return mixed ^ (mixed >>> 13);
}
