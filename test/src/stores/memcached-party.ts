import { afterAll, afterEach } from '@jest/globals';
import { SystemClock } from '../../../packages/core/dist/cache/system-clock.js';
import { frameCodec } from '../../../packages/core/dist/codecs/frame.js';
import type { StoredResponse, TagStamp } from '../../../packages/core/dist/ports/stored-response.js';
import { empty } from '../../../packages/core/dist/ports/stored-response.test.support.js';
import type {
  BeginRead,
  CommitVerdict,
  SharedToken,
  TaggedStore,
} from '../../../packages/core/dist/ports/tagged-store.js';
import {
  type MemcachedParts,
  type MemcachedSettings,
  type MemcachedStore,
  openMemcached,
} from '../../../packages/core/dist/stores/memcached/open-memcached.js';
import type { Seat } from '../../../packages/core/dist/stores/memcached/ring.js';
import { MemcachedServer } from '../servers/memcached.js';

export const clock = new SystemClock();
/** Longer than in production, so that a busy machine is not taken for a server that hangs. */
const DEADLINE_MS = 5_000;

const codec = frameCodec();
const opened: { close(): Promise<void> | void }[] = [];

/** Closes it after the test. */
export function kept<T extends { close(): Promise<void> | void }>(thing: T): T {
  opened.push(thing);
  return thing;
}

afterEach(async () => {
  await Promise.all(opened.splice(0).map((thing) => thing.close()));
});

/** Servers for all tests of a suite, each of which has a namespace of its own. */
export async function startServers(count: number): Promise<readonly MemcachedServer[]> {
  const servers = await Promise.all(Array.from({ length: count }, () => MemcachedServer.start()));
  afterAll(() => Promise.all(servers.map((server) => server.kill())));
  return servers;
}

let namespaces = 0;
/** A namespace nobody has used. */
export const newNamespace = (): string => `n${process.pid}-${++namespaces}`;

/** A process of its own, connected. */
export async function join(
  servers: readonly Seat[],
  parts: Partial<MemcachedParts> = {},
  settings: Partial<MemcachedSettings> = {},
): Promise<MemcachedStore> {
  const store = open(servers, parts, settings);
  await store.ready();
  return store;
}

export function open(
  servers: readonly Seat[],
  parts: Partial<MemcachedParts> = {},
  settings: Partial<MemcachedSettings> = {},
): MemcachedStore {
  return kept(
    openMemcached(
      { servers, ...settings },
      { namespace: newNamespace(), clock, deadlineMs: DEADLINE_MS, l1MaxLagMs: 1_000, ...parts },
    ),
  );
}

const page: StoredResponse = { ...empty, key: 'page', status: 200, body: Buffer.from('hello'), lifetimeMs: 60_000 };

export const begin = (store: TaggedStore, key = 'page'): Promise<BeginRead> =>
  store.begin(key, (bytes) => codec.decode(bytes, key));

export interface FillOptions {
  readonly key?: string;
  readonly ttlMs?: number;
  readonly body?: Buffer;
}

export const commit = (
  store: TaggedStore,
  { token }: BeginRead,
  tags: readonly (string | TagStamp)[],
  { key = 'page', ttlMs = 60_000, body = page.body }: FillOptions = {},
): Promise<CommitVerdict> =>
  store.commit({
    key,
    token: token as SharedToken,
    tags: tags.map((tag) => (typeof tag === 'string' ? { tag, stamp: '' } : tag)),
    ttlMs,
    encode: (all) => codec.encode({ ...page, key, body, tags: all }),
  });

/** One run of a handler that depends on these tags. */
export const fill = async (
  store: TaggedStore,
  tags: readonly (string | TagStamp)[],
  options: FillOptions = {},
): Promise<string> => (await commit(store, await begin(store, options.key), tags, options)).kind;

/** What a request is answered with: the body, or why there is none. */
export async function ask(store: TaggedStore, key = 'page'): Promise<Buffer | string> {
  const { found } = await begin(store, key);
  if (found?.kind !== 'response') return found?.kind ?? 'nothing';
  return found.validity === 'valid' ? found.response.body : found.validity;
}

/** Asks again until it is so: for what happens in other processes, and is not told here. */
export async function until(condition: () => Promise<boolean>, withinMs = 30_000): Promise<number> {
  const from = performance.now();
  while (!(await condition())) {
    if (performance.now() - from > withinMs) throw new Error(`not within ${withinMs} ms`);
    await new Promise((resolve) => setImmediate(resolve));
  }
  return performance.now() - from;
}

/** How long it took, in milliseconds, and what came of it. */
export async function timed<T>(work: () => Promise<T>): Promise<[T, number]> {
  const from = performance.now();
  const result = await work();
  return [result, performance.now() - from];
}
