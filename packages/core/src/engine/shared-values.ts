import { retentionMs, type StoredResponse } from '../ports/stored-response.js';
import type { CommitVerdict, Patience, Put, SharedToken } from '../ports/tagged-store.js';
import { Flight } from './flight.js';
import type { Keyed } from './keyed.js';
import type { LocalItem } from './local-item.js';
import { inMemory, tagNames } from './make-stored.js';
import type { SharedParts } from './shared-parts.js';

/** A value that is put, as this process would hold it. */
export interface ItemPut extends Pick<Put, 'token' | 'ownTag' | 'onlyIf'> {
  readonly key: Keyed;
  readonly item: LocalItem;
}

/** How often something is touched that others replace meanwhile. */
const TOUCHES = 100;
const NO_PACKED: readonly undefined[] = [];

/** What values ask of the shared store beside a producer's run: to be looked up, put and kept for longer. */
export class SharedValues {
  readonly #parts: SharedParts;

  constructor(parts: SharedParts) {
    this.#parts = parts;
  }

  /** What the store has under these keys and may answer, asked in one round trip; nobody runs anything for the rest. */
  async lookUpMany(keys: readonly Keyed[]): Promise<readonly (LocalItem | undefined)[]> {
    await this.#connected('deadline');
    const flights = keys.map(({ text }) => new Flight(text, true));
    for (const flight of flights) this.#parts.reads.restart(flight);
    try {
      const said = await this.#parts.reads.together(() =>
        Promise.all(keys.map((key, i) => this.#parts.reads.read(flights[i] as Flight, key))),
      );
      return said.map((each) => (each.kind === 'item' ? each.item : undefined));
    } catch (error) {
      this.#failed(error as Error);
      return [];
    }
  }

  /**
   * What the store knows now, for what is going to be read from elsewhere.
   *
   * @param written - tags of what is going to be written there, if it is
   */
  async token(written: readonly string[]): Promise<SharedToken | undefined> {
    await this.#connected('first');
    const { store } = this.#parts.level;
    if (written.length > 0 && store.beginWrite !== undefined) return await store.beginWrite(written);
    return (await store.begin('', () => undefined)).token;
  }

  /**
   * What the store has under a key, and the token of that very read. L1 is not asked, nor what this process has heard since:
   * whoever puts something in its place is told by the store whether it still is there.
   *
   * Without a token nobody can tell what is there, and nothing must be put in its place as if there were nothing.
   */
  async read(key: Keyed): Promise<{ readonly item: LocalItem | undefined; readonly token: SharedToken | undefined }> {
    await this.#connected('first');
    const { codec, unheard } = this.#parts.level;
    const at = this.#parts.tags.clock;
    const sentAt = this.#parts.clock.monotonic();
    const { token, found } = await this.#parts.reads.begin(key.text);
    if (token !== undefined) unheard.stir();
    if (found?.kind !== 'response') return { item: undefined, token };
    const { response, validity } = found;
    if (validity === 'unavailable') return { item: undefined, token: undefined };
    // What the store has yet to hear of is not what it still has; what is under way to it, it tells whoever writes there.
    if (validity !== 'valid' || unheard.isWaiting(tagNames(response))) return { item: undefined, token };
    const unpacked = await codec.unpack(response);
    if (unpacked === undefined) return { item: undefined, token };
    const item = this.#itemOf(unpacked, key, at, sentAt);
    return { item: this.#parts.clock.monotonic() < item.freshUntil ? item : undefined, token };
  }

  /** See {@link ValueAccess.show}. */
  async show(key: Keyed): Promise<LocalItem | 'silent' | undefined> {
    await this.#connected('deadline');
    const { codec, unheard } = this.#parts.level;
    const at = this.#parts.tags.clock;
    const sentAt = this.#parts.clock.monotonic();
    const { token, found } = await this.#parts.reads.begin(key.text);
    if (token === undefined) return 'silent';
    if (found?.kind !== 'response' || found.validity === 'gone') return undefined;
    const { response, validity } = found;
    const unpacked = await codec.unpack(response);
    if (unpacked === undefined) return undefined;
    const item = this.#itemOf(unpacked, key, at, sentAt);
    item.isOutdated = validity !== 'valid' || unheard.isWaiting(tagNames(response));
    return item;
  }

  /** What the store has, as this process would hold it, with its age by now. */
  #itemOf(stored: StoredResponse, key: Keyed, at: number, sentAt: number): LocalItem {
    const { local, clock } = this.#parts;
    return local.item(stored, key, at, sentAt, Math.max(0, clock.now() - stored.storedAt));
  }

  /** See {@link ValueAccess.touch}. The tags keep their stamps: what was invalidated meanwhile stays so. */
  async touch(key: Keyed, lifetimeMs: number, encode: (item: LocalItem) => Buffer | undefined): Promise<boolean> {
    for (let attempt = 0; attempt < TOUCHES; attempt++) {
      const touched = await this.#touch(key, lifetimeMs, encode);
      if (touched !== 'refused') return touched;
    }
    return false;
  }

  /** Refused is what has been replaced since it was found: what is there instead wants to be touched as well. */
  async #touch(
    key: Keyed,
    lifetimeMs: number,
    encode: (item: LocalItem) => Buffer | undefined,
  ): Promise<boolean | 'refused'> {
    const { store, codec } = this.#parts.level;
    const { item, token } = await this.read(key);
    if (item === undefined || token === undefined) return false;
    const body = encode(item);
    if (body === undefined) return false;
    const stored = { ...item.stored, body, lifetimeMs, storedAt: this.#parts.clock.now() };
    const packed = await codec.pack(stored);
    const sentAt = this.#parts.clock.monotonic();
    const verdict = await store.commit({
      key: key.text,
      token,
      tags: stored.tags,
      ttlMs: retentionMs(stored),
      encode: (tags) => codec.encode({ ...stored, tags }, packed),
    });
    if (verdict.kind !== 'stored') return verdict.kind === 'refused' && 'refused';
    const names = tagNames(stored);
    const { local, tags } = this.#parts;
    if (tags.admits(names, item.token)) {
      const touched = local.item({ ...stored, tags: verdict.tags }, key, item.token, sentAt, 0);
      // It was made when it was made, and no run that began before that may replace it.
      touched.run = local.peek(key.text)?.run ?? 0;
      local.keep(touched, names, true);
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
    if (puts.length === 0) return verdicts;
    const ownTags = puts.map(({ ownTag }) => ownTag);
    const connecting = this.#parts.level.store.connecting?.('first');
    if (connecting !== undefined) {
      this.#parts.level.unheard.announce(ownTags, 'soft', at);
      await connecting;
    }
    await this.#parts.level.unheard.deliverWith(ownTags, at, async () => {
      verdicts = await this.#putMany(puts, at);
      // Who puts something only if nothing has changed leaves all as it was, or is heard of by what it has put.
      return verdicts.map(({ kind }, i) => kind === 'stored' || puts[i]?.onlyIf === 'unchanged');
    });
    const refused = puts.filter(({ onlyIf }, i) => onlyIf === 'always' && verdicts[i]?.kind === 'refused');
    await this.outdate(
      refused.map(({ ownTag }) => ownTag),
      at,
    );
    return puts.map((_, i) => verdicts[i] ?? { kind: 'unavailable' });
  }

