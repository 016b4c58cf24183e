import { describe, expect, it } from '@jest/globals';
import { gate } from '../support/gate.js';
import { errorOf, openMemory, openOn, servers, stores, until } from './stores.js';

/*
 * What other caches of values for Node get wrong, each as it should be. Those of memoize and of decorators are with these.
 */
describe.each(stores)('where others fail, in %s', (_name, store) => {
  it('a producer that throws is not a value of undefined', async () => {
    const { cache } = await openOn(store);
    const error = new Error('down');
    const fail = async () => {
      throw error;
    };
    expect(await errorOf(cache.getOrSet('k', fail, 60))).toBe(error);
    expect(await errorOf(cache.getOrSet('k', fail, { ttl: 60, staleIfError: 60 }))).toBe(error);
  });

  it('undefined is a value that a producer may make', async () => {
    const { cache } = await openOn(store);
    let runs = 0;
    const make = () => {
      runs++;
    };
    expect([await cache.getOrSet('k', make, 60), await cache.getOrSet('k', make, 60)]).toEqual([undefined, undefined]);
    expect(runs).toBe(1);
  });

  it('five who wait for a producer that fails run it once, not five times in a row', async () => {
    const { cache } = await openOn(store);
    const broken = gate();
    let runs = 0;
    const fail = async () => {
      runs++;
      await broken.passed;
      throw new Error('down');
    };
    const all = Array.from({ length: 5 }, () => errorOf(cache.getOrSet('k', fail, 60)));
    await until(() => runs > 0);
    broken.open();
    await Promise.all(all);
    expect(runs).toBe(1);
  });

  it.each([
    ['delete', 'k'],
    ['set', 'k'],
    ['invalidate', 'k'],
    ['purge', 'k'],
  ] as const)('a %s while a value is loaded is not undone by what was loaded', async (what, key) => {
    const { cache } = await openOn(store);
    const loaded = gate<string>();
    let isLoading = false;
    const loading = cache.getOrSet(
      key,
      () => {
        isLoading = true;
        return loaded.passed;
      },
      { ttl: 60, tags: ['t'] },
    );
    await until(() => isLoading);
    if (what === 'delete') await cache.delete(key);
    else if (what === 'set') await cache.set(key, 'set', 60);
    else if (what === 'invalidate') await cache.invalidate({ tags: 't' });
    else await cache.purge({ key });
    loaded.open('old');
    expect(await loading).toBe('old');
    expect(await cache.get(key)).toBe(what === 'set' ? 'set' : undefined);
    expect(await cache.getOrSet(key, () => 'new', 60)).toBe(what === 'set' ? 'set' : 'new');
  });

  it('Buffer, Date and Map are what they were', async () => {
    const { cache, other } = await openOn(store);
    const value = { bytes: Buffer.from([0, 255]), at: new Date(0), by: new Map([['a', new Set([1])]]) };
    await cache.set('k', value, 60);
    const found = await (store === undefined ? cache : await other()).get<typeof value>('k');
    expect(found).toEqual(value);
    expect(Buffer.isBuffer(found?.bytes)).toBe(true);
    expect(found?.at).toBeInstanceOf(Date);
    expect(found?.by.get('a')).toBeInstanceOf(Set);
  });

  it('who changes what he was given changes nobody else’s', async () => {
    const { cache } = await openOn(store);
    const make = () => ({ users: ['u1'] });
    for (let i = 0; i < 3; i++) {
      const found = await cache.getOrSet('k', make, 60);
      expect(found).toEqual({ users: ['u1'] });
      found.users.push('u2');
    }
    const [a, b] = await Promise.all([cache.getOrSet('m', make, 60), cache.getOrSet('m', make, 60)]);
    a.users.push('u2');
    expect(b).toEqual({ users: ['u1'] });
  });
});

/** Some deadlines of 50 ms, on a machine with other work: what waits for the store has no end. */
const BUSY_MS = 20_000;

describe('where others fail, without their store', () => {
  it('a store that is down costs no call more than its deadline, and throws only where nobody knows the answer', async () => {
    const { cache } = await openMemory({ store: 'redis://127.0.0.1:1', clock: undefined as never, deadline: '50ms' });
    const began = performance.now();
    expect(await cache.getOrSet('k', () => 'made', 60)).toBe('made');
    expect(await cache.get('other')).toBeUndefined();
    expect(await cache.set('k', 1, 60)).toBe(false);
    expect(await errorOf(cache.add('a', 1, 60))).toMatchObject({
      code: 'ERR_CACHE_VALUE_UNAVAILABLE',
      reason: 'store',
    });
    expect(await cache.delete('k')).toMatchObject({ durable: false });
    expect(await errorOf(cache.increment('n'))).toMatchObject({
      code: 'ERR_CACHE_VALUE_UNAVAILABLE',
      message: 'increment of "n": the store does not answer',
      reason: 'store',
    });
    expect(performance.now() - began).toBeLessThan(BUSY_MS);
  });

  it('a store that hangs costs a miss no more than that', async () => {
    const { redis } = servers;
    const { cache } = await openMemory({ store: redis.url, clock: undefined as never, deadline: '50ms' });
    await cache.ready();
    await cache.set('k', 'v', 60);
    redis.pause();
    try {
      const began = performance.now();
      for (let i = 0; i < 5; i++) expect(await cache.getOrSet(`miss${i}`, () => i, 60)).toBe(i);
      expect(performance.now() - began).toBeLessThan(BUSY_MS);
    } finally {
      redis.resume();
    }
  });

  it('memory is bounded, and what has ended leaves it', async () => {
    const { cache, clock } = await openMemory({ maxBytes: '1mb' });
    for (let i = 0; i < 5_000; i++) await cache.set(`k${i}`, 'x'.repeat(200), 10);
    expect(cache.stats().bytes).toBeLessThanOrEqual(1024 ** 2);
    await clock.advanceAsync(120_000);
    expect(cache.stats().entries).toBe(0);
  });
});
