import { describe, expect, it } from '@jest/globals';
import { ConfigError, type WriteBehind, type WriteThroughOptions } from '@viewcache/core';
import { gate } from '../support/gate.js';
import { errorOf, openMemory, openOn, stores } from '../values/stores.js';

/** A database of one table, that counts what it is asked. */
class Table {
  readonly rows = new Map<string, number>();
  readonly calls: string[] = [];
  /** What the next writes throw, if anything. */
  error: Error | undefined;

  readonly load = async (key: string): Promise<number | undefined> => {
    this.calls.push(`load ${key}`);
    return this.rows.get(key);
  };
  readonly save = async (key: string, value: number): Promise<void> => {
    this.calls.push(`save ${key}`);
    this.#check();
    this.rows.set(key, value);
  };
  readonly saveMany = async (entries: readonly (readonly [string, number])[]): Promise<void> => {
    this.calls.push(`save ${entries.map(([key]) => key)}`);
    this.#check();
    for (const [key, value] of entries) this.rows.set(key, value);
  };
  readonly remove = async (key: string): Promise<void> => {
    this.calls.push(`remove ${key}`);
    this.#check();
    this.rows.delete(key);
  };

  #check(): void {
    if (this.error !== undefined) throw this.error;
  }

  /** What it was asked since it was asked last. */
  taken(): string[] {
    return this.calls.splice(0);
  }
}

