import { describe, expect, it } from '@jest/globals';
import { ConfigError } from '@viewcache/core';
import { errorOf, openOn, stores } from './stores.js';

/** What is thrown for these is a ConfigError that names the setting. */
async function refusal(promise: Promise<unknown>): Promise<string> {
  const error = await errorOf(promise);
  expect(error).toBeInstanceOf(ConfigError);
  return (error as ConfigError).message;
}

describe.each(stores)('values that several write, in %s', (_name, store) => {
  it('incrementVersion moves what is set meanwhile, and never loses it', async () => {
    const { cache } = await openOn(store);
    for (let round = 0; round < 20; round++) {
      const key = `k${round}`;
      await cache.set(key, 'old', { ttl: 60, version: 1 });
      const [moved, isSet] = await Promise.all([
        cache.incrementVersion(key, { version: 1 }),
        cache.set(key, 'new', { ttl: 60, version: 1 }),
      ]);
      expect([moved, isSet]).toEqual([2, true]);
      const [before, after] = [await cache.get(key, { version: 1 }), await cache.get(key, { version: 2 })];
      // Before it, or behind it: one of both has it.
      expect(['undefined new', 'new old']).toContain(`${before} ${after}`);
    }
  });

  it('what was moved away is not there, and may be added anew', async () => {
    const { cache } = await openOn(store);
    await cache.set('k', 'v', { ttl: 60, version: 1 });
    expect(await cache.incrementVersion('k', { version: 1 })).toBe(2);
    expect(await cache.has('k', { version: 1 })).toBe(false);
    expect(await cache.incrementVersion('k', { version: 1 })).toBeUndefined();
    expect(await cache.add('k', 'again', { ttl: 60, version: 1 })).toBe(true);
    expect(await cache.get('k', { version: 1 })).toBe('again');
    expect(await cache.get('k', { version: 2 })).toBe('v');
    expect(await cache.getOrSet('k', () => 'made', { ttl: 60, version: 1 })).toBe('again');
  });

  it('touch tells that it did, however many count at the same time', async () => {
    const { cache } = await openOn(store);
    await cache.set('n', 0, 60);
    const done = await Promise.all(
      Array.from({ length: 50 }, (_, i) => (i % 5 === 0 ? cache.touch('n', 100) : cache.increment('n'))),
    );
    expect(done.filter((it) => it === false)).toEqual([]);
    expect(await cache.get('n')).toBe(40);
  });

  it('keys that differ by half a surrogate pair are two', async () => {
    const { cache } = await openOn(store);
    await cache.set('\ud800', 1, 60);
    await cache.set('\ud801', 2, 60);
    expect([...(await cache.getMany(['\ud800', '\ud801'])).values()]).toEqual([1, 2]);
    await cache.delete('\ud800');
    expect([await cache.get('\ud800'), await cache.get('\ud801')]).toEqual([undefined, 2]);
  });

  it('a counter that nobody keeps begins anew with each of several calls', async () => {
    const { cache } = await openOn(store);
    const counting = Array.from({ length: 4 }, () => cache.increment('n', 1, { ttl: 0 }));
    expect(await Promise.all(counting)).toEqual([1, 1, 1, 1]);
  });

  it('a counter that could not count on says so, and stays', async () => {
    const { cache } = await openOn(store);
    await cache.set('n', 2 ** 53, 60);
    expect(await refusal(cache.increment('n'))).toContain('increment.by');
    expect(await cache.get('n')).toBe(2 ** 53);
    expect(await refusal(cache.decrement('n', -1))).toMatch(/^decrement\.by: -1 .*subtracted from 9007199254740992/);
    expect(await cache.increment('n', -1)).toBe(2 ** 53 - 1);
    expect(await refusal(cache.increment('m', Number.MAX_VALUE, { initial: Number.MAX_VALUE }))).toContain('rounded');
    expect(await cache.has('m')).toBe(false);
    expect(await cache.increment('f', 0.1, { initial: 0.2 })).toBe(0.1 + 0.2);
  });
});

describe.each(stores.slice(1))('values that several processes write, in %s', (_name, store) => {
  it.each(['strict', undefined] as const)('of two adds of each, one is told that it was (%s)', async (consistency) => {
    const { cache, other } = await openOn(store, consistency && { consistency });
    const caches = [cache, await other(), await other(), await other()];
    for (let round = 0; round < 30; round++) {
      const adds = caches.flatMap((it, i) => [it, it].map((each, at) => each.add(`k${round}`, `${i} ${at}`, 60)));
      expect((await Promise.all(adds)).filter(Boolean)).toHaveLength(1);
    }
  });

  it('touch tells that it did while another process counts', async () => {
    const { cache, other } = await openOn(store);
    const counting = await other();
    await cache.set('n', 0, 60);
    const [touched] = await Promise.all([
      Promise.all(Array.from({ length: 5 }, () => cache.touch('n', 100))),
      Promise.all(Array.from({ length: 20 }, () => counting.increment('n'))),
    ]);
    expect(touched).toEqual([true, true, true, true, true]);
    expect(await counting.get('n')).toBe(20);
  });
});

describe('what values are asked wrongly', () => {
  it.each([0, -1, 1.5, null, Symbol('by'), 1n, '1'])('incrementVersion by %s is refused', async (by) => {
    const { cache } = await openOn(undefined);
    await cache.set('k', 'v', { ttl: 60, version: 1 });
    expect(await refusal(cache.incrementVersion('k', { version: 1 }, by as never))).toContain('incrementVersion.by');
    expect(await cache.get('k', { version: 1 })).toBe('v');
  });

  it.each([[5], ['banana'], [[null]], [['banana']], [[{ key: 'k', value: 1 }]]])(
    'setMany of %j is refused',
    async (values) => {
      const { cache } = await openOn(undefined);
      expect(await refusal(cache.setMany(values as never, 60))).toContain('setMany.values');
    },
  );

  it('tags of a counter are no function', async () => {
    const { cache } = await openOn(undefined);
    expect(await refusal(cache.increment('n', 1, { tags: (() => ['t']) as never }))).toContain('increment.tags');
    expect(await refusal(cache.decrement('n', 1, { tags: (() => ['t']) as never }))).toContain('decrement.tags');
    expect(await refusal(cache.decrement('n', 1, { ttl: -1 }))).toContain('decrement.ttl');
  });

  it('options that one function has read are another function’s all the same', async () => {
    const { cache } = await openOn(undefined);
    const options = { ttl: 60, storeIf: () => true };
    await cache.getOrSet('k', () => 1, options);
    expect(await refusal(cache.set('k', 2, options as never))).toContain('storeIf');
  });

  it('a mistyped option is told of where a value is found, too', async () => {
    const { cache } = await openOn(undefined);
    await cache.set('k', 1, 60);
    expect(await refusal(cache.getOrSet('k', () => 2, { ttl: 60, tag: ['t'] } as never))).toContain('tag');
  });
});
