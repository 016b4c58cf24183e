import type { Bus } from '../../ports/bus.js';
import type { Leases } from '../../ports/leases.js';
import type { StoreHealth } from '../../ports/store-health.js';
import type { StoredResponse, TagStamp } from '../../ports/stored-response.js';
import type {
  BeginRead,
  CommitVerdict,
  DecodeFrame,
  Fill,
  Patience,
  Put,
  SharedToken,
  TaggedStore,
  Validity,
} from '../../ports/tagged-store.js';
import { Predictions } from '../predictions.js';
import { listOf, textOf } from './asker.js';
import { RedisCommits } from './commits.js';
import type { RedisSession } from './connection.js';
import { AwayError } from './failures.js';
import { lifetimesFor } from './lifetimes.js';
import type { ProtocolParts } from './protocol-parts.js';
import { RedisPuts } from './puts.js';
import { BEGIN, runScript } from './scripts.js';
import { numbered, validityOf } from './stamps.js';
import { bytesOf } from './together.js';
import { RedisToken } from './token.js';
import { newEpoch, readSequence, readTag, type Sequence, type TagValue } from './values.js';

/** A shared store that can be waited for. */
export interface RedisStore extends TaggedStore {
  /**
   * Waits until there is a connection, but not longer than this; nobody has to.
   *
   * @returns whether there is one
   */
  ready(atMostMs: number): Promise<boolean>;
}

/** Keys asked for in one command: the server does nothing else meanwhile. */
const AT_ONCE = 500;
/** So long what is saved may take, for what is new to be stored whatever else is invalidated meanwhile. */
const LONGEST_SAVE_MS = 300_000;
const NOTHING_READ: BeginRead = { token: undefined, found: undefined };

type DecodeMany = (bytes: Uint8Array, key: string) => ReturnType<DecodeFrame>;

/** What one read brought. */
interface Snapshot {
  readonly sequence: Sequence | undefined;
  readonly found: readonly {
    readonly frame: Uint8Array | undefined;
    readonly isBesideTags: boolean;
    readonly isAway: boolean;
  }[];
  readonly tags: ReadonlyMap<string, TagValue | undefined>;
}

/**
 * Keeps invalidation exact in Redis and Valkey by a sequence that counts invalidations, and a value for each tag
 * (PROTOCOL 4.1 to 4.9). A hit is one command.
 */
export class RedisProtocol implements RedisStore {
  readonly name: string;
  readonly bus: Bus;
  readonly leases: Leases;
  readonly #parts: ProtocolParts;
  readonly #predictions = new Predictions();
  readonly #commits: RedisCommits;
  readonly #puts: RedisPuts;

  constructor(parts: ProtocolParts) {
    this.name = parts.name;
    this.bus = parts.bus;
    this.leases = parts.leases;
    this.#parts = parts;
    this.#commits = new RedisCommits(parts);
    this.#puts = new RedisPuts(parts, (session) => this.#sequence(session));
  }

