import type { Bus } from '../../ports/bus.js';
import type { Leases } from '../../ports/leases.js';
import type { StoredResponse, TagStamp } from '../../ports/stored-response.js';
import type {
  BeginRead,
  CommitVerdict,
  DecodeFrame,
  Fill,
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
import { BEGIN, COMMIT, runScript } from './scripts.js';
import type { RedisServers } from './servers.js';
import { mergeStamps, validityOf } from './stamps.js';
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
  constructor(readonly sequence: Sequence) {}
}

/** What one read brought. */
interface Snapshot {
  readonly sequence: Sequence | undefined;
  readonly frame: Uint8Array | undefined;
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

  constructor(parts: ProtocolParts) {
    this.name = parts.name;
    this.bus = parts.bus;
    this.leases = parts.leases;
    this.#parts = parts;
  }

  async ready(atMostMs: number): Promise<boolean> {
    return (await this.#parts.servers.primary.wait(atMostMs)) !== undefined;
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
      const session = this.#parts.asker.session('getMany');
      const now = await this.#read(
        session,
        tags.map(({ tag }) => tag),
      );
      return validityOf(tags, now.sequence, (tag) => now.tags.get(tag));
    } catch {
      return 'unavailable';
    }
  }

  async commit(fill: Fill): Promise<CommitVerdict> {
    if (!(fill.token instanceof RedisToken) || !(fill.ttlMs > 0)) return { kind: 'refused' };
    const names = [...new Set(fill.tags.map(({ tag }) => tag))];
    this.#predictions.learn(fill.key, names);
    try {
      const read = mergeStamps(fill.tags, fill.token.sequence);
      if (read === undefined) return { kind: 'refused', tags: names };
      return await this.#commit(fill, fill.token.sequence, read);
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

  async #begin(key: string, decode: DecodeFrame): Promise<BeginRead> {
    const session = this.#parts.asker.session('getMany');
    const first = await this.#read(session, this.#predictions.of(key), key);
    const decoded = first.frame === undefined ? undefined : decode(first.frame);
    // Whoever finds no sequence begins one: the token is what it says before the handler reads anything.
    const sequence = first.sequence ?? (await this.#beginSequence(session));
    const token = new RedisToken(sequence);
    if (decoded === undefined) return { token, found: undefined };
    if (!('status' in decoded)) return { token, found: { kind: 'selecting', selecting: decoded.selecting } };
    const response = decoded as StoredResponse;
    const validity = first.sequence === undefined ? 'gone' : await this.#validate(session, key, response, first);
    return { token, found: { kind: 'response', response, validity } };
  }

  /** PROTOCOL 4.3: a second read only where the tags are others than last time. */
  async #validate(session: RedisSession, key: string, { tags }: StoredResponse, first: Snapshot): Promise<Validity> {
    const names = tags.map(({ tag }) => tag);
    this.#predictions.learn(key, names);
    try {
      const now = names.every((tag) => first.tags.has(tag)) ? first : await this.#read(session, names);
      return validityOf(tags, now.sequence, (tag) => now.tags.get(tag));
    } catch {
      return 'unavailable';
    }
  }

  /** One MGET; where responses are spread over a cluster, a GET beside it. */
  #read(session: RedisSession, tags: readonly string[], key?: string): Promise<Snapshot> {
    const { asker, keys, servers } = this.#parts;
    const { spread } = servers;
    const words = ['MGET', keys.sequence, ...tags.map((tag) => keys.tag(tag))];
    const name = key === undefined ? undefined : keys.response(key);
    const isTogether = name !== undefined && spread === undefined;
    return asker.ask(
      'getMany',
      () =>
        Promise.all([
          session.send(isTogether ? [...words, name] : words),
          name === undefined ? undefined : spread?.send(name, ['GET', name]).catch(nothingFromAway),
        ]),
      (answer) => {
        const [reply, apart] = listOf(answer);
        const values = listOf(reply, words.length - 1 + (isTogether ? 1 : 0));
        const frame = isTogether ? values.at(-1) : apart;
        return {
          sequence: readSequence(values[0], session.run),
          frame: frame instanceof Uint8Array ? frame : undefined,
          tags: new Map(tags.map((tag, i) => [tag, readTag(values[i + 1])])),
        };
      },
    );
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

  async #commit(fill: Fill, token: Sequence, read: ReadonlyMap<string, number>): Promise<CommitVerdict> {
    const { asker, keys, servers, invalidator } = this.#parts;
    const session = asker.session('script');
    const names = [...read.keys()];
    const stamped = names.map((tag): TagStamp => ({ tag, stamp: stampOf({ ...token, n: read.get(tag) ?? 0 }) }));
    const ttl = lifetimesFor(fill.ttlMs);
    const frame = bytesOf(fill.encode(stamped));
    const isTogether = servers.spread === undefined;
    const answer = await asker.ask(
      'script',
      () =>
        runScript(
          session,
          COMMIT,
          [keys.sequence, ...names.map((tag) => keys.tag(tag)), ...(isTogether ? [keys.response(fill.key)] : [])],
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

/** A node that is away has nothing; the handler's response may still be shared among those who wait. */
function nothingFromAway(error: unknown): undefined {
  if (!(error instanceof AwayError)) throw error;
}

function bytesOf(frame: Uint8Array): Buffer {
  return Buffer.from(frame.buffer, frame.byteOffset, frame.byteLength);
}
