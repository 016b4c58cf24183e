import { describe, expect, it } from '@jest/globals';
import { ConfigError, defaultCache, LoadMissingError } from '@viewcache/core';
import { freshCache } from '@viewcache/core/testing';
import { gate } from '../support/gate.js';
import { errorOf, openMemory, openOn, stores } from '../values/stores.js';

interface User {
  readonly id: number;
  readonly name: string;
}

const table: readonly User[] = [1, 2, 3].map((id) => ({ id, name: `user ${id}` }));

describe.each(stores)('reading through the cache, in %s', (_name, store) => {
  it('asks the database once for what is not stored, whoever asks', async () => {
    const { cache } = await openOn(store);
    let loads = 0;
    const users = cache.through({
      name: 'users',
      mode: 'read-through',
      ttl: 60,
      load: (id: number) => {
        loads++;
        return Promise.resolve(table.find((user) => user.id === id));
      },
    });
    expect(await Promise.all([users.get(1), users.get(1), users.get(1)])).toEqual([table[0], table[0], table[0]]);
    expect(await users.get(1)).toEqual(table[0]);
    expect(loads).toBe(1);
    expect(await cache.namespace('users').get(1)).toEqual(table[0]);
    await cache.invalidate({ namespace: 'users' });
    expect(await users.get(1)).toEqual(table[0]);
    expect(loads).toBe(2);
  });

  it('makes one query of what is asked for at the same time, of so many keys at most', async () => {
    const { cache } = await openOn(store);
    const queries: (readonly number[])[] = [];
    const users = cache.through({
      name: 'users',
      mode: 'read-through',
      ttl: 60,
      maxBatch: 2,
      by: 'id',
      loadMany: async (ids: readonly number[]) => {
        queries.push(ids);
        return table.filter(({ id }) => ids.includes(id)).reverse();
      },
    });
    expect(await users.get(2)).toEqual(table[1]);
    expect([...(await users.getMany([3, 9, 2, 1]))]).toEqual([
      [3, table[2]],
      [2, table[1]],
      [1, table[0]],
    ]);
    expect(queries).toEqual([[2], [3, 9], [1]]);
  });

  it('remembers that there is nothing, if it is told for how long, until it is written', async () => {
    const { cache, jump } = await openOn(store);
    const rows = new Map<string, string>();
    let loads = 0;
    const options = {
      name: 'texts',
      load: (key: string): string | null => {
        loads++;
        return rows.get(key) ?? null;
      },
    };
    const save = (key: string, text: string) => rows.set(key, text);
    const forgetful = cache.through({ ...options, mode: 'read-through', name: 'other', ttl: 60 });
    expect([await forgetful.get('a'), await forgetful.get('a')]).toEqual([undefined, undefined]);
    expect(loads).toBe(2);
    const texts = cache.through({ ...options, save, mode: 'write-through', ttl: 60, missingTtl: '10s' });
    loads = 0;
    expect([await texts.get('a'), await texts.get('a'), await texts.getMany(['a'])]).toEqual([
      undefined,
      undefined,
      new Map(),
    ]);
    expect(loads).toBe(1);
    jump(10_001);
    expect(await texts.get('a')).toBeUndefined();
    expect(loads).toBe(2);
    await texts.set('a', 'text');
    expect(await texts.get('a')).toBe('text');
  });

  it('tags a value by what it is and by its key, also where there is none', async () => {
    const { cache } = await openOn(store);
    let loads = 0;
    const users = cache.through({
      name: 'users',
      mode: 'read-through',
      ttl: 60,
      missingTtl: 60,
      tags: (user: User | undefined, id: number) => (user === undefined ? ['absent'] : [`user-${id}`, user.name]),
      load: (id: number) => {
        loads++;
        return table.find((user) => user.id === id);
      },
    });
    const ask = () => users.getMany([1, 2, 9]);
    await ask();
    for (const tag of ['user-1', 'user 2', 'absent']) {
      await cache.invalidate({ tags: tag });
      await ask();
    }
    expect(loads).toBe(6);
  });
});

describe('reading through the cache', () => {
  it('stores nothing of what was invalidated while it was read', async () => {
    const { cache } = await openMemory();
    const waiting = gate();
    let row = 1;
    const rows = cache.through({
      name: 'rows',
      mode: 'read-through',
      ttl: 60,
      load: async (_key: string) => {
        const found = row;
        await waiting.passed;
        return found;
      },
    });
    const early = rows.get('k');
    row = 2;
    await cache.namespace('rows').invalidate({ key: 'k' });
    const late = rows.get('k');
    waiting.open();
    expect([await early, await late, await rows.get('k')]).toEqual([1, 2, 2]);
  });

  it('tells what the database throws to all who wait, and names what loadMany must not return', async () => {
    const { cache } = await openMemory();
    const down = new Error('down');
    const broken = cache.through({ name: 'a', mode: 'read-through', ttl: 60, load: () => Promise.reject(down) });
    expect(await Promise.all([errorOf(broken.get('k')), errorOf(broken.getMany(['k']))])).toEqual([down, down]);
    const listed = cache.through({ name: 'b', mode: 'read-through', ttl: 60, loadMany: () => [7] });
    const error = await errorOf(listed.get('k'));
    expect(error).toBeInstanceOf(LoadMissingError);
    expect((error as Error).message).toBe(
      `through of b ("k"): loadMany returned a list, of which nobody knows the order; say which property of a row is its key, by: 'id', or return a Map`,
    );
  });

  it('goes on in whichever cache is the default one', async () => {
    let loads = 0;
    const rows = defaultCache().through({ name: 'rows', mode: 'read-through', ttl: 60, load: () => ++loads });
    const first = freshCache();
    expect([await rows.get('k'), await rows.get('k')]).toEqual([1, 1]);
    const second = freshCache();
    expect(await rows.get('k')).toBe(2);
    await second.end();
    await first.end();
  });

  it('has a namespace in a namespace', async () => {
    const { cache } = await openMemory();
    const shop = cache.namespace('shop');
    const users = shop.through({ name: 'users', mode: 'read-through', ttl: 60, load: (id: number) => id });
    await users.get(7);
    expect(await cache.namespace('shop:users').get(7)).toBe(7);
  });
});

