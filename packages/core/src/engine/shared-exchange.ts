import type { RetryQueue } from '../invalidation/retry-queue.js';
import type { TagTable } from '../invalidation/tag-table.js';
import type { Clock } from '../ports/clock.js';
import type { FrameCodec } from '../ports/codec.js';
import type { EventSink } from '../ports/event-sink.js';
import { retentionMs, type StoredResponse, type TagStamp } from '../ports/stored-response.js';
import type { BeginRead, CommitVerdict, Put, SharedToken, TaggedStore } from '../ports/tagged-store.js';
import { Flight, type Visitor } from './flight.js';
import type { Keyed } from './keyed.js';
import type { Lead } from './lead.js';
import type { LocalItem, StaleItem } from './local-item.js';
import type { LocalLevel } from './local-level.js';
import { tagNames } from './make-stored.js';
import { Turn, waitForTurn } from './turn.js';
import type { VariantIndex } from './variants.js';

/** The level behind L1: a shared store, its frames, and the invalidations it has yet to hear of. */
export interface SharedLevel {
  readonly store: TaggedStore;
  readonly codec: FrameCodec;
  readonly unheard: RetryQueue;
  /** Waits until the store can be asked, for a while. */
  ready?(): Promise<void>;
}

/** What a shared store had to say to a flight. */
export type Said =
  | { readonly kind: 'item'; readonly item: LocalItem }
  /** The target has variants, selected by fields that were not known here. */
  | { readonly kind: 'variants' }
  | Miss;

/** A value that is put, as this process would hold it. */
export interface ItemPut extends Pick<Put, 'token' | 'ownTag' | 'onlyIf'> {
  readonly key: Keyed;
  readonly item: LocalItem;
}

/** A key that is asked for with others. */
interface Asked {
  readonly key: string;
  resolve(read: BeginRead): void;
}

const NOTHING_READ: BeginRead = { token: undefined, found: undefined };

/** There is nothing in the store that may answer. */
export interface Miss {
  readonly kind: 'miss';
  readonly token: SharedToken | undefined;
  readonly stale?: StaleItem | undefined;
  /** The lease under which the handler runs. */
  readonly turn?: Turn | undefined;
  /** Another process runs its handler for this already, and the leader can be answered meanwhile. */
  readonly isElsewhere?: boolean;
}

/**
 * The conversation with the shared store: what it is asked, what it is told, and what of its answers enters L1.
 *
 * Where this process knows better than the store (PROTOCOL 4.5, 4.6), the store is not believed. Nothing here rejects.
 */
export class SharedExchange {
  readonly #level: SharedLevel;
  readonly #local: LocalLevel;
  readonly #tags: TagTable;
  readonly #variants: VariantIndex;
  readonly #clock: Clock;
  readonly #sink: EventSink;
  readonly #patienceMs: number;
  /** What is asked for together, while that is being collected. */
  #asked: Asked[] | undefined;

  /** @param patienceMs - how long a request waits for another process's handler */
  constructor(
    level: SharedLevel,
    local: LocalLevel,
    tags: TagTable,
    variants: VariantIndex,
    clock: Clock,
    sink: EventSink,
    patienceMs: number,
  ) {
    this.#patienceMs = patienceMs;
    this.#level = level;
    this.#local = local;
    this.#tags = tags;
    this.#variants = variants;
    this.#clock = clock;
    this.#sink = sink;
  }

  /** Asks on behalf of a flight: first whether what L1 holds is still good, then for the response itself (PROTOCOL 4.3). */
  async ask(flight: Flight, leader: Visitor): Promise<Said> {
    const { key } = leader;
    try {
      const isOneOfMany = this.#asked !== undefined;
      const held = flight.asked === undefined && !isOneOfMany ? this.#held(flight, key) : undefined;
      if (held !== undefined) {
        const validity = await this.#level.store.check(held.stored.tags);
        if (validity === 'valid' && this.#local.isSound(held, key)) {
          held.verifiedAt = flight.startedAt;
          return { kind: 'item', item: held };
        }
        // Who has waited for one deadline in vain does not wait for another.
        if (validity === 'unavailable') return { kind: 'miss', token: undefined };
        this.#restart(flight);
      }
      const said = await this.#read(flight, key);
      return said.kind === 'miss' && !isOneOfMany ? await this.#takeTurn(flight, leader, said) : said;
    } catch (error) {
      this.#failed(error as Error);
      return { kind: 'miss', token: undefined };
    }
  }

