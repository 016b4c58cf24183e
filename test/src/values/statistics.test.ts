import { describe, expect, it } from '@jest/globals';
import type { Cache } from '@viewcache/core';
import { errorOf, openMemory, openOn, stores } from './stores.js';

/** What is counted of values: over all, and under the name that they have. */
function countsOf(cache: Cache, name = '(values)') {
  const { hits, misses, routes } = cache.stats();
  return { hits, misses, named: { hits: routes[name]?.hits ?? 0, misses: routes[name]?.misses ?? 0 } };
}
const counts = (hits: number, misses: number) => ({ hits, misses, named: { hits, misses } });

describe.each(stores)('the statistics of values in %s', (_name, store) => {
  it('count what is looked for, over all and by name alike', async () => {
    const { cache } = await openOn(store, { ttl: 60 });
    expect(await cache.get('nothing')).toBeUndefined();
    expect(countsOf(cache)).toEqual(counts(0, 1));
    await cache.getOrSet('one', () => 1);
    expect(countsOf(cache)).toEqual(counts(0, 2));
    await cache.getOrSet('one', () => 1);
    await cache.get('one');
    expect(countsOf(cache)).toEqual(counts(2, 2));
    await cache.getMany(['one', 'two', 'three']);
    expect([await cache.has('one'), await cache.has('two')]).toEqual([true, false]);
    expect(countsOf(cache)).toEqual(counts(4, 5));
    await cache.getOrSetMany(['one', 'left out', 'loaded'], () => ({ loaded: 1 }));
    expect(countsOf(cache)).toEqual(counts(5, 7));
    expect(cache.stats().hitRatio).toBe(5 / 12);
  });

  it('count no write as a miss', async () => {
    const { cache } = await openOn(store, { ttl: 60 });
    await cache.set('a', 1);
    await cache.setMany({ b: 1, c: 1 });
    await cache.set('a', 2, 0);
    await cache.set('a', () => 1);
    await cache.set('a', 1);
    for (let i = 0; i < 2; i++) {
      await cache.increment('n');
      await cache.add('added', 1);
    }
    await cache.touch('a', 30);
    await cache.delete('a');
    expect(countsOf(cache)).toEqual(counts(0, 0));
    expect(cache.stats()).toMatchObject({ hitRatio: 0, stored: 8, refused: { ttl: 1, class: 1 } });
  });

  it('count a producer that runs as a miss, whatever becomes of it', async () => {
    const { cache } = await openOn(store, { ttl: 60 });
    const named = { name: 'rates' };
    await cache.getOrSet('zero', () => 1, { ttl: 0, ...named });
    await cache.getOrSet('no', () => 1, { storeIf: () => false, ...named });
    await cache.getOrSet('failed', () => Promise.reject(new Error('down')), named).catch(() => undefined);
    expect(countsOf(cache, 'rates')).toEqual(counts(0, 3));
  });

  it('count what another process has made as a hit', async () => {
    if (store === undefined) return;
    const { cache, other, stored } = await openOn(store, { ttl: 60 });
    await cache.getOrSet('one', () => 1);
    await stored(1);
    const there = await other();
    await there.getOrSet('one', () => 2);
    await there.getOrSet('one', () => 2);
    expect(countsOf(there)).toEqual(counts(2, 0));
  });
});

it('a value that no memory has room for is no miss where it was set', async () => {
  const { cache } = await openMemory({ ttl: 60, store: 'memory:?maxBytes=64kb', maxValueBytes: '1mb' });
  expect(await cache.set('large', 'x'.repeat(100_000))).toBe(false);
  expect(countsOf(cache)).toEqual(counts(0, 0));
  expect(await errorOf(cache.add('large', 'x'.repeat(100_000)))).toMatchObject({ reason: 'value' });
  expect(cache.stats().refused).toEqual({ 'too-large': 2 });
});
