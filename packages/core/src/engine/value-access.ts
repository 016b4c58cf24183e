import type { HeldValue } from '../ports/stored-response.js';
import type { Put } from '../ports/tagged-store.js';
import type { EngineParts } from './engine-parts.js';
import type { FillToken } from './fill-token.js';
import { stampsOf, withNested } from './item-maker.js';
import type { Keyed } from './keyed.js';
import type { Candidate } from './lead.js';
import type { LocalItem } from './local-item.js';
import type { LocalLevel } from './local-level.js';
import { makeStored, NO_STAMPS } from './make-stored.js';
import type { SharedReads } from './shared-reads.js';
import type { SharedValues } from './shared-values.js';
import { ShortWay } from './short-way.js';

/** A value that is written rather than found out. */
export interface Write {
  readonly key: Keyed;
  /** The tag of its key alone: whatever is being made of it meanwhile loses. */
  readonly ownTag: string;
  readonly candidate: Candidate;
  /** Absent for a value that is good as of now. */
  readonly since?: FillToken | undefined;
  readonly onlyIf: Put['onlyIf'];
}

/** What came of a {@link Write}: `refused` where something was invalidated or stored meanwhile. */
export type Written = 'stored' | 'refused' | 'unavailable' | 'unstorable';

/** Reads and writes what is stored under keys, without anybody's handler. */
export class ValueAccess {
  readonly #local: LocalLevel;
  readonly #shared: SharedValues | undefined;
  readonly #reads: SharedReads | undefined;
  readonly #parts: EngineParts;
  /** Past all of this, to what it has found before. */
  readonly shortWay: ShortWay;

  constructor(parts: EngineParts, local: LocalLevel, shared: SharedValues | undefined, reads: SharedReads | undefined) {
    this.#parts = parts;
    this.#local = local;
    this.#shared = shared;
    this.#reads = reads;
    this.shortWay = new ShortWay(parts.local, parts.tags, parts.clock, parts.trust);
  }

  /** Lets several visitors ask at once: the shared store is asked in one round trip, and no leases are taken. */
  together<T>(run: () => T): T {
    return this.#reads === undefined ? run() : this.#reads.together(run);
  }

  /** Keeps what the bytes of an item stand for beside them, and counts it with them. */
  hold(item: LocalItem, held: HeldValue): void {
    item.held = held;
    this.#parts.local.reweigh(item.stored.key, item, item.weight);
  }

  /** What may answer now, from memory: as {@link Engine.find}, of what never has variants. */
  find(key: Keyed): LocalItem | undefined {
    return this.#local.find(key, key.text);
  }

  /** {@link find} for a call that wants the value and nothing else: by {@link LocalLevel.findSoon}. */
  findSoon(key: Keyed): LocalItem | undefined {
    return this.#local.findSoon(key, key.text);
  }

  /** Whether something is held that may answer; does not count as a use. */
  holds(key: Keyed): boolean {
    const item = this.#local.peek(key.text);
    return item !== undefined && this.#local.isSound(item, key);
  }

