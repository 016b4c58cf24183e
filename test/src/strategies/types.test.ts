import { describe, expect, it } from '@jest/globals';
import { createCache, type Key, type ReadThrough, type WriteBehind, type WriteThrough } from '@viewcache/core';

interface City {
  readonly id: number;
  readonly name: string;
}

const find = async (id: number): Promise<City | undefined> => ({ id, name: 'Wien' });
const findMany = async (ids: readonly number[]): Promise<City[]> => ids.map((id) => ({ id, name: 'Wien' }));
const save = async (_id: number, _city: City): Promise<void> => {};

// What compiles, and what does not: the compiler is the one that fails here.
describe('the types of strategies', () => {
  const cache = createCache();

  it('know keys and values from load alone', async () => {
    const cities: ReadThrough<number, City> = cache.through({ name: 'a', mode: 'read-through', load: find, ttl: 60 });
    const city: City | undefined = await cities.get(7);
    const told = cache.through({
      name: 'b',
      mode: 'write-through',
      load: find,
      save: (id, { name }) => [id.toFixed(), name.trim()],
      remove: (id) => id.toFixed(),
      tags: (value, id) => [`cities#${id.toFixed()}`, `named#${value?.name}`],
      ttl: ({ id }) => id,
      missingTtl: '10s',
    });
    const strategy: WriteThrough<number, City> = told;
    await strategy.set(7, { id: 7, name: 'Graz' });
    expect([city?.name, (await told.get(7))?.name]).toEqual(['Wien', 'Graz']);
  });

  it('know them from loadMany alone, whether its list may be changed or not', async () => {
    const rows = cache.through({ name: 'c', mode: 'read-through', loadMany: findMany, by: 'id', ttl: 60 });
    const found: Map<number, City> = await rows.getMany([1, 2]);
    const own = cache.through({
      name: 'd',
      mode: 'write-around',
      loadMany: (ids: number[]) => new Map(ids.map((id) => [id, { id, name: 'Linz' } as City])),
      saveMany: (entries) => entries.map(([id, { name }]) => [id.toFixed(), name.trim()]),
      missingTtl: 5,
      ttl: '1h',
    });
    const city: City | undefined = await own.get(3);
    const listed = { name: 'e', mode: 'write-through', ttl: 60, load: find } as const;
    const saved: number[] = [];
    const sorted = cache.through({
      ...listed,
      saveMany: (entries: [number, City][]) => void saved.push(...entries.splice(0).map(([id]) => id)),
    });
    await sorted.set(1, { id: 1, name: 'Enns' });
    expect([found.size, city?.name, saved]).toEqual([2, 'Linz', [1]]);
  });

  it('tell the functions of what is written behind of its versions', async () => {
    const rows = cache.through({
      name: 'f',
      mode: 'write-behind',
      load: find,
      saveMany: (entries) => entries.map(([id, { name }, { version }]) => [id.toFixed(), name, version.toFixed()]),
      remove: (id, { version }) => [id.toFixed(), version.toFixed()],
      onDeadLetter: ({ key, value }) => [key.toFixed(), value?.name],
      ttl: 60,
    });
    const strategy: WriteBehind<number, City> = rows;
    expect(strategy.pending).toBe(0);
    await strategy.close();
  });

  it('go through functions that know neither', async () => {
    const open = <K extends Key, V>(load: (key: K) => Promise<V>): ReadThrough<K, V> =>
      cache.through({ name: 'g', mode: 'read-through', load, ttl: 60 });
    const city: City | undefined = await open(find).get(7);
    expect(city?.id).toBe(7);
    const explicit = cache.through<number, City>({ name: 'h', mode: 'read-through', load: (id) => find(id), ttl: 60 });
    expect((await explicit.get(8))?.id).toBe(8);
  });

  it('refuse what a mode is short of, and what it has no use for', () => {
    const wrong = () => {
      // @ts-expect-error nothing reads
      cache.through({ name: 'a', mode: 'read-through' });
      // @ts-expect-error nothing reads
      cache.through({ name: 'a', mode: 'write-through', save });
      // @ts-expect-error nothing reads
      cache.through({ name: 'a', mode: 'write-behind', save, load: undefined });
      // @ts-expect-error nothing writes: said of the whole, not of its mode
      cache.through({
        name: 'a',
        mode: 'write-through',
        load: find,
      });
      // @ts-expect-error nothing writes
      cache.through({ name: 'a', mode: 'write-around', loadMany: findMany, by: 'id' });
      // @ts-expect-error nothing writes
      cache.through({ name: 'a', mode: 'write-behind', load: find, journal: './a.journal' });
      // @ts-expect-error nothing is written
      cache.through({ name: 'a', mode: 'read-through', load: find, save });
      // @ts-expect-error a journal is of what is written behind
      cache.through({ name: 'a', mode: 'write-through', load: find, save, journal: './a.journal' });
      cache.through({
        name: 'a',
        mode: 'read-through',
        load: find,
        // @ts-expect-error mistyped: said of this one
        tlt: 60,
      });
      // @ts-expect-error a city has no such property
      cache.through({ name: 'a', mode: 'read-through', loadMany: findMany, by: 'idd' });
      // @ts-expect-error a key is a number
      cache.through({ name: 'a', mode: 'write-through', load: find, save: (_id: string, _city: City) => {} });
      // @ts-expect-error a key is a number
      void cache.through({ name: 'a', mode: 'read-through', load: find }).get('7');
      // @ts-expect-error it is only read
      void cache.through({ name: 'a', mode: 'read-through', load: find }).set;
    };
    expect(wrong).toBeInstanceOf(Function);
  });
});
