import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, it } from '@jest/globals';
import { createCache } from '@viewcache/core';
import { watchBetterSqlite3 } from '@viewcache/orm/better-sqlite3';
import { describeBetterSqlite3, openBetterSqlite3 } from '../orm/better-sqlite3-engine.js';

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

describeBetterSqlite3('a strategy over a watched database of several connections', () => {
  it.each(['write-through', 'write-around'] as const)(
    'tells nobody what a transaction has taken back, by %s',
    async (mode) => {
      const cache = createCache();
      closing.push(() => cache.close());
      const folder = await mkdtemp(join(tmpdir(), 'cities-'));
      closing.push(() => rm(folder, { recursive: true, force: true }));
      const connect = async () => {
        const database = await openBetterSqlite3(join(folder, 'cities.db'));
        closing.push(() => database.close(), watchBetterSqlite3(database, { cache }));
        return database;
      };
      const database = await connect();
      database.pragma('journal_mode = WAL');
      database.exec("CREATE TABLE cities (id INTEGER PRIMARY KEY, name TEXT); INSERT INTO cities VALUES (1, 'one')");
      const writer = await connect();
      const load = (id: number) =>
        database.prepare('SELECT name FROM cities WHERE id = ?').pluck().get(id) as string | undefined;
      const save = (id: number, name: string): void =>
        void writer.prepare('UPDATE cities SET name = ? WHERE id = ?').run(name, id);
      const cities = cache.through({ name: 'cities', ttl: '1h', mode, load, save });
      expect(await cities.get(1)).toBe('one');
      writer.exec('BEGIN');
      await cities.set(1, 'refused');
      expect(await cities.get(1)).toBe('one');
      writer.exec('ROLLBACK');
      expect(await cities.get(1)).toBe('one');
      writer.exec('BEGIN');
      await cities.set(1, 'taken');
      // Read between, and stored: the end of the transaction ends it.
      expect([await cities.get(1), await cache.namespace('cities').get(1)]).toEqual(['one', 'one']);
      writer.exec('COMMIT');
      expect(await cities.get(1)).toBe('taken');
    },
  );
});
