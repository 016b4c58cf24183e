import { isKeyTag } from './tags.js';

/** What this process knows of one tag. Shared by reference among all stored responses that carry it. */
export class TagRecord {
  /** How many stored responses in L1 carry the tag. */
  references = 0;
  /** The local clock at the last invalidation, soft or hard; 0 when there was none. */
  invalidatedAt = 0;
  /** The local clock at the last purge. */
  purgedAt = 0;

  constructor(readonly tag: string) {}
}

// Counts the invalidations of all tables in the process, whichever copy of this package made them.
const slot = Symbol.for('viewcache.invalidations');
const shared = globalThis as { [slot]?: { count: number } };
shared[slot] ??= { count: 0 };
const all = shared[slot];

/** A moment that the tables of several caches can compare: the tokens of one mean nothing to another. */
export function momentNow(): number {
  return all.count;
}

/** Records of tags that nothing in L1 holds are kept for whoever looks them up by name; this many, then a floor rises. */
const IDLE_RECORDS = 65_536;
/** … and this many characters of theirs: the tag of a URL is as long as its client likes. */
const IDLE_CHARACTERS = 8_000_000;

/** Something whose tags follow from what it is, and are worked out only when they are asked for: a cache key. */
export interface Tagged {
  readonly tags: readonly string[];
}

/** Records nothing refers to, oldest invalidation first: the ring of PROTOCOL 4.5. */
class IdleRing {
  /** The invalidation of the newest record that was let go: of what is older than this, the history has gaps. */
  floor = 0;
  readonly #records = new Map<string, TagRecord>();
  readonly #limit: number;
  readonly #characterLimit: number;
  #characters = 0;

  constructor(limit: number, characterLimit: number) {
    this.#limit = limit;
    this.#characterLimit = characterLimit;
  }

  get size(): number {
    return this.#records.size;
  }

