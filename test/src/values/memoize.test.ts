import { describe, expect, it } from '@jest/globals';
import { ConfigError, createCache, memoOf } from '@viewcache/core';
import { gate } from '../support/gate.js';
import { cacheOf, counted } from './counted.js';
import { errorOf, openMemory } from './stores.js';

describe('a memoized function', () => {
  it('runs once for each list of arguments', async () => {
    const { run, runs } = counted((a: number, b?: number) => ({ sum: a + (b ?? 0) }));
    const add = (await cacheOf()).memoize(run);
    expect([add(1, 2), add(1, 2), add(2, 1), add(1)]).toEqual([{ sum: 3 }, { sum: 3 }, { sum: 3 }, { sum: 1 }]);
    expect(runs).toEqual([[1, 2], [2, 1], [1]]);
  });

  it.each([undefined, null, 0, -0, '', false, Number.NaN, 0n])('keeps %p as any other result', async (result) => {
    const { run, runs } = counted((_n: number): unknown => result);
    const fn = (await cacheOf()).memoize(run);
    expect([fn(1), fn(1)]).toEqual([result, result]);
    const promised = counted(async (_n: number): Promise<unknown> => result);
    const asynchronous = (await cacheOf()).memoize(promised.run);
    expect([await asynchronous(1), await asynchronous(1)]).toEqual([result, result]);
    expect([runs.length, promised.runs.length]).toEqual([1, 1]);
  });

  it('stays synchronous in memory, when it finds and when it makes', async () => {
    const fn = (await cacheOf()).memoize((n: number) => n * 2);
    expect([fn(2), fn(2)]).toEqual([4, 4]);
    const failing = (await cacheOf()).memoize((): number => {
      throw new RangeError('no');
    });
    expect(() => failing()).toThrow(RangeError);
  });

  it('returns promises where the function does, and throws where it throws', async () => {
    const fn = (await cacheOf()).memoize((n: number): Promise<number> => {
      if (n < 0) throw new RangeError('negative');
      return Promise.resolve(n);
    });
    expect([fn(1), fn(1)]).toEqual([expect.any(Promise), expect.any(Promise)]);
    expect(() => fn(-1)).toThrow('negative');
  });

  it('has the name, the length and the properties of the function', async () => {
    function find(_id: number, _deep: boolean): void {}
    find.table = 'users';
    const fn = (await cacheOf()).memoize(find);
    expect([fn.name, fn.length, fn.table]).toEqual(['find', 2, 'users']);
  });

  it('runs once for a crowd, and hands each a result of his own', async () => {
    const done = gate<number[]>();
    const { run, runs } = counted((_id: number) => done.passed);
    const fn = (await cacheOf()).memoize(run);
    const all = [fn(1), fn(1), fn(1)];
    done.open([1]);
    const [first, second, third] = await Promise.all(all);
    second?.push(2);
    expect([first, third, await fn(1), runs.length]).toEqual([[1], [1], [1], 1]);
  });

  it('tells each who waits of an error itself, and does not keep it', async () => {
    const error = new TypeError('down');
    const { run, runs } = counted(async () => {
      await null;
      throw error;
    });
    const fn = (await cacheOf()).memoize(run);
    expect(await Promise.all([errorOf(fn()), errorOf(fn())])).toEqual([error, error]);
    await errorOf(fn());
    expect(runs).toHaveLength(2);
  });

  it('takes a result that was invalidated while it was made for what it is: used, and not kept', async () => {
    const done = gate<string>();
    let runs = 0;
    const fn = (await cacheOf()).memoize(() => (++runs === 1 ? done.passed : Promise.resolve('new')));
    const old = fn();
    await fn.invalidate();
    done.open('old');
    expect([await old, await fn()]).toEqual(['old', 'new']);
  });

  it.each([
    ['Maps', new Map([['a', 1]]), new Map([['a', 2]])],
    ['dates and their text', new Date(0), new Date(0).toISOString()],
    ['NaN and null', Number.NaN, null],
    ['undefined and null', undefined, null],
    ['numbers and text', 1, '1'],
    ['big integers and numbers', 1n, 1],
    ['objects', { user: 1 }, { user: 2 }],
  ])('never answers for other arguments: %s', async (_what, one, other) => {
    const fn = (await cacheOf()).memoize((value: unknown) => [value]);
    expect([fn(one), fn(other)]).toEqual([[one], [other]]);
    expect(fn.cacheInfo()).toMatchObject({ hits: 0, misses: 2 });
  });

  it('finds what was made for an object in whatever order, and deep', async () => {
    const fn = (await cacheOf()).memoize((_query: object) => 1);
    fn({ a: 1, b: { c: new Set([1, 2]), d: 3n } });
    fn({ b: { d: 3n, c: new Set([2, 1]) }, a: 1 });
    expect(fn.cacheInfo()).toMatchObject({ hits: 1, misses: 1 });
  });

  it('keeps functions without a name, and with the same, apart', async () => {
    const cache = await cacheOf();
    const anonymous = [cache.memoize(() => 'a'), cache.memoize(() => 'b')];
    const named = ['c', 'd'].map((result) => cache.memoize({ get: () => result }.get));
    expect([...anonymous, ...named].map((fn) => fn())).toEqual(['a', 'b', 'c', 'd']);
  });

  it('passes on what cannot be part of a key, says so once, and goes on caching the rest', async () => {
    const { cache, events, warnings } = await openMemory({ ttl: 60 });
    let runs = 0;
    const fn = cache.memoize((_value: unknown) => ++runs, { name: 'shown' });
    const loop: unknown[] = [];
    loop.push(loop);
    expect([fn(() => 1), fn(() => 1), fn(Symbol.iterator), fn(loop), fn(1), fn(1)]).toEqual([1, 2, 3, 4, 5, 5]);
    expect(events.filter(({ type }) => type === 'bypass')).toHaveLength(4);
    expect(warnings()).toEqual([
      'shown was called with what cannot be part of a key, and not cached: [0] is a function; ' +
        'ignore: [0] leaves it out, and key: (…) => … says what to go by instead',
    ]);
    expect(() => fn.keyFor(() => 1)).toThrow(ConfigError);
    expect(await errorOf(fn.invalidate(Symbol.iterator))).toMatchObject({ setting: 'shown.arguments' });
  });

  it('is refused where it is none, or its options are wrong', async () => {
    const cache = await cacheOf();
    expect(() => cache.memoize(1 as never)).toThrow('memoize.fn');
    const wrong = [
      { maxSize: -1 },
      { ignore: 1 },
      { ignore: ['a'] },
      { key: 'a' },
      { when: true },
      { instances: 'alone' },
      { instanceKey: 1 },
      { name: '' },
      { ttl: -1 },
      { tll: 1 },
      { sourceCheck: 1 },
    ];
    for (const options of wrong)
      expect(() => cache.memoize(() => 1, options as never)).toThrow(
        new RegExp(`^memoize\\.${Object.keys(options)[0]}`),
      );
    expect(() => memoOf(() => 1)).toThrow(ConfigError);
  });
});

describe('a cache that keeps nothing', () => {
  it.each(['off:', 'null:'])('runs the function each time: %s', async (store) => {
    const cache = createCache({ store, ttl: 60 });
    let runs = 0;
    const plain = cache.memoize(() => ++runs);
    const promised = cache.memoize(async () => ++runs);
    expect([plain(), plain(), await promised(), await promised()]).toEqual([1, 2, 3, 4]);
    await cache.close();
  });
});
