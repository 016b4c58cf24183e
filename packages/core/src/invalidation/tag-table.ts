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

/** Records of tags that nothing in L1 carries are kept for fills under way; this many, then the floor rises. */
const IDLE_RECORDS = 65_536;

/**
 * The tag table of this process: which tag was invalidated when, on the only clock that counts here, a counter.
 *
 * Implements PROTOCOL 4.5 (records, ring and floor) and 4.13 (memory). A stored response is valid iff every record it
 * refers to is not newer than its token; the comparison is made at every use, never by deleting what became invalid,
 * so that nothing depends on an order of messages.
 */
export class TagTable {
  #clock = 0;
  /** Fills whose token is older than this are refused: the record of some invalidation since then was let go. */
  #floor = 0;
  readonly #records = new Map<string, TagRecord>();
  readonly #idle = new Map<string, TagRecord>();
  readonly #idleLimit: number;

  constructor(idleLimit: number = IDLE_RECORDS) {
    this.#idleLimit = idleLimit;
  }

  /** The local clock: a fill token is this number, taken before anything is read. */
  get clock(): number {
    return this.#clock;
  }

  /** How many records are held, for tests of boundedness. */
  get size(): number {
    return this.#records.size;
  }

  /** The record of a tag for a stored response that enters L1; give it back with {@link release}. */
  retain(tag: string): TagRecord {
    let record = this.#records.get(tag);
    if (record === undefined) {
      record = new TagRecord(tag);
      this.#records.set(tag, record);
    } else if (record.references === 0) {
      this.#idle.delete(tag);
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
    for (const tag of tags) {
      let record = this.#records.get(tag);
      if (record === undefined) {
        record = new TagRecord(tag);
        this.#records.set(tag, record);
      }
      record.invalidatedAt = at;
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
    if (token < this.#floor) return false;
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

  #keepIdle(record: TagRecord): void {
    // Delete first: a Map keeps the place of a key that is set again, and the ring drops from the front.
    this.#idle.delete(record.tag);
    this.#idle.set(record.tag, record);
    if (this.#idle.size <= this.#idleLimit) return;
    const [oldest] = this.#idle.values();
    if (oldest === undefined) return;
    this.#idle.delete(oldest.tag);
    this.#records.delete(oldest.tag);
    this.#floor = Math.max(this.#floor, oldest.invalidatedAt);
  }
}
