import type { TagTable } from '../invalidation/tag-table.js';
import type { Clock } from '../ports/clock.js';
import type { Put, SharedToken } from '../ports/tagged-store.js';
import type { EngineParts } from './engine-parts.js';
import type { Keyed } from './keyed.js';
import type { Candidate } from './lead.js';
import type { LocalItem } from './local-item.js';
import type { LocalLevel } from './local-level.js';
import { makeStored, NO_STAMPS, unstamped } from './make-stored.js';
import type { SharedExchange } from './shared-exchange.js';

/** What was known before something was read: what is made of that is as old as this (PROTOCOL 4.11). */
export interface FillToken {
  readonly local: number;
  readonly shared: SharedToken | undefined;
}

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

/** What came of a {@link Write}. */
export type Written = 'stored' | 'refused' | 'unavailable';

/** Reads and writes what is stored under keys, without anybody's handler. */
export class ValueAccess {
  readonly #local: LocalLevel;
  readonly #shared: SharedExchange | undefined;
  readonly #tags: TagTable;
  readonly #clock: Clock;
  readonly #storesNothing: boolean;
  readonly #tellOthers: EngineParts['tellOthers'];

  constructor(
    local: LocalLevel,
    shared: SharedExchange | undefined,
    tags: TagTable,
    clock: Clock,
    storesNothing: boolean,
    tellOthers: EngineParts['tellOthers'],
  ) {
    this.#local = local;
    this.#shared = shared;
    this.#tags = tags;
    this.#clock = clock;
    this.#storesNothing = storesNothing;
    this.#tellOthers = tellOthers;
  }

  /** What may answer now, from memory: as {@link Engine.find}, of what never has variants. */
  find(key: Keyed): LocalItem | undefined {
    return this.#local.find(key, key.text);
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
    const local = this.#tags.clock;
    if (this.#shared === undefined) return { item: this.find(key), token: { local, shared: undefined } };
    const { item, token } = await this.#shared.read(key);
    return { item, token: { local, shared: token } };
  }

  /** What is known now: for values of what is going to be read. */
  async token(): Promise<FillToken> {
    const local = this.#tags.clock;
    return { local, shared: await this.#shared?.token() };
  }

  /**
   * Writes values. In this process they count at once, and whatever was stored under the keys before, or is being made of
   * them, counts no more.
   */
  async writeMany(writes: readonly Write[]): Promise<readonly Written[]> {
    const items = writes.map((write) => this.#item(write));
    const ownTags = writes.map(({ ownTag }) => ownTag);
    const at = this.#tags.invalidate(ownTags, 'soft');
    for (const item of items) if (item !== undefined) item.token = at;
    if (this.#shared === undefined) {
      const written = items.map((item) => this.#keep(item));
      if (this.#tellOthers !== undefined) await this.#tellOthers(ownTags, at);
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
    shared: SharedExchange,
    writes: readonly Write[],
    items: readonly (LocalItem | undefined)[],
    at: number,
  ): Promise<readonly Written[]> {
    const puts = writes.flatMap(({ key, ownTag, onlyIf, since }, i) => {
      const item = items[i];
      return item === undefined ? [] : [{ key, item, ownTag, onlyIf, token: since?.shared }];
    });
    const verdicts = [...(await shared.putMany(puts, at))];
    return items.map((item) => (item === undefined ? 'refused' : (verdicts.shift()?.kind ?? 'unavailable')));
  }

  #keep(item: LocalItem | undefined): Written {
    if (item === undefined) return 'refused';
    if (this.#storesNothing) return 'unavailable';
    return this.#local.keep(item, item.declared) ? 'stored' : 'refused';
  }

  /** The item of a write; nothing where what it was made of has been invalidated since. */
  #item({ key, ownTag, candidate, since }: Write): LocalItem | undefined {
    const own = key.tags.filter((tag) => tag !== ownTag);
    if (since !== undefined && !this.#tags.admits([...own, ...candidate.tags], since.local)) return undefined;
    const stamps = this.#shared === undefined ? NO_STAMPS : unstamped([...key.tags, ...candidate.tags]);
    const stored = makeStored(key.text, NONE, candidate, stamps, this.#clock.now());
    const item = this.#local.item(stored, key, this.#tags.clock, this.#clock.monotonic(), 0);
    item.declared = candidate.tags;
    return item;
  }
}

const NONE: readonly string[] = [];
