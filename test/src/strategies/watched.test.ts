import { afterEach, describe, expect, it } from '@jest/globals';
import { type Cache, view } from '@viewcache/core';
import { watchSqlJs } from '@viewcache/orm/sql-js';
import { openSqlJs } from '../orm/sql-js-engine.js';
import { openMemory, openOn, stores, until } from '../values/stores.js';

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

const TABLE = "CREATE TABLE cities (id INTEGER PRIMARY KEY, name TEXT); INSERT INTO cities VALUES (1, 'one')";
const SELECT = 'SELECT name FROM cities WHERE id = ?';
const UPDATE = 'UPDATE cities SET name = ? WHERE id = ?';

/** A table of cities in a database that is watched for a cache. */
async function openCities(cache: Cache) {
  const database = await openSqlJs();
  const stop = watchSqlJs(database, { cache });
  closing.push(() => database.close(), stop);
  database.run(TABLE);
  const load = (id: number) => database.exec(SELECT, [id])[0]?.values[0]?.[0] as string | undefined;
  const save = (id: number, name: string): void => void database.run(UPDATE, [name, id]);
  return { database, load, save };
}

const options = { name: 'cities', ttl: '1h' } as const;

describe.each(stores)('a strategy over a watched database, in %s', (_name, store) => {
  it('tells what was written past it after it had written, also in what is made of it', async () => {
    const { cache } = await openOn(store, { consistency: 'strict' });
    const { load, save } = await openCities(cache);
    const cities = cache.through({ ...options, mode: 'write-through', load, save });
    const page = () => cache.getOrSet('page', () => cities.get(1), '1h');
    for (const round of ['first', 'second']) {
      await cities.set(1, `${round} by set`);
      expect([await cities.get(1), await page()]).toEqual([`${round} by set`, `${round} by set`]);
      save(1, `${round} by sql`);
      await until(async () => (await cities.get(1)) === `${round} by sql`);
      expect(await page()).toBe(`${round} by sql`);
      const found = await cache.namespace('cities').get(1);
      expect(found).toBe(`${round} by sql`);
    }
  });

  it('tells what was written past it after it had written behind, also in what was made while that waited', async () => {
    const { cache } = await openOn(store, { consistency: 'strict' });
    const { load, save } = await openCities(cache);
    const cities = cache.through({ ...options, mode: 'write-behind', flushOnSignal: false, load, save });
    const page = () => cache.getOrSet('page', () => cities.get(1), '1h');
    expect(await page()).toBe('one');
    await cities.set(1, 'by set');
    expect([await cities.get(1), await page(), load(1)]).toEqual(['by set', 'by set', 'one']);
    await cities.flush();
    expect([await cities.get(1), await page(), load(1)]).toEqual(['by set', 'by set', 'by set']);
    save(1, 'by sql');
    await until(async () => (await cities.get(1)) === 'by sql');
    expect(await page()).toBe('by sql');
  });
});

describe('a strategy over a watched database', () => {
  it('tells what a transaction has written to none but itself', async () => {
    const { cache } = await openMemory();
    const { database, load, save } = await openCities(cache);
    const cities = cache.through({ ...options, mode: 'write-through', load, save });
    const page = () => cache.getOrSet('page', () => cities.get(1), '1h');
    database.exec('BEGIN');
    await cities.set(1, 'refused');
    expect([await cities.get(1), await page()]).toEqual(['refused', 'refused']);
    database.exec('ROLLBACK');
    expect([await cities.get(1), await page()]).toEqual(['one', 'one']);
  });

  it('stores nothing that waits, nor what is made of it, and tells the database when it is given up', async () => {
    const { cache, clock } = await openMemory();
    const { load } = await openCities(cache);
    const save = (): void => {
      throw new Error('never');
    };
    const more = { flushOnSignal: false, retryIf: () => false, onDeadLetter: () => {} };
    const cities = cache.through({ ...options, mode: 'write-behind', load, save, ...more });
    const page = () => cache.getOrSet('page', () => cities.get(1), '1h');
    await cities.set(1, 'waits');
    expect([await cities.get(1), await page()]).toEqual(['waits', 'waits']);
    expect([await cache.get('page'), await cache.namespace('cities').get(1)]).toEqual([undefined, undefined]);
    await clock.advanceAsync('2s');
    await until(() => cities.pending === 0);
    expect([await cities.get(1), await page()]).toEqual(['one', 'one']);
  });

  it('stores what is written where nobody wants to know what is read', async () => {
    const { cache } = await openMemory();
    const { load, save } = await openCities(cache);
    const loads: number[] = [];
    const counted = (id: number): string | undefined => {
      loads.push(id);
      return load(id);
    };
    const cities = cache.through({ ...options, mode: 'write-through', trackReads: false, load: counted, save });
    await cities.set(1, 'by set');
    expect([await cities.get(1), loads]).toEqual(['by set', []]);
  });
});

describe('a strategy whose loads say what they depend on', () => {
  it.each([
    ['a tag', () => void view().dependsOn('table')],
    ['a value that is cached', (cache: Cache) => cache.getOrSet('rate', () => 1, { ttl: 60, tags: ['table'] })],
  ])('stores no value that is written without %s', async (_what, say) => {
    const { cache } = await openMemory();
    const rows = new Map([[1, 'one']]);
    const load = async (id: number): Promise<string | undefined> => {
      await say(cache);
      return rows.get(id);
    };
    const save = (id: number, name: string): void => void rows.set(id, name);
    const cities = cache.through({ ...options, mode: 'write-through', load, save });
    await cities.get(1);
    await cities.set(1, 'by set');
    expect(await cities.get(1)).toBe('by set');
    rows.set(1, 'past it');
    await cache.invalidate({ tags: 'table' });
    expect(await cities.get(1)).toBe('past it');
  });
});

describe('a write behind that is given up', () => {
  it('is not read, and stored, by who comes when it has been forgotten', async () => {
    const { cache, clock } = await openMemory();
    const more = { flushOnSignal: false, retryIf: () => false, onDeadLetter: () => {} };
    const save = (): void => {
      throw new Error('never');
    };
    const cities = cache.through({ ...options, mode: 'write-behind', load: () => 'of the database', save, ...more });
    await cities.set(1, 'refused');
    const read: Promise<unknown>[] = [];
    let isGivenUp = false;
    cache.on((event) => {
      if (event.type === 'dead-letter') isGivenUp = true;
      // The value has just been dropped, and the queue has it still.
      if (isGivenUp && event.type === 'invalidated') read.push(cities.get(1));
    });
    await clock.advanceAsync('2s');
    await until(() => cities.pending === 0);
    expect(read).toHaveLength(1);
    expect(await Promise.all(read)).toEqual(['of the database']);
    expect(await cities.get(1)).toBe('of the database');
  });
});