  take(tag: string): void {
    if (this.#records.delete(tag)) this.#characters -= tag.length;
  }

  keep(record: TagRecord): void {
    // Take first: a Map keeps the place of a key that is set again, and the ring drops from the front.
    this.take(record.tag);
    this.#records.set(record.tag, record);
    this.#characters += record.tag.length;
  }

  /** @returns a record that has to go, as long as there is no room for all */
  shed(): TagRecord | undefined {
    if (this.#records.size <= this.#limit && this.#characters <= this.#characterLimit) return undefined;
    const [oldest] = this.#records.values();
    if (oldest === undefined) return undefined;
    this.take(oldest.tag);
    this.floor = Math.max(this.floor, oldest.invalidatedAt);
    return oldest;
  }
}

/**
 * The tag table of this process: which tag was invalidated when, on the only clock that counts here, a counter.
 *
 * Implements PROTOCOL 4.5 (records, ring and floor) and 4.13 (memory). A stored response is valid iff every record it
 * refers to is not newer than its token; the comparison is made at every use, never by deleting what became invalid,
 * so that nothing depends on an order of messages.
 */
export class TagTable {
  #clock = 0;
  /** The moment of the last invalidation. */
  #movedAt = 0;
  /** The local clock at the last invalidation of a tag of a key. */
  #ownAt = 0;
  readonly #records = new Map<string, TagRecord>();
  /** Of tags that were declared; those stored responses hold records of, so only fills under way look here. */
  readonly #idle: IdleRing;
  /** Of tags of keys: nobody holds a record of these, stored responses look here too. */
  readonly #idleOwn: IdleRing;

  constructor(idleLimit: number = IDLE_RECORDS, idleCharacters: number = IDLE_CHARACTERS) {
    this.#idle = new IdleRing(idleLimit, idleCharacters);
    this.#idleOwn = new IdleRing(idleLimit, idleCharacters);
  }

  /** The local clock: a fill token is this number, taken before anything is read. */
  get clock(): number {
    return this.#clock;
  }

  /** Moves the clock though nothing was invalidated: whoever goes by that alone has to look again. */
  tick(): void {
    this.#clock++;
  }

  /** Whether anything was invalidated here since a moment that {@link momentNow} told. */
  hasMovedSince(moment: number): boolean {
    return this.#movedAt > moment;
  }

  /** How many records are held, for tests of boundedness. */
  get size(): number {
    return this.#records.size;
  }

  /** How many stored responses in L1 carry a tag, whether they may still answer or not. */
  holdersOf(tag: string): number {
    return this.#records.get(tag)?.references ?? 0;
  }

  /** The record of a tag for a stored response that enters L1; give it back with {@link release}. */
  retain(tag: string): TagRecord {
    let record = this.#records.get(tag);
    if (record === undefined) {
      record = new TagRecord(tag);
      this.#records.set(tag, record);
    } else if (record.references === 0) {
      this.#ringOf(tag).take(tag);
    }
    record.references++;
    return record;
  }

  /** A stored response that carried these records left L1. */
  release(records: readonly TagRecord[]): void {
    for (const record of records) {
      if (--record.references > 0) continue;
      if (record.invalidatedAt === 0) this.#records.delete(record.tag);
      else this.#keepIdle(record);
    }
  }

  /**
   * Marks tags invalid at once, in this process.
   *
   * @returns the local clock of the invalidation
   */
  invalidate(tags: Iterable<string>, mode: 'soft' | 'hard'): number {
    const at = ++this.#clock;
    this.#movedAt = ++all.count;
    for (const tag of tags) {
      let record = this.#records.get(tag);
      if (record === undefined) {
        record = new TagRecord(tag);
        this.#records.set(tag, record);
      }
      record.invalidatedAt = at;
      if (isKeyTag(tag)) this.#ownAt = at;
      if (mode === 'hard') record.purgedAt = at;
      if (record.references === 0) this.#keepIdle(record);
    }
    return at;
  }

  /**
   * Says whether data read under `token` may be stored, or handed to somebody else, with these tags (PROTOCOL 4.8).
   *
   * False as well when the token is so old that the history since then is no longer complete.
   */
  admits(tags: readonly string[], token: number): boolean {
    if (token === this.#clock) return true;
    if (token < this.#idle.floor || token < this.#idleOwn.floor) return false;
    for (const tag of tags) {
      const record = this.#records.get(tag);
      if (record !== undefined && record.invalidatedAt > token) return false;
    }
    return true;
  }

  /** Says whether a stored response is still what its tags allow (PROTOCOL 4.13). */
  validity(records: readonly TagRecord[], token: number): 'valid' | 'stale' | 'gone' {
    let validity: 'valid' | 'stale' = 'valid';
    for (const record of records) {
      if (record.purgedAt > token) return 'gone';
      if (record.invalidatedAt > token) validity = 'stale';
    }
    return validity;
  }

  /**
   * The same of the tags of a key. A stored response holds no records of them: most of them are named by nobody, ever, and
   * to hold two or more for each URL costs a miss more than all the rest of storing it.
   *
   * @param key - asked for its tags only if some tag of a key was invalidated since then
   * @param checkedAt - the local clock when all its tags were last found unchanged
   * @returns `'gone'` also for what is older than the records that are left (PROTOCOL 4.13: `tok >= ring floor`)
   */
  ownValidity(key: Tagged, token: number, checkedAt: number): 'valid' | 'stale' | 'gone' {
    const since = Math.max(token, checkedAt);
    if (since < this.#idleOwn.floor) return 'gone';
    // Not by what the ring holds: what is made of a value holds records of that one's key.
    if (this.#ownAt <= since) return 'valid';
    let validity: 'valid' | 'stale' = 'valid';
    for (const tag of key.tags) {
      const record = this.#records.get(tag);
      if (record === undefined) continue;
      if (record.purgedAt > token) return 'gone';
      if (record.invalidatedAt > token) validity = 'stale';
    }
    return validity;
  }

  /**
   * The same by name, of a response that may have left L1 since it was found.
   *
   * @returns `'gone'` also when the history since then is no longer complete
   */
  validityOf(tags: readonly string[], token: number): 'valid' | 'stale' | 'gone' {
    if (token === this.#clock) return 'valid';
    if (token < this.#idle.floor || token < this.#idleOwn.floor) return 'gone';
    const records = tags.flatMap((tag) => this.#records.get(tag) ?? []);
    return this.validity(records, token);
  }

  #ringOf(tag: string): IdleRing {
    return isKeyTag(tag) ? this.#idleOwn : this.#idle;
  }

  #keepIdle(record: TagRecord): void {
    const ring = this.#ringOf(record.tag);
    ring.keep(record);
    for (let gone = ring.shed(); gone !== undefined; gone = ring.shed()) this.#records.delete(gone.tag);
  }
}
