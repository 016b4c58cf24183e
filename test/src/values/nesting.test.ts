import { describe, expect, it, jest } from '@jest/globals';
import { type Cache, type ValueOptions, view } from '@viewcache/core';
import { gate } from '../support/gate.js';
import { errorOf, openMemory, openOn, stores, until } from './stores.js';

/** A value made of another one, and how often each was made. */
function outerOf(cache: Cache, inner: () => Promise<unknown>) {
  const counted = {
    runs: 0,
    ask: () =>
      cache.getOrSet(
        'outer',
        async () => {
          counted.runs++;
          return [await inner()];
        },
        '1h',
      ),
  };
  return counted;
}

/**
 * Somebody makes the inner value, and the outer one is made of it meanwhile.
 *
 * @param declare - what the maker says of the inner value
 * @returns what the inner value comes to when it is opened, and what both are told
 */
async function makeTogether(cache: Cache, options: ValueOptions<string>, declare: () => unknown = () => {}) {
  const made = gate<string>();
  let isMaking = false;
  const make = () => {
    isMaking = true;
    declare();
    return made.passed;
  };
  const first = cache.getOrSet('inner', make, options);
  await until(() => isMaking);
  let isAsked = false;
  const { ask } = outerOf(cache, () => {
    isAsked = true;
    return cache.getOrSet('inner', () => 'not run', 60);
  });
  const outer = ask();
  await until(() => isAsked);
  return { made, first, outer };
}

/** What makes the inner value another one. */
const writes: readonly (readonly [string, (cache: Cache) => Promise<unknown>])[] = [
  ['set', (cache) => cache.set('inner', 'new', 60)],
  ['setMany', (cache) => cache.setMany({ inner: 'new' }, 60)],
  ['a set that stores nothing', (cache) => cache.set('inner', 'new', 0)],
  ['delete', (cache) => cache.delete('inner')],
  ['deleteMany', (cache) => cache.deleteMany(['inner'])],
  ['touch with 0', (cache) => cache.touch('inner', 0)],
  ['invalidate by its tag', (cache) => cache.invalidate({ tags: 'of-inner' })],
  ['purge by its tag', (cache) => cache.purge({ tags: 'of-inner' })],
  ['invalidate by its key', (cache) => cache.invalidate({ key: 'inner' })],
];