  /** Collects what is asked for while something runs, and asks for all of it in one round trip. */
  together<T>(run: () => T): T {
    this.#asked = [];
    try {
      return run();
    } finally {
      const asked = this.#asked;
      this.#asked = undefined;
      if (asked.length > 0) void this.#askTogether(asked);
    }
  }

  async #askTogether(asked: readonly Asked[]): Promise<void> {
    const { store, codec } = this.#level;
    const keys = asked.map(({ key }) => key);
    const reads = await store.beginMany(keys, (bytes, key) => codec.decode(bytes, key)).catch(() => []);
    for (const [i, { resolve }] of asked.entries()) resolve(reads[i] ?? NOTHING_READ);
  }

  /** Asks for one key, or lets it be asked for with others. */
  #begin(key: string): Promise<BeginRead> {
    const asked = this.#asked;
    if (asked !== undefined) return new Promise((resolve) => asked.push({ key, resolve }));
    const { store, codec } = this.#level;
    return store.begin(key, (bytes) => codec.decode(bytes, key));
  }

  /** What the store has under these keys and may answer, asked in one round trip; nobody runs anything for the rest. */
  async lookUpMany(keys: readonly Keyed[]): Promise<readonly (LocalItem | undefined)[]> {
    const flights = keys.map(({ text }) => new Flight(text, true));
    for (const flight of flights) this.#restart(flight);
    const { store, codec, unheard } = this.#level;
    const heard = unheard.acknowledgements;
    const texts = keys.map(({ text }) => text);
    try {
      const reads = await store.beginMany(texts, (bytes, key) => codec.decode(bytes, key));
      return await Promise.all(
        keys.map(async (key, i) => {
          const said = await this.#take(reads[i] ?? NOTHING_READ, flights[i] as Flight, key, heard);
          return said.kind === 'item' ? said.item : undefined;
        }),
      );
    } catch (error) {
      this.#failed(error as Error);
      return [];
    }
  }

  /** What the store knows now, for what is going to be read from elsewhere. */
  async token(): Promise<SharedToken | undefined> {
    return (await this.#level.store.begin('', () => undefined)).token;
  }

  /** What the store has under a key, and the token of that very read; L1 is not asked. */
  async read(key: Keyed): Promise<{ readonly item: LocalItem | undefined; readonly token: SharedToken | undefined }> {
    const flight = new Flight(key.text, true);
    this.#restart(flight);
    const heard = this.#level.unheard.acknowledgements;
    const read = await this.#begin(key.text);
    const said = await this.#take(read, flight, key, heard);
    return { item: said.kind === 'item' ? said.item : undefined, token: read.token };
  }

  /** See {@link ValueAccess.touch}. The tags keep their stamps: what was invalidated meanwhile stays so. */
  async touch(key: Keyed, lifetimeMs: number, encode: (item: LocalItem) => Buffer | undefined): Promise<boolean> {
    const { store, codec } = this.#level;
    const { item, token } = await this.read(key);
    if (item === undefined || token === undefined) return false;
    const body = encode(item);
    if (body === undefined) return false;
    const stored = { ...item.stored, body, lifetimeMs, storedAt: this.#clock.now() };
    const packed = await codec.pack(stored);
    const sentAt = this.#clock.monotonic();
    const verdict = await store.commit({
      key: key.text,
      token,
      tags: stored.tags,
      ttlMs: retentionMs(stored),
      encode: (tags) => codec.encode({ ...stored, tags }, packed),
    });
    if (verdict.kind !== 'stored') return false;
    const names = tagNames(stored);
    if (this.#tags.admits(names, item.token)) {
      this.#local.keep(this.#local.item({ ...stored, tags: verdict.tags }, key, item.token, sentAt, 0), names);
    }
    return true;
  }

  /**
   * Puts values, and keeps in L1 what the store has taken (PROTOCOL 4.11). Until it has answered, it is not believed about
   * what was there before; and where it does not, that is purged as soon as it can be.
   *
   * @param at - the local clock at which what was there before became invalid
   */
  async putMany(puts: readonly ItemPut[], at: number): Promise<readonly CommitVerdict[]> {
    let verdicts: readonly CommitVerdict[] = [];
    const ownTags = puts.map(({ ownTag }) => ownTag);
    await this.#level.unheard.deliverWith(ownTags, at, async () => {
      verdicts = await this.#putMany(puts);
      return verdicts.map(({ kind }) => kind !== 'unavailable');
    });
    return verdicts;
  }

  async #putMany(puts: readonly ItemPut[]): Promise<readonly CommitVerdict[]> {
    const { store, codec } = this.#level;
    const packed = await Promise.all(puts.map(({ item }) => codec.pack(item.stored)));
    const sentAt = this.#clock.monotonic();
    const verdicts = await store
      .putMany(
        puts.map(({ item, ownTag, token, onlyIf }, i) => ({
          key: item.stored.key,
          token,
          tags: item.stored.tags,
          ttlMs: retentionMs(item.stored),
          encode: (tags) => codec.encode({ ...item.stored, tags }, packed[i]),
          ownTag,
          onlyIf,
        })),
      )
      .catch((error: Error): readonly CommitVerdict[] => {
        this.#failed(error);
        return [];
      });
    return puts.map(({ item, key }, i) => {
      const verdict = verdicts[i] ?? { kind: 'unavailable' };
      const names = tagNames(item.stored);
      if (verdict.kind === 'stored' && this.#tags.admits(names, item.token)) {
        const ageMs = this.#clock.monotonic() - item.generatedAt;
        const stored = inMemory({ ...item.stored, tags: verdict.tags });
        this.#local.keep(this.#local.item(stored, key, item.token, sentAt, ageMs), names);
      }
      return verdict;
    });
  }

  /** Whether the store may be given a response: it gave a token, and has heard of all invalidations of the tags. */
  takes(token: SharedToken | undefined, stored: StoredResponse): token is SharedToken {
    return token !== undefined && !this.#level.unheard.isPending(tagNames(stored));
  }

  /**
   * Commits a response, and keeps it in L1 as far as the verdict allows (PROTOCOL 4.8).
   *
   * @param own - the response as this process may hold it while the store is away
   * @returns the response as the store has it; `undefined` where it has not taken it
   */
  async commit(lead: Lead, token: SharedToken, own: LocalItem): Promise<LocalItem | undefined> {
    const { store, codec } = this.#level;
    const { stored } = own;
    const names = tagNames(stored);
    const packing = codec.pack(stored);
    const packed = packing === undefined ? undefined : await packing;
    const sentAt = this.#clock.monotonic();
    if (stored.selecting.length > 0) void this.#mark(lead.key, stored);
    const verdict = await store
      .commit({
        key: stored.key,
        token,
        tags: stored.tags,
        ttlMs: retentionMs(stored),
        encode: (tags) => codec.encode({ ...stored, tags }, packed),
      })
      .catch((error: Error): CommitVerdict => {
        this.#failed(error);
        return { kind: 'unavailable' };
      });
    // The store knows of invalidations that were not heard of here: what is held of the same data is no longer valid.
    if (verdict.kind === 'refused' && verdict.tags !== undefined) this.#tags.invalidate(verdict.tags, 'soft');
    // What was invalidated meanwhile must not enter L1: the record of it may be gone by now, and then nothing would tell.
    const isRefused = verdict.kind === 'refused' || !this.#tags.admits(names, own.token);
    own.isOutdated = isRefused;
    if (isRefused) this.#sink.refused(lead.key.text, stored.route, 'invalidated');
    // The store is away: L1 alone may hold it, as long as it may lag anyway.
    else if (verdict.kind === 'unavailable') this.#local.keep(own, names);
    if (verdict.kind !== 'stored') return undefined;
    const committed = this.#committed(own, verdict.tags, lead, sentAt);
    committed.isOutdated = isRefused;
    if (!isRefused) this.#local.keep(committed, names);
    return committed;
  }

  /** The token and its time belong to the read that is sent now. */
  #restart(flight: Flight): void {
    flight.token = this.#tags.clock;
    flight.startedAt = this.#clock.monotonic();
  }

  /** Lets one process run its handler for all, where the store has leases; what that stored answers the others (PROTOCOL 4.12). */
  async #takeTurn(flight: Flight, leader: Visitor, miss: Miss): Promise<Said> {
    const { leases } = this.#level.store;
    if (leases === undefined || miss.token === undefined || flight.isApart) return miss;
    if (leader.isRefresh === true || (miss.stale !== undefined && leader.takesStale?.(miss.stale) === true)) {
      const answer = await leases.take(flight.text);
      if (answer.kind === 'mine') {
        const turn = new Turn(answer.lease, this.#clock, leases.renewEveryMs, this.#patienceMs);
        return { ...miss, turn };
      }
      return { ...miss, isElsewhere: answer.kind !== 'open' };
    }
    let latest: Said = miss;
    const look = async (): Promise<Said | undefined> => {
      this.#restart(flight);
      latest = await this.#read(flight, leader.key);
      return latest.kind === 'miss' && latest.token !== undefined ? undefined : latest;
    };
    const isNeeded = (): boolean => !leader.isGone || flight.waiters.length > 0;
    const until = this.#clock.monotonic() + this.#patienceMs;
    const mayWait = (): boolean => isNeeded() && this.#clock.monotonic() < until;
    const answer = await waitForTurn(leases, flight.text, this.#clock, this.#patienceMs, look, mayWait);
    return answer.kind === 'found' ? answer.found : { ...latest, turn: answer.turn };
  }

  /** What L1 holds that the store could vouch for. */
  #held(flight: Flight, key: Keyed): LocalItem | undefined {
    const item = this.#local.peek(flight.text);
    if (item === undefined || !isStamped(item.stored) || !this.#local.isSound(item, key)) return undefined;
    return this.#level.unheard.isPending(tagNames(item.stored)) ? undefined : item;
  }

  async #read(flight: Flight, key: Keyed): Promise<Said> {
    const heard = this.#level.unheard.acknowledgements;
    return this.#take(await this.#begin(flight.text), flight, key, heard);
  }

  /** @param heard - the invalidations that the store had heard of before it was asked */
  async #take({ token, found }: BeginRead, flight: Flight, key: Keyed, heard: number): Promise<Said> {
    const { codec, unheard } = this.#level;
    if (token !== undefined) unheard.stir();
    if (found?.kind === 'selecting') {
      return this.#learns(key, found.selecting) ? { kind: 'variants' } : { kind: 'miss', token };
    }
    if (found?.validity !== 'valid' && found?.validity !== 'stale') return { kind: 'miss', token };
    const unpacking = codec.unpack(found.response);
    // One that was whole is not waited for.
    const response = unpacking === found.response ? found.response : await unpacking;
    const item = response === undefined ? undefined : this.#believed(response, key, flight, heard);
    if (item === undefined) return { kind: 'miss', token };
    const names = tagNames(found.response);
    if (found.validity === 'stale') {
      item.isOutdated = true;
      return { kind: 'miss', token, stale: { item, validity: 'stale', tags: names } };
    }
    this.#local.keep(item, names);
    if (flight.asked === undefined && this.#local.isSound(item, key)) return { kind: 'item', item };
    return { kind: 'miss', token, stale: { item, validity: 'valid', tags: names } };
  }

  /** A response that the store holds as an item of L1, unless it is of no use, or this process knows better (PROTOCOL 4.5). */
  #believed(response: StoredResponse, key: Keyed, flight: Flight, heard: number): LocalItem | undefined {
    const names = tagNames(response);
    const ageMs = Math.max(0, this.#clock.now() - response.storedAt);
    if (ageMs >= retentionMs(response)) return undefined;
    if (!this.#tags.admits(names, flight.token) || this.#level.unheard.isDoubtful(names, heard)) return undefined;
    return this.#local.item(response, key, flight.token, flight.startedAt, ageMs);
  }

  /** True when the target's selecting headers were not all known here before. */
  #learns(key: Keyed, selecting: readonly string[]): boolean {
    const before = this.#variants.names(key.text, []).length;
    return this.#variants.learn(key.text, selecting).length > before;
  }

  #committed(own: LocalItem, tags: readonly TagStamp[], lead: Lead, sentAt: number): LocalItem {
    const ageMs = this.#clock.monotonic() - own.generatedAt;
    return this.#local.item(inMemory({ ...own.stored, tags }), lead.key, own.token, sentAt, ageMs);
  }

  async #mark(key: Keyed, stored: StoredResponse): Promise<void> {
    const { store, codec } = this.#level;
    const frame = codec.encodeMarker(key.text, { selecting: stored.selecting });
    // Without the marker another process asks its own handler once: it costs a hit, and nobody needs to hear of it.
    await store.mark(key.text, frame, retentionMs(stored)).catch(() => false);
  }

  #failed(error: Error): void {
    this.#sink.emit({ type: 'store-error', store: this.#level.store.name, error });
  }
}

/** A value as L1 holds it: what it is, and not its bytes besides. */
function inMemory(stored: StoredResponse): StoredResponse {
  return stored.held === undefined ? stored : { ...stored, body: NO_BYTES };
}

const NO_BYTES = Buffer.alloc(0);

/** Whether the shared store has ever seen it: without stamps there is nothing to compare. */
function isStamped(stored: StoredResponse): boolean {
  return stored.tags.every((tag) => tag.stamp !== '');
}
