import { describe, expect, it } from '@jest/globals';
import { ConfigError } from '@viewcache/core';
import { errorOf, openMemory } from './stores.js';

describe('options of values', () => {
  it.each([
    ['an unknown one', { ttl: 1, nonsense: 1 }, 'getOrSet.nonsense'],
    ['tags that are text', { tags: 'users' }, 'getOrSet.tags'],
    ['an empty tag', { tags: [''] }, 'getOrSet.tags'],
    ['a version below 0', { ttl: 1, version: -1 }, 'getOrSet.version'],
    ['a version that is text', { ttl: 1, version: '1' }, 'getOrSet.version'],
    ['a clone of another kind', { ttl: 1, clone: 'deep' }, 'getOrSet.clone'],
    ['a storeIf that is no function', { ttl: 1, storeIf: true }, 'getOrSet.storeIf'],
    ['an isStale that is no function', { ttl: 1, isStale: 5 }, 'getOrSet.isStale'],
    ['a forceRefresh that is no boolean', { ttl: 1, forceRefresh: 'yes' }, 'getOrSet.forceRefresh'],
    ['a negative cacheErrors', { ttl: 1, cacheErrors: -1 }, 'getOrSet.cacheErrors'],
    ['an empty name', { ttl: 1, name: '' }, 'getOrSet.name'],
    ['maxTags of 0', { ttl: 1, maxTags: 0 }, 'getOrSet.maxTags'],
    ['a timeout that is nonsense', { ttl: 1, softTimeout: 'soon' }, 'getOrSet.softTimeout'],
    ['a timeout with nothing to answer then', { ttl: 1, softTimeout: '1s', hardTimeout: '2s' }, 'getOrSet.softTimeout'],
    ['the same, where that is said', { ttl: 1, softTimeout: 1, staleIfError: 0 }, 'getOrSet.softTimeout'],
    ['a jitter as long as the ttl', { ttl: 1, jitter: 1 }, 'getOrSet.jitter'],
    ['a ttl below 0', -1, 'getOrSet.ttl'],
    ['a ttl that is nonsense', 'soon', 'getOrSet.ttl'],
    ['a list', [60], 'getOrSet'],
    ['null', null, 'getOrSet.ttl'],
  ])('%s is an error that names it, whether or not something is stored', async (_what, options, setting) => {
    const { cache } = await openMemory();
    let runs = 0;
    for (const isStored of [false, true]) {
      if (isStored) await cache.set('k', 'stored', 60);
      for (const given of [options, structuredClone(options)]) {
        const error = await errorOf(cache.getOrSet('k', () => ++runs, given as never));
        expect(error).toBeInstanceOf(ConfigError);
        expect(error).toMatchObject({ setting });
      }
    }
    expect(runs).toBe(0);
  });

  it('a softTimeout that can do nothing says which options it needs, of memoized functions too', async () => {
    const { cache } = await openMemory();
    const needs = 'staleIfError or staleWhileRevalidate';
    const fail = () => cache.memoize(() => 1, { ttl: 1, softTimeout: 1 });
    expect(fail).toThrow(needs);
    expect(await errorOf(cache.getOrSet('k', () => 1, { ttl: 1, softTimeout: 1 }))).toMatchObject({
      message: expect.stringContaining(`getOrSet.softTimeout: 1 leaves nothing that may answer in time; use ${needs}`),
    });
    expect(await cache.getOrSet('k', () => 1, { ttl: 1, softTimeout: 1, staleWhileRevalidate: 1 })).toBe(1);
  });

  it('incrementVersion says that it needs the version that is stored', async () => {
    const { cache } = await openMemory();
    for (const options of [undefined, null, 2, {}, { version: undefined }])
      expect(await errorOf(cache.incrementVersion('rates', options as never))).toMatchObject({
        setting: 'incrementVersion.version',
        message: expect.stringContaining('use the version that is stored, such as { version: 1 }'),
      });
  });

  it.each([
    { tags: [] },
    { tags: '' },
    { key: '' },
    { keys: 'cart' },
    { keys: 5 },
    { url: 'nonsense' },
    { path: '/a?b' },
    { namespace: '' },
    { all: false },
  ])('invalidate and purge name the part of %j that is wrong', async (target) => {
    const { cache } = await openMemory();
    const setting = `invalidate.${Object.keys(target)[0]}`;
    expect(await errorOf(cache.invalidate(target as never))).toMatchObject({ setting });
    expect(await errorOf(cache.purge(target as never))).toMatchObject({ setting });
  });

  it('set, add and increment refuse what only a producer could use', async () => {
    const { cache } = await openMemory();
    for (const given of [
      { softTimeout: 1 },
      { storeIf: () => true },
      { isStale: () => true },
      { forceRefresh: true },
    ]) {
      const options = { ttl: 1, ...given } as never;
      expect(await errorOf(cache.set('k', 1, options))).toBeInstanceOf(ConfigError);
      expect(await errorOf(cache.add('k', 1, options))).toBeInstanceOf(ConfigError);
      expect(await errorOf(cache.setMany({ k: 1 }, options))).toBeInstanceOf(ConfigError);
      expect(await errorOf(cache.increment('k', 1, options))).toBeInstanceOf(ConfigError);
    }
    for (const by of [Number.NaN, Number.POSITIVE_INFINITY, '1', null, 1n])
      expect(await errorOf(cache.increment('k', by as never))).toMatchObject({ setting: 'increment.by' });
    expect(await errorOf(cache.increment('k', { ttl: 1 }, { ttl: 1 }))).toMatchObject({ setting: 'increment.by' });
    expect(await errorOf(cache.decrement('k', { ttl: -1 }))).toMatchObject({ setting: 'decrement.ttl' });
    expect(await errorOf(cache.decrement('k', 1, 'soon' as never))).toMatchObject({ setting: 'decrement.ttl' });
    expect(await errorOf(cache.decrement('k', { nonsense: 1 } as never))).toMatchObject({
      setting: 'decrement.nonsense',
    });
    expect(await errorOf(cache.increment('k', 1, { initial: 'x' } as never))).toBeInstanceOf(ConfigError);
  });

  it('a producer that is no function is an error', async () => {
    const { cache } = await openMemory();
    expect(await errorOf(cache.getOrSet('k', 'value' as never, 60))).toMatchObject({ setting: 'getOrSet.producer' });
    expect(await errorOf(cache.getOrSetMany(['k'], 5 as never, 60))).toMatchObject({
      setting: 'getOrSetMany.loadMissing',
    });
    expect(await errorOf(cache.getMany('k' as never))).toMatchObject({ setting: 'getMany.keys' });
    expect(await errorOf(cache.setMany('k' as never))).toMatchObject({ setting: 'setMany.values' });
    for (const call of ['increment', 'decrement'] as const) {
      expect(await errorOf(cache[call]('n', 1, { ttl: (() => 5) as never }))).toMatchObject({ setting: `${call}.ttl` });
    }
    expect(() => cache.namespace('')).toThrow(ConfigError);
  });

  it('neither a ttl nor tags: 5 minutes, and one warning', async () => {
    const { cache, clock, warnings } = await openMemory();
    for (let i = 0; i < 3; i++) await cache.set(`k${i}`, i);
    expect(warnings()).toEqual([
      'set of "k0" says neither a ttl nor tags: the value is kept for 5 minutes; give one, or createCache a ttl',
    ]);
    for (const version of [1, 2]) await cache.getOrSet('k', () => 1, { version });
    expect(warnings().slice(1)).toEqual([expect.stringMatching(/^getOrSet of "k" says neither/)]);
    clock.advance(299_999);
    expect(await cache.get('k0')).toBe(0);
    clock.advance(1);
    expect(await cache.get('k0')).toBeUndefined();
  });

  it("tags without a ttl: until they are invalidated; the cache's own ttl is for what says none", async () => {
    const { cache, clock, warnings } = await openMemory();
    await cache.set('k', 1, { tags: ['t'] });
    clock.advance(1e12);
    expect(await cache.get('k')).toBe(1);
    const own = await openMemory({ ttl: '1m' });
    await own.cache.set('k', 1);
    own.clock.advance(59_999);
    expect(await own.cache.get('k')).toBe(1);
    own.clock.advance(1);
    expect(await own.cache.get('k')).toBeUndefined();
    expect([warnings(), own.warnings()]).toEqual([[], []]);
  });

  it.each([
    ['tags', { ttl: 60, tags: () => 'users' }],
    ['tags', { ttl: 60, tags: () => [''] }],
    ['ttl', { ttl: () => -1 }],
    ['ttl', { ttl: () => 'soon' }],
    ['storeIf', { ttl: 60, storeIf: () => undefined }],
  ])('a function %s that answers nonsense: the value answers, and is not stored', async (_what, options) => {
    const { cache } = await openMemory();
    expect(await cache.getOrSet('k', () => 'v', options as never)).toBe('v');
    expect(await cache.has('k')).toBe(false);
  });

  it('more tags than maxTags coarsen to their groups', async () => {
    const { cache } = await openMemory();
    const tags = Array.from({ length: 10 }, (_, i) => `row#${i}`);
    await cache.set('k', 1, { ttl: 60, tags, maxTags: 5 });
    await cache.invalidate({ tags: 'row#77' });
    expect(await cache.has('k')).toBe(false);
    expect(await cache.set('k', 1, { ttl: 60, tags: ['a', 'b', 'c'], maxTags: 2 })).toBe(false);
  });
});
