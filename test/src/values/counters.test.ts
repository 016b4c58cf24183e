import { describe, expect, it } from '@jest/globals';
import { NotANumberError } from '@viewcache/core';
import { errorOf, openOn, stores } from './stores.js';

describe.each(stores)('counters in %s', (_name, store) => {
  it('increment and decrement count, from what is there or from the start', async () => {
    const { cache } = await openOn(store);
    await cache.set('answer', 41, 60);
    expect(await cache.increment('answer')).toBe(42);
    expect(await cache.get('answer')).toBe(42);
    expect(await cache.increment('answer', 10)).toBe(52);
    expect(await cache.decrement('answer', 2)).toBe(50);
    expect(await cache.increment('answer', -50)).toBe(0);
    expect(await cache.decrement('answer')).toBe(-1);
    expect(await cache.increment('half', 0.5)).toBe(0.5);
    expect(await cache.increment('new')).toBe(1);
    expect(await cache.increment('from', 1, { initial: 100 })).toBe(101);
    expect(await cache.decrement('down', 1, { initial: 10 })).toBe(9);
  });

  it('options may stand in the place of how much, and a ttl in that of options', async () => {
    const { cache, jump } = await openOn(store);
    const count = async () => [
      await cache.increment('a', { ttl: '1m', initial: 4 }),
      await cache.increment('b', 2, '1m'),
      await cache.decrement('c', { ttl: 60 }),
      await cache.decrement('d', 2, 60),
    ];
    expect([await count(), await count()]).toEqual([
      [5, 2, -1, -2],
      [6, 4, -2, -4],
    ]);
    jump(60_000);
    expect(await count()).toEqual([5, 2, -1, -2]);
  });

  it('all who count at the same time count', async () => {
    const { cache } = await openOn(store);
    const sums = await Promise.all(Array.from({ length: 20 }, () => cache.increment('visits')));
    expect(sums.sort((a, b) => a - b)).toEqual(Array.from({ length: 20 }, (_, i) => i + 1));
    expect(await cache.get('visits')).toBe(20);
  });

  it.each([
    ['text', 'a string'],
    ['an object', 'an object'],
    ['null', 'null'],
    ['NaN', 'a number'],
  ])('counting what is %s is an error that names the call, the key and what is there', async (what, found) => {
    const { cache } = await openOn(store);
    const value = { text: '1', 'an object': { n: 1 }, null: null, NaN: Number.NaN }[what];
    const space = cache.namespace('n');
    await Promise.all([space.set('k', value, 60), space.set(7, value, 60)]);
    // Together in one turn, each is told of its own.
    const errors = await Promise.all([
      errorOf(space.increment('k')),
      errorOf(space.decrement('k', 2)),
      errorOf(space.decrement('k')),
      errorOf(space.decrement(7)),
    ]);
    for (const [i, error] of errors.entries()) {
      const [call, key] = [i === 0 ? 'increment' : 'decrement', i === 3 ? 7 : 'k'];
      expect(error).toBeInstanceOf(NotANumberError);
      expect(error).toMatchObject({ code: 'ERR_CACHE_NOT_A_NUMBER', call, key, found });
      expect(String(error)).toBe(
        `NotANumberError: ${call}: ${found} is stored under ${i === 3 ? '7' : '"k"'}, which is no finite number`,
      );
    }
    expect(await space.get('k')).toStrictEqual(value);
  });

  it('of counts at the same time, each begins the counter in its own way, and none in that of another', async () => {
    const { cache, jump } = await openOn(store);
    // What is begun with a ttl of 0 is not kept, and the next one begins the counter anew.
    const begun = (): Promise<readonly number[]> =>
      Promise.all([
        cache.increment('k', 1, { ttl: 0 }),
        cache.increment('k', 1, { ttl: 0, initial: 100 }),
        cache.increment('k', 1, { ttl: 5, initial: 10 }),
        cache.decrement('k', 1, { ttl: 0, initial: 100 }),
        cache.increment('k', 1, { ttl: 60, tags: ['counters'] }),
      ]);
    expect(await begun()).toEqual([1, 101, 11, 10, 11]);
    jump(4_999);
    await cache.invalidate({ tags: 'counters' });
    expect(await cache.get('k')).toBe(11);
    jump(1);
    expect(await cache.has('k')).toBe(false);
    expect(await begun()).toEqual([1, 101, 11, 10, 11]);
  });

  it('a counter keeps the lifetime and the tags that it was begun with', async () => {
    const { cache, jump } = await openOn(store);
    await cache.increment('k', 1, { ttl: 10, tags: ['counters'] });
    jump(6_000);
    expect(await cache.increment('k', 1, { ttl: 60 })).toBe(2);
    jump(3_999);
    expect(await cache.get('k')).toBe(2);
    jump(1);
    expect(await cache.get('k')).toBeUndefined();
    await cache.increment('k', 1, { ttl: 10, tags: ['counters'] });
    await cache.increment('k');
    await cache.invalidate({ tags: 'counters' });
    expect(await cache.increment('k')).toBe(1);
  });

  it('a counter depends on what it was begun from, however often it is counted: on parts, and on each of many rows', async () => {
    const { cache } = await openOn(store);
    const rows = () => cache.getOrSet('rows', () => [1, 2, 3], 60);
    const count = () => cache.getOrSet('count', async () => (await rows()).length, { ttl: 60, name: 'counts' });
    await count();
    expect([await cache.increment('count'), await cache.increment('count')]).toEqual([4, 5]);
    expect((await cache.explain({ key: 'count' })).stored.map(({ name }) => name)).not.toContain('(values)');
    // What is made of it depends on them, too.
    await cache.getOrSet('page', async () => `${await cache.get('count')} rows`, 60);
    await cache.set('rows', [1], 60);
    expect([await cache.get('count'), await cache.get('page')]).toEqual([undefined, undefined]);
    expect(await count()).toBe(1);
    await cache.decrement('count');
    await cache.delete('rows');
    expect(await cache.get('count')).toBeUndefined();

    const tags = Array.from({ length: 70 }, (_, i) => `users#${i}`);
    await cache.set('n', 70, { ttl: 60, tags });
    expect([await cache.increment('n'), await cache.increment('n')]).toEqual([71, 72]);
    await cache.invalidate({ tags: 'users#5' });
    expect(await cache.get('n')).toBeUndefined();
  });

  it('a counter whose ttl is 0 begins anew each time', async () => {
    const { cache } = await openOn(store);
    expect(await cache.increment('k', 2, { ttl: 0 })).toBe(2);
    expect(await cache.increment('k', 2, { ttl: 0 })).toBe(2);
    expect(await cache.has('k')).toBe(false);
  });
});
