import { describe, expect, it } from '@jest/globals';
import { type Cache, ConfigError, createCache, memoOf, view } from '@viewcache/core';
import { gate } from '../support/gate.js';
import { errorOf, openMemory } from './stores.js';

/** A function under test, and how often it ran. */
function counted<Args extends unknown[], Result>(fn: (...args: Args) => Result) {
  const runs: Args[] = [];
  const run = (...args: Args): Result => {
    runs.push(args);
    return fn(...args);
  };
  return { run, runs };
}

async function listOf<T>(items: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = [];
  for await (const item of items) list.push(item);
  return list;
}

const cacheOf = async (): Promise<Cache> => (await openMemory({ ttl: 60 })).cache;

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
      'shown was called with what cannot be part of a key, and not cached: [0] is a function',
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

describe('options of a memoized function', () => {
  it('forgets the result that was used longest ago past maxSize, and counts as lru_cache does', async () => {
    const { cache, warnings } = await openMemory();
    const { run, runs } = counted((n: number) => n);
    const fn = cache.memoize(run, { maxSize: 2 });
    for (const n of [1, 2, 1, 3, 1, 2]) fn(n);
    expect(runs.flat()).toEqual([1, 2, 3, 2]);
    expect(fn.cacheInfo()).toEqual({ hits: 2, misses: 4, maxSize: 2, size: 2 });
    expect(warnings()).toEqual([]);
  });

  it('keeps nothing with a maxSize of 0', async () => {
    const fn = (await cacheOf()).memoize((n: number) => n, { maxSize: 0 });
    fn(1);
    fn(1);
    expect(fn.cacheInfo()).toEqual({ hits: 0, misses: 2, maxSize: 0, size: 0 });
  });

  it('counts anew after cacheClear, which leaves other functions what they have', async () => {
    const cache = await cacheOf();
    const [one, other] = [cache.memoize((n: number) => n), cache.memoize((n: number) => n)];
    for (const fn of [one, other]) fn(1);
    const cleared = one.cacheClear();
    expect(one.cacheInfo()).toEqual({ hits: 0, misses: 0, maxSize: Number.POSITIVE_INFINITY, size: 0 });
    one(1);
    other(1);
    await cleared;
    expect([one.cacheInfo().misses, other.cacheInfo().misses]).toEqual([1, 1]);
  });

  it('counts only what may answer', async () => {
    const { cache, jump } = await openMemory();
    const fn = cache.memoize((n: number) => n, { ttl: (n) => n });
    for (const n of [1, 10, 100]) fn(n);
    jump(10_000);
    expect(fn.cacheInfo().size).toBe(1);
    await cache.invalidate({ all: true });
    expect(fn.cacheInfo().size).toBe(0);
  });

  it('invalidates by arguments, also where those left out are undefined', async () => {
    const { run, runs } = counted((a: number, b?: number) => [a, b]);
    const fn = (await cacheOf()).memoize(run);
    const all = () => [fn(1), fn(1, undefined), fn(1, 2), fn(2)];
    all();
    await fn.invalidate(1);
    runs.length = 0;
    all();
    expect(runs).toEqual([[1], [1, undefined]]);
  });

  it('asks options with the result and the arguments', async () => {
    const { cache, jump } = await openMemory();
    const { run, runs } = counted(async (id: number) => ({ id, group: id % 2 }));
    const fn = cache.memoize(run, {
      ttl: (user, id) => (user.id === id ? 60 : 0),
      tags: ({ group }, id) => [`group#${group}`, `user#${id}`],
      storeIf: (_user, id) => id !== 9,
      isStale: (_user, id) => id === 8,
    });
    for (const id of [1, 2, 1, 9, 9, 8, 8]) await fn(id);
    expect(runs.flat()).toEqual([1, 2, 9, 9, 8, 8]);
    await cache.invalidate({ tags: 'group#1' });
    runs.length = 0;
    for (const id of [1, 2]) await fn(id);
    expect(runs.flat()).toEqual([1]);
    jump(60_000);
    await fn(2);
    expect(runs.flat()).toEqual([1, 2]);
  });

  it('leaves out arguments that do not count', async () => {
    const cache = await cacheOf();
    const byPosition = cache.memoize((_id: number, _log?: object) => 1, { ignore: [1] });
    const bySort = cache.memoize((..._args: unknown[]) => 1, { ignore: (arg) => typeof arg === 'function' });
    byPosition(1, { a: 1 });
    byPosition(1, { a: 2 });
    byPosition(1);
    bySort(1, () => 1);
    bySort(1, () => 2);
    bySort(() => 1, 2);
    bySort(undefined, 2);
    expect([byPosition.cacheInfo(), bySort.cacheInfo()]).toMatchObject([
      { hits: 2, misses: 1 },
      { hits: 1, misses: 3 },
    ]);
  });

  it('takes a key in place of the arguments, and passes calls on for which there is none', async () => {
    const { cache, warnings } = await openMemory({ ttl: 60 });
    const fn = cache.memoize((user: { id: number }) => user.id, {
      name: 'keyed',
      key: (user) => {
        if (user.id === 0) throw new Error('nobody');
        return user.id;
      },
    });
    class User {
      constructor(readonly id: number) {}
    }
    expect([fn(new User(1)), fn(new User(1)), fn({ id: 0 })]).toEqual([1, 1, 0]);
    expect(fn.cacheInfo()).toMatchObject({ hits: 1, misses: 1 });
    expect(warnings()).toEqual([expect.stringContaining('key threw Error: nobody')]);
  });

  it('caches only calls for which `when` says true', async () => {
    const { cache, events } = await openMemory({ ttl: 60 });
    const { run, runs } = counted((n: number) => n);
    const fn = cache.memoize(run, { when: (n) => n > 0 });
    for (const n of [0, 0, 1, 1]) fn(n);
    expect(runs.flat()).toEqual([0, 0, 1]);
    expect(events.filter((event) => event.type === 'bypass' && event.reason === 'when')).toHaveLength(2);
  });

  it('shares results under a name that was given on purpose with no other function, be it of the same code', async () => {
    const { cache, warnings } = await openMemory({ ttl: 60 });
    const made = (tenant: string) => (id: number) => `${tenant} ${id}`;
    const [ofA, ofB] = [made('a'), made('b')];
    const memo = (fn: (id: number) => string) => cache.memoize(fn, { name: 'find' });
    expect([memo(ofA)(1), memo(ofA)(1), memo(ofA).cacheInfo().hits]).toEqual(['a 1', 'a 1', 1]);
    expect(warnings()).toEqual([]);
    const [a, b, bound] = [memo(ofA), memo(ofB), memo(made('c').bind(undefined))];
    expect([a(1), b(1), bound(1), memo(() => 'other code')(1), b(1)]).toEqual([
      'a 1',
      'b 1',
      'c 1',
      'other code',
      'b 1',
    ]);
    expect(warnings()).toEqual([
      expect.stringMatching(/^memoize: 'find' is the name of another function .* of its own/),
    ]);
    // The name is that of all of them.
    await cache.invalidate({ namespace: 'memo:find' });
    expect([a.cacheInfo().size, b.cacheInfo().size]).toEqual([0, 0]);
    expect(cache.memoize(() => 'other', { name: 'find', sourceCheck: true })()).toBe('other');
    expect(cache.namespace('a').memoize(() => 'there', { name: 'find' })()).toBe('there');
  });

  it('has results for each version, and for each namespace', async () => {
    const cache = await cacheOf();
    let runs = 0;
    const make = (from: Pick<Cache, 'memoize'>, version: number) => from.memoize(() => ++runs, { name: 'n', version });
    const here = [make(cache, 1), make(cache, 2), make(cache.namespace('a'), 1)];
    expect([...here, ...here].map((fn) => fn())).toEqual([1, 2, 3, 1, 2, 3]);
    await cache.invalidate({ namespace: 'a' });
    expect(here.map((fn) => fn())).toEqual([1, 2, 4]);
    await cache.invalidate({ namespace: 'memo:n' });
    expect(here.map((fn) => fn())).toEqual([5, 6, 4]);
  });

  it('answers with what is stale while it is made new', async () => {
    const { cache, jump, stored } = await openMemory();
    let runs = 0;
    const fn = cache.memoize(async () => ++runs, { ttl: 10, staleWhileRevalidate: 60 });
    await fn();
    jump(11_000);
    expect(await fn()).toBe(1);
    await stored(2);
    expect([await fn(), fn.cacheInfo()]).toMatchObject([2, { hits: 2, misses: 1 }]);
  });

  it('keeps an error for as long as it is told to, until its arguments are invalidated', async () => {
    let runs = 0;
    const fn = (await cacheOf()).memoize(
      async () => {
        runs++;
        throw new Error('down');
      },
      { cacheErrors: 60 },
    );
    for (let i = 0; i < 3; i++) await errorOf(fn());
    expect(runs).toBe(1);
    await fn.invalidate();
    await errorOf(fn());
    expect(runs).toBe(2);
  });
});

