import { describe, expect, it } from '@jest/globals';
import { type Cache, createCache, memoize, memoized } from '@viewcache/core';
import { freshCache } from '@viewcache/core/testing';

describe('a function that is memoized in no cache by name', () => {
  it('goes by the default cache of the moment', async () => {
    let runs = 0;
    const next = memoize(async function count(_id: number) {
      return ++runs;
    }, '1m');
    for (const expected of [1, 2]) {
      const fresh = freshCache();
      expect([await next(7), await next(7), next.cacheInfo().hits]).toEqual([expected, expected, 1]);
      await fresh.end();
    }
    const fresh = freshCache();
    await next(7);
    await next.invalidate(7);
    expect([await next(7), runs]).toEqual([4, 4]);
    await next.cacheClear();
    expect(await next(7)).toBe(5);
    expect(next.name).toBe('count');
    await fresh.end();
  });

  it('has its settings read when it is made', () => {
    expect(() => memoize(async () => 1, { ttl: '5 min' as '5m' })).toThrow(/^memoize\.ttl: /);
    expect(() => memoize(async () => 1, { maxSize: -1 })).toThrow(/^memoize\.maxSize: /);
    expect(() => memoize(1 as never)).toThrow(/^memoize\.fn: /);
  });
});

describe('wrong settings of @memoized()', () => {
  it.each([
    [{ ttl: '5 min' }, /^memoized\.ttl: /],
    [{ ttl: 60, version: -1 }, /^memoized\.version: /],
    [{ ttl: 60, ignore: 'x' }, /^memoized\.ignore: /],
    [{ ttl: 60, cache: 1 }, /^memoized\.cache: /],
  ])('%j is refused where the class is made', (options, message) => {
    expect(() => memoized(options as never)).toThrow(message);
  });

  it('suggests an option of its own first', () => {
    const cache: Cache = createCache();
    expect(() => cache.memoize(async () => 1, { max: 3 } as object)).toThrow(/did you mean maxSize/);
  });
});
