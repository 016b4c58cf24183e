import { describe, expect, it } from '@jest/globals';
import { view } from '@viewcache/core';
import { cacheOf, counted } from './counted.js';

describe('a memoized function that calls itself', () => {
  it('finds what it has made on the way', async () => {
    const { run, runs } = counted((n: number): bigint => (n < 2 ? BigInt(n) : fibonacci(n - 1) + fibonacci(n - 2)));
    const fibonacci = (await cacheOf()).memoize(run);
    expect(fibonacci(300)).toBe(222232244629420445529739893461909967206666939096499764990979600n);
    expect([runs.length, fibonacci.cacheInfo()]).toMatchObject([301, { hits: 298, misses: 301, size: 301 }]);
  });

  it('does so when it is asynchronous', async () => {
    const { run, runs } = counted(
      async (n: number): Promise<bigint> => (n < 2 ? BigInt(n) : (await fibonacci(n - 1)) + (await fibonacci(n - 2))),
    );
    const fibonacci = (await cacheOf()).memoize(run);
    expect(await fibonacci(300)).toBe(222232244629420445529739893461909967206666939096499764990979600n);
    expect(runs).toHaveLength(301);
  });

  it('makes anew what was made of a result that was invalidated, however deep, and nothing twice', async () => {
    const { run, runs } = counted((n: number): bigint => (n < 2 ? BigInt(n) : fibonacci(n - 1) + fibonacci(n - 2)));
    const fibonacci = (await cacheOf()).memoize(run);
    fibonacci(120);
    await fibonacci.invalidate(3);
    runs.length = 0;
    fibonacci(120);
    const again = runs.map(([n]) => n);
    for (let n = 3; n <= 120; n++) expect(again.filter((each) => each === n)).toEqual([n]);
    expect(again).not.toContain(0);
  });

  it('is made anew where another one it is made of was', async () => {
    const cache = await cacheOf();
    const price = cache.memoize((_id: number) => 1);
    const { run, runs } = counted((id: number) => price(id));
    const total = cache.memoize(run);
    total(1);
    total(2);
    await price.invalidate(1);
    total(1);
    total(2);
    expect(runs.flat()).toEqual([1, 2, 1]);
    await price.cacheClear();
    total(1);
    total(2);
    expect(runs).toHaveLength(5);
  });

  it('says by view() what it depends on', async () => {
    const cache = await cacheOf();
    const { run, runs } = counted(async (id: number) => {
      view().dependsOn(`user#${id}`);
      return id;
    });
    const fn = cache.memoize(run);
    for (const id of [1, 2]) await fn(id);
    await cache.invalidate({ tags: 'user#1' });
    for (const id of [1, 2]) await fn(id);
    expect(runs.flat()).toEqual([1, 2, 1]);
  });
});
