import { describe, expect, it } from '@jest/globals';
import { ConfigError } from '@viewcache/core';
import { errorOf, openOn, stores } from './stores.js';

/*
 * What Django's tests of its low-level cache and those of Flask-Caching ask of a backend, in our words.
 */
describe.each(stores)('values in %s', (_name, store) => {
  it.each([
    ['0', 0],
    ['-0', -0],
    ['NaN', Number.NaN],
    ['an empty string', ''],
    ['false', false],
    ['null', null],
    ['undefined', undefined],
    ['an empty list', []],
    ['an empty object', {}],
  ])('%s is a value like any other', async (_what, value) => {
    const { cache } = await openOn(store);
    let runs = 0;
    expect(await cache.has('k')).toBe(false);
    expect(await cache.set('k', value, 60)).toBe(true);
    expect(await cache.has('k')).toBe(true);
    expect(await cache.get('k')).toStrictEqual(value);
    expect(await cache.getMany(['k'])).toStrictEqual(new Map([['k', value]]));
    const made = await cache.getOrSet<unknown>('k', () => ++runs, 60);
    expect([made, runs]).toStrictEqual([value, 0]);
    expect(await cache.add('k', 'other', 60)).toBe(false);
  });

  it('what is not there is undefined, and has() tells it from an undefined that is', async () => {
    const { cache } = await openOn(store);
    expect(await cache.get('none')).toBeUndefined();
    expect(await cache.getMany(['none', 'nor this'])).toEqual(new Map());
    await cache.set('there', undefined, 60);
    expect(await cache.getMany(['none', 'there'])).toStrictEqual(new Map([['there', undefined]]));
    expect([await cache.has('none'), await cache.has('there')]).toEqual([false, true]);
  });

  it.each([
    ['objects', [['a', 1], { key: 'k', value: 1 }], 'setMany.values[1]'],
    ['texts', ['ab'], 'setMany.values[0]'],
    ['keys alone', [['a']], 'setMany.values[0]'],
    ['a number', 7, 'setMany.values'],
  ])('setMany refuses %s, names what is wrong, and stores nothing', async (_what, values, setting) => {
    const { cache } = await openOn(store);
    const error = await errorOf(cache.setMany(values as never, 60));
    expect(error).toBeInstanceOf(ConfigError);
    expect(error).toMatchObject({ setting, message: expect.stringContaining('[key, value]') });
    expect(await cache.has('a')).toBe(false);
  });

  it('clear purges a namespace and those within it, and nothing beside it', async () => {
    const { cache, other } = await openOn(store);
    const [a, ab, sibling] = [cache.namespace('a'), cache.namespace('a').namespace('b'), cache.namespace('ab')];
    for (const each of [cache, a, ab, sibling]) await each.set('k', 1, 60);
    expect(await a.clear()).toMatchObject({ durable: true });
    expect(await Promise.all([cache, a, ab, sibling].map((each) => each.has('k')))).toEqual([true, false, false, true]);
    if (store !== undefined) expect(await (await other()).namespace('a').has('k')).toBe(false);
    expect(cache).not.toHaveProperty('clear');
  });

  it('set replaces, and a value of one key leaves those of others alone', async () => {
    const { cache } = await openOn(store);
    await cache.set('a', 1, 60);
    await cache.set('b', 2, 60);
    await cache.set('a', 3, 60);
    expect(await cache.getMany(['b', 'a', 'c'])).toEqual(
      new Map([
        ['b', 2],
        ['a', 3],
      ]),
    );
  });

  it('add stores where there is nothing, again once it has ended or was deleted', async () => {
    const { cache, jump } = await openOn(store);
    expect(await cache.add('k', 'first', 10)).toBe(true);
    expect(await cache.add('k', 'second', 10)).toBe(false);
    expect(await cache.get('k')).toBe('first');
    jump(10_000);
    expect(await cache.add('k', 'third', 10)).toBe(true);
    await cache.delete('k');
    expect(await cache.add('k', 'fourth', 10)).toBe(true);
    expect(await cache.get('k')).toBe('fourth');
  });

  it('add at the same time: one of many is told that it was', async () => {
    const { cache } = await openOn(store);
    const added = await Promise.all(Array.from({ length: 8 }, (_, i) => cache.add('k', i, 60)));
    expect(added.filter(Boolean)).toHaveLength(1);
    expect(await cache.get('k')).toBe(added.indexOf(true));
  });

  it('delete makes a value be gone, also one that was not there', async () => {
    const { cache } = await openOn(store);
    await cache.set('k', 1, 60);
    expect(await cache.delete('k')).toMatchObject({ durable: true });
    expect(await cache.get('k')).toBeUndefined();
    expect(await cache.delete('never')).toMatchObject({ durable: true });
  });

  it('setMany, getMany and deleteMany take many at once, from a Map, a list or an object', async () => {
    const { cache } = await openOn(store);
    expect(await cache.setMany({ a: 1, b: 2 }, 60)).toEqual([]);
    expect(await cache.setMany(new Map([[3, 'three']]), 60)).toEqual([]);
    expect(await cache.setMany([['d', 4]], 60)).toEqual([]);
    const found = await cache.getMany(['a', 'b', 3, 'd', 'e']);
    expect([...found]).toEqual([
      ['a', 1],
      ['b', 2],
      [3, 'three'],
      ['d', 4],
    ]);
    await cache.deleteMany(['a', 3]);
    expect([...(await cache.getMany(['a', 'b', 3])).keys()]).toEqual(['b']);
    expect(await cache.getMany([])).toEqual(new Map());
    expect(await cache.setMany({}, 60)).toEqual([]);
    await cache.deleteMany([]);
    expect(await cache.get('b')).toBe(2);
  });

  it('a key that is a number is the same as its text', async () => {
    const { cache } = await openOn(store);
    await cache.set(7, 'seven', 60);
    expect(await cache.get('7')).toBe('seven');
    await cache.delete('7');
    expect(await cache.get(7)).toBeUndefined();
  });

  it('setMany tells the keys that it did not store', async () => {
    const { cache } = await openOn(store);
    // Of tags that a store has never seen it cannot tell what has become of them since.
    await cache.setMany({ 'old:1': 0, new: 0, 'old:2': 0 }, 60);
    const token = await cache.token();
    await cache.invalidate({ keys: 'old:*' });
    const since = { ttl: 60, since: token };
    expect(await cache.setMany({ 'old:1': 1, new: 2, 'old:2': 3 }, since)).toEqual(['old:1', 'old:2']);
    expect([...(await cache.getMany(['old:1', 'new', 'old:2'])).keys()]).toEqual(['new']);
    expect(await cache.setMany({ a: 1, b: 2 }, 0)).toEqual(['a', 'b']);
  });

  it.each([
    ['delete', 'k'],
    ['set', 'k'],
    ['invalidate by a tag of it', 'k'],
    ['invalidate by its key', 'k'],
  ])('with since nothing is stored that is older than a %s', async (what) => {
    const { cache, events } = await openOn(store);
    const options = { ttl: 60, tags: ['t'] };
    await cache.set('k', 'first', options);
    const token = await cache.token();
    if (what === 'delete') await cache.delete('k');
    else if (what === 'set') await cache.set('k', 'newer', options);
    else if (what === 'invalidate by a tag of it') await cache.invalidate({ tags: 't' });
    else await cache.invalidate({ key: 'k' });
    expect(await cache.set('k', 'older', { ...options, name: 'reports', since: token })).toBe(false);
    expect(await cache.get('k')).not.toBe('older');
    expect(events.filter(({ type }) => type === 'refused')).toEqual([
      { type: 'refused', key: 'k', route: 'reports', reason: 'invalidated' },
    ]);
    expect((await cache.explain({ key: 'k' })).refusals).toMatchObject([{ reason: 'invalidated', route: 'reports' }]);
    const later = await cache.token();
    expect(await cache.set('k', 'latest', { ...options, since: later })).toBe(true);
    expect(await cache.get('k')).toBe('latest');
  });

  it('since is what token() of this cache has returned', async () => {
    const { cache } = await openOn(store);
    const { cache: another } = await openOn(store);
    for (const since of [await another.token(), {}, 5, null]) {
      expect(await errorOf(cache.set('k', 1, { ttl: 60, since: since as never }))).toMatchObject({
        setting: 'set.since',
      });
    }
    const token = await cache.namespace('n').token();
    expect(await cache.set('k', 1, { ttl: 60, since: token })).toBe(true);
    expect(await errorOf(cache.add('k', 1, { ttl: 60, since: token } as never))).toBeInstanceOf(ConfigError);
  });

  it.each([
    ['of 1 KB', 'k'.repeat(1_024)],
    ['of 10 KB', 'k'.repeat(10_240)],
    ['with spaces', ' a key  with spaces '],
    ['with control characters', 'a\r\nset injected 0 0 1\r\nx\r\n\0\u007f'],
    ['of Unicode', 'ключ 🗝 schlüssel'],
    ['with a lone surrogate', 'a\ud800b'],
    ['with colons and stars', 'a:*:b::*'],
    ['that is __proto__', '__proto__'],
  ])('a key %s is told from those like it', async (_what, key) => {
    const { cache } = await openOn(store);
    const keys = [key, `${key} `, ` ${key}`, `${key}x`, key.slice(0, -1)];
    expect(
      await cache.setMany(
        keys.map((it, i) => [it, i] as const),
        60,
      ),
    ).toEqual([]);
    expect([...(await cache.getMany(keys))]).toEqual(keys.map((it, i) => [it, i]));
    await cache.delete(key);
    expect([...(await cache.getMany(keys)).keys()]).toEqual(keys.slice(1));
  });

  it('values of text with anything in it are the same again', async () => {
    const { cache } = await openOn(store);
    for (const value of ['Iñtërnâtiônàlizætiøn1', 'END\r\n', '\0\r\n', '🗝', 'a\ud800', 'x'.repeat(100_000)]) {
      await cache.set('k', value, 60);
      expect(await cache.get('k')).toBe(value);
    }
  });

  it('nobody changes a value but by storing another', async () => {
    const { cache, stored } = await openOn(store);
    const given = { list: [1] };
    await cache.set('k', given, 60);
    given.list.push(2);
    (await cache.get<typeof given>('k'))?.list.push(3);
    (await cache.getOrSet('k', () => given, 60)).list.push(4);
    expect(await cache.get('k')).toEqual({ list: [1] });
    const made = await cache.getOrSet('m', () => ({ list: [1] }), 60);
    made.list.push(2);
    await stored(2);
    expect(await cache.get('m')).toEqual({ list: [1] });
  });

  it.each([
    ['an empty string', ''],
    ['an object', {}],
    ['undefined', undefined],
    ['NaN', Number.NaN],
    ['null', null],
  ])('%s is no key', async (_what, key) => {
    const { cache } = await openOn(store);
    const bad = key as never;
    const calls = [
      cache.get(bad),
      cache.set(bad, 1, 60),
      cache.add(bad, 1, 60),
      cache.has(bad),
      cache.delete(bad),
      cache.deleteMany([bad]),
      cache.touch(bad, 60),
      cache.increment(bad),
      cache.getMany([bad]),
      cache.setMany([[bad, 1]], 60),
      cache.getOrSet(bad, () => 1, 60),
      cache.getOrSetMany([bad], () => ({}), 60),
    ];
    for (const call of calls) expect(await errorOf(call)).toBeInstanceOf(ConfigError);
  });
});
