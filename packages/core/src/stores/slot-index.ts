/**
 * Keys that one `Map` is to hold at most where there are several. V8 makes a `Map` longer, and shorter, in one go: about 1 ms
 * for this many, 40 for a million. Somewhat below a power of two, because it takes room for one. Not fewer: what it leaves behind
 * when it is small is moved about by the next garbage collection.
 */
const KEYS_PER_MAP = 28_600;
/** Keys that one `Map` may hold before there are several: it would grow then. */
const ONE_MAP = 65_536;
/** Up to this many characters a key is read from end to end. */
const SHORT = 8;

/**
 * The slot of each key.
 *
 * One `Map`, and from some ten thousand keys on several, told apart by some characters of the key, so that none takes long to
 * grow or to shrink. Where most keys agree in those it is the same, with longer pauses.
 */
export class SlotIndex {
  readonly #most: number;
  #maps: Map<string, number>[] = [new Map()];
  #first = this.#maps[0] as Map<string, number>;
  #size = 0;

  /** @param maxKeys - how many there will be at most */
  constructor(maxKeys: number) {
    this.#most = Math.ceil(maxKeys / KEYS_PER_MAP);
  }

  get size(): number {
    return this.#size;
  }

  get(key: string): number | undefined {
    return this.#maps.length === 1 ? this.#first.get(key) : this.#mapOf(key).get(key);
  }

  /** Takes a key in that is not there. */
  add(key: string, slot: number): void {
    if (this.#size++ === ONE_MAP && this.#maps.length === 1) this.#divide();
    this.#mapOf(key).set(key, slot);
  }

  /** Takes a key out that is there. */
  delete(key: string): void {
    this.#size--;
    this.#mapOf(key).delete(key);
  }

  clear(): void {
    this.#first = new Map();
    this.#maps = [this.#first];
    this.#size = 0;
  }

  /** Every key with its slot, in no order. Where keys come or go meanwhile, one may be left out or come twice. */
  *entries(): Generator<[key: string, slot: number]> {
    for (const map of this.#maps) yield* map;
  }

  #divide(): void {
    this.#maps = Array.from({ length: this.#most }, () => new Map());
    for (const [key, slot] of this.#first) this.#mapOf(key).set(key, slot);
    this.#first = this.#maps[0] as Map<string, number>;
  }

  #mapOf(key: string): Map<string, number> {
    const maps = this.#maps;
    if (maps.length === 1) return this.#first;
    // Seven characters, where they differ most: a hash of them all would cost several times what finding the key does.
    const { length } = key;
    const half = length >>> 1;
    const quarter = length >>> 2;
    let mixed = length;
    if (length < SHORT) {
      for (let at = 0; at < length; at++) mixed = Math.imul(mixed ^ key.charCodeAt(at), 0x01000193);
    } else {
      mixed = Math.imul(mixed ^ key.charCodeAt(length - 1), 0x01000193);
      mixed = Math.imul(mixed ^ key.charCodeAt(length - 2), 0x01000193);
      mixed = Math.imul(mixed ^ key.charCodeAt(length - 3), 0x01000193);
      mixed = Math.imul(mixed ^ key.charCodeAt(length - 4), 0x01000193);
      mixed = Math.imul(mixed ^ key.charCodeAt(quarter), 0x01000193);
      mixed = Math.imul(mixed ^ key.charCodeAt(half), 0x01000193);
      mixed = Math.imul(mixed ^ key.charCodeAt(half + quarter), 0x01000193);
    }
    const part = Math.imul(mixed ^ (mixed >>> 15), 0x85ebca6b) >>> 16;
    return maps[(part * maps.length) >>> 16] as Map<string, number>;
  }
}
