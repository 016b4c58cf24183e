import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { type Cache, type CacheOptions, createCache } from '@viewcache/core';
import Keyv from 'keyv';
import { MemcachedServer } from '../servers/memcached.js';
import { RedisServer, startCluster } from '../servers/redis.js';

const MAIN = fileURLToPath(new URL('./counting-process.js', import.meta.url));
const TIMES = 250;
const PROCESSES = 4;

interface Counted {
  readonly sums: readonly number[];
  readonly added: readonly boolean[];
  readonly error?: string;
}

/** Lets processes count at the same time, each so many times at once. */
async function countTogether(store: string): Promise<readonly Counted[]> {
  const children = Array.from({ length: PROCESSES }, () => fork(MAIN, [store, String(TIMES)]));
  await Promise.all(children.map((child) => once(child, 'message')));
  const told = children.map((child) => once(child, 'message'));
  for (const child of children) child.send('go');
  return (await Promise.all(told)).map(([message]) => message as Counted);
}

let redis: RedisServer;
let memcached: readonly MemcachedServer[];
let cluster: Awaited<ReturnType<typeof startCluster>>;
beforeAll(async () => {
  [redis, memcached, cluster] = await Promise.all([
    RedisServer.start(),
    Promise.all([MemcachedServer.start(), MemcachedServer.start()]),
    startCluster(),
  ]);
});
afterAll(async () => {
  await Promise.all([redis.stop(), ...memcached.map((server) => server.kill()), cluster.stop()]);
});

const urls: readonly (readonly [string, () => string])[] = [
  ['Redis', () => redis.url],
  ['a Redis Cluster', () => `redis+cluster://${cluster.nodes.map(({ port }) => `127.0.0.1:${port}`).join(',')}`],
  ['Memcached', () => `memcached://${memcached.map(({ port }) => `127.0.0.1:${port}`).join(',')}`],
];

describe.each(urls)('processes over %s', (_name, url) => {
  it('count each increment once, and one of those who add is told that it has', async () => {
    const counted = await countTogether(url());
    expect(counted.flatMap(({ error = [] }) => error)).toEqual([]);
    const sums = counted.flatMap((each) => each.sums).sort((a, b) => a - b);
    expect(sums).toEqual(Array.from({ length: PROCESSES * TIMES }, (_, i) => i + 1));
    expect(counted.flatMap(({ added }) => added).filter(Boolean)).toHaveLength(1);
  }, 120_000);
});

describe('many values at once', () => {
  const all: readonly (readonly [string, () => CacheOptions['store']])[] = [
    ...urls.map(([name, url]) => [name, url] as const),
    ['a Keyv', () => shelf],
  ];
  const shelf = new Keyv();
  const opened: Cache[] = [];
  const open = async (store: CacheOptions['store'], more: CacheOptions = {}): Promise<Cache> => {
    const cache = createCache({ store, deadline: '1m', ...more } as CacheOptions);
    opened.push(cache);
    await cache.ready();
    return cache;
  };
  afterEach(async () => {
    for (const cache of opened.splice(0)) await cache.close();
  });

  it.each(all)('are more than the operations that %s is asked at once', async (_name, store) => {
    const namespace = 'a-thousand';
    const [cache, other] = [await open(store(), { namespace }), await open(store(), { namespace })];
    const keys = Array.from({ length: 1_000 }, (_, i) => `k${i}`);
    expect(
      await cache.setMany(
        keys.map((key) => [key, `of ${key}`] as const),
        60,
      ),
    ).toEqual([]);
    expect((await other.getMany(keys)).size).toBe(1_000);
    let calls = 0;
    const load = (missing: readonly string[]) => {
      calls++;
      return new Map(missing.map((key) => [key, `made of ${key}`]));
    };
    const more = keys.map((key) => `more ${key}`);
    await cache.getOrSetMany(more, load, 60);
    await until(() => cache.stats().stored >= 2_000);
    const found = await other.getOrSetMany([...more, 'one more'], load, 60);
    expect([found.get('more k999'), found.size, calls]).toEqual(['made of more k999', 1_001, 2]);
    expect(cache.health().shared?.failures ?? 0).toBe(0);
  });

  it('are one command to Redis when they are read, and one round trip when they are set', async () => {
    const cache = await open(redis.url, { namespace: 'one', consistency: 'strict' });
    const keys = Array.from({ length: 300 }, (_, i) => `k${i}`);
    const entries = keys.map((key) => [key, 1] as const);
    await cache.setMany(entries, 60);
    await redis.command('CONFIG', 'RESETSTAT');
    expect((await cache.getMany(keys)).size).toBe(300);
    expect(await commands()).toEqual({ mget: 1 });
    await redis.command('CONFIG', 'RESETSTAT');
    const setting = cache.setMany(entries, 60);
    expect(cache.health().shared?.outstanding).toBe(1);
    expect(await setting).toEqual([]);
    expect(await commands()).toEqual({ evalsha: 300 });
  });

  /** What Redis was asked, without what connections and probes ask by themselves, and what scripts do. */
  async function commands(): Promise<Readonly<Record<string, number>>> {
    const info = String(await redis.command('INFO', 'commandstats'));
    const counts = [...info.matchAll(/cmdstat_(mget|evalsha|eval|script\|load):calls=(\d+)/g)];
    return Object.fromEntries(counts.map(([, name, calls]) => [name, Number(calls)]));
  }
});

async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise((resolve) => setImmediate(resolve));
}
