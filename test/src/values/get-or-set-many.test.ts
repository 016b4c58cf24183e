import { describe, expect, it } from '@jest/globals';
import { ConfigError, LoadMissingError } from '@viewcache/core';
import { pauseCache } from '@viewcache/core/testing';
import { gate } from '../support/gate.js';
import { errorOf, openMemory, openOn, stores, until } from './stores.js';

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

  it('loadMissing may answer with an object; with anything else, or by throwing, all fail', async () => {
    const { cache } = await openOn(store);
    expect([...(await cache.getOrSetMany([1, 2], () => ({ 2: 'two' }), 60))]).toEqual([[2, 'two']]);
    class Result {
      readonly rowCount = 1;
      readonly rows = [{ id: 1 }];
    }
    for (const wrong of [7, undefined, null, new Set(['P']), new Date(0), new Result()])
      expect(await errorOf(cache.getOrSetMany(['rows'], (() => wrong) as never, 60))).toBeInstanceOf(LoadMissingError);
    const error = new Error('down');
    const fail = () => Promise.reject(error);
    expect(await errorOf(cache.getOrSetMany(['p', 'q'], fail, 60))).toBe(error);
    expect(await cache.getMany(['p', 'q'])).toEqual(new Map());
  });

  it('rows belong to the key that is in them, in whatever order they come and whichever are missing', async () => {
    const { cache, warnings } = await openOn(store);
    const table = [1, 2, 3].map((id) => ({ id, name: `row ${id}` }));
    const findMany = async (ids: readonly number[]) => table.filter(({ id }) => ids.includes(id));
    const found: Map<number, { name: string }> = await cache.getOrSetMany([2, 7, 1], findMany, { by: 'id', ttl: 60 });
    expect([...found]).toEqual([
      [2, table[1]],
      [1, table[0]],
    ]);
    expect(await cache.getMany([1, 2, 7])).toEqual(
      new Map([
        [1, table[0]],
        [2, table[1]],
      ]),
    );
    // Nobody asked for all of these.
    const everything = await cache.getOrSetMany(['3', '8'], () => table, {
      by: (row) => row.id,
      ttl: 60,
      tags: ({ id }) => [`rows#${id}`],
    });
    expect([...everything]).toEqual([['3', table[2]]]);
    await cache.invalidate({ tags: 'rows#3' });
    expect(await cache.has('3')).toBe(false);
    const large = () => [{ id: 9n }, null, undefined];
    expect([...(await cache.getOrSetMany([9, 10], large as () => { id: bigint }[], { by: 'id', ttl: 60 }))]).toEqual([
      [9, { id: 9n }],
    ]);
    expect(warnings()).toEqual([]);
  });

  it('a list of which nobody says whose each row is, or says so of none or of several, is refused and not stored', async () => {
    const { cache } = await openOn(store);
    const rows = [
      { id: 1, owner: 5 },
      { id: 2, owner: 5 },
    ];
    const refused = (loaded: unknown, options: object) =>
      errorOf(cache.getOrSetMany([2, 1, 5], (() => loaded) as never, options as never));
    for (const [loaded, options, said] of [
      [
        rows,
        { ttl: 60 },
        "returned a list, of which nobody knows the order; say which property of a row is its key, by: 'id'",
      ],
      [[], { ttl: 60 }, 'a list'],
      [rows, { ttl: 60, by: 'ID' }, "a row in which by: 'ID' finds no text or number"],
      [rows, { ttl: 60, by: () => Number.NaN }, 'a row in which by finds no text or number'],
      [rows, { ttl: 60, by: 'owner' }, "two rows of which by: 'owner' says '5'"],
      [new Map(rows.map((row) => [row.id, row])), { ttl: 60, by: 'id' }, 'an instance of Map; return a list of rows'],
      [{ rows }, { ttl: 60, by: 'id' }, 'an object; return a list of rows'],
    ] as const) {
      const error = await refused(loaded, options);
      expect(error).toBeInstanceOf(LoadMissingError);
      expect(error).toMatchObject({ code: 'ERR_CACHE_LOAD_MISSING', message: expect.stringContaining(said) });
    }
    const named = cache.getOrSetMany(['a\n', 'b', 'c'], (() => rows) as never, { name: 'owners', ttl: 60 });
    expect(await errorOf(named)).toMatchObject({
      call: 'owners ("a\\n" and 2 more)',
      message: expect.stringMatching(/^getOrSetMany of owners \("a\\n" and 2 more\): loadMissing returned a list/),
    });
    const unnamed = cache.getOrSetMany([7], (() => rows) as never, 60);
    expect(await errorOf(unnamed)).toMatchObject({ message: expect.stringMatching(/^getOrSetMany of 7: loadMissing/) });
    expect(await refused(rows, { by: 7 })).toMatchObject({ setting: 'getOrSetMany.by' });
    expect((await cache.getMany([1, 2, 5])).size).toBe(0);
    const list = async () => rows;
    // @ts-expect-error -- a list without by
    expect(await errorOf(cache.getOrSetMany([1], list, 60))).toBeInstanceOf(LoadMissingError);
    // @ts-expect-error -- by is none of its properties
    expect(await errorOf(cache.getOrSetMany([1], list, { by: 'uid' }))).toBeInstanceOf(LoadMissingError);
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
      return new Map(missing.filter((key) => key === 'gone').map((key) => [key, null]));
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
    expect(await errorOf(cache.getOrSetMany([{ id: 1 }], () => ({}), 60))).toBeInstanceOf(ConfigError);
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
      return new Map(missing.map((key) => [key, `many ${key}`]));
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

describe('7 and its text are one key to getOrSetMany', () => {
  it.each([
    ['as ever', {}, {}, false],
    ['with forceRefresh', {}, { forceRefresh: true }, false],
    ['while the cache is paused', {}, {}, true],
    ['with a store that is off', { store: 'off:' }, {}, false],
    ['with a store that keeps nothing', { store: 'null:' }, {}, false],
  ])('%s', async (_how, settings, options, isPaused) => {
    const { cache } = await openMemory({ ttl: 60, ...settings });
    const resume = isPaused ? pauseCache(cache) : undefined;
    const asked: unknown[] = [];
    const load = (missing: readonly (string | number)[]) => {
      asked.push(...missing);
      return missing.map((id) => ({ id: Number(id) }));
    };
    const found = await cache.getOrSetMany([7, '7', 8], load, { by: 'id', ...options });
    resume?.();
    expect(asked).toEqual([7, 8]);
    expect([...found]).toEqual([
      [7, { id: 7 }],
      ['7', { id: 7 }],
      [8, { id: 8 }],
    ]);
  });
});
