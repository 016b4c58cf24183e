import { describe, expect, it } from '@jest/globals';
import { watchSqlJs } from '@viewcache/orm/sql-js';
import { Keeping } from './kept.js';
import { openSqlJs } from './sql-js-engine.js';
import { CacheWorld } from './sqlite-world.js';

const TABLE = 'orders (id INTEGER PRIMARY KEY, note TEXT)';

/** The same file may be the main database of one process, and be attached in another one by any name. */
describe('a table of SQLite that connections call differently', () => {
  const world = new CacheWorld();

  it('is one, whoever reads it, and whoever writes it', async () => {
    const [main, shop, archive] = [await openSqlJs(), await openSqlJs(), await openSqlJs()];
    main.run(`CREATE TABLE ${TABLE}`);
    shop.run(`ATTACH ':memory:' AS shop; CREATE TABLE shop.${TABLE}`);
    archive.run(`ATTACH ':memory:' AS archive; CREATE TABLE archive.${TABLE}`);
    const { cache } = world.cache();
    for (const database of [main, shop, archive]) world.stopping(watchSqlJs(database, cache));
    const keeping = new Keeping(cache);
    const writes = [
      () => main.run("INSERT OR REPLACE INTO orders VALUES (1, 'x')"),
      () => shop.run("INSERT OR REPLACE INTO shop.orders VALUES (1, 'x')"),
      () => archive.run("INSERT OR REPLACE INTO orders VALUES (1, 'x')"),
    ];
    for (const write of writes) {
      const kept = [
        await keeping.keep(async () => main.exec('SELECT * FROM orders WHERE id = 1')),
        await keeping.keep(async () => shop.exec('SELECT * FROM shop.orders WHERE id = 1')),
        await keeping.keep(async () => archive.exec('SELECT * FROM orders WHERE id = 1')),
        await keeping.keep(async () => archive.exec('SELECT * FROM archive.orders')),
      ];
      write();
      for (const each of kept) expect(await each.isMadeAgain()).toBe(true);
    }
  });
});

describe('a table of SQLite that shows what stands in another one', () => {
  const world = new CacheWorld();

  it.each([
    ['of a search', "SELECT * FROM found WHERE found MATCH 'a'", "UPDATE notes SET body = 'b' WHERE id = 1"],
    ['of its own', 'SELECT count(*) FROM found_docsize', "INSERT INTO found (rowid, body) VALUES (9, 'c')"],
    ['of counters', 'SELECT * FROM sqlite_sequence', "INSERT INTO notes (body) VALUES ('d')"],
  ])('is read with it: one %s', async (_, read, write) => {
    const database = await openSqlJs();
    database.run(`CREATE TABLE notes (id INTEGER PRIMARY KEY AUTOINCREMENT, body TEXT); INSERT INTO notes (body) VALUES ('a');
      CREATE VIRTUAL TABLE found USING fts4(body, content='notes')`);
    const { cache } = world.cache();
    world.stopping(watchSqlJs(database, cache));
    const kept = await new Keeping(cache).keep(async () => database.exec(read));
    database.run(write);
    expect(await kept.isMadeAgain()).toBe(true);
  });

  it('is another one once its file was attached by another name, or another file by its', async () => {
    const database = await openSqlJs();
    database.run(`ATTACH ':memory:' AS shop; CREATE TABLE shop.${TABLE}`);
    const { cache } = world.cache();
    world.stopping(watchSqlJs(database, cache));
    const read = async () => {
      try {
        return database.exec('SELECT * FROM shop.orders');
      } catch {
        return 'none';
      }
    };
    const kept = await new Keeping(cache).keep(read);
    database.run('DETACH shop');
    expect(await kept.isMadeAgain()).toBe(true);
  });

  it('has the number of its rows for a key by any name', async () => {
    const database = await openSqlJs();
    database.run(`CREATE TABLE ${TABLE}; INSERT INTO orders VALUES (1, 'a')`);
    const { cache } = world.cache();
    world.stopping(watchSqlJs(database, cache));
    const kept = await new Keeping(cache).keep(async () => database.exec('SELECT * FROM orders WHERE id = 9'));
    database.run('UPDATE orders SET rowid = 9 WHERE id = 1');
    expect(await kept.isMadeAgain()).toBe(true);
  });
});

describe('a foreign key of SQLite', () => {
  const world = new CacheWorld();

  it('that refers to a key which is not the primary one carries along what refers', async () => {
    const database = await openSqlJs();
    database.run(`PRAGMA foreign_keys = ON;
      CREATE TABLE owners (id INTEGER PRIMARY KEY, name TEXT, code TEXT UNIQUE, low TEXT AS (lower(name)) STORED UNIQUE);
      CREATE TABLE cars (id INTEGER PRIMARY KEY, Code TEXT REFERENCES owners (Code) ON UPDATE CASCADE,
        low TEXT REFERENCES owners (low) ON UPDATE CASCADE);
      INSERT INTO owners (id, name, code) VALUES (1, 'Ana', 'a'); INSERT INTO cars VALUES (1, 'a', 'ana')`);
    const { cache } = world.cache();
    world.stopping(watchSqlJs(database, cache));
    const car = await new Keeping(cache).keep(async () => database.exec('SELECT * FROM cars WHERE id = 1'));
    const writes = [
      "UPDATE owners SET code = 'c' WHERE id = 1",
      "INSERT INTO owners (id, code) VALUES (1, 'd') ON CONFLICT (id) DO UPDATE SET code = excluded.code",
      "UPDATE owners SET name = 'Bo' WHERE id = 1",
    ];
    for (const write of writes) {
      database.run(write);
      expect([write, await car.isMadeAgain()]).toEqual([write, true]);
    }
  });
});
