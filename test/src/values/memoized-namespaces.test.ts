import { describe, expect, it } from '@jest/globals';
import { defaultCache, memoized, memoOf, setDefaultCache, type ValueCache } from '@viewcache/core';
import { openOn, stores } from './stores.js';

const TTL = { ttl: 60 } as const;

/** A method that counts its runs, in whichever cache is asked for. */
function counting(cache: () => ValueCache, name?: string) {
  let runs = 0;
  class Users {
    @memoized({ instances: 'shared', cache, ...(name !== undefined && { name }) })
    async find(id: number) {
      return `${id} run ${++runs}`;
    }
  }
  return { users: new Users(), runs: () => runs };
}

describe.each(stores)('a method whose namespace is asked for at each call, in %s', (_name, store) => {
  it.each([undefined, 'find'])('has its results there, whatever object stands for it (name: %p)', async (name) => {
    const { cache, stored } = await openOn(store, TTL);
    const { users, runs } = counting(() => cache.namespace('users').namespace('eu'), name);
    for (let i = 0; i < 5; i++) {
      expect(await users.find(1)).toBe('1 run 1');
      await stored(1);
    }
    expect(memoOf(users.find).cacheInfo()).toMatchObject({ hits: 4, misses: 1, size: 1 });
    const held = memoOf(users.find);
    await held.invalidate(1);
    expect(await users.find(1)).toBe('1 run 2');
    await cache.namespace('users').clear();
    expect([await users.find(1), runs()]).toEqual(['1 run 3', 3]);
  });

  it.each([undefined, 'find'])('has results of their own in as many as requests name (name: %p)', async (name) => {
    const { cache, stored } = await openOn(store, TTL);
    let tenant = '';
    const first = counting(() => cache.namespace(tenant), name);
    const other = counting(() => cache.namespace(tenant), name === undefined ? undefined : 'other');
    const ask = async (of: string, { users } = first) => {
      tenant = of;
      return await users.find(1);
    };
    expect([await ask('a'), await ask('b'), await ask('a')]).toEqual(['1 run 1', '1 run 2', '1 run 1']);
    await stored(2);
    tenant = 'a';
    const held = memoOf(first.users.find);
    // Those that it was memoized in first are let go of, and what is stored there is not.
    for (let i = 0; i < 1_005; i++) {
      tenant = `t${i}`;
      memoOf(first.users.find);
    }
    expect([await ask('a'), await ask('b')]).toEqual(['1 run 1', '1 run 2']);
    if (name !== undefined || store === undefined) expect(await ask('a', other)).toBe('1 run 1');
    tenant = 'a';
    await held.invalidate(1);
    expect([await ask('a'), await ask('b'), await ask('a')]).toEqual(['1 run 3', '1 run 2', '1 run 3']);
  });

  it('follows the default cache to its namespace', async () => {
    const [one, two] = [await openOn(store, TTL), await openOn(store, TTL)];
    const fixed = defaultCache().namespace('users');
    const ways = { fresh: () => defaultCache().namespace('users'), fixed: () => fixed };
    for (const [name, where] of Object.entries(ways)) {
      const { users } = counting(where, name);
      const said: string[] = [];
      for (const { cache, stored } of [one, one, two, two, one]) {
        setDefaultCache(cache);
        said.push(await users.find(1));
        await stored(1);
      }
      expect(said.map((text) => text.slice(-1))).toEqual(['1', '1', '2', '2', '1']);
    }
  });
});
