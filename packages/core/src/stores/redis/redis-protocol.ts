import type { Bus } from '../../ports/bus.js';
import type { Leases } from '../../ports/leases.js';
import type { StoredResponse, TagStamp } from '../../ports/stored-response.js';
import type {
  BeginRead,
  CommitVerdict,
  DecodeFrame,
  Fill,
  Put,
  StoreHealth,
  TaggedStore,
  Validity,
} from '../../ports/tagged-store.js';
import { Predictions } from '../predictions.js';
import { listOf, type RedisAsker, textOf } from './asker.js';
import type { RedisSession } from './connection.js';
import { AwayError } from './failures.js';
import type { RedisInvalidator } from './invalidator.js';
import type { RedisKeys } from './keys.js';
import { lifetimesFor } from './lifetimes.js';
import { RedisPuts } from './puts.js';
import { BEGIN, COMMIT, runScript } from './scripts.js';
import type { RedisServers } from './servers.js';
import { mergeStamps, numbered, validityOf } from './stamps.js';
import { newEpoch, readSequence, readTag, type Sequence, stampOf, type TagValue } from './values.js';

/** What the protocol stands on. */
export interface ProtocolParts {
  readonly name: string;
  readonly servers: RedisServers;
  readonly asker: RedisAsker;
  readonly keys: RedisKeys;
  readonly invalidator: RedisInvalidator;
  readonly bus: Bus;
  readonly leases: Leases;
  close(): Promise<void>;
}

/** A shared store that can be waited for. */
export interface RedisStore extends TaggedStore {
  /**
   * Waits until there is a connection, but not longer than this; nobody has to.
   *
   * @returns whether there is one
   */
  ready(atMostMs: number): Promise<boolean>;
}

/** The sequence as it was before anything was read. */
class RedisToken {
  constructor(
    readonly sequence: Sequence,
    /** Of a cluster: what was found lies where the tags do, so that a script may touch them together. */
    readonly isBesideTags: boolean,
  ) {}
}

/** Keys asked for in one command: the server does nothing else meanwhile. */
const AT_ONCE = 500;
const NOTHING_READ: BeginRead = { token: undefined, found: undefined };

type DecodeMany = (bytes: Uint8Array, key: string) => ReturnType<DecodeFrame>;

/** What one read brought. */
interface Snapshot {
  readonly sequence: Sequence | undefined;
  readonly found: readonly { readonly frame: Uint8Array | undefined; readonly isBesideTags: boolean }[];
  readonly tags: ReadonlyMap<string, TagValue | undefined>;
}

