import { describe, expect, it } from '@jest/globals';
import { ConfigError } from '@viewcache/core';
import { errorOf, openOn, stores } from './stores.js';

describe.each(stores)('versions of values in %s', (_name, store) => {
  it('values of versions are apart, and one without a version, too', async () => {
    const { cache } = await openOn(store);
    await cache.set('k', 'none', 60);
    await cache.set('k', 'one', { ttl: 60, version: 1 });
    await cache.set('k', 'two', { ttl: 60, version: 2 });
    const read = () => Promise.all([cache.get('k'), cache.get('k', { version: 1 }), cache.get('k', { version: 2 })]);
    expect(await read()).toEqual(['none', 'one', 'two']);
    await cache.delete('k', { version: 1 });
    expect(await read()).toEqual(['none', undefined, 'two']);
    expect(await cache.add('k', 'again', { ttl: 60, version: 1 })).toBe(true);
    expect(await cache.increment('n', 1, { version: 3 })).toBe(1);
    expect(await cache.increment('n')).toBe(1);
    expect(await cache.has('k', { version: 9 })).toBe(false);
    await cache.touch('k', 0, { version: 2 });
    expect(await read()).toEqual(['none', 'again', undefined]);
    // By its name all of them are meant.
    await cache.invalidate({ key: 'k' });
    expect(await read()).toEqual([undefined, undefined, undefined]);
  });

  it('incrementVersion moves a value, with what is left of its lifetime and its tags', async () => {
    const { cache, jump } = await openOn(store);
    await cache.set('k', 'v', { ttl: 10, tags: ['t'], version: 1 });
    jump(4_000);
    expect(await cache.incrementVersion('k', { version: 1 })).toBe(2);
    expect(await cache.get('k', { version: 1 })).toBeUndefined();
    expect(await cache.get('k', { version: 2 })).toBe('v');
    expect(await cache.incrementVersion('k', { version: 2 }, 5)).toBe(7);
    jump(5_999);
    expect(await cache.get('k', { version: 7 })).toBe('v');
    await cache.invalidate({ tags: 't' });
    expect(await cache.get('k', { version: 7 })).toBeUndefined();
    expect(await cache.incrementVersion('k', { version: 7 })).toBeUndefined();
    expect(await errorOf(cache.incrementVersion('k', {} as never))).toBeInstanceOf(ConfigError);
  });

  it('incrementVersion leaves what a value was made of as it was: its parts, and each of many rows', async () => {
    const { cache } = await openOn(store);
    const part = () => cache.getOrSet('part', () => 'old', 60);
    await cache.getOrSet('k', async () => `of ${await part()}`, { ttl: 60, version: 1 });
    expect(await cache.incrementVersion('k', { version: 1 })).toBe(2);
    expect(await cache.incrementVersion('k', { version: 2 })).toBe(3);
    expect(await cache.get('k', { version: 3 })).toBe('of old');
    await cache.set('part', 'new', 60);
    expect(await cache.get('k', { version: 3 })).toBeUndefined();

    const tags = Array.from({ length: 70 }, (_, i) => `users#${i}`);
    await cache.set('n', 70, { ttl: 60, tags, version: 1 });
    expect(await cache.incrementVersion('n', { version: 1 })).toBe(2);
    await cache.invalidate({ tags: 'users#5' });
    expect(await cache.get('n', { version: 2 })).toBeUndefined();
  });

  it('incrementVersion moves what was made of the very value in whose place it is put', async () => {
    const { cache } = await openOn(store);
    await cache.set('k', 'two', { ttl: 60, version: 2 });
    await cache.getOrSet('k', async () => `one of ${await cache.get('k', { version: 2 })}`, { ttl: 60, version: 1 });
    expect(await cache.incrementVersion('k', { version: 1 })).toBe(2);
    expect(await cache.get('k', { version: 2 })).toBe('one of two');
    await cache.set('k', 'new', { ttl: 60, version: 1 });
    expect(await cache.get('k', { version: 2 })).toBe('one of two');
  });
});
