import { describe, expect, it } from '@jest/globals';
import { type Cache, ValueTimeoutError } from '@viewcache/core';
import { gate } from '../support/gate.js';
import { cacheOf, counted } from './counted.js';
import { errorOf, openMemory } from './stores.js';

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

  it('holds no more than maxSize of what comes in behind an answer, and counts it', async () => {
    const { cache, clock, stored } = await openMemory();
    const made = gate<void>();
    const fn = cache.memoize(async (n: number) => await made.passed.then(() => n), { maxSize: 2, hardTimeout: 20 });
    const late = [1, 2, 3].map((n) => errorOf(fn(n)));
    await clock.advanceAsync(20_000);
    for (const error of await Promise.all(late)) expect(error).toBeInstanceOf(ValueTimeoutError);
    made.open();
    await stored(3);
    expect(fn.cacheInfo()).toMatchObject({ misses: 3, size: 2 });
    expect(cache.stats().entries).toBe(2);
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

  it.each<[string, unknown]>([
    ['undefined', undefined],
    ['null', null],
    ['NaN', Number.NaN],
    ['Infinity', 1 / 0],
    ['a list', [undefined, [Number.NaN]]],
    ['a list', []],
  ])('takes %s for no key, and says so once', async (what, said) => {
    const { cache, warnings } = await openMemory({ ttl: 60 });
    // Users have an `id`.
    const basketOf = cache.memoize((user: { id: string }) => user.id, { name: 'basketOf', key: () => said });
    expect([basketOf({ id: 'ada' }), basketOf({ id: 'bob' })]).toEqual(['ada', 'bob']);
    expect(basketOf.cacheInfo()).toMatchObject({ hits: 0, size: 0 });
    expect(warnings()).toEqual([
      `basketOf was called with what cannot be part of a key, and not cached: key returned ${what}, which would be one key for all calls`,
    ]);
    await expect(basketOf.invalidate({ id: 'ada' })).rejects.toThrow('cannot be part of a key: key returned');
  });

  it('takes a list for a key where any of it is something', async () => {
    const cache = await cacheOf();
    const basketOf = cache.memoize((id: number, _shop?: string) => id, { key: (id, shop) => [shop, id] });
    expect([basketOf(1), basketOf(2), basketOf(1), basketOf.cacheInfo().hits]).toEqual([1, 2, 1, 1]);
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