  /** What may answer of these keys, in their order: from memory, and the rest from the shared store in one round trip. */
  async lookUpMany(keys: readonly Keyed[]): Promise<readonly (LocalItem | undefined)[]> {
    const items = keys.map((key) => this.find(key));
    const absent = keys.filter((_, i) => items[i] === undefined);
    if (this.#shared === undefined || absent.length === 0) return items;
    const found = [...(await this.#shared.lookUpMany(absent))];
    return items.map((item) => item ?? found.shift());
  }

  /** What is stored under a key, and what was known before it was looked for: to write what is made of it. */
  async read(key: Keyed): Promise<{ readonly item: LocalItem | undefined; readonly token: FillToken }> {
    const local = this.#parts.tags.clock;
    if (this.#shared === undefined) return { item: this.find(key), token: { local, shared: undefined } };
    const { item, token } = await this.#shared.read(key);
    return { item, token: { local, shared: token } };
  }

  /** Whether others write values, too. */
  get isShared(): boolean {
    return this.#shared !== undefined;
  }

  /** Whether memory may answer at all, without a shared store being asked before each answer. */
  get answersFromMemory(): boolean {
    return this.#parts.trust.allowsLag(0);
  }

  /**
   * What the shared store has under a key, whether or not it may answer, for whoever wants to see it: `isOutdated` where it is
   * invalid. `'silent'` where the store does not say.
   */
  async show(key: Keyed): Promise<LocalItem | 'silent' | undefined> {
    return await this.#shared?.show(key);
  }

  /**
   * What is known now: for values of what is going to be read, or written elsewhere.
   *
   * @param written - tags of the values that are going to be written
   */
  async token(written: readonly string[] = []): Promise<FillToken> {
    const local = this.#parts.tags.clock;
    return { local, shared: await this.#shared?.token(written) };
  }

  /**
   * Writes values. In this process they count at once, and whatever was stored under the keys before, or is being made of
   * them, counts no more.
   */
  async writeMany(all: readonly Write[]): Promise<readonly Written[]> {
    // What was there could not be read: it must not be taken for nothing, nor for invalid.
    const isBlind = ({ onlyIf, since }: Write): boolean =>
      this.#shared !== undefined && onlyIf === 'unchanged' && since?.shared === undefined;
    const written = [...(await this.#writeMany(all.filter((write) => !isBlind(write))))];
    return all.map((write) => (isBlind(write) ? 'unavailable' : (written.shift() ?? 'unavailable')));
  }

  async #writeMany(writes: readonly Write[]): Promise<readonly Written[]> {
    const items = writes.map((write) => this.#item(write));
    // Who wanted to be the first, and is not, has changed nothing.
    const ownTags = writes.flatMap(({ ownTag, onlyIf }, i) =>
      items[i] === undefined && onlyIf === 'unchanged' ? [] : [ownTag],
    );
    if (ownTags.length === 0) return writes.map(() => 'refused');
    const at = this.#parts.tags.invalidate(ownTags, 'soft');
    for (const item of items) if (item !== undefined) item.token = at;
    if (this.#shared === undefined) {
      const written = items.map((item) => this.#keep(item));
      if (this.#parts.tellOthers !== undefined) await this.#parts.tellOthers(ownTags, at);
      return written;
    }
    return this.#share(this.#shared, writes, items, at);
  }

  /**
   * Gives what is stored another lifetime from now on, as it is (PROTOCOL 4.10, TOUCH).
   *
   * @returns false where nothing is stored that may answer, or where it was replaced meanwhile
   */
  async touch(key: Keyed, lifetimeMs: number, encode: (item: LocalItem) => Buffer | undefined): Promise<boolean> {
    const shared = this.#shared;
    if (shared !== undefined) return await shared.touch(key, lifetimeMs, encode);
    const item = this.find(key);
    return item !== undefined && this.#local.renew(item, key, lifetimeMs);
  }

  /** Lets go of what memory holds under these keys. */
  drop(keys: readonly Keyed[]): void {
    for (const { text } of keys) this.#local.drop(text);
  }

  async #share(
    shared: SharedValues,
    writes: readonly Write[],
    items: readonly (LocalItem | undefined)[],
    at: number,
  ): Promise<readonly Written[]> {
    const puts = writes.flatMap(({ key, ownTag, onlyIf, since }, i) => {
      const item = items[i];
      return item === undefined ? [] : [{ key, item, ownTag, onlyIf, token: since?.shared }];
    });
    // What was made too early to be stored is no reason to believe what was there before it.
    const refused = writes.flatMap(({ ownTag, onlyIf }, i) =>
      items[i] === undefined && onlyIf === 'always' ? [ownTag] : [],
    );
    const [answers] = await Promise.all([shared.putMany(puts, at), shared.outdate(refused, at)]);
    const verdicts = [...answers];
    return items.map((item) => (item === undefined ? 'refused' : (verdicts.shift()?.kind ?? 'unavailable')));
  }

  #keep(item: LocalItem | undefined): Written {
    if (item === undefined) return 'refused';
    if (this.#parts.storesNothing) return 'unavailable';
    // What ends at once is nothing but the end of what was there.
    if (item.stored.lifetimeMs <= 0) {
      this.#local.drop(item.stored.key);
      return 'stored';
    }
    return this.#local.keep(item, item.declared, true) ? 'stored' : 'unstorable';
  }

  /** The item of a write; nothing where what it was made of has been invalidated since. */
  #item({ key, candidate, since }: Write): LocalItem | undefined {
    const { tags } = this.#parts;
    const { nested } = candidate;
    // Nobody can tell what has become of it since, where the store gave no token.
    if (this.#shared !== undefined && since !== undefined && since.shared === undefined) return undefined;
    if (since !== undefined && !tags.admits([...key.tags, ...candidate.tags], since.local)) return undefined;
    if (nested?.some(({ tag, token }) => !tags.admits([tag], token))) return undefined;
    const stamps = this.#shared === undefined ? NO_STAMPS : stampsOf(key.tags, candidate);
    const stored = makeStored(key.text, NONE, candidate, stamps, this.#parts.clock.now());
    const item = this.#local.item(stored, key, this.#parts.tags.clock, this.#parts.clock.monotonic(), 0);
    item.declared = withNested(candidate);
    return item;
  }
}

const NONE: readonly string[] = [];