describe.each(stores)('writing through the cache, in %s', (_name, store) => {
  it('stores what the database has taken, for all processes', async () => {
    const { cache, other } = await openOn(store, { consistency: 'strict' });
    const table = new Table();
    const { load, save, remove } = table;
    const options = { name: 'rows', mode: 'write-through', ttl: 60, load, save, remove } as const;
    const rows = cache.through(options);
    const theirs = (store === undefined ? cache : await other()).through(options);
    await rows.set('a', 1);
    expect([await rows.get('a'), await theirs.get('a')]).toEqual([1, 1]);
    await theirs.set('a', 2);
    expect([await rows.get('a'), await theirs.get('a')]).toEqual([2, 2]);
    expect(table.taken()).toEqual(['save a', 'save a']);
    await rows.delete('a');
    expect([await rows.get('a'), await theirs.get('a')]).toEqual([undefined, undefined]);
    expect(table.taken()).toEqual(['remove a', 'load a', 'load a']);
  });

  it('stores nothing that the database has refused, and forgets what was stored of it', async () => {
    const { cache } = await openOn(store);
    const table = new Table();
    const { load, save, remove, saveMany } = table;
    const rows = cache.through({ name: 'rows', mode: 'write-through', ttl: 60, load, save, remove });
    await rows.set('a', 1);
    table.error = new Error('refused');
    expect(await errorOf(rows.set('a', 2))).toBe(table.error);
    expect(await rows.get('a')).toBe(1);
    expect(await errorOf(rows.delete('a'))).toBe(table.error);
    expect(await rows.get('a')).toBe(1);
    expect(table.taken()).toEqual(['save a', 'save a', 'load a', 'remove a', 'load a']);
    const many = cache.through({ name: 'many', mode: 'write-through', ttl: 60, load, saveMany });
    expect(await errorOf(many.setMany({ b: 1, c: 2 }))).toBe(table.error);
    expect(await many.getMany(['b', 'c'])).toEqual(new Map());
  });

  it('stores and saves what it was given, not what its owner, or the database, makes of it meanwhile', async () => {
    const { cache } = await openOn(store);
    const rows = new Map<string, { count: number }>();
    const slow = gate();
    const write = async (key: string, value: { count: number }): Promise<void> => {
      await slow.passed;
      rows.set(key, { ...value });
      value.count = -1;
    };
    const load = (key: string) => rows.get(key);
    const saveMany = async (entries: readonly (readonly [string, { count: number }])[]): Promise<void> => {
      for (const [key, value] of entries) await write(key, value);
    };
    const one = cache.through({ name: 'one', mode: 'write-through', ttl: 60, load, save: write });
    const many = cache.through({ name: 'many', mode: 'write-through', ttl: 60, load, saveMany });
    const [a, b] = [{ count: 1 }, { count: 1 }];
    const writing = [one.set('a', a), many.setMany({ b })];
    await new Promise((resolve) => setImmediate(resolve));
    a.count = 2;
    b.count = 2;
    slow.open();
    await Promise.all(writing);
    expect([...rows]).toEqual([
      ['a', { count: 1 }],
      ['b', { count: 1 }],
    ]);
    expect([await one.get('a'), await many.get('b'), a.count]).toEqual([{ count: 1 }, { count: 1 }, 2]);
  });

  it('writes many at once, so many at a time', async () => {
    const { cache } = await openOn(store);
    const table = new Table();
    const { load, saveMany } = table;
    const rows = cache.through({ name: 'rows', mode: 'write-through', ttl: 60, load, saveMany, maxBatch: 2 });
    await rows.setMany([
      ['a', 0],
      ['b', 2],
      ['c', 3],
      ['a', 1],
    ]);
    expect(table.taken()).toEqual(['save a,b', 'save c']);
    // Redis does not take what has a tag it has never heard of where anything was invalidated meanwhile, as by the others.
    await rows.setMany({ a: 1, b: 2, c: 3 });
    table.taken();
    expect([...(await rows.getMany(['a', 'b', 'c']))]).toEqual([
      ['a', 1],
      ['b', 2],
      ['c', 3],
    ]);
    expect(table.taken()).toEqual([]);
    await rows.set('d', 4);
    expect(await rows.get('d')).toBe(4);
    expect(table.taken()).toEqual(['save d']);
  });

  it('writes around the cache: what is written is read again', async () => {
    const { cache } = await openOn(store);
    const table = new Table();
    const { load, save, remove } = table;
    const rows = cache.through({ name: 'rows', mode: 'write-around', ttl: 60, load, save, remove });
    await rows.set('a', 1);
    expect([await rows.get('a'), await rows.get('a')]).toEqual([1, 1]);
    await rows.set('a', 2);
    expect(await rows.get('a')).toBe(2);
    await rows.delete('a');
    expect(await rows.get('a')).toBeUndefined();
    expect(table.taken()).toEqual(['save a', 'load a', 'save a', 'load a', 'remove a', 'load a']);
  });

  it('stores neither of two values of which nobody knows which one the database took last', async () => {
    const { cache } = await openOn(store);
    const table = new Table();
    const slow = gate();
    const save = async (key: string, value: number): Promise<void> => {
      await table.save(key, value);
      if (value === 1) await slow.passed;
    };
    const rows = cache.through({ name: 'rows', mode: 'write-through', ttl: 60, load: table.load, save });
    const first = rows.set('a', 1);
    // The second one is told later that it may go on, and takes its token before the first is done.
    while (table.rows.get('a') !== 1) await new Promise((resolve) => setImmediate(resolve));
    await rows.set('a', 2);
    slow.open();
    await first;
    expect(await rows.get('a')).toBe(2);
    expect(table.taken()).toEqual(['save a', 'save a', 'load a']);
  });
});

