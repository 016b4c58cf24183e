import type { StoreHealth } from '../ports/store-health.js';
import type { StoredResponse, TagStamp } from '../ports/stored-response.js';
import type { BeginRead, CommitVerdict, DecodeFrame, Fill, Put, TaggedStore, Validity } from '../ports/tagged-store.js';
import type { GuardedStore } from './guarded.js';
import { InvalidationBatches } from './invalidation-batches.js';
import { readNonce } from './nonce.js';
import type { NonceLedger } from './nonce-ledger.js';
import { dueAfter, holds, NonceToken } from './nonce-token.js';
import { NonceWriter } from './nonce-writer.js';
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
 * @param connecting - waits for a store that is being connected to
 */
export function nonceProtocol(
  store: GuardedStore,
  namespace: string,
  connecting?: TaggedStore['connecting'],
): TaggedStore {
  return new NonceProtocol(new PlainLedger(store, namespace), connecting);
}

/** Keys asked for at once. */
const AT_ONCE = 500;
const NOTHING_READ: BeginRead = { token: undefined, found: undefined };
const UNAVAILABLE: CommitVerdict = { kind: 'unavailable' };

type DecodeMany = (bytes: Uint8Array, key: string) => ReturnType<DecodeFrame>;

/** The nonce protocol over any {@link NonceLedger} (PROTOCOL 4.14). */
export class NonceProtocol implements TaggedStore {
  readonly name: string;
  readonly purgesOnly = true;
  readonly #ledger: NonceLedger;
  readonly #writer: NonceWriter;
  readonly #predictions = new Predictions();
  readonly #batches: InvalidationBatches;

  constructor(
    ledger: NonceLedger,
    readonly connecting: TaggedStore['connecting'] = undefined,
  ) {
    this.name = ledger.name;
    this.#ledger = ledger;
    this.#batches = new InvalidationBatches((tags) => ledger.purge(tags));
    this.#writer = new NonceWriter(ledger, (tags) => this.#batches.add(tags));
  }

  async begin(key: string, decode: DecodeFrame): Promise<BeginRead> {
    const [read] = await this.beginMany([key], decode);
    return read ?? NOTHING_READ;
  }

