import { afterEach } from '@jest/globals';
import { SystemClock } from '../../../packages/core/dist/cache/system-clock.js';
import { frameCodec } from '../../../packages/core/dist/codecs/frame.js';
import type { FrameCodec } from '../../../packages/core/dist/ports/codec.js';
import type { StoredResponse, TagStamp } from '../../../packages/core/dist/ports/stored-response.js';
import { empty } from '../../../packages/core/dist/ports/stored-response.test.support.js';
import type { BeginRead, CommitVerdict } from '../../../packages/core/dist/ports/tagged-store.js';
import type { RedisLibrary } from '../../../packages/core/dist/stores/redis/library.js';
import { openRedis, type SharedParts } from '../../../packages/core/dist/stores/redis/open-redis.js';
import type { RedisStore } from '../../../packages/core/dist/stores/redis/redis-protocol.js';
import type { RedisTarget } from '../../../packages/core/dist/stores/redis/target.js';

export type { BeginRead, RedisLibrary, RedisStore, RedisTarget, TagStamp };

/** Both lines of the adapter, each with its own node-redis. */
export const libraries: readonly (readonly [string, () => Promise<RedisLibrary>])[] = [
  ['@keyv/redis 5.1.6', async () => (await import('@keyv/redis')) as unknown as RedisLibrary],
  ['@keyv/redis 6.0.0-rc.1', async () => (await import('@viewcache/test-keyv6/redis')) as unknown as RedisLibrary],
];

export const clock = new SystemClock();
export const frames: FrameCodec = frameCodec();
const running: (() => unknown)[] = [];

/** Has something undone after the test, the last first. */
export function afterwards(undo: () => unknown): void {
  running.push(undo);
}

afterEach(async () => {
  for (const undo of running.splice(0).reverse()) await undo();
});

export interface Opened {
  readonly store: RedisStore;
  readonly failures: Error[];
}

/** Opens a store that is closed after the test; its deadline is for a machine with other work. */
export function open(
  target: RedisTarget,
  parts: Partial<SharedParts> = {},
  library?: () => Promise<RedisLibrary>,
): Opened {
  const failures: Error[] = [];
  const store = openRedis(
    target,
    {
      namespace: 'test',
      clock,
      deadlineMs: 20_000,
      l1MaxLagMs: 150,
      onFailure: (error) => failures.push(error),
      ...parts,
    },
    library,
  );
  afterwards(() => store.close());
  return { store, failures };
}

/** Opens a store and waits until it is connected. */
export async function connected(
  target: RedisTarget,
  parts: Partial<SharedParts> = {},
  library?: () => Promise<RedisLibrary>,
): Promise<RedisStore> {
  const { store, failures } = open(target, parts, library);
  if (!(await store.ready(30_000))) throw new Error(`not connected: ${failures.join('; ')}`);
  return store;
}

export function responseOf(key: string, body: Buffer | string, tags: readonly TagStamp[]): StoredResponse {
  return {
    ...empty,
    key,
    status: 200,
    body: Buffer.from(body as string),
    tags,
    storedAt: Date.now(),
    lifetimeMs: 60_000,
  };
}

/** What the store has, and the token for what it has not. */
export function look(store: RedisStore, key: string): Promise<BeginRead> {
  return store.begin(key, (bytes) => frames.decode(bytes, key));
}

/** In a word: what the store has to say about a key, with the body where it may be used. */
export async function seen(store: RedisStore, key: string): Promise<string> {
  const { token, found } = await look(store, key);
  if (token === undefined) return 'no token';
  if (found === undefined) return 'nothing';
  return found.kind === 'response' ? `${found.validity} ${found.response.body}` : 'selecting';
}

/** Commits a response under a token. */
export function commit(
  store: RedisStore,
  { token }: BeginRead,
  key: string,
  body: Buffer | string,
  tags: readonly (string | TagStamp)[],
  ttlMs = 60_000,
): Promise<CommitVerdict> {
  if (token === undefined) throw new Error('no token');
  const stamped = tags.map((tag) => (typeof tag === 'string' ? { tag, stamp: '' } : tag));
  const encode = (it: readonly TagStamp[]) => frames.encode(responseOf(key, body, it));
  return store.commit({ key, token, tags: stamped, ttlMs, encode });
}

/** One undisturbed fill. */
export async function fill(
  store: RedisStore,
  key: string,
  body: Buffer | string,
  tags: readonly (string | TagStamp)[],
): Promise<string> {
  return (await commit(store, await look(store, key), key, body, tags)).kind;
}