describe.each(stores)('writing what is new through the cache, in %s', (_name, store) => {
  it('stores what it has never heard of, whatever else is invalidated while it is saved', async () => {
    const { cache } = await openOn(store, { consistency: 'strict' });
    const table = new Table();
    const { load } = table;
    const save = async (key: string, value: number): Promise<void> => {
      await cache.invalidate({ tags: 'something else' });
      await table.save(key, value);
    };
    const rows = cache.through({ name: 'rows', mode: 'write-through', ttl: 60, load, save });
    await rows.set('new', 1);
    expect(await rows.get('new')).toBe(1);
    await rows.setMany([
      ['a', 1],
      ['b', 2],
    ]);
    expect([...(await rows.getMany(['a', 'b']))]).toEqual([
      ['a', 1],
      ['b', 2],
    ]);
    expect(table.taken()).toEqual(['save new', 'save a', 'save b']);
  });

  it('does not store what it has never heard of where just that is invalidated while it is saved', async () => {
    const { cache } = await openOn(store, { consistency: 'strict' });
    const table = new Table();
    const { load } = table;
    const save = async (key: string, value: number): Promise<void> => {
      await table.save(key, value);
      await cache.namespace('rows').invalidate({ key });
    };
    const rows = cache.through({ name: 'rows', mode: 'write-through', ttl: 60, load, save });
    await rows.set('new', 1);
    expect(await rows.get('new')).toBe(1);
    expect(table.taken()).toEqual(['save new', 'load new']);
  });
});

describe.each(['write-through', 'write-around', 'write-behind'] as const)(
  'what says that there is nothing, by %s',
  (mode) => {
    it.each([null, undefined])('is nothing also where it was written: %s', async (nothing) => {
      const { cache } = await openMemory();
      const rows = new Map<string, number | null | undefined>();
      const calls: string[] = [];
      const strategy = cache.through<string, number | null | undefined>({
        ...{ name: 'rows', mode, ttl: 60 },
        load: (key: string) => {
          calls.push(`load ${key}`);
          return rows.get(key);
        },
        save: (key: string, value) => void rows.set(key, value),
      } as WriteThroughOptions<string, number | null | undefined>);
      await strategy.set('a', 1);
      await strategy.set('a', nothing);
      expect([await strategy.get('a'), await strategy.getMany(['a'])]).toEqual([undefined, new Map()]);
      if ('flush' in strategy) await (strategy as WriteBehind<string, unknown>).flush();
      expect([...rows]).toEqual([['a', nothing]]);
      calls.length = 0;
      expect([await strategy.get('a'), await strategy.get('a')]).toEqual([undefined, undefined]);
      expect(calls).toEqual(['load a', 'load a']);
    });
  },
);

describe('writing through the cache', () => {
  it('writes each by itself where the database takes no more, and tells the first error when all have been tried', async () => {
    const { cache } = await openMemory();
    const table = new Table();
    const { load } = table;
    const error = new Error('no b');
    const save = async (key: string, value: number): Promise<void> => {
      if (key === 'b') throw error;
      await table.save(key, value);
    };
    const rows = cache.through({ name: 'rows', mode: 'write-through', ttl: 60, load, save });
    expect(await errorOf(rows.setMany({ a: 1, b: 2, c: 3 }))).toBe(error);
    expect(await rows.getMany(['a', 'b', 'c'])).toEqual(
      new Map([
        ['a', 1],
        ['c', 3],
      ]),
    );
  });

  it('has nothing to delete with where there is no remove', async () => {
    const { cache } = await openMemory();
    const rows = cache.through({ name: 'rows', mode: 'write-through', ttl: 60, load: () => 1, save: () => {} });
    expect(await errorOf(rows.delete('a'))).toBeInstanceOf(ConfigError);
  });

  it('writes nothing under what is no key', async () => {
    const { cache } = await openMemory();
    const table = new Table();
    const { load, saveMany } = table;
    const rows = cache.through({ name: 'rows', mode: 'write-through', ttl: 60, load, saveMany });
    expect(await errorOf(rows.setMany([['', 1]]))).toBeInstanceOf(ConfigError);
    expect(table.taken()).toEqual([]);
  });

  it('has no set where it only reads', async () => {
    const { cache } = await openMemory();
    expect(Object.keys(cache.through({ name: 'rows', mode: 'read-through', ttl: 60, load: () => 1 }))).toEqual([
      'name',
      'get',
      'getMany',
    ]);
  });
});
