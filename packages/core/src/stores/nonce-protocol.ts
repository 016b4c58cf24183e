import type { StoredResponse, TagStamp } from '../ports/stored-response.js';
import type {
  BeginRead,
  CommitVerdict,
  DecodeFrame,
  Fill,
  StoreHealth,
  TaggedStore,
  Validity,
} from '../ports/tagged-store.js';
import type { GuardedStore } from './guarded.js';
import { InvalidationBatches } from './invalidation-batches.js';
import { type Nonce, NonceKeys, readNonce } from './nonce.js';
import { NonceBoard } from './nonce-board.js';
import { Predictions } from './predictions.js';

/**
 * Makes a store without counters, scripts or compare-and-set keep invalidation exact: by nonces (PROTOCOL 4.15).
 *
 * Holds where a read of one key sees what was written to it before: no replica reads, no cache in front. Every
 * invalidation is a purge: a soft one would need a value that is read, changed and written, and could undo another's.
 * No method rejects; each ends at the first operation that fails, so at the latest one deadline after that began.
 *
 * @param namespace - short ASCII; every process that shares the store names the same
 */
export function nonceProtocol(store: GuardedStore, namespace: string): TaggedStore {
  return new NonceProtocol(store, namespace);
}

/** What was read of the nonces before the handler ran. A tag that is not in it was not predicted. */
class NonceToken {
  readonly tags = new Map<string, Nonce | undefined>();
  constructor(public global: Nonce | undefined) {}
}

class NonceProtocol implements TaggedStore {
  readonly name: string;
  readonly #store: GuardedStore;
  readonly #keys: NonceKeys;
  readonly #board: NonceBoard;
  readonly #predictions = new Predictions();
  readonly #batches: InvalidationBatches;

  constructor(store: GuardedStore, namespace: string) {
    this.name = store.name;
    this.#store = store;
    this.#keys = new NonceKeys(namespace);
    this.#board = new NonceBoard(store);
    this.#batches = new InvalidationBatches((tags) => this.#purge(tags));
  }

  async begin(key: string, decode: DecodeFrame): Promise<BeginRead> {
    try {
      return await this.#begin(key, decode);
    } catch {
      return { token: undefined, found: undefined };
    }
  }

  async check(tags: readonly TagStamp[]): Promise<Validity> {
    if (tags.length === 0) return 'valid';
    try {
      const nonces = await this.#board.read(tags.map(({ tag }) => this.#keys.tag(tag)));
      return tags.every(({ stamp }, i) => stamp !== '' && stamp === nonces[i]) ? 'valid' : 'gone';
    } catch {
      return 'unavailable';
    }
  }

  async commit(fill: Fill): Promise<CommitVerdict> {
    if (!(fill.token instanceof NonceToken) || !(fill.ttlMs > 0)) return { kind: 'refused' };
    this.#board.outlive(fill.ttlMs);
    try {
      return await this.#commit(fill, fill.token);
    } catch {
      return { kind: 'unavailable' };
    }
  }

  async mark(key: string, frame: Uint8Array, ttlMs: number): Promise<boolean> {
    try {
      return await this.#store.set(this.#keys.response(key), frame, ttlMs);
    } catch {
      return false;
    }
  }

  async invalidate(tags: readonly string[], _mode: 'soft' | 'hard'): Promise<boolean> {
    return tags.length === 0 || this.#batches.add(tags);
  }

  health(): StoreHealth {
    return this.#store.health();
  }

  close(): Promise<void> {
    return this.#store.close();
  }