describe.each(stores)('a value in a value, in %s', (_name, store) => {
  describe.each([
    ['made on the way', false],
    ['found', true],
  ])('%s', (_how, isFound) => {
    it.each(writes)('is gone with the inner one, by %s', async (_write, write) => {
      const { cache } = await openOn(store);
      const inner = () => cache.getOrSet('inner', () => 'old', { ttl: 60, tags: ['of-inner'] });
      if (isFound) await inner();
      const { ask } = outerOf(cache, inner);
      expect(await ask()).toEqual(['old']);
      expect(await cache.has('outer')).toBe(true);
      await write(cache);
      expect(await cache.has('outer')).toBe(false);
      const later = outerOf(cache, () => cache.getOrSet('inner', () => 'new', { ttl: 60, tags: ['of-inner'] }));
      expect(await later.ask()).toEqual(['new']);
    });
  });

  it.each([
    ['set', (cache: Cache) => cache.set('inner', 'new', 60)],
    ['add', (cache: Cache) => cache.add('inner', 'new', 60)],
    ['setMany', (cache: Cache) => cache.setMany({ inner: 'new' }, 60)],
  ])('that found nothing by get is gone when something is there, by %s', async (_write, write) => {
    const { cache } = await openOn(store);
    const { ask } = outerOf(cache, () => cache.get('inner'));
    expect(await ask()).toEqual([undefined]);
    expect(await cache.has('outer')).toBe(true);
    await write(cache);
    expect(await ask()).toEqual(['new']);
  });

  it('that used getMany, getOrSetMany or has depends on each key, there or not', async () => {
    const { cache } = await openOn(store);
    await cache.set('a', 1, 60);
    const calls = [
      () => cache.getMany(['a', 'b']),
      () => cache.getOrSetMany(['a', 'b'], () => ({}), 60),
      async () => [await cache.has('a'), await cache.has('b')],
    ];
    for (const call of calls) {
      for (const key of ['a', 'b']) {
        await cache.delete('outer');
        const outer = outerOf(cache, async () => [await call()]);
        await outer.ask();
        await cache.set('unrelated', 1, 60);
        await outer.ask();
        expect(outer.runs).toBe(1);
        await cache.set(key, 2, 60);
        await outer.ask();
        expect(outer.runs).toBe(2);
        await cache.delete('b');
      }
    }
  });

  it('counts are parts, too', async () => {
    const { cache } = await openOn(store);
    await cache.increment('inner');
    const outer = outerOf(cache, () => cache.get('inner'));
    expect([await outer.ask(), await outer.ask()]).toEqual([[1], [1]]);
    await cache.increment('inner');
    expect(await outer.ask()).toEqual([2]);
  });

  it('a third around it is gone, too', async () => {
    const { cache } = await openOn(store);
    const { ask } = outerOf(cache, () => cache.getOrSet('inner', () => 'v', 60));
    const third = () => cache.getOrSet('third', ask, 60);
    await third();
    await cache.delete('inner');
    expect(await cache.getMany(['third', 'outer', 'inner'])).toEqual(new Map());
    await third();
    // All three are found now, and it still holds.
    await third();
    await cache.invalidate({ key: 'inner' });
    expect(await cache.getMany(['third', 'outer', 'inner'])).toEqual(new Map());
  });

  it('what was invalidated while the outer one was made is not in what is stored', async () => {
    const { cache } = await openOn(store);
    await cache.set('inner', 'old', { ttl: 60, tags: ['of-inner'] });
    for (const [, write] of writes) {
      const [read, goOn] = [gate(), gate()];
      const made = cache.getOrSet(
        'outer',
        async () => {
          const value = await cache.get('inner');
          read.open();
          await goOn.passed;
          return [value];
        },
        60,
      );
      await read.passed;
      await write(cache);
      goOn.open();
      await made;
      expect(await cache.has('outer')).toBe(false);
      await cache.set('inner', 'old', { ttl: 60, tags: ['of-inner'] });
    }
  });

  it('a part that another caller was making, from before the whole was begun, is as old as that', async () => {
    const { cache } = await openOn(store);
    const { made, first, outer } = await makeTogether(cache, { ttl: 60, tags: ['of-inner'] });
    made.open('old');
    expect([await first, await outer]).toEqual(['old', ['old']]);
    await cache.invalidate({ tags: 'of-inner' });
    expect(await cache.has('outer')).toBe(false);
  });

  it('a stale part answers, and nothing that is made of it is stored', async () => {
    const { cache, jump } = await openOn(store);
    const fail = async () => {
      throw new Error('down');
    };
    const options = { ttl: 10, staleIfError: 600 };
    await cache.set('inner', 'old', options);
    jump(10_000);
    const { ask } = outerOf(cache, () => cache.getOrSet('inner', fail, options));
    expect(await ask()).toEqual(['old']);
    expect(await cache.has('outer')).toBe(false);
    const behind = { ttl: 10, staleWhileRevalidate: 600 };
    await cache.set('inner', 'old', behind);
    jump(10_000);
    const never = () => new Promise<string>(() => {});
    expect(await outerOf(cache, () => cache.getOrSet('inner', never, behind)).ask()).toEqual(['old']);
    expect(await cache.has('outer')).toBe(false);
  });

  it('an invalidated part that answers an error, likewise', async () => {
    const { cache } = await openMemory();
    const options = { ttl: 10, tags: ['t'], staleIfError: 600 };
    await cache.set('inner', 'old', options);
    await cache.invalidate({ tags: 't' });
    const fail = () => {
      throw new Error('down');
    };
    const { ask } = outerOf(cache, () => cache.getOrSet('inner', fail, options));
    expect(await ask()).toEqual(['old']);
    expect(await cache.has('outer')).toBe(false);
  });

  it('a part that failed, and was made up for, is a part all the same', async () => {
    const { cache } = await openOn(store);
    const fail = () => {
      throw new Error('down');
    };
    const made = outerOf(cache, () =>
      cache.getOrSet('inner', fail, { ttl: 60, cacheErrors: 60 }).catch(() => 'fallback'),
    );
    for (let i = 1; i <= 2; i++) {
      expect([await made.ask(), await made.ask()]).toEqual([['fallback'], ['fallback']]);
      await cache.invalidate({ key: 'inner' });
      await made.ask();
      await cache.delete('outer');
    }
    await cache.set('inner', 'well', 60);
    expect(await made.ask()).toEqual(['well']);
  });

  it('a part that is not to be stored is in nothing that is, for whoever waited for it, too', async () => {
    const { cache } = await openOn(store);
    const { made, first, outer } = await makeTogether(cache, { ttl: 60 }, () => view().doNotStore());
    made.open('private');
    expect([await first, await outer]).toEqual(['private', ['private']]);
    expect(await cache.has('outer')).toBe(false);
    const own = outerOf(cache, () =>
      cache.getOrSet(
        'inner',
        () => {
          view().doNotStore();
          return 'v';
        },
        60,
      ),
    );
    await own.ask();
    expect(await cache.has('outer')).toBe(false);
  });

  it('a part that is not stored for its ttl is a part by its tags', async () => {
    const { cache } = await openOn(store);
    const { ask } = outerOf(cache, () => cache.getOrSet('inner', () => 'v', { ttl: 0, tags: ['t'] }));
    await ask();
    expect(await cache.has('outer')).toBe(true);
    await cache.invalidate({ tags: 't' });
    expect(await cache.has('outer')).toBe(false);
  });
});

