import type { StoredResponse, TagStamp } from '../ports/stored-response.js';
import type {
  BeginRead,
  CommitVerdict,
  DecodeFrame,
  Fill,
  Put,
  StoreHealth,
  TaggedStore,
  Validity,
} from '../ports/tagged-store.js';
import type { GuardedStore } from './guarded.js';
import { InvalidationBatches } from './invalidation-batches.js';
import { type Nonce, readNonce } from './nonce.js';
import type { NonceLedger } from './nonce-ledger.js';
import { PlainLedger } from './plain-ledger.js';
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
  return new NonceProtocol(new PlainLedger(store, namespace));
}

/** What was read of the nonces before the handler ran. A tag that is not in it was not predicted. */
class NonceToken {
  readonly tags = new Map<string, Nonce | undefined>();
  /** Those of which nobody could tell: they are not planted, and what depends on them is not valid. */
  readonly untold = new Set<string>();
  constructor(public mark: string | undefined) {}
}

/** The nonce protocol over any {@link NonceLedger} (PROTOCOL 4.14). */
export class NonceProtocol implements TaggedStore {
  readonly name: string;
  readonly purgesOnly = true;
  readonly #ledger: NonceLedger;
  readonly #predictions = new Predictions();
  readonly #batches: InvalidationBatches;

  constructor(ledger: NonceLedger) {
    this.name = ledger.name;
    this.#ledger = ledger;
    this.#batches = new InvalidationBatches((tags) => ledger.purge(tags));
  }

  async begin(key: string, decode: DecodeFrame): Promise<BeginRead> {
    try {
      return await this.#begin(key, decode);
    } catch {
      return { token: undefined, found: undefined };
    }
  }

  beginMany(keys: readonly string[], decode: (bytes: Uint8Array, key: string) => ReturnType<DecodeFrame>) {
    return Promise.all(keys.map((key) => this.begin(key, (bytes) => decode(bytes, key))));
  }

  commitMany(fills: readonly Fill[]): Promise<readonly CommitVerdict[]> {
    return Promise.all(fills.map((fill) => this.commit(fill)));
  }

  putMany(puts: readonly Put[]): Promise<readonly CommitVerdict[]> {
    return Promise.all(puts.map((put) => this.#put(put)));
  }

  async #put(put: Put): Promise<CommitVerdict> {
    const { token, ownTag, onlyIf } = put;
    if (onlyIf === 'unchanged') {
      if (token === undefined) return { kind: 'unavailable' };
      const verdict = await this.commit({ ...put, token });
      if (verdict.kind !== 'stored') return verdict;
    }
    if (!(await this.invalidate([ownTag], 'hard'))) return { kind: 'unavailable' };
    const now = await this.begin(put.key, () => undefined);
    if (now.token === undefined) return { kind: 'unavailable' };
    return await this.commit({ ...put, token: now.token });
  }

  async check(tags: readonly TagStamp[]): Promise<Validity> {
    if (tags.length === 0) return 'valid';
    try {
      const nonces = await this.#nonces(tags.map(({ tag }) => tag));
      if (tags.some(({ stamp }, i) => nonces[i] !== null && (stamp === '' || stamp !== nonces[i]))) return 'gone';
      return nonces.includes(null) ? 'unavailable' : 'valid';
    } catch {
      return 'unavailable';
    }
  }

  async commit(fill: Fill): Promise<CommitVerdict> {
    if (!(fill.token instanceof NonceToken) || !(fill.ttlMs > 0)) return { kind: 'refused' };
    this.#ledger.outlive(fill.ttlMs);
    try {
      return await this.#commit(fill, fill.token);
    } catch {
      return { kind: 'unavailable' };
    }
  }

  async mark(key: string, frame: Uint8Array, ttlMs: number): Promise<boolean> {
    try {
      return await this.#ledger.write(this.#ledger.keys.response(key), frame, ttlMs);
    } catch {
      return false;
    }
  }

  async invalidate(tags: readonly string[], _mode: 'soft' | 'hard'): Promise<boolean> {
    return tags.length === 0 || this.#batches.add(tags);
  }

  health(): StoreHealth {
    return this.#ledger.health();
  }

  close(): Promise<void> {
    return this.#ledger.close();
  }

  /** 4.14 BEGIN. One round trip when the tags were predicted and none is missing. */
  async #begin(key: string, decode: DecodeFrame): Promise<BeginRead> {
    const predicted = this.#predictions.of(key);
    const { keys } = this.#ledger;
    const tagKeys = predicted.map((tag) => keys.tag(tag));
    const [frame, mark, ...nonces] = await this.#ledger.read([keys.response(key), keys.global, ...tagKeys]);
    const token = new NonceToken(this.#ledger.markOf(mark));
    for (const [i, tag] of predicted.entries()) note(token, tag, nonceOf(nonces[i]));
    const found = await this.#recognise(frame ? decode(frame) : undefined, key, token);
    if (found?.kind !== 'response' || found.validity === 'gone') await this.#plantMissing(token, mark !== null);
    return { token, found };
  }

  async #recognise(decoded: ReturnType<DecodeFrame>, key: string, token: NonceToken): Promise<BeginRead['found']> {
    if (decoded === undefined) return undefined;
    if (!('status' in decoded)) return { kind: 'selecting', selecting: decoded.selecting };
    const response = decoded as StoredResponse;
    return { kind: 'response', response, validity: await this.#validate(response, key, token) };
  }

  /** 4.14 VALID: every nonce is the one the response remembers; a missing one means that nothing may use it. */
  async #validate(stored: StoredResponse, key: string, token: NonceToken): Promise<Validity> {
    const tags = stored.tags.map(({ tag }) => tag);
    const unread = tags.filter((tag) => !token.tags.has(tag));
    if (unread.length > 0) {
      try {
        const nonces = await this.#nonces(unread);
        for (const [i, tag] of unread.entries()) note(token, tag, nonces[i]);
      } catch {
        return 'unavailable';
      }
    }
    this.#predictions.learn(key, tags);
    const differs = ({ tag, stamp }: TagStamp): boolean => stamp === '' || token.tags.get(tag) !== stamp;
    if (stored.tags.some((tag) => differs(tag) && !token.untold.has(tag.tag))) return 'gone';
    return tags.some((tag) => token.untold.has(tag)) ? 'unavailable' : 'valid';
  }

