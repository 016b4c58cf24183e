import { describe, expect, it } from '@jest/globals';
import { ConfigError, NotANumberError } from '@viewcache/core';
import { errorOf, openOn, stores } from './stores.js';

const DAY = 86_400_000;

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

  it('increment and decrement count, from what is there or from the start', async () => {
    const { cache } = await openOn(store);
    await cache.set('answer', 41, 60);
    expect(await cache.increment('answer')).toBe(42);
    expect(await cache.get('answer')).toBe(42);
    expect(await cache.increment('answer', 10)).toBe(52);
    expect(await cache.decrement('answer', 2)).toBe(50);
    expect(await cache.increment('answer', -50)).toBe(0);
    expect(await cache.decrement('answer')).toBe(-1);
    expect(await cache.increment('half', 0.5)).toBe(0.5);
    expect(await cache.increment('new')).toBe(1);
    expect(await cache.increment('from', 1, { initial: 100 })).toBe(101);
    expect(await cache.decrement('down', 1, { initial: 10 })).toBe(9);
  });

  it('all who count at the same time count', async () => {
    const { cache } = await openOn(store);
    const sums = await Promise.all(Array.from({ length: 20 }, () => cache.increment('visits')));
    expect(sums.sort((a, b) => a - b)).toEqual(Array.from({ length: 20 }, (_, i) => i + 1));
    expect(await cache.get('visits')).toBe(20);
  });

  it.each([
    ['text', 'a string'],
    ['an object', 'an object'],
    ['null', 'null'],
    ['NaN', 'a number'],
  ])('counting what is %s is an error that names the call, the key and what is there', async (what, found) => {
    const { cache } = await openOn(store);
    const value = { text: '1', 'an object': { n: 1 }, null: null, NaN: Number.NaN }[what];
    const space = cache.namespace('n');
    await Promise.all([space.set('k', value, 60), space.set(7, value, 60)]);
    // Together in one turn, each is told of its own.
    const errors = await Promise.all([
      errorOf(space.increment('k')),
      errorOf(space.decrement('k', 2)),
      errorOf(space.decrement('k')),
      errorOf(space.decrement(7)),
    ]);
    for (const [i, error] of errors.entries()) {
      const [call, key] = [i === 0 ? 'increment' : 'decrement', i === 3 ? 7 : 'k'];
      expect(error).toBeInstanceOf(NotANumberError);
      expect(error).toMatchObject({ code: 'ERR_CACHE_NOT_A_NUMBER', call, key, found });
      expect(String(error)).toBe(
        `NotANumberError: ${call}: ${found} is stored under ${i === 3 ? '7' : '"k"'}, which is no finite number`,
      );
    }
    expect(await space.get('k')).toStrictEqual(value);
  });

  it('of counts at the same time, each begins the counter in its own way, and none in that of another', async () => {
    const { cache, jump } = await openOn(store);
    // What is begun with a ttl of 0 is not kept, and the next one begins the counter anew.
    const begun = (): Promise<readonly number[]> =>
      Promise.all([
        cache.increment('k', 1, { ttl: 0 }),
        cache.increment('k', 1, { ttl: 0, initial: 100 }),
        cache.increment('k', 1, { ttl: 5, initial: 10 }),
        cache.decrement('k', 1, { ttl: 0, initial: 100 }),
        cache.increment('k', 1, { ttl: 60, tags: ['counters'] }),
      ]);
    expect(await begun()).toEqual([1, 101, 11, 10, 11]);
    jump(4_999);
    await cache.invalidate({ tags: 'counters' });
    expect(await cache.get('k')).toBe(11);
    jump(1);
    expect(await cache.has('k')).toBe(false);
    expect(await begun()).toEqual([1, 101, 11, 10, 11]);
  });

  it('a counter keeps the lifetime and the tags that it was begun with', async () => {
    const { cache, jump } = await openOn(store);
    await cache.increment('k', 1, { ttl: 10, tags: ['counters'] });
    jump(6_000);
    expect(await cache.increment('k', 1, { ttl: 60 })).toBe(2);
    jump(3_999);
    expect(await cache.get('k')).toBe(2);
    jump(1);
    expect(await cache.get('k')).toBeUndefined();
    await cache.increment('k', 1, { ttl: 10, tags: ['counters'] });
    await cache.increment('k');
    await cache.invalidate({ tags: 'counters' });
    expect(await cache.increment('k')).toBe(1);
  });

  it('a counter whose ttl is 0 begins anew each time', async () => {
    const { cache } = await openOn(store);
    expect(await cache.increment('k', 2, { ttl: 0 })).toBe(2);
    expect(await cache.increment('k', 2, { ttl: 0 })).toBe(2);
    expect(await cache.has('k')).toBe(false);
  });

  it.each([
    ['delete', 'k'],
    ['set', 'k'],
    ['invalidate by a tag of it', 'k'],
    ['invalidate by its key', 'k'],
  ])('with since nothing is stored that is older than a %s', async (what) => {
    const { cache } = await openOn(store);
    const options = { ttl: 60, tags: ['t'] };
    await cache.set('k', 'first', options);
    const token = await cache.token();
    if (what === 'delete') await cache.delete('k');
    else if (what === 'set') await cache.set('k', 'newer', options);
    else if (what === 'invalidate by a tag of it') await cache.invalidate({ tags: 't' });
    else await cache.invalidate({ key: 'k' });
    expect(await cache.set('k', 'older', { ...options, since: token })).toBe(false);
    expect(await cache.get('k')).not.toBe('older');
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
    expect(await cache.add('k', 'v', 0)).toBe(false);
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
      cache.getOrSetMany([bad], () => [1], 60),
    ];
    for (const call of calls) expect(await errorOf(call)).toBeInstanceOf(ConfigError);
  });
});
