import { describe, expect, it } from '@jest/globals';
import { ConfigError } from '@viewcache/core';
import { gate } from '../support/gate.js';
import { errorOf, openOn, stores, until } from './stores.js';

describe.each(stores)('getOrSetMany in %s', (_name, store) => {
  it('getOrSetMany asks loadMissing once for what there is not, in the order of the keys', async () => {
    const { cache } = await openOn(store);
    await cache.set('b', 'stored', 60);
    const asked: (readonly string[])[] = [];
    const load = (missing: readonly string[]) => {
      asked.push(missing);
      return new Map(missing.filter((key) => key !== 'none').map((key) => [key, `made ${key}`]));
    };
    const found = await cache.getOrSetMany(['a', 'b', 'none', 'c', 'a'], load, 60);
    expect([...found]).toEqual([
      ['a', 'made a'],
      ['b', 'stored'],
      ['c', 'made c'],
    ]);
    expect(asked).toEqual([['a', 'none', 'c']]);
    expect(await cache.getMany(['a', 'c', 'none'])).toEqual(
      new Map([
        ['a', 'made a'],
        ['c', 'made c'],
      ]),
    );
    expect(await cache.getOrSetMany([], load, 60)).toEqual(new Map());
  });

  it('loadMissing may answer with an object or a list; with anything else, or by throwing, all fail', async () => {
    const { cache } = await openOn(store);
    expect([...(await cache.getOrSetMany([1, 2], () => ({ 2: 'two' }), 60))]).toEqual([[2, 'two']]);
    expect([...(await cache.getOrSetMany(['x', 'y'], () => ['X', undefined], 60))]).toEqual([['x', 'X']]);
    expect(await errorOf(cache.getOrSetMany(['p', 'q'], () => ['P'], 60))).toBeInstanceOf(TypeError);
    expect(await errorOf(cache.getOrSetMany(['p'], (() => 7) as never, 60))).toBeInstanceOf(TypeError);
    const error = new Error('down');
    const fail = () => Promise.reject(error);
    expect(await errorOf(cache.getOrSetMany(['p', 'q'], fail, 60))).toBe(error);
    expect(await cache.getMany(['p', 'q'])).toEqual(new Map());
  });

  it('what loadMissing returns by the other type of a key belongs to that key', async () => {
    const { cache, warnings } = await openOn(store);
    const byText = () => new Map([['101', 'a']]);
    expect([...(await cache.getOrSetMany([101, 102], byText, 60))]).toEqual([[101, 'a']]);
    const byNumber = () =>
      new Map([
        [103, 'b'],
        [1, 'no'],
      ]);
    expect([...(await cache.getOrSetMany(['103', '01', 'x'], byNumber, 60))]).toEqual([['103', 'b']]);
    expect(await cache.get('101')).toBe('a');
    expect(warnings()).toEqual([]);
  });

  it('warns once where nothing of what loadMissing returned was asked for', async () => {
    const { cache, warnings } = await openOn(store);
    const rows = (): object => ({ rows: [{ id: 1 }], count: 1 });
    expect(await cache.getOrSetMany([1, 2], rows as () => Record<string, unknown>, 60)).toEqual(new Map());
    expect(await cache.getOrSetMany([3], () => new Map([['user:3', 3]]), 60)).toEqual(new Map());
    expect(await cache.namespace('n').getOrSetMany([3], () => new Map([['user:3', 3]]), 60)).toEqual(new Map());
    expect(warnings()).toEqual([expect.stringMatching(/^getOrSetMany of \(values\) .*such as 1: .*'rows'/)]);
    const other = await cache.getOrSetMany(['a'], () => new Map([['b', 3]]), { ttl: 60, name: 'letters' });
    expect([other.size, warnings().length]).toEqual([0, 2]);
    // Nothing at all is an answer, and so are some.
    await cache.getOrSetMany(['x'], () => ({}), { ttl: 60, name: 'none' });
    await cache.getOrSetMany(['x', 'y'], () => ({ y: 1 }), { ttl: 60, name: 'some' });
    expect(warnings()).toHaveLength(2);
  });

  it('what is not loaded is asked for again; null is stored', async () => {
    const { cache } = await openOn(store);
    const asked: (readonly string[])[] = [];
    const load = (missing: readonly string[]) => {
      asked.push(missing);
      return missing.map((key) => (key === 'gone' ? null : undefined));
    };
    await cache.getOrSetMany(['gone', 'unknown'], load, 60);
    expect([...(await cache.getOrSetMany(['gone', 'unknown'], load, 60))]).toEqual([['gone', null]]);
    expect(asked).toEqual([['gone', 'unknown'], ['unknown']]);
  });

  it('keys keep their type, and literals are no types of their own', async () => {
    const { cache } = await openOn(store);
    const rows = [{ id: 1, name: 'Ada' }];
    const load = async (missing: readonly number[]) =>
      new Map(rows.filter(({ id }) => missing.includes(id)).map((row) => [row.id, row] as const));
    const anyId: number = 1;
    const byId: Map<number, { name: string }> = await cache.getOrSetMany([1, 2, 3], load, 60);
    expect(byId.get(anyId)?.name).toBe('Ada');
    const inPlace = await cache.getOrSetMany(
      [1, 2],
      async () => new Map(rows.map((row) => [row.id, row] as const)),
      60,
    );
    expect(inPlace.get(anyId)?.name).toBe('Ada');
    const found: Map<number, { name: string }> = await cache.getMany<{ name: string }>([1, 2]);
    expect(found.get(anyId)?.name).toBe('Ada');
    const texts: Map<string, number> = await cache.getMany<number>(['a', 'b']);
    const mixed: Map<string | number, number> = await cache.getMany<number>(['a', 1 as string | number]);
    expect([texts.size, mixed.size]).toEqual([0, 1]);
    // @ts-expect-error -- an object is no key
    expect(await errorOf(cache.getOrSetMany([{ id: 1 }], () => [1], 60))).toBeInstanceOf(ConfigError);
    // @ts-expect-error -- neither is a big integer
    expect(await errorOf(cache.getMany([1n]))).toBeInstanceOf(ConfigError);
  });

  it('getOrSetMany waits for what somebody makes already', async () => {
    const { cache } = await openOn(store);
    const made = gate<string>();
    let isMaking = false;
    const alone = cache.getOrSet(
      'a',
      () => {
        isMaking = true;
        return made.passed;
      },
      60,
    );
    await until(() => isMaking);
    const asked: (readonly string[])[] = [];
    const load = (missing: readonly string[]) => {
      asked.push(missing);
      return missing.map((key) => `many ${key}`);
    };
    const many = cache.getOrSetMany(['a', 'b'], load, 60);
    await until(() => asked.length > 0);
    made.open('alone');
    expect([...(await many)]).toEqual([
      ['a', 'alone'],
      ['b', 'many b'],
    ]);
    expect([await alone, asked]).toEqual(['alone', [['b']]]);
  });
});