  async beginMany(wanted: readonly string[], decode: DecodeMany): Promise<readonly BeginRead[]> {
    const reads: BeginRead[] = [];
    try {
      for (let at = 0; at < wanted.length; at += AT_ONCE) {
        reads.push(...(await this.#begin(wanted.slice(at, at + AT_ONCE), decode)));
      }
      return reads;
    } catch {
      // A store that fails is not asked again.
      return wanted.map((_, i) => reads[i] ?? NOTHING_READ);
    }
  }

  async check(tags: readonly TagStamp[]): Promise<Validity> {
    if (tags.length === 0) return 'valid';
    try {
      const nonces = await this.#writer.nonces(tags.map(({ tag }) => tag));
      if (tags.some(({ stamp }, i) => nonces[i] !== null && (stamp === '' || stamp !== nonces[i]))) return 'gone';
      return nonces.includes(null) ? 'unavailable' : 'valid';
    } catch {
      return 'unavailable';
    }
  }

  async commit(fill: Fill): Promise<CommitVerdict> {
    return (await this.commitMany([fill]))[0] ?? UNAVAILABLE;
  }

  async commitMany(fills: readonly Fill[]): Promise<readonly CommitVerdict[]> {
    for (const { key, tags } of fills) this.#predictions.learn(key, unique(tags.map(({ tag }) => tag)));
    return await this.#writer.commitMany(fills);
  }

  async putMany(puts: readonly Put[]): Promise<readonly CommitVerdict[]> {
    for (const { key, tags } of puts) this.#predictions.learn(key, unique(tags.map(({ tag }) => tag)));
    return await this.#writer.putMany(puts);
  }

  async mark(key: string, frame: Uint8Array, ttlMs: number): Promise<boolean> {
    try {
      const [isStored] = await this.#ledger.write([{ key: this.#ledger.keys.response(key), frame, ttlMs }]);
      return isStored === true;
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
  async #begin(wanted: readonly string[], decode: DecodeMany): Promise<readonly BeginRead[]> {
    const predicted = unique(wanted.flatMap((key) => this.#predictions.of(key)));
    const { keys } = this.#ledger;
    const places = wanted.map((key) => keys.response(key));
    const sightings = await this.#ledger.look([...places, keys.global, ...predicted.map((tag) => keys.tag(tag))]);
    const mark = sightings[wanted.length]?.reading;
    const token = new NonceToken(this.#ledger.markOf(mark));
    for (const [i, tag] of predicted.entries()) {
      const reading = sightings[wanted.length + 1 + i]?.reading;
      token.note(tag, reading === null ? null : readNonce(reading));
    }
    const decoded = wanted.map((key, i) => {
      const { reading, unique: name } = sightings[i] ?? { reading: null, unique: undefined };
      if (reading !== null) token.seen.set(places[i] as string, name);
      return reading ? decode(reading, key) : undefined;
    });
    await this.#readTagsOf(wanted, decoded, token);
    const judge = (): BeginRead['found'][] =>
      decoded.map(
        (each) => each && ('status' in each ? judged(each as StoredResponse, token) : { kind: 'selecting', ...each }),
      );
    let found = judge();
    const isAnyToMake = found.some((each) => each?.kind !== 'response' || each.validity === 'gone');
    if (isAnyToMake) {
      await this.#writer.plantMissing(token, mark !== null);
      // One that was asked about in vain before it was planted, and stored under, is there by now: the token knows it, and
      // what is put under that must not take what was found for nothing.
      await this.#settleAll(responsesOf(decoded), token);
      found = judge();
    }
    return found.map((each) => ({ token, found: each }));
  }

  /** Of the tags that were not predicted. Nobody can tell of those that cannot be read. */
  async #readTagsOf(
    wanted: readonly string[],
    decoded: readonly ReturnType<DecodeFrame>[],
    token: NonceToken,
  ): Promise<void> {
    const responses = responsesOf(decoded);
    for (const [i, each] of responses.entries()) {
      if (each !== undefined) this.#predictions.learn(wanted[i] as string, tagNames(each));
    }
    const unread = unique(responses.flatMap((each) => each?.tags.map(({ tag }) => tag) ?? [])).filter(
      (tag) => !token.tags.has(tag),
    );
    if (unread.length > 0) {
      const nonces = await this.#writer.nonces(unread).catch(() => unread.map(() => null));
      for (const [i, tag] of unread.entries()) token.note(tag, nonces[i]);
    }
    await this.#settleAll(responses, token);
  }

  async #settleAll(responses: readonly (StoredResponse | undefined)[], token: NonceToken): Promise<void> {
    const stamps = responses.flatMap((each) => each?.tags ?? []);
    const due = stamps.filter(({ tag, stamp }) => dueAfter(stamp, token.tags.get(tag)) !== undefined);
    await Promise.all(due.map((stamp) => this.#settle(stamp, token)));
  }

  /** A value was put, and whoever put it has yet to replace the nonce of its tag, or never will. */
  async #settle({ tag, stamp }: TagStamp, token: NonceToken): Promise<void> {
    const from = token.tags.get(tag);
    const to = dueAfter(stamp, from);
    if (from === undefined || to === undefined) return;
    try {
      token.note(tag, await this.#ledger.settle?.(tag, from, to));
    } catch {
      token.note(tag, null);
    }
  }
}

/** 4.14 VALID: every nonce is the one the response remembers; a missing one means that nothing may use it. */
function judged(response: StoredResponse, token: NonceToken): NonNullable<BeginRead['found']> {
  const isChanged = ({ tag, stamp }: TagStamp): boolean => !token.untold.has(tag) && !holds(stamp, token.tags.get(tag));
  if (response.tags.some(isChanged)) return { kind: 'response', response, validity: 'gone' };
  if (response.tags.some(({ tag }) => token.untold.has(tag)))
    return { kind: 'response', response, validity: 'unavailable' };
  if (!response.tags.some(({ stamp }) => stamp.includes('>'))) return { kind: 'response', response, validity: 'valid' };
  const tags = response.tags.map(({ tag }) => ({ tag, stamp: token.tags.get(tag) ?? '' }));
  return { kind: 'response', response: { ...response, tags }, validity: 'valid' };
}

function responsesOf(decoded: readonly ReturnType<DecodeFrame>[]): readonly (StoredResponse | undefined)[] {
  return decoded.map((each) => (each && 'status' in each ? (each as StoredResponse) : undefined));
}

function tagNames({ tags }: StoredResponse): readonly string[] {
  return tags.map(({ tag }) => tag);
}

function unique(tags: readonly string[]): string[] {
  return [...new Set(tags)];
}