describe('a memoized function that calls itself', () => {
  it('finds what it has made on the way', async () => {
    const { run, runs } = counted((n: number): bigint => (n < 2 ? BigInt(n) : fibonacci(n - 1) + fibonacci(n - 2)));
    const fibonacci = (await cacheOf()).memoize(run);
    expect(fibonacci(150)).toBe(9969216677189303386214405760200n);
    expect([runs.length, fibonacci.cacheInfo()]).toMatchObject([151, { hits: 148, misses: 151, size: 151 }]);
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

describe('a memoized function that returns an iterable', () => {
  it('is gone through once, and each caller gets items of his own', async () => {
    let runs = 0;
    const fn = (await cacheOf()).memoize(async function* pages(from: number) {
      runs++;
      yield { page: from };
      yield { page: from + 1 };
      return 'end';
    });
    const [one, other] = await Promise.all([listOf(fn(1)), listOf(fn(1))]);
    for (const item of one) item.page = 0;
    expect([other, await listOf(fn(1)), runs]).toEqual([[{ page: 1 }, { page: 2 }], [{ page: 1 }, { page: 2 }], 1]);
    const last = fn(1);
    await last.next();
    await last.next();
    expect(await last.next()).toEqual({ done: true, value: 'end' });
  });

  it('is handed out as far as it went, with its error, and not kept', async () => {
    let runs = 0;
    const broken = new Error('half-way');
    const fn = (await cacheOf()).memoize(async function* () {
      yield ++runs;
      if (runs < 2) throw broken;
    });
    const got: number[] = [];
    const error = await errorOf(
      (async () => {
        for await (const item of fn()) got.push(item);
      })(),
    );
    expect([got, error, await listOf(fn()), await listOf(fn()), runs]).toEqual([[1], broken, [2], [2], 2]);
  });

  it('may come of an ordinary function, and may be synchronous', async () => {
    const cache = await cacheOf();
    let runs = 0;
    async function* items() {
      yield ++runs;
    }
    const asynchronous = cache.memoize(() => items());
    const synchronous = cache.memoize(function* (n: number) {
      runs++;
      yield n;
    });
    const made = cache.memoize((n: number) => [n, n].values());
    expect([await listOf(asynchronous()), await listOf(asynchronous())]).toEqual([[1], [1]]);
    expect([[...synchronous(5)], [...synchronous(5)], [...made(1)], [...made(1)], runs]).toEqual([
      [5],
      [5],
      [1, 1],
      [1, 1],
      2,
    ]);
  });

  it('tells options of its items', async () => {
    const cache = await cacheOf();
    const seen: unknown[] = [];
    const fn = cache.memoize(
      async function* (id: number) {
        yield id;
      },
      {
        tags: (items, id) => {
          seen.push(items, id);
          return items.map((item) => `item#${item}`);
        },
      },
    );
    await listOf(fn(7));
    await cache.invalidate({ tags: 'item#7' });
    await listOf(fn(7));
    expect(seen).toEqual([[7], 7, [7], 7]);
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
