/** Words of a block: 64 bytes, what a processor fetches at once. */
const BLOCK = 16;
const BLOCK_BITS = 4;
/** Bytes for each value that the store may hold. */
const WORDS_PER_ENTRY = 2;
const MOST_ENTRIES = 2 ** 23;
const SAMPLE = 10;
const MOST = 15;

/**
 * Estimates how often each of many keys was seen lately, without keeping any.
 *
 * A count-min sketch of 4-bit counters, four for each key: the least of them is the estimate, too high at times, never too low.
 * After ten times as many sights as the store holds values all counters are halved, so that what was popular once fades
 * (TinyLFU, Einziger et al. 2017). A key's counters stand in one block; halving is done a block at a time, along with what comes
 * in. 8 bytes for each value that the store may hold.
 */
export class FrequencySketch {
  #counters: Uint32Array;
  #blockMask: number;
  #sample: number;
  /** Counted sights since halving began. */
  #seen = 0;
  /** The word up to which counters are halved; all of them, while nothing is to be halved. */
  #halved: number;

  constructor() {
    this.#counters = new Uint32Array(BLOCK);
    this.#blockMask = 0;
    this.#sample = SAMPLE;
    this.#halved = BLOCK;
  }

  /** Makes room for the keys of so many values. What was counted before stays, where it can be found again, else it is forgotten. */
  fit(entries: number): void {
    const wanted = Math.min(entries, MOST_ENTRIES) * WORDS_PER_ENTRY;
    let words = this.#counters.length;
    while (words < wanted) words *= 2;
    this.#sample = SAMPLE * Math.max(entries, BLOCK / WORDS_PER_ENTRY);
    if (words === this.#counters.length) return;
    const before = this.#counters;
    this.#counters = new Uint32Array(words);
    // The block of a key is its lowest bits: of twice as many blocks, each is one half of the keys of a former one.
    for (let from = 0; from < words; from += before.length) this.#counters.set(before, from);
    this.#blockMask = words / BLOCK - 1;
    this.#halved = words;
  }

  /** Counts a sight of a key. */
  add(hash: number): void {
    const block = (hash & this.#blockMask) << BLOCK_BITS;
    const bits = spread(hash);
    // No loop: V8 takes four calls apart, and a hit waits for this.
    const added =
      this.#count(block + (bits & 3), (bits >>> 0) & 0x1c) |
      this.#count(block + 4 + ((bits >>> 5) & 3), (bits >>> 5) & 0x1c) |
      this.#count(block + 8 + ((bits >>> 10) & 3), (bits >>> 10) & 0x1c) |
      this.#count(block + 12 + ((bits >>> 15) & 3), (bits >>> 15) & 0x1c);
    if (added !== 0 && ++this.#seen >= this.#sample) this.#beginHalving();
    if (this.#halved < this.#counters.length) this.#halveBlock();
  }

  /** About how often a key was seen, 0 to 15. */
  estimate(hash: number): number {
    const counters = this.#counters;
    const block = (hash & this.#blockMask) << BLOCK_BITS;
    const bits = spread(hash);
    return Math.min(
      ((counters[block + (bits & 3)] as number) >>> (bits & 0x1c)) & MOST,
      ((counters[block + 4 + ((bits >>> 5) & 3)] as number) >>> ((bits >>> 5) & 0x1c)) & MOST,
      ((counters[block + 8 + ((bits >>> 10) & 3)] as number) >>> ((bits >>> 10) & 0x1c)) & MOST,
      ((counters[block + 12 + ((bits >>> 15) & 3)] as number) >>> ((bits >>> 15) & 0x1c)) & MOST,
    );
  }

  clear(): void {
    this.#counters.fill(0);
    this.#seen = 0;
    this.#halved = this.#counters.length;
  }

  /** 1 where the counter was not at its most yet. */
  #count(word: number, shift: number): number {
    const counters = this.#counters;
    const value = counters[word] as number;
    if (((value >>> shift) & MOST) === MOST) return 0;
    counters[word] = value + (1 << shift);
    return 1;
  }

  #beginHalving(): void {
    this.#seen >>>= 1;
    this.#halved = 0;
  }

  #halveBlock(): void {
    const counters = this.#counters;
    const end = this.#halved + BLOCK;
    for (let word = this.#halved; word < end; word++) counters[word] = ((counters[word] as number) >>> 1) & 0x77777777;
    this.#halved = end;
  }
}

/** Other bits of a hash than those that choose its block. */
function spread(hash: number): number {
  const mixed = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d);
  return mixed ^ (mixed >>> 13);
}