  async ready(atMostMs: number): Promise<boolean> {
    return (await this.#parts.servers.primary.wait(atMostMs)) !== undefined;
  }

  connecting(patience: Patience): Promise<unknown> | undefined {
    const { servers, waitMs } = this.#parts;
    return servers.settle(waitMs, patience === 'first');
  }

  async begin(key: string, decode: DecodeFrame): Promise<BeginRead> {
    const [read] = await this.beginMany([key], decode);
    return read ?? NOTHING_READ;
  }

  async beginMany(wanted: readonly string[], decode: DecodeMany): Promise<readonly BeginRead[]> {
    const reads: BeginRead[] = [];
    for (let at = 0; at < wanted.length; at += AT_ONCE) {
      const some = wanted.slice(at, at + AT_ONCE);
      try {
        reads.push(...(await this.#begin(some, decode)));
      } catch {
        // A store that fails is not asked again.
        return wanted.map((_, i) => reads[i] ?? NOTHING_READ);
      }
    }
    return reads;
  }

  async check(tags: readonly TagStamp[]): Promise<Validity> {
    if (tags.length === 0) return 'valid';
    try {
      const session = this.#parts.asker.session('getMany');
      const now = await this.#read(
        session,
        tags.map(({ tag }) => tag),
      );
      if (now.sequence !== undefined) this.#puts.note(session, now.sequence);
      return validityOf(tags, now.sequence, (tag) => now.tags.get(tag));
    } catch {
      return 'unavailable';
    }
  }

  async commit(fill: Fill): Promise<CommitVerdict> {
    return (await this.commitMany([fill]))[0] ?? { kind: 'unavailable' };
  }

  commitMany(fills: readonly Fill[]): Promise<readonly CommitVerdict[]> {
    for (const { key, tags } of fills) this.#predictions.learn(key, [...new Set(tags.map(({ tag }) => tag))]);
    return this.#commits.commitMany(fills);
  }

  putMany(puts: readonly Put[]): Promise<readonly CommitVerdict[]> {
    for (const { key, tags } of puts) this.#predictions.learn(key, [...new Set(tags.map(({ tag }) => tag))]);
    return this.#puts.putMany(puts);
  }

  async beginWrite(all: readonly string[]): Promise<SharedToken | undefined> {
    try {
      const session = this.#parts.asker.session('script');
      let sequence: Sequence | undefined;
      // Whatever is invalidated between two of these is so before anything is written: the last one is the token.
      for (let at = 0; at < all.length; at += AT_ONCE)
        sequence = await this.#beginSequence(session, all.slice(at, at + AT_ONCE));
      if (sequence === undefined) return undefined;
      this.#puts.note(session, sequence);
      return new RedisToken(sequence, false);
    } catch {
      return undefined;
    }
  }

  async mark(key: string, frame: Uint8Array, ttlMs: number): Promise<boolean> {
    if (!(ttlMs > 0)) return false;
    try {
      return await this.#set(this.#parts.asker.session('set'), key, frame, lifetimesFor(ttlMs).response);
    } catch {
      return false;
    }
  }

  invalidate(tags: readonly string[], mode: 'soft' | 'hard', holdMs = 0): Promise<boolean> {
    return this.#parts.invalidator.invalidate(tags, mode, holdMs);
  }

  health(): StoreHealth {
    return this.#parts.asker.health();
  }

  close(): Promise<void> {
    return this.#parts.close();
  }

  async #begin(wanted: readonly string[], decode: DecodeMany): Promise<readonly BeginRead[]> {
    const session = this.#parts.asker.session('getMany');
    const predicted = wanted.flatMap((key) => this.#predictions.of(key));
    const first = await this.#readUnderSequence(session, predicted, wanted);
    const { sequence } = first;
    const decoded = wanted.map((key, i) => {
      const frame = first.found[i]?.frame;
      return frame === undefined ? undefined : decode(frame, key);
    });
    this.#puts.note(session, sequence);
    const now = await this.#tagsOf(session, wanted, decoded, first);
    return decoded.map((each, i): BeginRead => {
      const token = new RedisToken(sequence, first.found[i]?.isBesideTags === true, first.found[i]?.isAway === true);
      if (each === undefined) return { token, found: undefined };
      if (!('status' in each)) return { token, found: { kind: 'selecting', selecting: each.selecting } };
      return { token, found: { kind: 'response', ...judged(each as StoredResponse, now) } };
    });
  }

  /**
   * Whoever finds no sequence begins one, and reads again under it: what is put over what was found has to be refused if
   * somebody else has put something since, and the token is what tells.
   */
  async #readUnderSequence(
    session: RedisSession,
    tags: readonly string[],
    wanted: readonly string[],
  ): Promise<Snapshot & { readonly sequence: Sequence }> {
    for (let attempt = 0; attempt < 3; attempt++) {
      const read = await this.#read(session, tags, wanted);
      const { sequence } = read;
      if (sequence !== undefined) return { ...read, sequence };
      await this.#beginSequence(session);
    }
    throw new Error('the sequence is lost again and again');
  }

  /** PROTOCOL 4.3: a second read only where the tags are others than last time; `undefined` where that fails. */
  async #tagsOf(
    session: RedisSession,
    wanted: readonly string[],
    decoded: readonly ReturnType<DecodeFrame>[],
    first: Snapshot,
  ): Promise<Snapshot | undefined> {
    const unread = new Set<string>();
    for (const [i, each] of decoded.entries()) {
      if (each === undefined || !('status' in each)) continue;
      const names = (each as StoredResponse).tags.map(({ tag }) => tag);
      this.#predictions.learn(wanted[i] as string, names);
      for (const tag of names) if (!first.tags.has(tag)) unread.add(tag);
    }
    if (unread.size === 0) return first;
    try {
      // All of them again: what is compared has to be of one moment.
      const all = decoded.flatMap((each) =>
        each !== undefined && 'status' in each ? tagNames(each as StoredResponse) : [],
      );
      return await this.#read(session, all);
    } catch {
      return undefined;
    }
  }

