import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import KeyvRedis, { createClient } from '@keyv/redis';
import { type Cache, type CacheOptions, ValueUnavailableError } from '@viewcache/core';
import { FakeClock } from '@viewcache/core/testing';
import Keyv from 'keyv';
import { LateProxy } from '../servers/late-proxy.js';
import { createCacheOn } from '../support/whole-clock.js';
import { errorOf, servers, stores } from './stores.js';

/*
 * Values in a store that is being connected to. The clock, the store's as well, stands still but where a test moves it: what has to wait for the
 * clock would never end, and what has to wait for the connection does so however long that takes.
 */

const DEADLINE_MS = 50;
/** As long as the first attempt to connect to Redis lasts. */
const FIRST_MS = 3_000;

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

let namespaces = 0;

/** A cache that nobody has waited for. */
function fresh(store: CacheOptions['store'], namespace = `connecting-${process.pid}-${++namespaces}`) {
  const clock = new FakeClock(Date.now());
  const cache = createCacheOn(clock, { namespace, ...(store !== undefined && { store }) });
  closing.push(() => {
    const closed = cache.close();
    // Nothing answers any more, perhaps.
    clock.advance(DEADLINE_MS);
    return closed;
  });
  return { cache, clock, namespace };
}

/** Whether something has come to an end, when all that was ready has run. */
async function isOver(work: Promise<unknown>): Promise<boolean> {
  let over = false;
  const end = (): void => {
    over = true;
  };
  work.then(end, end);
  for (let i = 0; i < 10; i++) await new Promise((resolve) => setImmediate(resolve));
  return over;
}

/** A Keyv of which nothing is known but that it gets, sets and deletes. */
function plainKeyv(url: string) {
  const client = createClient({ url });
  client.on('error', () => {});
  const keyv = new Keyv({ store: new KeyvRedis(client) });
  keyv.on('error', () => {});
  // Whether it was ever connected or not.
  closing.push(() => client.destroy());
  return {
    get: (key: string) => keyv.get(key),
    set: (key: string, value: unknown, ttl?: number) => keyv.set(key, value, ttl),
    delete: (key: string) => keyv.delete(key),
  };
}

const writes: readonly (readonly [string, (cache: Cache) => Promise<unknown>, unknown])[] = [
  ['set', (cache) => cache.set('k', 1, 60), true],
  ['setMany', (cache) => cache.setMany({ k: 1, l: 2 }, 60), []],
  ['add', (cache) => cache.add('k', 1, 60), true],
  ['increment', (cache) => cache.increment('k'), 1],
];

const all = [
  ...stores.slice(1).map(([name, store]) => [name, () => store] as const),
  ['a plain Keyv', () => plainKeyv(servers.redis.url)] as const,
];

describe.each(all)('the first call of a fresh cache on %s', (_name, store) => {
  it.each(writes)('%s, waits for the connection and is stored', async (_what, write, answer) => {
    const { cache, namespace } = fresh(store());
    expect(await write(cache)).toEqual(answer);
    const other = fresh(store(), namespace);
    await other.cache.ready();
    expect(await other.cache.get('k')).toBe(1);
  });

  it('add, touch and increment see what is there', async () => {
    const { cache, namespace } = fresh(store());
    await cache.set('k', 5, 60);
    expect(await fresh(store(), namespace).cache.add('k', 1, 60)).toBe(false);
    expect(await fresh(store(), namespace).cache.increment('k')).toBe(6);
    expect(await fresh(store(), namespace).cache.touch('k', 90)).toBe(true);
  });

  it('token is good for what is written under it', async () => {
    const { cache } = fresh(store());
    const since = await cache.token();
    expect(await cache.set('k', 1, { ttl: 60, since })).toBe(true);
  });

  it('reads find what is there', async () => {
    const { cache, namespace } = fresh(store());
    await cache.setMany({ k: 1, l: 2 }, 60);
    expect(await fresh(store(), namespace).cache.get('k')).toBe(1);
    expect(await fresh(store(), namespace).cache.has('k')).toBe(true);
    expect((await fresh(store(), namespace).cache.getMany(['k', 'l'])).size).toBe(2);
  });

  it('delete and set at once, and the last of them counts', async () => {
    const { cache, namespace } = fresh(store());
    await cache.set('k', 'old', 60);
    const next = fresh(store(), namespace).cache;
    const [, isSet] = await Promise.all([next.delete('k'), next.set('k', 'new', 60)]);
    expect(isSet).toBe(true);
    expect(await fresh(store(), namespace).cache.get('k')).toBe('new');
    const last = fresh(store(), namespace).cache;
    const [, { durable }] = await Promise.all([last.set('k', 'newest', 60), last.delete('k')]);
    expect(durable).toBe(true);
    expect(await fresh(store(), namespace).cache.get('k')).toBeUndefined();
  });
});

