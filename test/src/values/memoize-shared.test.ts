import { describe, expect, it } from '@jest/globals';
import { ConfigError } from '@viewcache/core';
import { openOn, stores } from './stores.js';

const shared = stores.flatMap(([name, store]) => (store === undefined ? [] : [[name, store] as const]));

describe.each(shared)('a memoized function in %s', (_name, store) => {
  it('finds what another process has made, and is invalidated by it', async () => {
    const { cache, other, stored, jump } = await openOn(store, { ttl: 60 });
    const second = await other();
    let runs = 0;
    const load = async (id: number) => ({ id, run: ++runs });
    const [here, there] = [cache, second].map((from) => from.memoize(load));
    expect(await here?.(1)).toEqual({ id: 1, run: 1 });
    await stored(1);
    expect(await there?.(1)).toEqual({ id: 1, run: 1 });
    expect((await there?.invalidate(1))?.durable).toBe(true);
    // As long as memory may lag behind where no bus tells it.
    jump(1_100);
    expect(await here?.(1)).toEqual({ id: 1, run: 2 });
    await stored(2);
    expect((await there?.cacheClear())?.durable).toBe(true);
    jump(1_100);
    expect(await here?.(1)).toEqual({ id: 1, run: 3 });
  });

  it('holds no more than maxSize of what another process has made, and counts it', async () => {
    const { cache, other, stored } = await openOn(store, { ttl: 60 });
    const second = await other();
    const load = async (id: number) => id;
    const [here, there] = [cache, second].map((from) => from.memoize(load, { maxSize: 2 }));
    for (const id of [1, 2, 3]) await here?.(id);
    await stored(3);
    for (const id of [1, 2, 3]) await there?.(id);
    expect(there?.cacheInfo()).toEqual({ hits: 3, misses: 0, maxSize: 2, size: 2 });
    expect([cache, second].map((each) => each.stats().entries)).toEqual([2, 2]);
  });

  it('is passed on where it returns no promise, with its own result, and says so once', async () => {
    const { cache, events, warnings } = await openOn(store, { ttl: 60 });
    let runs = 0;
    const fn = cache.memoize((_n: number) => ++runs, { name: 'plain' });
    expect([fn(1), fn(1)]).toEqual([1, 2]);
    expect(events.filter((event) => event.type === 'bypass' && event.reason === 'not-async')).toHaveLength(2);
    expect(warnings()).toEqual([expect.stringMatching(/^plain is memoized, returns no promise/)]);
  });

  it('is cached from its second call on where it takes a call to see that it returns promises', async () => {
    const { cache, stored } = await openOn(store, { ttl: 60 });
    let runs = 0;
    const fn = cache.memoize((_n: number) => Promise.resolve(++runs), { name: 'promised' });
    expect([await fn(1), await fn(1)]).toEqual([1, 2]);
    await stored(1);
    expect(await fn(1)).toBe(2);
  });

  it('keeps what a stream came to', async () => {
    const { cache, other, stored } = await openOn(store, { ttl: 60 });
    const second = await other();
    let runs = 0;
    async function* pages(n: number) {
      runs++;
      yield n;
      yield n + 1;
    }
    const lists: number[][] = [];
    for (const from of [cache, second]) {
      const list: number[] = [];
      for await (const item of from.memoize(pages)(1)) list.push(item);
      lists.push(list);
      await stored(1);
    }
    expect([lists, runs]).toEqual([
      [
        [1, 2],
        [1, 2],
      ],
      1,
    ]);
  });

  it('has to have a name that tells it from others', async () => {
    const { cache } = await openOn(store, { ttl: 60 });
    expect(() => cache.memoize(async () => 1)).toThrow(/^memoize\.name: undefined is not allowed/);
    cache.memoize(async function load() {});
    expect(() => cache.memoize(async function load() {})).toThrow(ConfigError);
    expect(() => cache.memoize(async () => 1, { name: 'load' })).toThrow(ConfigError);
    cache.namespace('other').memoize(async function load() {});
  });

  it('caches no other function under its name, and refuses one of other code', async () => {
    const { cache, other, stored, warnings } = await openOn(store, { ttl: 60 });
    let runs = 0;
    const made = (tenant: string) => async (id: number) => `${tenant} ${id} ${++runs}`;
    const [ofA, ofB] = [made('a'), made('b')];
    const memo = (fn: typeof ofA, version = 1) => cache.memoize(fn, { name: 'find', version });
    expect(await memo(ofA)(1)).toBe('a 1 1');
    await stored(1);
    expect([await memo(ofA)(1), await memo(ofB)(1), await memo(ofB)(1)]).toEqual(['a 1 1', 'b 1 2', 'b 1 3']);
    expect(cache.stats().bypasses).toEqual({ name: 2 });
    expect(warnings()).toEqual([expect.stringMatching(/^memoize: 'find' is the name of another .* are not cached/)]);
    expect(() => memo(async () => 'other code')).toThrow(
      /^memoize\.name: 'find' is the name of a function of other code/,
    );
    // Of another version it is another function, and in another process the same.
    expect([await memo(ofB, 2)(1), await memo(ofB, 2)(1)]).toEqual(['b 1 4', 'b 1 4']);
    const second = await other();
    expect(await second.memoize(made('a'), { name: 'find', version: 1 })(1)).toBe('a 1 1');
  });
});
