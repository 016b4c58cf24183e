import type { StoredResponse } from '../../../packages/core/dist/ports/stored-response.js';
import type {
  BeginRead,
  CommitVerdict,
  DecodeFrame,
  Fill,
  Put,
  TaggedStore,
  Validity,
} from '../../../packages/core/dist/ports/tagged-store.js';
import { type Reply, RespConnection } from '../servers/resp.js';

/** Protocols over Redis that other caches use, or that were thought to do, and are wrong: what a fleet must catch. */
export const DOUBLES = [
  'time stamps at the end',
  'time stamps at the start',
  'versions at save',
  'server time',
] as const;

/** What a double remembers of a tag, and compares. */
interface Rules {
  /** Taken when a request begins. */
  start(redis: RespConnection): Promise<number>;
  /** What a stored response has for all, or each, of its tags: from when it began, or when it is stored. */
  stamp(started: number, redis: RespConnection, tags: readonly string[]): Promise<readonly number[]>;
  /** Whether a response with this stamp is still valid, by what stands for the tag now. */
  isValid(stamp: number, now: Reply): boolean;
  invalidate(redis: RespConnection, tag: string): Promise<unknown>;
}

const SEQUENCE = 'double:seq';

/** A sequence that is the server's time where that is ahead (protocol A of the research): it comes back with a snapshot. */
const NEXT = `local t = redis.call('TIME') local us = t[1] * 1000000 + t[2]
local n = math.max(us, (tonumber(redis.call('GET', KEYS[1])) or 0) + 1)
redis.call('SET', KEYS[1], string.format('%d', n)) redis.call('SET', KEYS[2], string.format('%d', n)) return n`;

function rulesOf(double: string, now: () => number): Rules {
  const byTime = {
    start: async () => now(),
    isValid: (stamp: number, at: Reply) => at === null || Number(at) < stamp,
    invalidate: (redis: RespConnection, tag: string) => redis.send(['SET', keyOf(tag), now()]),
  };
  switch (double) {
    case 'time stamps at the end':
      return { ...byTime, stamp: async (_started, _redis, tags) => tags.map(now) };
    case 'time stamps at the start':
      return { ...byTime, stamp: async (started, _redis, tags) => tags.map(() => started) };
    case 'versions at save':
      return {
        start: async () => 0,
        stamp: async (_started, redis, tags) => (await values(redis, tags)).map(Number),
        isValid: (stamp, version) => Number(version) === stamp,
        invalidate: (redis, tag) => redis.send(['INCR', keyOf(tag)]),
      };
    case 'server time':
      return {
        start: async (redis) => Number(await redis.send(['GET', SEQUENCE])),
        stamp: async (started, _redis, tags) => tags.map(() => started),
        isValid: (stamp, at) => at === null || Number(at) <= stamp,
        invalidate: (redis, tag) => redis.send(['EVAL', NEXT, 2, SEQUENCE, keyOf(tag)]),
      };
    default:
      throw new Error(`there is no double ${double}`);
  }
}

/**
 * A shared store by a wrong protocol.
 *
 * @param now - the process's own wall clock, which is off
 */
export function doubleStore(double: string, port: number, now: () => number): TaggedStore {
  return new DoubleStore(rulesOf(double, now), port);
}

class DoubleStore implements TaggedStore {
  readonly name = 'double';
  readonly #rules: Rules;
  readonly #port: number;
  #open: Promise<RespConnection> | undefined;

  constructor(rules: Rules, port: number) {
    this.#rules = rules;
    this.#port = port;
  }

  async begin(key: string, decode: DecodeFrame): Promise<BeginRead> {
    return await this.#ask<BeginRead>({ token: undefined, found: undefined }, async (redis) => {
      const token = { started: await this.#rules.start(redis) };
      const frame = await redis.send(['GET', `double:e:${key}`]);
      const found = typeof frame === 'string' ? decode(Buffer.from(frame, 'latin1')) : undefined;
      // No response of a fleet is selected by anything.
      if (found === undefined || !isResponse(found)) return { token, found: undefined };
      const now = await values(
        redis,
        found.tags.map(({ tag }) => tag),
      );
      const isValid = found.tags.every(({ stamp }, i) => this.#rules.isValid(Number(stamp), now[i] ?? null));
      return { token, found: { kind: 'response', response: found, validity: isValid ? 'valid' : 'gone' } };
    });
  }

  async beginMany(keys: readonly string[], decode: (bytes: Uint8Array, key: string) => ReturnType<DecodeFrame>) {
    return await Promise.all(keys.map((key) => this.begin(key, (bytes) => decode(bytes, key))));
  }

  async check(): Promise<Validity> {
    return 'gone';
  }

  async commit(fill: Fill): Promise<CommitVerdict> {
    return await this.#ask<CommitVerdict>({ kind: 'unavailable' }, async (redis) => {
      const { started } = fill.token as { started: number };
      const names = fill.tags.map(({ tag }) => tag);
      const stamps = await this.#rules.stamp(started, redis, names);
      const tags = names.map((tag, i) => ({ tag, stamp: String(stamps[i]) }));
      // In time stamps and versions, nobody looks whether anything was invalidated meanwhile.
      await redis.send(['SET', `double:e:${fill.key}`, fill.encode(tags)]);
      return { kind: 'stored', tags };
    });
  }

  async commitMany(fills: readonly Fill[]): Promise<readonly CommitVerdict[]> {
    return await Promise.all(fills.map((fill) => this.commit(fill)));
  }

  /** No fleet writes values. */
  async putMany(puts: readonly Put[]): Promise<readonly CommitVerdict[]> {
    return puts.map(() => ({ kind: 'unavailable' }));
  }

  async mark(): Promise<boolean> {
    return false;
  }

  async invalidate(tags: readonly string[]): Promise<boolean> {
    return await this.#ask(false, async (redis) => {
      for (const tag of tags) await this.#rules.invalidate(redis, tag);
      return true;
    });
  }

  health() {
    return { state: 'up', outstanding: 0, failures: 0 } as const;
  }

  async close(): Promise<void> {
    (await this.#open)?.close();
  }

  /** What goes wrong with the connection is a miss. */
  async #ask<T>(otherwise: T, ask: (redis: RespConnection) => Promise<T>): Promise<T> {
    try {
      const redis = await this.#connection();
      return await ask(redis);
    } catch {
      this.#open = undefined;
      return otherwise;
    }
  }

  async #connection(): Promise<RespConnection> {
    this.#open ??= RespConnection.open(this.#port);
    const redis = await this.#open;
    if (redis.isOpen) return redis;
    this.#open = undefined;
    return await this.#connection();
  }
}

function isResponse(found: NonNullable<ReturnType<DecodeFrame>>): found is StoredResponse {
  return 'status' in found;
}

async function values(redis: RespConnection, tags: readonly string[]): Promise<readonly Reply[]> {
  return tags.length === 0 ? [] : ((await redis.send(['MGET', ...tags.map(keyOf)])) as Reply[]);
}

function keyOf(tag: string): string {
  return `double:t:${tag}`;
}
