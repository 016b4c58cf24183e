import { describe, expect, it } from '@jest/globals';
import { ConfigError, createCache, defaultCache, memoize, memoized, type ValueCache } from '@viewcache/core';
import { readViewOptions } from '@viewcache/core/node';
import { freshCache } from '@viewcache/core/testing';
import { errorOf, openMemory } from './stores.js';

describe('options that nobody would read', () => {
  const ttl = 60;
  const id = (n: number) => n;
  it.each<[string, object, string, unknown, (n: number) => number]>([
    ['ignore beside key', { ttl, key: id, ignore: [1] }, 'memoize.ignore', [1], id],
    [
      'instanceKey where instances share',
      { ttl, instances: 'shared', instanceKey: 'id' },
      'memoize.instanceKey',
      'id',
      id,
    ],
    ['instanceKey of an arrow function', { ttl, instanceKey: 'id' }, 'memoize.instanceKey', 'id', id],
    ['instanceKey of a bound function', { ttl, instanceKey: 'id' }, 'memoize.instanceKey', 'id', id.bind(undefined)],
  ])('are refused where a function is memoized: %s', async (_what, options, setting, value, fn) => {
    const { cache } = await openMemory();
    for (const make of [() => cache.memoize(fn, options), () => memoize(fn, options)])
      expect(make).toThrow(expect.objectContaining({ setting, value }));
  });

  it('are refused on methods, too', () => {
    for (const wrong of [
      { key: id, ignore: [0] },
      { instances: 'shared', instanceKey: 'id' },
    ] as const)
      expect(() => memoized({ ttl, ...wrong } as never)).toThrow(
        /^memoized\.(?:ignore|instanceKey): .* is not allowed; use no /,
      );
  });

  it('are taken where they are read', async () => {
    const { cache } = await openMemory({ ttl });
    const options = { instances: 'apart', instanceKey: 'id' } as const;
    const shorthand = {
      async(n: number) {
        return n;
      },
    };
    for (const fn of [
      function plain(n: number) {
        return n;
      },
      shorthand.async,
    ])
      expect(() => cache.memoize(fn, options)).not.toThrow();
    expect(() => cache.memoize(id, { instances: 'shared' })).not.toThrow();
    expect(() => cache.memoize((...all: number[]) => all, { ignore: [7] })).not.toThrow();
  });

  it('are refused behind the last argument, in each call', async () => {
    const { cache } = await openMemory({ ttl });
    const fresh = freshCache({ ttl });
    const more = { tags: ['x'] };
    const given: { readonly [call in keyof ValueCache]?: readonly unknown[] } = {
      getOrSet: ['k', () => 1, 60],
      getOrSetMany: [['k'], () => new Map(), 60],
      get: ['k', {}],
      getMany: [['k'], {}],
      has: ['k', {}],
      set: ['k', 1, 60],
      setMany: [{ k: 1 }, 60],
      add: ['other', 1, 60],
      delete: ['none', {}],
      deleteMany: [['none'], {}],
      touch: ['k', 60, {}],
      ttl: ['k', {}],
      increment: ['n', 1, 60],
      decrement: ['n', 1, 60],
      incrementVersion: ['k', { version: 1 }, 1],
      memoize: [id, 60],
    };
    for (const store of [cache, cache.namespace('a'), defaultCache(), defaultCache().namespace('a')])
      for (const [call, args] of Object.entries(given)) {
        const ask = async (all: readonly unknown[]) =>
          await (store as unknown as Record<string, (...all: readonly unknown[]) => unknown>)[call]?.(...all);
        await ask(args);
        const error = await errorOf(ask([...args, more]));
        expect(error).toBeInstanceOf(ConfigError);
        expect(error).toMatchObject({
          setting: call,
          value: more,
          message: expect.stringContaining('use no more than'),
        });
      }
    expect(() => memoize(id, 60, more as never)).toThrow(/^memoize: /);
    await fresh.end();
  });

  it('are refused where they are inherited, as those are read that are known', async () => {
    const { cache } = await openMemory();
    const inherited = (options: object) => Object.create(options) as never;
    expect(await errorOf(cache.getOrSet('k', () => 1, inherited({ tagz: ['x'] })))).toMatchObject({
      setting: 'getOrSet.tagz',
    });
    await cache.getOrSet('k', () => 1, inherited({ ttl: 60, tags: ['x'] }));
    await cache.invalidate({ tags: 'x' });
    expect(await cache.has('k')).toBe(false);
    expect(() => cache.memoize(id, inherited({ ttl: 60, maxsize: 1 }))).toThrow(/^memoize\.maxsize: /);
    expect(() => createCache(inherited({ maxSize: 1 }))).toThrow(/^createCache\.maxSize: .*maxEntries|maxBytes/);
    expect(() => createCache(inherited({ maxEntries: -1 }))).toThrow(/^maxEntries: /);
    expect(readViewOptions('cachePage', inherited({ ttl: 60, tags: ['x'] })).tags).toEqual(['x']);
    // Somebody else's, and no option of anybody's.
    Object.defineProperty(Object.prototype, 'extension', { value: () => 1, enumerable: true, configurable: true });
    try {
      expect(await cache.getOrSet('k', () => 2, { ttl: 60, tags: ['x'] })).toBe(2);
      await cache.invalidate({ tags: 'x' });
      expect(await cache.getOrSet('k', () => 3, { ttl: 60, tags: ['x'] })).toBe(3);
    } finally {
      Reflect.deleteProperty(Object.prototype, 'extension');
    }
  });
});
