import { describe, expect, it } from '@jest/globals';
import { ConfigError } from '@viewcache/core';
import { errorOf, openMemory, openOn, stores } from './stores.js';

const DAY = 86_400_000;

describe.each(stores)('the ttl of values in %s', (_name, store) => {
  it('touch gives another ttl, from now on; 0 ends it', async () => {
    const { cache, jump } = await openOn(store);
    await cache.set('k', 'v', { ttl: 10, tags: ['t'] });
    jump(9_000);
    expect(await cache.touch('k', 20)).toBe(true);
    jump(19_999);
    expect(await cache.get('k')).toBe('v');
    jump(1);
    expect(await cache.get('k')).toBeUndefined();
    expect(await cache.touch('k', 20)).toBe(false);
    expect(await cache.touch('never', 20)).toBe(false);
    await cache.set('k', 'v', 10);
    expect(await cache.touch('k', 0)).toBe(false);
    expect(await cache.has('k')).toBe(false);
  });

  it('ttl tells what is left of it, to this process and others, of counters too', async () => {
    const { cache, jump, other } = await openOn(store);
    const asked = [cache, ...(store === undefined ? [] : [await other()])];
    const left = (key: string) => Promise.all(asked.map((each) => each.ttl(key)));
    const each = (seconds: number | undefined) => asked.map(() => seconds);
    expect(await left('never')).toEqual(each(undefined));
    await cache.increment('n', 1, '1m');
    await cache.set('k', 'v', { ttl: 10, staleWhileRevalidate: 60 });
    jump(7_750);
    await cache.increment('n');
    expect(await left('k')).toEqual(each(2.25));
    expect(await left('n')).toEqual(each(52.25));
    await cache.touch('k', 40);
    expect(await left('k')).toEqual(each(40));
    jump(40_000);
    // What is stale is not there.
    expect(await left('k')).toEqual(each(undefined));
    await cache.delete('n');
    expect(await left('n')).toEqual(each(undefined));
    await cache.increment('n');
    await cache.set('v', 1, { ttl: 5, version: 2 });
    expect([await left('n'), await left('v')]).toEqual([each(Number.POSITIVE_INFINITY), each(undefined)]);
    expect([await cache.ttl('v', { version: 2 }), await cache.namespace('ns').ttl('n')]).toEqual([5, undefined]);
    expect(await errorOf(cache.ttl('k', { versions: 1 } as never))).toBeInstanceOf(ConfigError);
  });

  it('ttl is something that a value around it depends on', async () => {
    const { cache } = await openOn(store);
    const outer = () => cache.getOrSet('outer', () => cache.ttl('k'), '1h');
    expect(await outer()).toBeUndefined();
    await cache.set('k', 1, 60);
    expect(await outer()).toBe(60);
  });

  it('what was touched goes on depending on its tags', async () => {
    const { cache } = await openOn(store);
    await cache.set('k', 'v', { ttl: 10, tags: ['t'] });
    expect(await cache.touch('k', 20)).toBe(true);
    await cache.invalidate({ tags: 't' });
    expect(await cache.get('k')).toBeUndefined();
    expect(await cache.touch('k', 20)).toBe(false);
  });

  it.each([
    ['1 s', 1, 1_000],
    ['half a second', '500ms', 500],
    ['a day', '1d', DAY],
    ['more than 30 days, which Memcached would take for a date', '31d', 31 * DAY],
    ['a year', '365d', 365 * DAY],
  ])('a ttl of %s is right to the millisecond', async (_what, ttl, ms) => {
    const { cache, jump } = await openOn(store);
    await cache.set('k', 'v', ttl);
    jump(ms - 1);
    expect(await cache.get('k')).toBe('v');
    jump(1);
    expect(await cache.get('k')).toBeUndefined();
  });

  it('with a ttl of forever it stays', async () => {
    const { cache, jump } = await openOn(store);
    await cache.set('k', 'v', 'forever');
    jump(1_000 * DAY);
    expect(await cache.get('k')).toBe('v');
  });

  it('with a ttl of 0 nothing is stored, nor does what was there before stay', async () => {
    const { cache } = await openOn(store);
    await cache.set('k', 'old', 60);
    expect(await cache.set('k', 'new', 0)).toBe(false);
    expect(await cache.get('k')).toBeUndefined();
    expect(await cache.getOrSet('k', () => 'made', 0)).toBe('made');
    expect(await cache.has('k')).toBe(false);
    expect(await errorOf(cache.add('k', 'v', 0))).toMatchObject({ reason: 'value' });
  });

  it.each([-1, Number.NaN, null, '5 minutes', '', true])('a ttl of %p is an error', async (ttl) => {
    const { cache } = await openOn(store);
    const calls = [
      cache.set('k', 1, ttl as never),
      cache.add('k', 1, { ttl } as never),
      cache.getOrSet('k', () => 1, { ttl } as never),
      cache.touch('k', ttl as never),
      cache.setMany({ k: 1 }, { ttl } as never),
    ];
    for (const call of calls) expect(await errorOf(call)).toBeInstanceOf(ConfigError);
    expect(await cache.has('k')).toBe(false);
  });
});

it.each(['off:', 'null:'])('nothing has a ttl with the store %s', async (store) => {
  const { cache } = await openMemory({ store });
  expect(await cache.increment('n', 1, '1m')).toBe(1);
  expect(await cache.ttl('n')).toBeUndefined();
});
