import { afterAll, afterEach } from '@jest/globals';
import { type Cache, type CacheEvent, type CacheOptions, createCache } from '@viewcache/core';
import { FakeClock } from '@viewcache/core/testing';
import { MemcachedServer } from '../servers/memcached.js';
import { RedisServer } from '../servers/redis.js';

/** A cache under test, what it told, and the clock that it goes by. */
export interface Opened {
  readonly cache: Cache;
  readonly clock: FakeClock;
  readonly events: CacheEvent[];
  /** Lets time pass without what happens meanwhile: a month of heartbeats is long. */
  jump(ms: number): void;
  /** Waits until so many values have been stored, behind the answers. */
  stored(count: number): Promise<void>;
  /** The messages of `warning` events. */
  warnings(): string[];
  /** A second process's cache over the same store; in memory there is none. */
  other(options?: CacheOptions): Promise<Cache>;
}

const closing: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

let namespaces = 0;
const newNamespace = (): string => `values-${process.pid}-${++namespaces}`;

/** Opens a cache that is closed after the test, on a clock that stands still. */
export async function openOn(store: string | undefined, options: CacheOptions = {}): Promise<Opened> {
  // Memcached is told dates, and has a clock of its own.
  const clock = new FakeClock(Date.now());
  const namespace = newNamespace();
  const events: CacheEvent[] = [];
  const open = async (more: CacheOptions): Promise<Cache> => {
    // A busy machine, where a server may take longer than usual, does no harm.
    const shared: CacheOptions = store === undefined ? {} : { store, deadline: '1m' };
    const cache = createCache({ clock, namespace, ...shared, ...more });
    closing.push(() => cache.close());
    if (store !== undefined) await cache.ready();
    return cache;
  };
  const cache = await open(options);
  cache.on((event) => events.push(event));
  return {
    cache,
    clock,
    events,
    jump: (ms) => clock.stepWallClock(ms),
    stored: (count) => until(() => cache.stats().stored >= count),
    warnings: () => events.flatMap((event) => (event.type === 'warning' ? [event.message] : [])),
    other: (more = {}) => open({ ...options, ...more }),
  };
}

/** In memory alone. */
export const openMemory = (options: CacheOptions = {}): Promise<Opened> => openOn(undefined, options);

const redis = await RedisServer.start();
const memcached = await MemcachedServer.start();
afterAll(async () => {
  await Promise.all([redis.stop(), memcached.kill()]);
});
export const servers: { readonly redis: RedisServer; readonly memcached: MemcachedServer } = { redis, memcached };

/** The stores that a value may be in, for `describe.each`. */
export const stores: readonly (readonly [string, string | undefined])[] = [
  ['memory', undefined],
  ['Redis', redis.url],
  ['Memcached', `memcached://127.0.0.1:${memcached.port}`],
];

/** Waits until something has happened behind an answer: turn by turn, without counting on how long it takes. */
export async function until(isSo: () => boolean | Promise<boolean>): Promise<void> {
  const end = performance.now() + 30_000;
  while (!(await isSo())) {
    if (performance.now() > end) throw new Error(`not so: ${isSo}`);
    await new Promise((resolve) => setImmediate(resolve));
  }
}

/** What a promise comes to, for a test that wants to see the error. */
export async function errorOf(promise: Promise<unknown>): Promise<unknown> {
  try {
    await promise;
  } catch (error) {
    return error;
  }
  throw new Error('it did not reject');
}
