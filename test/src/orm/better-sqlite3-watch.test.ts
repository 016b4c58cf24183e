import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { expect, it } from '@jest/globals';
import { watchBetterSqlite3 } from '@viewcache/orm/better-sqlite3';
import type { Database } from 'better-sqlite3';
import { describeBetterSqlite3, openBetterSqlite3 } from './better-sqlite3-engine.js';
import { pagesOf } from './prisma-world.js';
import { describeSqlite } from './sqlite-suite.js';
import { CacheWorld, SETUP } from './sqlite-world.js';

describeSqlite<Database>('better-sqlite3', describeBetterSqlite3, {
  open: openBetterSqlite3,
  callsOf: (database) => ({
    run: (sql, ...values) => database.prepare(sql).run(...values),
    exec: (sql) => database.exec(sql),
    get: (sql, ...values) => database.prepare(sql).get(...values),
  }),
  watch: watchBetterSqlite3,
});

describeBetterSqlite3('ways to call better-sqlite3', () => {
  const world = new CacheWorld();
  const USER_1 = ['users', 'users#1'];

  async function reach() {
    const database = (await openBetterSqlite3()).exec(SETUP);
    const early = database.prepare("UPDATE users SET name = 'x' WHERE id = ?");
    const { cache, heard } = world.cache();
    world.stopping(watchBetterSqlite3(database, cache));
    return { database, early, cache, heard };
  }

  it('a statement that was prepared before the watch', async () => {
    const { early, heard } = await reach();
    early.run(1);
    expect(heard).toEqual([USER_1]);
  });

  it.each<[string, (database: Database) => unknown]>([
    ['values', (db) => db.prepare('UPDATE users SET name = ? WHERE id = ?').run('x', 1)],
    ['lists', (db) => db.prepare('UPDATE users SET name = ? WHERE id = ?').run(['x'], [1])],
    ['names', (db) => db.prepare('UPDATE users SET name = @name WHERE id = $id').run({ name: 'x', id: 1 })],
    ['bind', (db) => db.prepare('UPDATE users SET name = ? WHERE id = ?').bind('x', 1).run()],
    ['BigInt', (db) => db.prepare('UPDATE users SET name = ? WHERE id = ?').run('x', 1n)],
    ['exec', (db) => db.exec("UPDATE users SET name = 'x' WHERE id = 1")],
  ])('%s', async (_, write) => {
    const { database, heard } = await reach();
    write(database);
    expect(heard).toEqual([USER_1]);
  });

  it.each<[string, (database: Database) => unknown, readonly string[]]>([
    [
      'all()',
      (db) => db.prepare("INSERT INTO users (name) VALUES ('a'), ('b') RETURNING *").all(),
      ['users#3', 'users#4'],
    ],
    ['get()', (db) => db.prepare("INSERT INTO users (name) VALUES ('a') RETURNING name, id").get(), ['users#3']],
    ['raw()', (db) => db.prepare("INSERT INTO users (name) VALUES ('a') RETURNING name, id").raw().all(), ['users#3']],
    ['pluck()', (db) => db.prepare("INSERT INTO users (name) VALUES ('a') RETURNING id").pluck().all(), ['users#3']],
    // A key counts by its own name alone, whatever the driver.
    [
      'another name',
      (db) => db.prepare("INSERT INTO users (name) VALUES ('a') RETURNING id AS n").all(),
      ['users!ins'],
    ],
    ['itself', (db) => db.prepare("INSERT INTO users (name) VALUES ('a') RETURNING id AS id").all(), ['users#3']],
    [
      'of another column',
      (db) => db.prepare("INSERT INTO users (name) VALUES ('7'), ('8') RETURNING name id").all(),
      ['users!ins'],
    ],
    [
      'the first of several',
      (db) => db.prepare("INSERT INTO users (name) VALUES ('a'), ('b') RETURNING id").get(),
      ['users!ins'],
    ],
    ['none', (db) => db.prepare("UPDATE users SET name = 'x' WHERE email = 'y' RETURNING id").all(), []],
    ['not even a first', (db) => db.prepare("UPDATE users SET name = 'x' WHERE email = 'y' RETURNING id").get(), []],
    [
      'iterate()',
      (db) => [...db.prepare("UPDATE users SET name = 'x' WHERE id = 1 RETURNING id").iterate()],
      ['users#1'],
    ],
    ['iterate() that is left', (db) => left(db), ['users!bulk']],
  ])('RETURNING by %s', async (_, write, tags) => {
    const { database, heard } = await reach();
    write(database);
    expect(heard).toEqual(tags.length === 0 ? [] : [['users', ...tags]]);
  });

  it('transaction() in each of its ways, nested, and pragma()', async () => {
    const { database, early, heard } = await reach();
    const rename = database.transaction((id: number) => {
      early.run(id);
      return heard.length;
    });
    for (const way of [rename, rename.deferred, rename.immediate, rename.exclusive])
      expect(way(1)).toBe(heard.length - 1);
    const nested = database.transaction(() => {
      rename(1);
      expect(() =>
        database.transaction(() => {
          rename(2);
          throw new Error('undone');
        })(),
      ).toThrow('undone');
      expect(heard).toHaveLength(4);
    });
    nested();
    expect(heard).toEqual([USER_1, USER_1, USER_1, USER_1, USER_1]);
    database.pragma('foreign_keys = OFF');
    database.prepare('DELETE FROM posts WHERE id = 1').run();
    expect(heard.at(-1)).toEqual(['posts', 'posts#1']);
  });

  it('iterate() of what only reads, within which others read', async () => {
    const { database, cache, heard } = await reach();
    const pages = await pagesOf(cache, {
      '/page': async () => {
        const posts = database.prepare('SELECT user_id FROM posts WHERE id = ?').iterate(1) as Iterable<{
          user_id: number;
        }>;
        return [...posts].map(({ user_id }) => database.prepare('SELECT name FROM users WHERE id = ?').get(user_id));
      },
    });
    expect(await pages.tagsOf('/page')).toEqual(['posts#1', 'users#1']);
    expect(heard).toEqual([]);
  });

  it('iterate() that is open shows nobody what is older than he', async () => {
    const file = join(await mkdtemp(join(tmpdir(), 'viewcache-sqlite-')), 'shop.db');
    const [database, other] = [await openBetterSqlite3(file), await openBetterSqlite3(file)];
    database.pragma('journal_mode = WAL');
    database.exec(SETUP);
    const { cache } = world.cache();
    for (const each of [database, other]) world.stopping(watchBetterSqlite3(each, cache));
    const ask = () =>
      cache.getOrSet('user', async () => database.prepare('SELECT name FROM users WHERE id = 1').get(), { ttl: '5m' });
    const rows = database.prepare('SELECT id FROM users ORDER BY id').iterate();
    rows.next();
    other.exec("UPDATE users SET name = 'x' WHERE id = 1");
    expect(await ask()).toEqual({ name: 'Ana' });
    expect(await cache.get('user')).toBeUndefined();
    expect([...rows]).toEqual([{ id: 2 }]);
    expect(await ask()).toEqual({ name: 'x' });
    expect(await cache.get('user')).toEqual({ name: 'x' });
    for (const each of [database, other]) each.close();
    await rm(dirname(file), { recursive: true });
  });

  it('refuses a database that is closed', async () => {
    const database = await openBetterSqlite3();
    database.close();
    expect(() => watchBetterSqlite3(database)).toThrow('open Database');
  });

  it('leaves statements of all databases as they were, once none is watched', async () => {
    const database = await openBetterSqlite3();
    const prototype = Object.getPrototypeOf(database.prepare('SELECT 1')) as { run: unknown };
    const { cache } = world.cache();
    const before = prototype.run;
    const stops = [watchBetterSqlite3(database, cache), watchBetterSqlite3(await openBetterSqlite3(), cache)];
    const during = prototype.run;
    for (const stop of stops) stop();
    expect([during === before, prototype.run === before || typeof prototype.run]).toEqual([false, true]);
  });
});

function left(database: Database): void {
  for (const _ of database.prepare("UPDATE users SET name = 'x' RETURNING id").iterate()) break;
}