describe('a value of another cache', () => {
  it('of the same key is another value, no recursion, and one warning', async () => {
    const warn = jest.spyOn(process, 'emitWarning').mockReturnValue();
    const [far, near] = [await openMemory(), await openMemory()];
    const ask = () => near.cache.getOrSet('k', () => far.cache.getOrSet('k', () => 'far', 60), 60);
    expect(await ask()).toBe('far');
    expect([await near.cache.get('k'), await far.cache.get('k')]).toEqual(['far', 'far']);
    expect(near.cache.stats().bypassed + far.cache.stats().bypassed).toBe(0);
    expect(warn.mock.calls).toEqual([[expect.stringContaining('out of another cache'), 'ViewcacheWarning']]);
    warn.mockRestore();
  });

  it('gives what is made of it the tags that its user has named', async () => {
    const [far, near] = [await openMemory(), await openMemory()];
    const ask = () =>
      near.cache.getOrSet('outer', () => far.cache.getOrSet('inner', () => 1, { ttl: 60, tags: ['t'] }), 60);
    for (let round = 0; round < 2; round++) {
      await ask();
      expect(await near.cache.has('outer')).toBe(true);
      await near.cache.invalidate({ tags: 't' });
      expect(await near.cache.has('outer')).toBe(false);
    }
  });

  it.each(['off:', 'null:'])('in %s has its tags, and its say, in what is made of it', async (store) => {
    const [far, near] = [await openOn(store), await openMemory()];
    const say = (what: () => unknown) => () => {
      what();
      return 1;
    };
    const ask = (what: () => unknown) =>
      near.cache.getOrSet('outer', () => far.cache.getOrSet('inner', say(what), { ttl: 60, tags: ['t'] }), '1h');
    await ask(() => view().ttl(1));
    near.clock.advance(1_000);
    // The ttl was that of the part.
    expect(await near.cache.has('outer')).toBe(true);
    await near.cache.invalidate({ tags: 't' });
    expect(await near.cache.has('outer')).toBe(false);
    await ask(() => view().dependsOn('said'));
    await near.cache.invalidate({ tags: 'said' });
    expect(await near.cache.has('outer')).toBe(false);
    await ask(() => view().doNotStore());
    expect(await near.cache.has('outer')).toBe(false);
  });
});

describe.each(['off:', 'null:'])('values in %s', (store) => {
  it('are never there, and everything goes on', async () => {
    const { cache } = await openOn(store);
    let runs = 0;
    const ask = () => cache.getOrSet('k', () => ++runs, 60);
    expect([await ask(), await ask()]).toEqual([1, 2]);
    expect(await cache.set('k', 1, 60)).toBe(false);
    expect(await cache.setMany({ a: 1 }, 60)).toEqual(['a']);
    expect([await cache.get('k'), await cache.has('k')]).toEqual([undefined, false]);
    expect(await cache.getMany(['k'])).toEqual(new Map());
    expect([...(await cache.getOrSetMany(['x'], () => ({ x: 'X' }), 60))]).toEqual([['x', 'X']]);
    // As without a cache: nothing is in the way, nothing was counted.
    expect([await cache.add('k', 1, 60), await cache.add('k', 1, 60)]).toEqual([true, true]);
    expect([await cache.increment('n', 2), await cache.increment('n', 2, { initial: 5 })]).toEqual([2, 7]);
    expect(await cache.touch('k', 5)).toBe(false);
    expect(await cache.incrementVersion('k', { version: 1 })).toBeUndefined();
    expect(await cache.delete('k')).toMatchObject({ durable: true });
    const error = new Error('down');
    const fail = () => Promise.reject(error);
    expect(await errorOf(cache.getOrSet('k', fail, 60))).toBe(error);
    const { bypasses, refused } = cache.stats();
    if (store === 'off:') expect(bypasses.off).toBeGreaterThan(0);
    else expect(refused['null-store']).toBeGreaterThan(0);
  });

  it('null: makes once for a crowd, off: for each', async () => {
    const { cache } = await openOn(store);
    const made = gate<number>();
    let runs = 0;
    const crowd = [1, 2, 3].map(() =>
      cache.getOrSet(
        'k',
        () => {
          runs++;
          return made.passed;
        },
        60,
      ),
    );
    made.open(7);
    expect(await Promise.all(crowd)).toEqual([7, 7, 7]);
    expect(runs).toBe(store === 'off:' ? 3 : 1);
  });
});
