import { describe, expect, it } from '@jest/globals';
import { ConfigError, memoize, memoized, memoOf } from '@viewcache/core';
import { freshCache } from '@viewcache/core/testing';
import { errorOf, openMemory, openOn, stores } from './stores.js';

describe.each(stores)('the calls of a memoized function in %s', (_name, store) => {
  const places = store === undefined ? ['memory'] : ['memory', 'shared'];

  it('explain says where a result is, whether it may answer, and why it was not stored', async () => {
    const { cache, jump, events } = await openOn(store);
    const cityOf = cache.memoize(async (id: number) => ({ id }), {
      name: 'cityOf',
      ttl: 60,
      tags: (city) => [`city#${city.id}`],
      storeIf: ({ id }) => id > 0,
    });
    await Promise.all([cityOf(7), cityOf(0)]);
    jump(20_000);
    const before = events.length;
    const { key, stored, shared } = await cityOf.explain(7);
    expect([key, shared]).toEqual(['cityOf(7)', store === undefined ? 'none' : 'answered']);
    expect(stored.map(({ where, name, state, age, ttl, tags }) => [where, name, state, age, ttl, tags])).toEqual(
      places.map((where) => [where, 'cityOf', 'fresh', 20, 40, ['city#7']]),
    );
    expect(events.slice(before)).toEqual([]);
    expect(await cityOf.explain(8)).toMatchObject({ stored: [], refusals: [] });
    expect(await cityOf.explain(0)).toMatchObject({ stored: [], refusals: [{ reason: 'store-if' }] });
    await cityOf.invalidate(7);
    expect((await cityOf.explain(7)).stored[0]).toMatchObject({ where: 'memory', state: 'invalidated' });
    expect(await errorOf(cityOf.explain(Symbol('id') as never))).toBeInstanceOf(ConfigError);
  });

  it('refresh makes a result anew, whatever is stored, for all who call from then on', async () => {
    const { cache, other } = await openOn(store);
    let runs = 0;
    const count = async (id: number) => `${id}: ${++runs}`;
    const counted = cache.memoize(count, { name: 'counted', ttl: 60, tags: (_, id) => [`n#${id}`] });
    expect([await counted(1), await counted(2)]).toEqual(['1: 1', '2: 2']);
    expect(await counted.refresh(1)).toBe('1: 3');
    expect([await counted(1), await counted(2)]).toEqual(['1: 3', '2: 2']);
    if (store !== undefined) {
      const theirs = (await other()).memoize(count, { name: 'counted', ttl: 60 });
      expect(await theirs(1)).toBe('1: 3');
    }
    await cache.invalidate({ tags: 'n#1' });
    expect(await counted(1)).toBe('1: 4');
    expect(await counted.uncached(1)).toBe('1: 5');
    expect(await counted(1)).toBe('1: 4');
  });

  it('refresh leaves what is stored as it is where the function fails', async () => {
    const { cache } = await openOn(store);
    let fails = false;
    const made = cache.memoize(
      async () => {
        if (fails) throw new Error('down');
        return 'made';
      },
      { name: 'made', ttl: 60 },
    );
    await made();
    fails = true;
    expect(await errorOf(made.refresh())).toMatchObject({ message: 'down' });
    expect(await made()).toBe('made');
  });
});

describe('the calls of a memoized function', () => {
  it('refresh answers as a call does: at once, with an iterable, or of one instance', async () => {
    const { cache } = await openMemory();
    let runs = 0;
    const plain = cache.memoize((n: number) => n + ++runs, '1m');
    expect([plain(10), plain.refresh(10), plain(10)]).toEqual([11, 12, 12]);
    const items = cache.memoize(function* () {
      yield ++runs;
    }, '1m');
    expect([[...items()], [...items.refresh()], [...items()]]).toEqual([[3], [4], [4]]);
    class Cities {
      @memoized({ ttl: '1m', cache }) find(id: number): number {
        return id + ++runs;
      }
    }
    const [one, two] = [new Cities(), new Cities()];
    expect([one.find(100), two.find(100)]).toEqual([105, 106]);
    expect([memoOf(one.find).of(one).refresh(100), one.find(100), two.find(100)]).toEqual([107, 107, 106]);
    expect((await memoOf(one.find).of(two).explain(100)).stored).toHaveLength(1);
    expect((await memoOf(one.find).explain(100)).stored).toEqual([]);
    expect(memoOf(one.find).uncached.call(one, 100)).toBe(108);
  });

  it('a function without a name has the one that it was given', async () => {
    const { cache } = await openMemory();
    const inline = cache.memoize(
      (
        () => async (n: number) =>
          n
      )(),
      { name: 'inline', ttl: 60 },
    );
    expect([inline.name, inline.length]).toEqual(['inline', 1]);
    expect(
      memoize(
        (
          () => async () =>
            1
        )(),
        { name: 'apart', ttl: 60 },
      ).name,
    ).toBe('apart');
    const own = async (n: number) => n;
    expect(cache.memoize(own, { name: 'other', ttl: 60 }).name).toBe('own');
    class Cities {
      @memoized('1m') find(id: number): number {
        return id;
      }
    }
    expect([new Cities().find.name, new Cities().find.length]).toEqual(['find', 1]);
  });

  it('those in the default cache go by the default cache of the moment', async () => {
    const fresh = freshCache();
    let runs = 0;
    const counted = memoize(async (_id: number) => ++runs, { name: 'counted', ttl: 60 });
    await counted(1);
    expect([await counted.refresh(1), await counted(1), await counted.uncached(1)]).toEqual([2, 2, 3]);
    expect((await counted.explain(1)).stored).toHaveLength(1);
    await fresh.end();
  });

  it('a decorator under experimentalDecorators says what to write instead', () => {
    class Repo {
      find(): void {}
      static all(): void {}
    }
    const legacy = memoized('1m') as unknown as (target: object, name: unknown, descriptor?: object) => unknown;
    expect(() => legacy(Repo.prototype, 'find', {})).toThrow(
      'Repo.prototype.find = cache.memoize(Repo.prototype.find, { instanceKey: … })',
    );
    expect(() => legacy(Repo, 'all', {})).toThrow('Repo.all = cache.memoize(Repo.all, { instanceKey: … })');
    expect(() => legacy(Repo, undefined)).toThrow('memoized: undefined is no method; use it on methods');
  });
});