  /** Has what is stored under these tags be believed by nobody. */
  async outdate(ownTags: readonly string[], at: number): Promise<void> {
    if (ownTags.length > 0) await this.#parts.level.unheard.deliver(ownTags, 'soft', at);
  }

  async #putMany(puts: readonly ItemPut[], at: number): Promise<readonly CommitVerdict[]> {
    const { store, codec } = this.#parts.level;
    const packing = puts.map(({ item }) => codec.pack(item.stored));
    // Where there is nothing to wait for, the store is asked before anything else can be invalidated.
    const packed = packing.every((each) => each === undefined) ? NO_PACKED : await Promise.all(packing);
    const sentAt = this.#parts.clock.monotonic();
    const verdicts = await store
      .putMany(
        puts.map(({ item, ownTag, token, onlyIf }, i) => ({
          key: item.stored.key,
          token,
          tags: item.stored.tags,
          // What ends at once has to get there all the same, in the place of what was there.
          ttlMs: Math.max(1, retentionMs(item.stored)),
          encode: (tags) => codec.encode({ ...item.stored, tags }, packed[i]),
          ownTag,
          onlyIf,
          isStillGood: () => this.#isStillGood(item, ownTag, at),
        })),
      )
      .catch((error: Error): readonly CommitVerdict[] => {
        this.#failed(error);
        return [];
      });
    return puts.map(({ item, key }, i) => {
      const verdict = verdicts[i] ?? { kind: 'unavailable' };
      const names = tagNames(item.stored);
      // The store knows of invalidations that were not heard of here.
      if (verdict.kind === 'refused' && verdict.tags !== undefined) this.#parts.tags.invalidate(verdict.tags, 'soft');
      if (verdict.kind === 'stored' && item.stored.lifetimeMs > 0 && this.#parts.tags.admits(names, item.token)) {
        const ageMs = this.#parts.clock.monotonic() - item.generatedAt;
        const stored = inMemory({ ...item.stored, tags: verdict.tags });
        this.#parts.local.keep(this.#parts.local.item(stored, key, item.token, sentAt, ageMs), names, true);
      }
      return verdict;
    });
  }

  /** Nothing of what a value depends on was invalidated here since it was given, but that others were put in its place. */
  #isStillGood({ stored }: LocalItem, ownTag: string, at: number): boolean {
    const others = tagNames(stored).filter((tag) => tag !== ownTag);
    return this.#parts.tags.admits(others, at) && this.#parts.tags.validityOf([ownTag], at) !== 'gone';
  }

  /**
   * Waits for a connection that is being made: nobody's producer stands in for a store that says neither what it has nor
   * what it has taken.
   */
  async #connected(patience: Patience): Promise<void> {
    await this.#parts.level.store.connecting?.(patience);
  }

  #failed(error: Error): void {
    this.#parts.sink.emit({ type: 'store-error', store: this.#parts.level.store.name, error });
  }
}