/** Of a server without a sequence: nothing there is valid. */
const GONE: Snapshot = { sequence: undefined, found: [], tags: new Map() };

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
  readonly #puts: RedisPuts;

  constructor(parts: ProtocolParts) {
    this.name = parts.name;
    this.bus = parts.bus;
    this.leases = parts.leases;
    this.#parts = parts;
    this.#puts = new RedisPuts(
      parts,
      (token) => (token instanceof RedisToken ? token.sequence : undefined),
      (session) => this.#sequence(session),
    );
  }

  async ready(atMostMs: number): Promise<boolean> {
    return (await this.#parts.servers.primary.wait(atMostMs)) !== undefined;
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

  /** PROTOCOL 4.8, of several: sent together, and as one operation. */
  async commitMany(fills: readonly Fill[]): Promise<readonly CommitVerdict[]> {
    return await Promise.all(fills.map((fill) => this.commit(fill)));
  }

  putMany(puts: readonly Put[]): Promise<readonly CommitVerdict[]> {
    for (const { key, tags } of puts) this.#predictions.learn(key, [...new Set(tags.map(({ tag }) => tag))]);
    return this.#puts.putMany(puts);
  }

  async commit(fill: Fill): Promise<CommitVerdict> {
    if (!(fill.token instanceof RedisToken) || !(fill.ttlMs > 0)) return { kind: 'refused' };
    const names = [...new Set(fill.tags.map(({ tag }) => tag))];
    this.#predictions.learn(fill.key, names);
    try {
      const read = mergeStamps(fill.tags, fill.token.sequence);
      if (read === undefined) return { kind: 'refused', tags: names };
      return await this.#commit(fill, fill.token, read);
    } catch {
      return { kind: 'unavailable' };
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
    const first = await this.#read(session, predicted, wanted);
    const decoded = wanted.map((key, i) => {
      const frame = first.found[i]?.frame;
      return frame === undefined ? undefined : decode(frame, key);
    });
    // Whoever finds no sequence begins one: the token is what it says before the handler reads anything.
    const sequence = first.sequence ?? (await this.#beginSequence(session));
    this.#puts.note(session, sequence);
    const now = first.sequence === undefined ? GONE : await this.#tagsOf(session, wanted, decoded, first);
    return decoded.map((each, i): BeginRead => {
      const token = new RedisToken(sequence, first.found[i]?.isBesideTags === true);
      if (each === undefined) return { token, found: undefined };
      if (!('status' in each)) return { token, found: { kind: 'selecting', selecting: each.selecting } };
      return { token, found: { kind: 'response', ...judged(each as StoredResponse, now) } };
    });
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
            return { frame: frame instanceof Uint8Array ? frame : undefined, isBesideTags };
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

  #beginSequence(session: RedisSession): Promise<Sequence> {
    const { asker, keys } = this.#parts;
    const values = [session.run, newEpoch(), String(lifetimesFor(0).sequence)];
    return asker.ask(
      'script',
      () => runScript(session, BEGIN, [keys.sequence], values),
      (answer) => {
        const [epoch, n] = listOf(answer, 2).map(textOf);
        return { epoch: String(epoch), n: Number(n) };
      },
    );
  }

  async #commit(
    fill: Fill,
    { sequence: token, isBesideTags }: RedisToken,
    read: ReadonlyMap<string, number>,
  ): Promise<CommitVerdict> {
    const { asker, keys, servers, invalidator } = this.#parts;
    const session = asker.session('script');
    const names = [...read.keys()];
    const stamped = names.map((tag): TagStamp => ({ tag, stamp: stampOf({ ...token, n: read.get(tag) ?? 0 }) }));
    const ttl = lifetimesFor(fill.ttlMs);
    const frame = bytesOf(fill.encode(stamped));
    const isTogether = servers.spread === undefined || isBesideTags;
    const place = servers.spread === undefined ? keys.response(fill.key) : keys.besideTags(fill.key);
    const answer = await asker.ask(
      'script',
      () =>
        runScript(
          session,
          COMMIT,
          [keys.sequence, ...names.map((tag) => keys.tag(tag)), ...(isTogether ? [place] : [])],
          [
            session.run,
            newEpoch(),
            String(ttl.sequence),
            token.epoch,
            String(ttl.tags),
            String(names.length),
            ...names.map((tag) => String(read.get(tag))),
            ...(isTogether ? [frame, String(ttl.response)] : []),
          ],
        ),
      listOf,
    );
    const verdict = textOf(answer[0]);
    // Another era has begun: nothing that was read before it is valid any more, whatever its tags.
    if (verdict === 'lost') return { kind: 'refused', tags: names };
    if (verdict !== 'stored') {
      const places = answer.slice(1).map(Number);
      const named = (chosen: readonly number[]): string[] => chosen.map((place) => names[Math.abs(place) - 1] ?? '');
      // The data source has caught up by now: what was read from it until now goes once more, and not again.
      const caughtUp = named(places.filter((place) => place < 0));
      if (caughtUp.length > 0) await invalidator.invalidate(caughtUp, 'soft', 0);
      return { kind: 'refused', tags: named(places) };
    }
    if (!isTogether && !(await this.#set(session, fill.key, frame, ttl.response))) return { kind: 'unavailable' };
    return { kind: 'stored', tags: stamped };
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
function nothingFromAway(error: unknown): undefined {
  if (!(error instanceof AwayError)) throw error;
}

function bytesOf(frame: Uint8Array): Buffer {
  return Buffer.from(frame.buffer, frame.byteOffset, frame.byteLength);
}
