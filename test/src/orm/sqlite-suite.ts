import { type describe, expect, it } from '@jest/globals';
import { type CacheOptions, ConfigError } from '@viewcache/core';
import { afterCommit } from '@viewcache/orm';
import type { SqliteWatch, WatchSqliteOptions } from '@viewcache/orm/sql-js';
import { pagesOf } from './prisma-world.js';
import { CacheWorld, SETUP, type SqliteCalls } from './sqlite-world.js';

/** A library for SQLite. */
export interface Library<D extends object> {
  open(): Promise<D>;
  callsOf(database: D): SqliteCalls;
  watch(database: D, options?: WatchSqliteOptions): SqliteWatch;
}

const UPDATE_1 = "UPDATE users SET name = 'x' WHERE id = 1";
const UPDATE_2 = "UPDATE users SET name = 'y' WHERE id = 2";
const USER_1 = ['users', 'users#1'];
const USER_2 = ['users', 'users#2'];

/** What holds for each library alike. */
export function describeSqlite<D extends object>(name: string, describe_: typeof describe, library: Library<D>): void {
  const world = new CacheWorld();

  async function reach(options: WatchSqliteOptions = {}, cacheOptions: CacheOptions = {}) {
    const database = await library.open();
    const calls = library.callsOf(database);
    calls.exec(SETUP);
    const { cache, heard } = world.cache(cacheOptions);
    const watch = world.stopping(library.watch(database, { ...options, cache }));
    return { database, ...calls, cache, heard, watch };
  }

  describe_(`${name}: what a statement writes`, () => {
    it.each<[string, string, readonly unknown[], readonly string[]]>([
      ['by key', UPDATE_1, [], USER_1],
      ['by a position', 'UPDATE users SET name = ? WHERE id = ?', ['x', 1], USER_1],
      ['by a key that is counted', 'INSERT INTO users (name) VALUES (?)', ['x'], ['users', 'users#3']],
      ['by a key that is given', 'INSERT INTO users (id, name) VALUES (7, ?)', ['x'], ['users', 'users#7']],
      ['no row', "UPDATE users SET name = 'x' WHERE id = 99", [], []],
      ['a row that is there already', "INSERT OR IGNORE INTO users (id, name) VALUES (1, 'x')", [], []],
      ['all rows', 'UPDATE users SET email = NULL', [], ['users', 'users!bulk']],
      ['another key', 'UPDATE tags SET id = 9 WHERE id = 2', [], ['tags', 'tags!bulk']],
    ])('%s', async (_, sql, values, tags) => {
      const { run, heard } = await reach();
      run(sql, ...values);
      expect(heard).toEqual(tags.length === 0 ? [] : [tags]);
    });

    it('and leaves there when a trigger of its has it fail', async () => {
      const { run, exec, get, heard } = await reach();
      exec(`CREATE TRIGGER refusing BEFORE UPDATE ON users WHEN OLD.id = 2
        BEGIN SELECT RAISE(FAIL, 'not him'); END`);
      heard.length = 0;
      expect(() => run("UPDATE users SET name = 'x'")).toThrow('not him');
      expect(heard).toEqual([['users', 'users!bulk']]);
      expect(get('SELECT name FROM users WHERE id = 1')).toMatchObject({ name: 'x' });
      // Where no trigger is, nothing is left.
      expect(() => run('UPDATE tags SET id = 1')).toThrow();
      expect(heard).toHaveLength(1);
    });

    it('is what a table replaces by its own definition, with what refers to it', async () => {
      const { run, exec, get, cache, heard } = await reach();
      exec(`CREATE TABLE seats (id INTEGER PRIMARY KEY, place TEXT /* one each */ UNIQUE ON /**/ CONFLICT REPLACE);
        CREATE TABLE guests (id INTEGER PRIMARY KEY, seat INTEGER REFERENCES seats ON DELETE CASCADE);
        INSERT INTO seats VALUES (1, 'a'), (2, 'b'), (3, 'c'); INSERT INTO guests VALUES (1, 1), (2, 2)`);
      const pages = await pagesOf(cache, {
        '/seat': async () => get('SELECT place FROM seats WHERE id = ?', 1) ?? null,
        '/guest': async () => get('SELECT seat FROM guests WHERE id = ?', 2) ?? null,
      });
      expect([await pages.get('/seat'), await pages.get('/guest')]).toEqual([{ place: 'a' }, { seat: 2 }]);
      run("INSERT INTO seats (id, place) VALUES (4, 'a')");
      run("UPDATE seats SET place = 'b' WHERE id = 3");
      expect([await pages.get('/seat'), await pages.get('/guest')]).toEqual([null, null]);
      heard.length = 0;
      run("UPDATE seats SET place = 'x' WHERE id = 99");
      expect(heard).toEqual([['guests', 'guests!bulk', 'seats', 'seats!bulk']]);
    });

    it('is what a failed statement leaves in a table that says so in its definition', async () => {
      const { run, exec, get, heard } = await reach();
      exec(`CREATE TABLE seats (id INTEGER PRIMARY KEY, place TEXT UNIQUE ON CONFLICT FAIL);
        INSERT INTO seats VALUES (1, 'a'), (2, 'b')`);
      heard.length = 0;
      expect(() => run("UPDATE seats SET place = 'c'")).toThrow('UNIQUE');
      expect(get('SELECT place FROM seats WHERE id = 1')).toMatchObject({ place: 'c' });
      expect(heard).toEqual([['seats', 'seats!bulk']]);
    });

    it('is told before the next statement can run', async () => {
      const { run, get, cache, heard } = await reach();
      const pages = await pagesOf(cache, { '/page': async () => get('SELECT * FROM users WHERE id = ?', 1) });
      expect(await pages.tagsOf('/page')).toEqual(['users#1']);
      run(UPDATE_1);
      expect(heard).toEqual([USER_1]);
      expect(cache.explain('/page').stored).toMatchObject([{ state: 'invalidated' }]);
    });

    it('is a read of what it hands back', async () => {
      const { run, get, cache } = await reach();
      const sent = 'UPDATE posts SET views = views + 1 WHERE id = 1 RETURNING title';
      const pages = await pagesOf(cache, { '/page': async () => get(sent) });
      for (const title of ['First', 'Other', 'Third']) {
        run('UPDATE posts SET title = ? WHERE id = 1', title);
        expect(await pages.get('/page')).toEqual({ title });
        expect(await pages.get('/page')).toEqual({ title });
      }
    });

    it('waits for the commit, and is nothing where that is a rollback', async () => {
      const { run, exec, heard } = await reach();
      exec('BEGIN');
      run(UPDATE_1);
      exec('SAVEPOINT a');
      run(UPDATE_2);
      exec('ROLLBACK TO a');
      expect(heard).toEqual([]);
      exec('COMMIT');
      expect(heard).toEqual([USER_1]);
      exec(`BEGIN; ${UPDATE_1}; ROLLBACK`);
      expect(heard).toHaveLength(1);
      exec(`BEGIN; ${UPDATE_1}; ${UPDATE_2}; COMMIT`);
      expect(heard.at(-1)).toEqual(['users', 'users#1', 'users#2']);
    });

    it('begins a transaction with a savepoint', async () => {
      const { run, exec, heard } = await reach();
      exec('SAVEPOINT a');
      run(UPDATE_1);
      expect(heard).toEqual([]);
      exec('RELEASE a');
      expect(heard).toEqual([USER_1]);
    });

    it('is undone by a statement that fails with OR ROLLBACK, and nothing is held back afterwards', async () => {
      const { run, exec, heard } = await reach();
      exec('BEGIN');
      run(UPDATE_1);
      expect(() => run('INSERT OR ROLLBACK INTO users (id, name) VALUES (1, 1)')).toThrow('UNIQUE');
      run(UPDATE_2);
      expect(heard).toEqual([USER_2]);
    });

    it('is undone by a table that says so in its definition, and nothing is held back afterwards', async () => {
      const { run, exec, heard } = await reach();
      exec('CREATE TABLE seats (id INTEGER PRIMARY KEY ON CONFLICT ROLLBACK); INSERT INTO seats VALUES (1)');
      heard.length = 0;
      exec('BEGIN');
      run(UPDATE_1);
      expect(() => run('INSERT INTO seats VALUES (1)')).toThrow('UNIQUE');
      run(UPDATE_2);
      expect(heard).toEqual([USER_2]);
    });

    it('stays open where a statement fails, or the COMMIT does', async () => {
      const { run, exec, heard } = await reach();
      exec('BEGIN');
      exec('PRAGMA defer_foreign_keys = ON');
      run(UPDATE_1);
      expect(() => run('INSERT INTO users (id, name) VALUES (1, 1)')).toThrow('UNIQUE');
      run("INSERT INTO posts (title, user_id) VALUES ('x', 4711)");
      expect(() => exec('COMMIT')).toThrow('FOREIGN KEY');
      expect(heard).toEqual([]);
      run('DELETE FROM posts WHERE id = 3');
      exec('COMMIT');
      expect(heard.flat()).toEqual(expect.arrayContaining(['users#1', 'posts#3']));
    });

    it('counts of several statements as far as they came', async () => {
      const { exec, heard } = await reach();
      expect(() => exec(`${UPDATE_1}; INSERT INTO users (id, name) VALUES (1, 1)`)).toThrow('UNIQUE');
      expect(heard.flat()).toContain('users#1');
    });

    it('goes on in what refers to it, unless foreign keys do not act', async () => {
      const { run, exec, heard } = await reach();
      run('DELETE FROM posts WHERE id = 2');
      expect(heard.at(-1)).toEqual(['comments', 'comments!bulk', 'post_tags', 'post_tags!bulk', 'posts', 'posts#2']);
      exec('PRAGMA foreign_keys = OFF');
      run('DELETE FROM posts WHERE id = 1');
      expect(heard.at(-1)).toEqual(['posts', 'posts#1']);
    });

    it('goes on in what triggers write, also in place of a view', async () => {
      const { run, exec, heard } = await reach();
      exec(`CREATE TABLE audit (id INTEGER PRIMARY KEY, said TEXT);
        CREATE TRIGGER noted AFTER UPDATE ON users WHEN new.name <> 'begin' BEGIN
          INSERT INTO audit (said) SELECT CASE WHEN 1 THEN name END FROM tags; END;
        CREATE VIEW names AS SELECT p.id, p.bio AS name FROM profiles p JOIN tags t ON t.id = p.id;
        CREATE TRIGGER named INSTEAD OF UPDATE ON names BEGIN DELETE FROM comments WHERE id = new.id; END`);
      run(UPDATE_1);
      expect(heard.at(-1)).toEqual(['audit', 'audit!bulk', ...USER_1]);
      run("UPDATE names SET name = 'x' WHERE id = 1");
      expect(heard.at(-1)).toContain('comments!bulk');
    });

    it('knows the tables as they are, also those of a transaction that is rolled back', async () => {
      const { run, exec, heard } = await reach();
      exec('BEGIN; CREATE TABLE later ("Id" INTEGER PRIMARY KEY, name TEXT)');
      run('INSERT INTO later (name) VALUES (1)');
      exec('ROLLBACK');
      exec('CREATE TABLE later (name TEXT PRIMARY KEY)');
      run("INSERT INTO later (name) VALUES ('a')");
      expect(heard.at(-1)).toEqual(['later', 'later#a']);
      exec('CREATE TABLE cased ("Id" INTEGER PRIMARY KEY, "Name" TEXT)');
      run("INSERT INTO CASED (name) VALUES ('a')");
      expect(heard.at(-1)).toEqual(['cased', 'cased#1']);
      run('UPDATE cased SET ID = 5 WHERE "Id" = 1');
      expect(heard.at(-1)).toEqual(['cased', 'cased!bulk']);
    });

    it('in an attached database is known, by the name that it has there', async () => {
      const { run, exec, heard } = await reach();
      exec("ATTACH ':memory:' AS aux");
      exec(
        'CREATE TABLE aux.users (id INTEGER PRIMARY KEY, name TEXT); CREATE TABLE aux.more (id INTEGER PRIMARY KEY)',
      );
      run("INSERT INTO aux.users (id, name) VALUES (1, 'x')");
      expect(heard.at(-1)).toEqual(['users', 'users#1']);
      run('INSERT INTO more (id) VALUES (1)');
      expect(heard.at(-1)).toEqual(['more', 'more#1']);
    });
  });

  describe_(`${name}: what a view reads`, () => {
    it.each<[string, string, readonly unknown[], readonly string[]]>([
      ['by key', 'SELECT * FROM users WHERE id = ?', [1], ['users#1']],
      ['a row that is not there', 'SELECT * FROM users WHERE id = ?', [99], ['users#99']],
      ['by several keys', 'SELECT * FROM users WHERE id IN (?, ?)', [1, 2], ['users#1', 'users#2']],
      ['joined', 'SELECT * FROM posts p JOIN users u ON u.id = p.user_id', [], ['posts', 'users']],
      ['through a view', 'SELECT * FROM names', [], ['profiles', 'users']],
    ])('%s', async (_, sql, values, tags) => {
      const { exec, get, cache } = await reach();
      exec('CREATE VIEW names AS SELECT u.id FROM users u JOIN profiles p ON p.user_id = u.id');
      const pages = await pagesOf(cache, { '/page': async () => get(sql, ...values) });
      expect(await pages.tagsOf('/page')).toEqual(tags);
    });

    it('in a transaction that has written is not stored (46)', async () => {
      const { run, exec, get, cache } = await reach();
      const pages = await pagesOf(cache, { '/page': async () => get('SELECT name FROM users WHERE id = ?', 1) });
      exec('BEGIN');
      run(UPDATE_1);
      await pages.get('/page');
      exec('ROLLBACK');
      await pages.get('/page');
      expect(pages.runs['/page']).toBe(2);
      expect(cache.stats().refused).toMatchObject({ 'uncommitted-read': 1 });
    });

    it('is not heard where nobody wants to hear it', async () => {
      const { get, cache } = await reach({ trackReads: false });
      const pages = await pagesOf(cache, { '/page': async () => get('SELECT * FROM users') });
      expect(await pages.tagsOf('/page')).toEqual([]);
    });
  });

  describe_(`${name}: a watch`, () => {
    it('is one for a cache, however often it is asked for, until all have ended (68)', async () => {
      const { database, run, cache, heard, watch } = await reach();
      const again = world.stopping(library.watch(database, { cache }));
      run(UPDATE_1);
      watch();
      watch();
      run(UPDATE_1);
      expect(heard).toEqual([USER_1, USER_1]);
      again();
      run(UPDATE_1);
      expect(heard).toHaveLength(2);
    });

    it('leaves everything as it was (68)', async () => {
      const database = await library.open();
      const { exec } = library.callsOf(database);
      exec(SETUP);
      const before = Object.getOwnPropertyNames(database);
      const { cache, heard } = world.cache();
      const watch = library.watch(database, { cache });
      expect(Object.getOwnPropertyNames(database)).not.toEqual(before);
      watch();
      expect(Object.getOwnPropertyNames(database)).toEqual(before);
      exec(UPDATE_1);
      expect(heard).toEqual([]);
    });

    it('tells two caches each of its own, and databases apart', async () => {
      const { database, run, heard } = await reach();
      const other = world.cache();
      const stop = library.watch(database, { cache: other.cache, namespace: 'shop' });
      const beside = await reach();
      run(UPDATE_1);
      expect([heard, other.heard, beside.heard]).toEqual([[USER_1], [['shop:users', 'shop:users#1']], []]);
      stop();
      run(UPDATE_1);
      expect([heard.length, other.heard.length]).toEqual([2, 1]);
    });

    it('delivers tags of the app with the transaction', async () => {
      const { database, exec, run, heard } = await reach();
      exec('BEGIN');
      void afterCommit(database, 'prices');
      run(UPDATE_1);
      exec('COMMIT');
      exec('BEGIN');
      void afterCommit(database, 'undone');
      exec('ROLLBACK');
      await afterCommit(database, 'alone');
      expect(heard).toEqual([['prices', ...USER_1], ['alone']]);
    });

    it('can be waited for until the shared store has been told, or has not answered in time (44)', async () => {
      const told: string[] = [];
      let answer = (): void => {};
      const asked = new Promise<void>((resolve) => {
        answer = resolve;
      });
      const store = {
        opts: {},
        get: async () => undefined,
        set: async () => await asked,
        delete: async () => await asked,
        clear: async () => await asked,
        on: () => {},
      } as never;
      const { run, watch } = await reach({}, { store, deadline: '5s' });
      run(UPDATE_1);
      const settled = watch.settled().then(() => told.push('settled'));
      await Promise.resolve();
      told.push('returned');
      answer();
      await settled;
      expect([told, watch.counts().commits]).toEqual([['returned', 'settled'], 1]);
      await watch.settled();
    });

    it('lets a call have its result and its error where the store is broken (44)', async () => {
      const fail = (): never => {
        throw new Error('the store is broken');
      };
      const store = { opts: {}, get: fail, set: fail, delete: fail, clear: fail, on: () => {} } as never;
      const { run, get, watch } = await reach({}, { store, deadline: '50ms' });
      run(UPDATE_1);
      expect(get('SELECT name FROM users WHERE id = 1')).toEqual({ name: 'x' });
      expect(() => run('SELECT * FROM nowhere')).toThrow('no such table');
      await watch.settled();
      expect(watch.counts()).toMatchObject({ commits: 1, unacknowledged: 1, failures: 0 });
    });

    it('knows what options say, where the database is not asked', async () => {
      const { run, heard } = await reach({ readTables: false, tables: { users: { pk: 'id' } } });
      run(UPDATE_1);
      run('DELETE FROM posts WHERE id = 1');
      expect(heard).toEqual([USER_1, ['posts', 'posts!bulk']]);
    });

    it('warns of triggers that it cannot read, unless options tell of them', async () => {
      const { cache } = world.cache();
      const warned: string[] = [];
      cache.on((event) => void (event.type === 'warning' && warned.push(event.message)));
      const database = await library.open();
      library.callsOf(database).exec(`${SETUP};
        CREATE TRIGGER begin AFTER UPDATE ON users BEGIN DELETE FROM posts; END`);
      world.stopping(library.watch(database, { cache, triggers: { users: ['posts'] } }))();
      expect(warned).toEqual([]);
      world.stopping(library.watch(database, { cache }));
      expect(warned).toEqual([expect.stringContaining('users has triggers')]);
    });

    it.each<[string, (database: D) => unknown, unknown]>([
      ['nothing', () => undefined, undefined],
      ['another object', () => ({}), undefined],
      ['an option that is none', (database) => database, { cach: 1 }],
      ['readTables', (database) => database, { readTables: 1 }],
    ])('refuses %s', async (_, target, options) => {
      const database = await library.open();
      expect(() => library.watch(target(database) as D, options as never)).toThrow(ConfigError);
    });
  });
}