  /** One MGET; where responses are spread over a cluster, a GET beside it for each. */
  #read(session: RedisSession, some: readonly string[], wanted: readonly string[] = []): Promise<Snapshot> {
    const { asker, keys, servers } = this.#parts;
    const { spread } = servers;
    const tags = [...new Set(some)];
    const names = wanted.map((key) => keys.response(key));
    const besideTags = spread === undefined ? names : wanted.map((key) => keys.besideTags(key));
    const words = ['MGET', keys.sequence, ...tags.map((tag) => keys.tag(tag)), ...besideTags];
    return asker.ask(
      'getMany',
      () =>
        Promise.all([
          session.send(words),
          ...(spread === undefined ? [] : names.map((name) => spread.send(name, ['GET', name]).catch(nothingFromAway))),
        ]),
      (answer) => {
        const [reply, ...apart] = listOf(answer);
        const values = listOf(reply, words.length - 1);
        const beside = values.slice(tags.length + 1);
        return {
          sequence: readSequence(values[0], session.run),
          found: wanted.map((_, i) => {
            const isBesideTags = beside[i] instanceof Uint8Array;
            const frame = isBesideTags ? beside[i] : apart[i];
            const isAway = frame === AWAY;
            return { frame: frame instanceof Uint8Array ? frame : undefined, isBesideTags, isAway };
          }),
          tags: new Map(tags.map((tag, i) => [tag, readTag(values[i + 1])])),
        };
      },
    );
  }

  /** What the sequence says now; one is begun where there is none. */
  async #sequence(session: RedisSession): Promise<Sequence> {
    return (await this.#read(session, [])).sequence ?? (await this.#beginSequence(session));
  }

  #beginSequence(session: RedisSession, tags: readonly string[] = []): Promise<Sequence> {
    const { asker, keys } = this.#parts;
    const ttl = lifetimesFor(LONGEST_SAVE_MS);
    const values = [session.run, newEpoch(), String(ttl.sequence), String(ttl.tags)];
    const names = [keys.sequence, ...tags.map((tag) => keys.tag(tag))];
    return asker.ask(
      'script',
      () => runScript(session, BEGIN, names, values),
      (answer) => {
        const [epoch, n] = listOf(answer, 2).map(textOf);
        return { epoch: String(epoch), n: Number(n) };
      },
    );
  }

  #set(session: RedisSession, key: string, frame: Uint8Array, ttlMs: number): Promise<boolean> {
    const { asker, keys, servers } = this.#parts;
    const name = keys.response(key);
    const words = ['SET', name, bytesOf(frame), 'PX', String(ttlMs)];
    const send = (): Promise<unknown> => servers.spread?.send(name, words) ?? session.send(words);
    return asker.ask('set', send, (answer) => textOf(answer) === 'OK');
  }
}

/** A stored response, and whether it is valid by what was read of its tags; nothing where that failed. */
function judged(
  response: StoredResponse,
  now: Snapshot | undefined,
): { readonly response: StoredResponse; readonly validity: Validity } {
  if (now === undefined) return { response, validity: 'unavailable' };
  const valueFor = (tag: string): TagValue | undefined => now.tags.get(tag);
  const tags = numbered(response.tags, valueFor);
  const validity = validityOf(tags, now.sequence, valueFor);
  return { response: tags === response.tags ? response : { ...response, tags }, validity };
}

function tagNames({ tags }: StoredResponse): readonly string[] {
  return tags.map(({ tag }) => tag);
}

/** A node that is away has nothing; the handler's response may still be shared among those who wait. */
function nothingFromAway(error: unknown): typeof AWAY {
  if (!(error instanceof AwayError)) throw error;
  return AWAY;
}

const AWAY = Symbol('away');
