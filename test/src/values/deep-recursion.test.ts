import { AsyncLocalStorage } from 'node:async_hooks';
import { describe, expect, it } from '@jest/globals';
import { view } from '@viewcache/core';
import { cacheOf } from './counted.js';
import { errorOf, openOn, stores } from './stores.js';

/** Far beyond what any Node has the stack for. */
const LEVELS = 2_500;

/** Enough for the last ones to be put off until the stack is clear. */
const SOME = 100;

describe.each(stores)('an asynchronous function that calls itself before it awaits anything, in %s', (_name, store) => {
  // With a shared store each level waits for two round trips, and is made of all below it: there it is time that a depth takes.
  const levels = store === undefined ? LEVELS : 300;

  it('goes as deep as it likes, and runs once for each level', async () => {
    const { cache } = await openOn(store);
    const runs: number[] = [];
    const down = cache.memoize(
      async (n: number): Promise<number> => {
        runs.push(n);
        return n === 0 ? 0 : 1 + (await down(n - 1));
      },
      { name: 'down', ttl: '1h' },
    );
    expect(await down(levels)).toBe(levels);
    expect(runs).toEqual(Array.from({ length: levels + 1 }, (_, i) => levels - i));
  });

  it('tells everybody who waits the very error of the lowest level', async () => {
    const { cache } = await openOn(store);
    const error = new Error('too low');
    let runs = 0;
    const down = cache.memoize(
      async (n: number): Promise<number> => {
        runs++;
        if (n === 0) throw error;
        const [one, other] = await Promise.all([down(n - 1), down(n - 1)]);
        return one + other;
      },
      { name: 'down', ttl: '1h' },
    );
    expect(await Promise.all([errorOf(down(SOME)), errorOf(down(SOME))])).toEqual([error, error]);
    expect(await errorOf(down(SOME))).toBe(error);
    expect(runs).toBe(2 * (SOME + 1));
  });

  it('is made anew with what its lowest level says that it depends on, in whose context each level runs', async () => {
    const { cache } = await openOn(store);
    const user = new AsyncLocalStorage<string>();
    const seen = new Set<string | undefined>();
    let runs = 0;
    const down = cache.memoize(
      async (n: number): Promise<number> => {
        runs++;
        seen.add(user.getStore());
        if (n > 0) return await down(n - 1);
        view().dependsOn('bottom');
        return runs;
      },
      { name: 'down', ttl: '1h' },
    );
    await user.run('ann', () => down(SOME));
    await user.run('ann', () => down(SOME));
    expect([runs, ...seen]).toEqual([SOME + 1, 'ann']);
    await cache.invalidate({ tags: 'bottom' });
    await user.run('bob', () => down(SOME));
    expect([runs, ...seen]).toEqual([2 * (SOME + 1), 'ann', 'bob']);
  });
});

describe('a producer that is put off until the stack is clear', () => {
  /** Asks where so many producers run inside one another that the next one is put off. */
  const inTheDeep = async <T>(ask: () => T): Promise<T> => {
    const cache = await cacheOf();
    const down = async (n: number): Promise<T> =>
      n === 0 ? ask() : await cache.getOrSet(`level ${n}`, () => down(n - 1), { ttl: '1h', clone: false });
    return await down(16);
  };

  it('runs for all who have asked for its value meanwhile', async () => {
    const cache = await cacheOf();
    let runs = 0;
    const load = cache.memoize(async (id: number) => {
      runs++;
      return id;
    });
    const found = await inTheDeep(() => {
      const asked = [load(1), load(1), cache.getOrSet('k', () => load(1), '1h')];
      expect(runs).toBe(0);
      return Promise.all(asked);
    });
    expect([found, runs]).toEqual([[1, 1, 1], 1]);
  });

  it('stores nothing that was invalidated since it was put off', async () => {
    const cache = await cacheOf();
    let runs = 0;
    const load = cache.memoize(async (_id: number) => ++runs, { tags: ['rows'] });
    await inTheDeep(async () => {
      const loading = load(1);
      const invalidated = cache.invalidate({ tags: 'rows' });
      expect(runs).toBe(0);
      await Promise.all([loading, invalidated]);
    });
    expect(await load(1)).toBe(2);
  });

  it('is none whose value is to be there when the call returns', async () => {
    const cache = await cacheOf();
    const double = cache.memoize((n: number) => 2 * n);
    const count = cache.memoize(function* (n: number) {
      for (let i = 0; i < n; i++) yield i;
    });
    expect(await inTheDeep(() => [double(2), ...count(3)])).toEqual([4, 0, 1, 2]);
  });

  it.each([
    ['getOrSet', LEVELS / 2],
    ['getOrSetMany', SOME],
    ['a stream', LEVELS],
  ])('may be one of %s', async (what, levels) => {
    const cache = await cacheOf();
    const calls: Record<string, (n: number) => Promise<number>> = {
      getOrSet: (n) =>
        cache.getOrSet(`${n}`, async () => (n === 0 ? 0 : 1 + ((await calls[what]?.(n - 1)) ?? 0)), '1h'),
      getOrSetMany: async (n) => {
        const load = async (keys: readonly number[]): Promise<Map<number, number>> =>
          new Map([[keys[0] ?? 0, n === 0 ? 0 : 1 + ((await calls[what]?.(n - 1)) ?? 0)]]);
        return (await cache.getOrSetMany([n], load, '1h')).get(n) ?? 0;
      },
      'a stream': async (n) => {
        for await (const found of walk(n)) return found;
        return 0;
      },
    };
    const walk = cache.memoize(async function* (n: number): AsyncGenerator<number> {
      if (n === 0) yield 0;
      else for await (const found of walk(n - 1)) yield 1 + found;
    });
    expect(await calls[what]?.(levels)).toBe(levels);
  });
});