describe('a server that answers late', () => {
  let proxy: LateProxy;
  beforeEach(async () => {
    proxy = await LateProxy.start(servers.redis.port);
    closing.push(() => proxy.close());
  });
  const url = () => `redis://127.0.0.1:${proxy.port}`;

  it.each(writes)('%s waits for it longer than for an answer', async (_what, write, answer) => {
    const { cache, clock } = fresh(url());
    const written = write(cache);
    await proxy.awaited();
    clock.advance(FIRST_MS - 100);
    expect(await isOver(written)).toBe(false);
    proxy.open();
    expect(await written).toEqual(answer);
  });

  it('set waits for a plain Keyv that connects when it is asked', async () => {
    const { cache, clock } = fresh(plainKeyv(url()));
    const written = [cache.set('k', 1, 60), cache.increment('n')];
    await proxy.awaited();
    clock.advance(FIRST_MS - 100);
    proxy.open();
    expect(await Promise.all(written)).toEqual([true, 1]);
    expect(await cache.get('k')).toBe(1);
  });

  it.each([
    ['get', (cache: Cache) => cache.get('k'), undefined],
    ['has', (cache: Cache) => cache.has('k'), false],
    ['getMany', (cache: Cache) => cache.getMany(['k']), new Map()],
  ] as const)('%s waits for it one deadline, as for an answer', async (_what, read, nothing) => {
    const { cache, clock } = fresh(url());
    const found = read(cache);
    await proxy.awaited();
    clock.advance(DEADLINE_MS - 1);
    expect(await isOver(found)).toBe(false);
    clock.advance(1);
    expect(await found).toEqual(nothing);
  });

  it('get finds what is there when it comes in time', async () => {
    const { cache, namespace } = fresh(servers.redis.url);
    await cache.set('k', 1, 60);
    const found = fresh(url(), namespace).cache.get('k');
    await proxy.awaited();
    proxy.open();
    expect(await found).toBe(1);
  });

  it('getOrSet and getOrSetMany do not wait for it', async () => {
    const { cache } = fresh(url());
    await proxy.awaited();
    expect(await cache.getOrSet('k', () => 'made', 60)).toBe('made');
    expect(await cache.getOrSetMany(['l'], () => ({ l: 'made' }), 60)).toEqual(new Map([['l', 'made']]));
    expect(await cache.memoize(async () => 'made', { name: 'f', ttl: 60 })()).toBe('made');
  });

  it('what never answers is given up with the first attempt, and not waited for again', async () => {
    const { cache, clock } = fresh(url());
    const written = cache.set('k', 1, 60);
    const asked = [cache.add('l', 1, 60), cache.increment('n')].map(errorOf);
    await proxy.awaited();
    clock.advance(FIRST_MS);
    expect(await written).toBe(false);
    for (const error of await Promise.all(asked)) expect(error).toBeInstanceOf(ValueUnavailableError);
    expect(await cache.set('k', 1, 60)).toBe(false);
    expect(await cache.get('k')).toBeUndefined();
  });
});

describe('a server that is not there', () => {
  const nowhere = [
    ['Redis', () => 'redis://127.0.0.1:1'],
    ['Memcached', () => 'memcached://127.0.0.1:1'],
    ['a plain Keyv', () => plainKeyv('redis://127.0.0.1:1')],
  ] as const;

  it.each(nowhere.slice(0, 2))('%s is known to be away as soon as it refuses', async (_name, store) => {
    const { cache } = fresh(store());
    const warnings: string[] = [];
    cache.on((event) => event.type === 'warning' && warnings.push(event.message));
    const added = errorOf(cache.add('l', 1, 60));
    expect(await Promise.all([cache.set('k', 1, 60), cache.touch('k', 60)])).toEqual([false, false]);
    expect(await added).toBeInstanceOf(ValueUnavailableError);
    expect(await added).toMatchObject({ call: 'add', key: 'l', reason: 'store' });
    expect(await errorOf(cache.increment('n'))).toBeInstanceOf(ValueUnavailableError);
    expect(cache.health().shared?.state).toBe('down');
    expect(cache.health().shared?.failures).toBeGreaterThan(0);
    expect(await cache.getMany(['k', 'l'])).toEqual(new Map());
    expect(await cache.getOrSet('k', () => 'made', 60)).toBe('made');
    expect(warnings).toEqual([
      expect.stringMatching(`^viewcache: ${store()}\\S* could not be reached: .*connect ECONNREFUSED 127.0.0.1:1\n`),
    ]);
  });

  it.each(nowhere)('%s keeps nobody for longer than the first attempt and a deadline', async (_name, store) => {
    const { cache, clock } = fresh(store());
    const written = cache.set('k', 1, 60);
    for (let ms = 0; ms < FIRST_MS && !(await isOver(written)); ms += 10) clock.advance(10);
    await isOver(written);
    clock.advance(DEADLINE_MS);
    expect(await written).toBe(false);
  });
});
