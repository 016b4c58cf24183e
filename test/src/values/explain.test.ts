import { describe, expect, it } from '@jest/globals';
import { ConfigError } from '@viewcache/core';
import { errorOf, openMemory, openOn, servers, stores } from './stores.js';

describe.each(stores)('explain of a value in %s', (_name, store) => {
  const isShared = store !== undefined;

  it('says where it is, for how long, and by which tags; and counts as no use of it', async () => {
    const { cache, jump, events } = await openOn(store);
    await cache.set('k', { n: 1 }, { ttl: 60, tags: ['map', 'city#7'], name: 'city' });
    jump(20_000);
    const before = events.length;
    const { stored, ...rest } = await cache.explain({ key: 'k' });
    const copy = { name: 'city', state: 'fresh', age: 20, lifetime: 60, ttl: 40, bytes: expect.any(Number) };
    expect(stored.map(({ tags, ...each }) => ({ ...each, tags: [...tags].sort() }))).toEqual(
      ['memory', 'shared'].slice(0, isShared ? 2 : 1).map((where) => ({
        where,
        ...copy,
        tags: ['city#7', 'map'],
        // What a shared store was given may be anybody's.
        reasons: isShared ? { 'city#7': [], map: [] } : { 'city#7': [{ by: 'declared' }], map: [{ by: 'declared' }] },
        untracked: [],
      })),
    );
    expect(rest).toEqual({ key: 'k', shared: isShared ? 'answered' : 'none', refusals: [] });
    expect(events.slice(before)).toEqual([]);
    expect(await cache.explain({ key: 'other' })).toEqual({ ...rest, key: 'other', stored: [] });
  });

  it('knows what is stale, and what was invalidated by a tag or its key; and nothing of what was deleted', async () => {
    const { cache, jump } = await openOn(store);
    const states = async () =>
      (await cache.explain({ key: 'k:1' })).stored.map(({ where, state }) => `${where} ${state}`);
    const options = { ttl: 10, staleIfError: 60, tags: ['t'] };
    const both = (state: string) => (isShared ? [`memory ${state}`, `shared ${state}`] : [`memory ${state}`]);
    await cache.set('k:1', 1, options);
    expect(await states()).toEqual(both('fresh'));
    jump(10_000);
    expect(await states()).toEqual(both('stale'));
    for (const target of [{ tags: 't' }, { key: 'k:1' }, { keys: 'k:*' }]) {
      await cache.set('k:1', 1, options);
      await cache.invalidate(target);
      // Memcached forgets at once.
      expect((await states())[0]).toBe('memory invalidated');
      expect(await states()).not.toContain('shared fresh');
    }
    await cache.set('k:1', 1, options);
    await cache.delete('k:1');
    expect(await states()).toEqual([]);
  });

  it('tells versions, namespaces and types of keys as the calls do', async () => {
    const { cache } = await openOn(store);
    await cache.namespace('a').namespace('b').set('7', 1, { ttl: 60, version: 2 });
    const count = async (target: object) => (await cache.explain({ key: 7, ...target })).stored.length;
    expect(await count({ namespace: 'a:b', version: 2 })).toBe(isShared ? 2 : 1);
    expect([await count({ namespace: 'a:b' }), await count({ version: 2 }), await count({})]).toEqual([0, 0, 0]);
  });

  it('remembers why it was not stored', async () => {
    const { cache, clock } = await openOn(store);
    await cache.getOrSet('k', () => 1, { ttl: 60, storeIf: () => false, name: 'users' });
    clock.advance(1_000);
    await cache.set('k', () => 1, 60);
    await cache.set('k', () => 1, 60);
    const { stored, refusals } = await cache.explain({ key: 'k' });
    expect(stored).toEqual([]);
    expect(refusals).toEqual([
      expect.objectContaining({ reason: 'class', detail: 'value is a function', count: 2, at: clock.now() }),
      expect.objectContaining({ reason: 'store-if', route: 'users', count: 1 }),
    ]);
  });

  it.each([
    [{}, 'explain.key'],
    [{ key: '' }, 'explain.key'],
    [{ key: 'k', version: -1 }, 'explain.version'],
    [{ key: 'k', namespace: '' }, 'explain.namespace'],
    [{ key: 'k', url: '/' }, 'explain.url'],
    [[], 'explain'],
  ])('refuses %j', async (target, setting) => {
    const { cache } = await openOn(store);
    const error = await errorOf(cache.explain(target as never) as unknown as Promise<unknown>);
    expect(error).toBeInstanceOf(ConfigError);
    expect(error).toMatchObject({ setting });
  });
});

describe('explain of a value that others have written', () => {
  it('finds it in the shared store alone, and leaves it there', async () => {
    const { cache, other } = await openOn(servers.redis.url);
    await (await other()).set('k', 1, { ttl: 60, tags: ['t'] });
    for (let i = 0; i < 2; i++)
      expect((await cache.explain({ key: 'k' })).stored).toMatchObject([
        { where: 'shared', state: 'fresh', tags: ['t'] },
      ]);
  });

  it('says that the store is silent where it is', async () => {
    const { cache } = await openMemory({ store: 'redis://127.0.0.1:1', clock: undefined as never, deadline: '50ms' });
    await cache.getOrSet('k', () => 1, 60);
    expect(await cache.explain({ key: 'k' })).toMatchObject({ shared: 'silent', stored: [{ where: 'memory' }] });
  });
});
