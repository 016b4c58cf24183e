import { describe, expect, it } from '@jest/globals';
import { ConfigError, defaultCache, setDefaultCache } from '@viewcache/core';
import { putResult } from '@viewcache/core/node';
import { openOn, stores } from './stores.js';

describe.each(stores)('what is put for a memoized function, in %s', (_name, store) => {
  it('answers in place of what the function has returned, as long and by the tags that the options say', async () => {
    const { cache, stored, jump } = await openOn(store);
    let runs = 0;
    const find = cache.memoize(async (id: number) => ({ id, run: ++runs }), {
      name: 'find',
      ttl: 60,
      tags: ({ id }) => [`cities#${id}`],
    });
    await find(1);
    await stored(1);
    expect(await putResult(find, undefined, [1], { id: 1, run: 100 }, await cache.token())).toBe(true);
    expect([await find(1), runs]).toEqual([{ id: 1, run: 100 }, 1]);
    await cache.invalidate({ tags: 'cities#1' });
    jump(1_100);
    expect(await find(1)).toEqual({ id: 1, run: 2 });
    await stored(3);
    await putResult(find, undefined, [1], { id: 1, run: 100 }, await cache.token());
    jump(60_001);
    expect(await find(1)).toEqual({ id: 1, run: 3 });
  });

  it('is not stored where something of it was invalidated since, or put', async () => {
    const { cache } = await openOn(store);
    let runs = 0;
    const find = cache.memoize(async (_id: number) => ++runs, { name: 'find', ttl: 60, tags: ['cities'] });
    const early = await cache.token();
    await cache.invalidate({ tags: 'cities' });
    expect(await putResult(find, undefined, [1], 100, early)).toBe(false);
    expect(await find(1)).toBe(1);
    const [slow, fast] = [await cache.token(), await cache.token()];
    expect(await putResult(find, undefined, [1], 200, fast)).toBe(true);
    expect(await putResult(find, undefined, [1], 300, slow)).toBe(false);
    expect(await find(1)).not.toBe(300);
  });

  it('wins over a run that has begun before it', async () => {
    const { cache } = await openOn(store);
    let finish: (value: string) => void = () => {};
    const find = cache.memoize((_id: number) => new Promise<string>((resolve) => (finish = resolve)), {
      name: 'find',
      ttl: 60,
    });
    // With a shared store it takes a call to see that it returns promises.
    const first = find(0);
    finish('');
    await first;
    const running = find(1);
    const since = await cache.token();
    expect(await putResult(find, undefined, [1], 'put', since)).toBe(true);
    finish('old');
    expect(await running).toBe('old');
    expect(await find(1)).toBe('put');
  });
});

describe('a result of a memoized function', () => {
  it('goes with what the key option has returned, as a view does and a value', async () => {
    const { cache } = await openOn(undefined, { ttl: 60 });
    let runs = 0;
    const carts = cache.namespace('carts');
    const find = cache.memoize((_id: number) => ++runs, { name: 'find', key: (id) => `user:${id}` });
    const inCarts = carts.memoize((_id: number) => ++runs, { name: 'find', key: (id) => `user:${id}` });
    const byNumber = cache.memoize((_id: number) => ++runs, { name: 'byNumber', key: (id) => id });
    const all = () => [find(7), find(8), inCarts(7), byNumber(7)];
    expect([all(), all()]).toEqual([
      [1, 2, 3, 4],
      [1, 2, 3, 4],
    ]);
    await cache.invalidate({ key: 'user:7' });
    expect(all()).toEqual([5, 2, 3, 4]);
    await cache.invalidate({ keys: 'user:*' });
    expect(all()).toEqual([6, 7, 3, 4]);
    await cache.invalidate({ key: 7 });
    expect(all()).toEqual([6, 7, 3, 8]);
    await cache.invalidate({ key: 'carts:user:7' });
    expect(all()).toEqual([6, 7, 9, 8]);
  });

  it('is put for arguments that can be a key, under a token of its cache, and by nobody who has the name of another', async () => {
    const { cache, other } = await openOn(undefined, { ttl: 60 });
    const find = cache.memoize((id: unknown) => id, { name: 'find' });
    await expect(putResult(find, undefined, [() => {}], 1, await cache.token())).rejects.toThrow(ConfigError);
    await expect(putResult(find, undefined, [1], 1, await (await other()).token())).rejects.toThrow('memoize.since');
    expect(await putResult((() => {}) as never, undefined, [1], 1, await cache.token())).toBe(false);
  });

  it('is put in whichever cache is the default one, of a function that is memoized there', async () => {
    const { cache, other } = await openOn(undefined, { ttl: 60 });
    const find = defaultCache().memoize((_id: number) => 0, { name: 'find' });
    for (const [place, each] of [cache, await other()].entries()) {
      setDefaultCache(each);
      expect(await putResult(find, undefined, [1], place + 1, await defaultCache().token())).toBe(true);
      expect(find(1)).toBe(place + 1);
    }
  });

  it('of which too much was made is made anew when one of those is put', async () => {
    const { cache } = await openOn(undefined, { ttl: 'forever' });
    const sum = cache.memoize((n: number): number => (n === 0 ? 0 : n + sum(n - 1)), { name: 'sum' });
    expect(sum(100)).toBe(5050);
    await putResult(sum, undefined, [3], 1_000, await cache.token());
    expect(sum(100)).toBe(5050 - 6 + 1_000);
  });
});