  /** 4.14 BEGIN. One round trip when the tags were predicted and none is missing. */
  async #begin(key: string, decode: DecodeFrame): Promise<BeginRead> {
    const predicted = this.#predictions.of(key);
    const { token, frame } = await this.#readTogether(key, predicted);
    const found = await this.#recognise(frame === undefined ? undefined : decode(frame), key, token);
    if (found?.kind !== 'response' || found.validity === 'gone') await this.#plantMissing(token);
    return { token, found };
  }

  async #recognise(decoded: ReturnType<DecodeFrame>, key: string, token: NonceToken): Promise<BeginRead['found']> {
    if (decoded === undefined) return undefined;
    if (!('status' in decoded)) return { kind: 'selecting', selecting: decoded.selecting };
    const response = decoded as StoredResponse;
    return { kind: 'response', response, validity: await this.#validate(response, key, token) };
  }

  async #readTogether(
    key: string,
    tags: readonly string[],
  ): Promise<{ token: NonceToken; frame: Uint8Array | undefined }> {
    const tagKeys = tags.map((tag) => this.#keys.tag(tag));
    const values = await this.#store.getMany([this.#keys.response(key), this.#keys.global, ...tagKeys]);
    const [global, ...nonces] = values.slice(1).map(readNonce);
    const token = new NonceToken(global);
    for (const [i, tag] of tags.entries()) token.tags.set(tag, nonces[i]);
    return { token, frame: values[0] };
  }

  /** 4.14 VALID: every nonce is the one the response remembers; a missing one means that nothing may use it. */
  async #validate(stored: StoredResponse, key: string, token: NonceToken): Promise<Validity> {
    const unread = stored.tags.map(({ tag }) => tag).filter((tag) => !token.tags.has(tag));
    if (unread.length > 0) {
      try {
        const nonces = await this.#board.read(unread.map((tag) => this.#keys.tag(tag)));
        for (const [i, tag] of unread.entries()) token.tags.set(tag, nonces[i]);
      } catch {
        return 'unavailable';
      }
    }
    this.#predictions.learn(
      key,
      stored.tags.map(({ tag }) => tag),
    );
    return stored.tags.every(({ tag, stamp }) => stamp !== '' && token.tags.get(tag) === stamp) ? 'valid' : 'gone';
  }

  /** Gives each predicted tag a nonce, and reads it, before the handler runs. What stays missing was not predicted. */
  async #plantMissing(token: NonceToken): Promise<void> {
    const missing = [...token.tags].filter(([, nonce]) => nonce === undefined).map(([tag]) => tag);
    const plantGlobal = async (): Promise<void> => {
      token.global ??= await this.#board.plant(this.#keys.global);
    };
    await Promise.all([
      plantGlobal(),
      ...missing.map(async (tag) => token.tags.set(tag, await this.#board.plant(this.#keys.tag(tag)))),
    ]);
  }

  /**
   * 4.14 and 4.15 COMMIT. Predicted tags must still have the nonce that was read before the handler; for the others the
   * nonces are read first and the global one after them, so that no invalidation lies between the handler's reads and
   * their nonces.
   *
   * The predicted ones are compared again although the response would be harmless with old nonces: it would never be
   * valid, but `stored` also hands it to those who waited (4.4, W-rule (b)), and lets L1 trust it from now on.
   */
  async #commit(fill: Fill, token: NonceToken): Promise<CommitVerdict> {
    const stamps = mergeStamps(fill.tags);
    const tags = [...new Set(fill.tags.map(({ tag }) => tag))];
    this.#predictions.learn(fill.key, tags);
    if (stamps === undefined) return { kind: 'refused' };

    const now = await this.#board.read(tags.map((tag) => this.#keys.tag(tag)));
    const known = tags.map((tag) => token.tags.get(tag));
    const isChanged = tags.some((tag, i) =>
      [stamps.get(tag) || undefined, known[i]].some((nonce) => nonce !== undefined && nonce !== now[i]),
    );
    if (isChanged) return { kind: 'refused' };

    const nonces = await Promise.all(tags.map((tag, i) => now[i] ?? this.#board.plant(this.#keys.tag(tag))));
    const stamped = tags.flatMap((tag, i): TagStamp[] => (nonces[i] === undefined ? [] : [{ tag, stamp: nonces[i] }]));
    if (stamped.length < tags.length) return { kind: 'unavailable' };
    if (known.includes(undefined)) {
      const [global] = await this.#board.read([this.#keys.global]);
      if (global === undefined || global !== token.global) return { kind: 'refused' };
    }
    const isStored = await this.#store.set(this.#keys.response(fill.key), fill.encode(stamped), fill.ttlMs);
    return isStored ? { kind: 'stored', tags: stamped } : { kind: 'unavailable' };
  }

  /** 4.15 INVALIDATE: the global nonce first, so that a fill which reads a new nonce of a tag finds that one changed. */
  async #purge(tags: readonly string[]): Promise<ReadonlySet<string>> {
    const notReplaced = await this.#board.replace([this.#keys.global]);
    if (notReplaced.size > 0) return new Set(tags);
    const left = await this.#board.replace(tags.map((tag) => this.#keys.tag(tag)));
    return new Set(tags.filter((tag) => left.has(this.#keys.tag(tag))));
  }
}

/** Each tag once, with the nonce it was replayed with, if any; `undefined` when two differ (4.14, nested). */
function mergeStamps(tags: readonly TagStamp[]): Map<string, string> | undefined {
  const stamps = new Map<string, string>();
  for (const { tag, stamp } of tags) {
    const other = stamps.get(tag) ?? '';
    if (stamp !== '' && other !== '' && stamp !== other) return undefined;
    stamps.set(tag, stamp === '' ? other : stamp);
  }
  return stamps;
}