  /** Gives each predicted tag a nonce, and reads it, before the handler runs. What stays missing was not predicted. */
  async #plantMissing(token: NonceToken, isMarkTold: boolean): Promise<void> {
    const missing = [...token.tags]
      .filter(([tag, nonce]) => nonce === undefined && !token.untold.has(tag))
      .map(([tag]) => tag);
    const plantMark = async (): Promise<void> => {
      if (isMarkTold) token.mark ??= await this.#ledger.plantMark();
    };
    const plantTags = async (): Promise<void> => {
      const nonces = await this.#plant(missing);
      for (const [i, tag] of missing.entries()) token.tags.set(tag, nonces[i]);
    };
    await Promise.all([plantMark(), plantTags()]);
  }

  /**
   * 4.14 and 4.15 COMMIT. Predicted tags must still have the nonce that was read before the handler; for the others the
   * nonces are read first and the mark after them, so that no invalidation lies between the handler's reads and their
   * nonces.
   *
   * The predicted ones are compared again although the response would be harmless with old nonces: it would never be
   * valid, but `stored` also hands it to those who waited (4.4, W-rule (b)), and lets L1 trust it from now on.
   */
  async #commit(fill: Fill, token: NonceToken): Promise<CommitVerdict> {
    const stamps = mergeStamps(fill.tags);
    const tags = [...new Set(fill.tags.map(({ tag }) => tag))];
    this.#predictions.learn(fill.key, tags);
    if (stamps === undefined) return { kind: 'refused' };

    const now = await this.#nonces(tags);
    const known = tags.map((tag) => token.tags.get(tag));
    const isChanged = tags.some(
      (tag, i) =>
        now[i] !== null &&
        [stamps.get(tag) || undefined, known[i]].some((nonce) => nonce !== undefined && nonce !== now[i]),
    );
    if (isChanged) return { kind: 'refused' };
    if (now.includes(null)) return { kind: 'unavailable' };

    const planted = await this.#plant(tags.filter((_, i) => now[i] === undefined));
    const nonces = now.map((nonce) => nonce ?? planted.shift());
    const stamped = tags.flatMap((tag, i): TagStamp[] => (nonces[i] ? [{ tag, stamp: nonces[i] }] : []));
    if (stamped.length < tags.length) return { kind: 'unavailable' };
    const unpredicted = tags.filter((_, i) => known[i] === undefined);
    if (unpredicted.length > 0 && !(await this.#ledger.isQuietSince(token.mark, unpredicted)))
      return { kind: 'refused' };
    const isStored = await this.#ledger.write(this.#ledger.keys.response(fill.key), fill.encode(stamped), fill.ttlMs);
    return isStored ? { kind: 'stored', tags: stamped } : { kind: 'unavailable' };
  }

  async #nonces(tags: readonly string[]): Promise<(Nonce | undefined | null)[]> {
    return (await this.#ledger.read(tags.map((tag) => this.#ledger.keys.tag(tag)))).map(nonceOf);
  }

  async #plant(tags: readonly string[]): Promise<(Nonce | undefined)[]> {
    if (tags.length === 0) return [];
    return [...(await this.#ledger.plant(tags.map((tag) => this.#ledger.keys.tag(tag))))];
  }
}

function nonceOf(reading: Uint8Array | undefined | null): Nonce | undefined | null {
  return reading === null ? null : readNonce(reading);
}

function note(token: NonceToken, tag: string, nonce: Nonce | undefined | null): void {
  token.tags.set(tag, nonce ?? undefined);
  if (nonce === null) token.untold.add(tag);
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