describe('the options of a strategy', () => {
  const good = { name: 'rows', mode: 'write-through', ttl: 60, load: () => 1, save: () => {} } as const;

  it.each([
    ['through.mode', { mode: 'write-back' }, "'read-through', 'write-through'"],
    ['through.mode', { mode: undefined }, "'read-through', 'write-through'"],
    ['through.name', { name: undefined }, "such as 'users'"],
    ['through.name', { name: 'users:' }, "such as 'users'"],
    ['through.load', { load: undefined }, 'loadMany'],
    ['through.load', { load: 'select' }, 'a function'],
    ['through.save', { save: undefined }, 'saveMany'],
    ['through.save', { mode: 'read-through' }, "it in mode 'write-through' or 'write-around' or 'write-behind'"],
    [
      'through.journal',
      { journal: './x' },
      "'./x' says nothing in mode 'write-through'; use it in mode 'write-behind'",
    ],
    ['through.queue', { queue: 'redis://:secret@h' }, "'***' says nothing in mode 'write-through'"],
    ['through.jurnal', { jurnal: './x' }, 'only'],
    ['through.remove', { remove: true }, 'a function'],
    ['through.ttl', { ttl: '5 apples' }, 'a number of seconds'],
    ['through.by', { by: 7 }, "such as 'id'"],
    ['through.by', { by: 'id' }, 'beside loadMany'],
    ['through.maxBatch', { maxBatch: 0 }, 'a whole number from 1 up'],
    ['through.missingTtl', { missingTtl: -1 }, 'a number of seconds'],
    ['through.missingTtl', { missingTtl: 5, ttl: undefined }, 'a ttl beside it'],
    ['through.tags', { tags: 'users' }, 'a list of strings'],
    ['through.storeIf', { storeIf: () => true }, 'only'],
    ['through.nonsense', { nonsense: 1 }, 'only'],
  ])('refuses a wrong %s at once', async (setting, wrong, allowed) => {
    const { cache } = await openMemory();
    expect(() => cache.through({ ...good, ...wrong } as never)).toThrow(ConfigError);
    expect(() => defaultCache().through({ ...good, ...wrong } as never)).toThrow(`${setting}: `);
    expect(() => cache.through({ ...good, ...wrong } as never)).toThrow(allowed);
  });

  it('refuses no options, and what can be no key', async () => {
    const { cache } = await openMemory();
    expect(() => cache.through(undefined as never)).toThrow(ConfigError);
    const through = cache.through as (...given: unknown[]) => unknown;
    expect(() => through('rows', good)).toThrow("did you mean { name: 'rows', … }?");
    expect(() => through(good, 5)).toThrow('through: 5 is not allowed; use no more than options');
    const rows = cache.through(good);
    for (const [setting, wrong] of [
      ['get.key', rows.get('' as never)],
      ['getMany.key', rows.getMany([1, '' as never])],
      ['set.key', rows.set(Number.NaN as never, 1)],
      ['delete.key', rows.delete({} as never)],
    ] as const)
      expect(await errorOf(wrong)).toMatchObject({ code: 'ERR_CACHE_CONFIG', setting });
  });

  it('refuses what nobody would read behind the arguments, before the database is asked', async () => {
    const saved: unknown[] = [];
    const { cache } = await openMemory();
    const rows = cache.through({ ...good, save: (key) => saved.push(key) }) as unknown as Record<
      string,
      (...given: unknown[]) => Promise<unknown>
    >;
    for (const [call, ...given] of [
      ['set', 'a', 1, { ttl: 5 }],
      ['setMany', [['a', 1]], 5],
      ['delete', 'a', 'b'],
    ] as const)
      expect(await errorOf(rows[call]?.(...given) as Promise<unknown>)).toMatchObject({ setting: call });
    expect(saved).toEqual([]);
  });

  it('is named in warnings of what its functions return', async () => {
    const { cache, warnings } = await openMemory();
    const rows = cache.through({ ...good, name: 'of no ttl', ttl: (() => '5 apples') as never });
    await rows.get('a');
    expect(warnings().join('\n')).toMatch(/^ttl of of no ttl threw ConfigError: through\.ttl: /);
    await cache.through({ ...good, ttl: undefined, name: 'for how long' }).get('a');
    expect(warnings().join('\n')).toContain('through of "a" says neither a ttl nor tags');
    expect(warnings().join('\n')).not.toContain('getOrSet');
  });
});
