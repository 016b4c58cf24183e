import { describe, expect, it } from '@jest/globals';
import { ConfigError, createCache } from '@viewcache/core';
import { cachePage } from '@viewcache/express';
import { watchMysql2 } from '@viewcache/orm/mysql2';
import express from 'express';
import mysql from 'mysql2';
import promised from 'mysql2/promise';
import { closeAfterEach, serve } from '../support/site.js';
import { Keeping } from './kept.js';
import { Mysql2World } from './mysql2-world.js';
import { heardBy } from './pg-world.js';

const UPDATE = "UPDATE users SET name = 'x' WHERE id = 1";
const USER_1 = ['users', 'users#1'];

/** Read and then written: what the reads were tagged with is told by what the writes drop. */
describe('the tables of a MariaDB', () => {
  const world = new Mysql2World();

  it('that are read through a view of it, and a view of that (54)', async () => {
    await world.admin.query('CREATE OR REPLACE VIEW user_names AS SELECT id, name FROM users');
    await world.admin.query(
      'CREATE OR REPLACE VIEW authors AS SELECT n.name, p.title FROM user_names n JOIN posts p ON p.user_id = n.id',
    );
    const { driver, site } = await world.open();
    Object.assign(driver.reads, { comments: async () => (await driver.pool.query('SELECT * FROM authors'))[0] });
    await site.ran();
    await driver.writes.renameUser(1, 'Anabela');
    expect(await site.ran()).toContain('comments');
    // A view through which rows can be written.
    await driver.writes.raw("UPDATE user_names SET name = 'Ana Maria' WHERE id = 1");
    expect(await site.ran()).toEqual(expect.arrayContaining(['V1', 'VL', 'comments']));
    await world.admin.query('DROP VIEW authors, user_names');
  });

  it('that triggers write, by their own texts, and what follows from that', async () => {
    await world.admin.query('CREATE TABLE audit (id int AUTO_INCREMENT PRIMARY KEY, note varchar(100))');
    await world.admin.query(
      "CREATE TRIGGER noting AFTER INSERT ON posts FOR EACH ROW INSERT INTO audit (note) VALUES ('x')",
    );
    await world.admin.query(`CREATE TRIGGER clearing BEFORE UPDATE ON tags FOR EACH ROW BEGIN
      IF NEW.name = 'gone' THEN DELETE FROM comments WHERE body = 'Well'; END IF; SET NEW.name = UPPER(NEW.name); END`);
    const { cache, driver } = await world.open();
    const [heard, warnings] = [heardBy(cache), [] as string[]];
    cache.on((event) => void (event.type === 'warning' && warnings.push(event.message)));
    await driver.writes.insertPost('Third', 1);
    expect(heard.at(-1)).toEqual(expect.arrayContaining(['audit', 'audit!bulk', 'posts']));
    await driver.writes.raw("UPDATE tags SET name = 'gone' WHERE id = 99");
    // It may act where no row is changed: nobody knows.
    expect(heard.at(-1)).toEqual(expect.arrayContaining(['comments', 'comments!bulk', 'tags']));
    expect(warnings).toEqual([]);
    await world.admin.query('DROP TRIGGER noting; DROP TRIGGER clearing; DROP TABLE audit');
  });

  it('that refer to a key which is not the primary one, or that a column makes', async () => {
    await world.admin.query(
      'CREATE TABLE owners (id int PRIMARY KEY, name varchar(9), code varchar(9) UNIQUE, low varchar(9) AS (LOWER(name)) STORED UNIQUE)',
    );
    await world.admin.query(
      `CREATE TABLE cars (id int PRIMARY KEY, code varchar(9), low varchar(9), FOREIGN KEY (code) REFERENCES owners (code) ON UPDATE CASCADE,
        FOREIGN KEY (low) REFERENCES owners (low) ON UPDATE SET NULL)`,
    );
    await world.admin.query("INSERT INTO owners (id, name, code) VALUES (1, 'Ana', 'a')");
    await world.admin.query("INSERT INTO cars VALUES (1, 'a', 'ana')");
    const { cache, pool } = await world.open();
    const car = await new Keeping(cache).keep(() => pool.query('SELECT * FROM cars WHERE id = 1'));
    for (const write of ["code = 'c'", "name = 'Bo'"]) {
      await pool.query(`UPDATE owners SET ${write} WHERE id = 1`);
      expect([write, await car.isMadeAgain()]).toEqual([write, true]);
    }
    await world.admin.query('DROP TABLE cars; DROP TABLE owners');
  });

  it('whose keys are cut to what fits, or rounded, are written under any of them', async () => {
    await world.admin.query('CREATE TABLE codes (code varchar(3) PRIMARY KEY, n int)');
    await world.admin.query('CREATE TABLE numbers (id int PRIMARY KEY)');
    const { cache, pool } = await world.open();
    const keeping = new Keeping(cache);
    const code = await keeping.keep(() => pool.query("SELECT * FROM codes WHERE code = 'abc'"));
    const number = await keeping.keep(() => pool.query('SELECT * FROM numbers WHERE id = 8'));
    await pool.query("INSERT IGNORE INTO codes (code, n) VALUES ('abcdef', 1)");
    await pool.query('INSERT INTO numbers (id) VALUES (7.6)');
    expect([await code.isMadeAgain(), await number.isMadeAgain()]).toEqual([true, true]);
    await world.admin.query("SET GLOBAL sql_mode = ''");
    const loose = await world.open();
    const again = await new Keeping(loose.cache).keep(() => loose.pool.query("SELECT * FROM codes WHERE code = 'xyz'"));
    await loose.pool.query("INSERT INTO codes (code, n) VALUES ('xyzzy', 1)");
    expect(await again.isMadeAgain()).toBe(true);
    await world.admin.query('SET GLOBAL sql_mode = DEFAULT');
    await world.admin.query('DROP TABLE codes; DROP TABLE numbers');
  });

  it('whose keys triggers change are written as a whole', async () => {
    await world.admin.query(
      "CREATE TABLE moved (id int AUTO_INCREMENT PRIMARY KEY, name text); INSERT INTO moved VALUES (1, 'a')",
    );
    await world.admin.query('CREATE TRIGGER moving BEFORE UPDATE ON moved FOR EACH ROW SET NEW.id = NEW.id + 4');
    await world.admin.query('CREATE TRIGGER placing BEFORE INSERT ON moved FOR EACH ROW SET NEW.id = 7');
    const { cache, driver } = await world.open();
    const keeping = new Keeping(cache);
    const row = (id: number) => keeping.keep(() => driver.pool.query('SELECT * FROM moved WHERE id = ?', [id]));
    const kept = [await row(5), await row(7)];
    await driver.writes.raw("UPDATE moved SET name = 'x' WHERE id = 1");
    await driver.writes.raw("INSERT INTO moved (name) VALUES ('y')");
    expect([await kept[0]?.isMadeAgain(), await kept[1]?.isMadeAgain()]).toEqual([true, true]);
    await world.admin.query('DROP TABLE moved');
  });

  it('with triggers that call procedures are warned about', async () => {
    await world.admin.query('CREATE TRIGGER tidying AFTER INSERT ON tags FOR EACH ROW CALL tidy()');
    const cache = world.closing(createCache());
    const warnings: string[] = [];
    cache.on((event) => void (event.type === 'warning' && warnings.push(event.message)));
    for (const options of [{ cache }, { cache, triggers: { tags: ['comments'] } }]) {
      const watch = watchMysql2(world.ending(promised.createPool(world.url)), options);
      await watch.ready;
    }
    await world.admin.query('DROP TRIGGER tidying');
    expect(warnings).toEqual([expect.stringContaining('watchMysql2: tags has triggers')]);
  });

  it('all of them, where nobody can tell what a statement does, and those that an option names', async () => {
    const { driver, site } = await world.open({ watch: { functions: { version: ['users'] } } });
    Object.assign(driver.reads, { comments: async () => (await driver.pool.query('SELECT version()'))[0] });
    await site.ran();
    await driver.writes.insertUser('Eva');
    expect(await site.ran()).toContain('comments');
    const sql = "EXECUTE IMMEDIATE CONCAT('UPDATE us', 'ers SET name = name')";
    await driver.writes.raw(sql);
    expect(await site.ran()).toHaveLength(9);
    const naming = await world.open({ watch: { opaque: () => ['comments'] } });
    await naming.site.ran();
    await naming.driver.writes.raw(sql);
    expect(await naming.site.ran()).toEqual(['comments']);
  });

  it('of the same names in two databases do not meet where reads say which, until a connection goes from one to the other (56)', async () => {
    await world.admin.query(
      'CREATE DATABASE billing; CREATE TABLE billing.users (id int PRIMARY KEY, name varchar(9))',
    );
    const { cache, pool, site } = await world.open();
    await site.ran();
    const heard = heardBy(cache);
    await pool.query("INSERT INTO billing.users VALUES (1, 'x')");
    expect(heard).toEqual([['billing.users', 'billing.users!ins']]);
    // A bare name is one of whichever database.
    expect(await site.ran()).toEqual(['V1', 'V2', 'V9', 'VL', 'VP']);
    const there = await new Keeping(cache).keep(() => pool.query('SELECT * FROM billing.users'));
    await pool.query("UPDATE test.users SET name = 'x' WHERE id = 1");
    expect((await site.ran()).sort()).toEqual(['V1', 'VL', 'VP']);
    expect(await there.isMadeAgain()).toBe(false);
    const connection = await pool.getConnection();
    await connection.query('USE billing');
    await connection.query("UPDATE users SET name = 'y' WHERE id = 1");
    expect(heard.at(-1)).toEqual(['users', 'users!bulk']);
    // Also when the tables have been read again.
    await connection.query('CREATE TABLE later (id int)');
    await watchMysql2(pool, cache).ready;
    await connection.query("UPDATE users SET name = 'z' WHERE id = 1");
    expect(heard.at(-1)).toEqual(['users', 'users!bulk']);
    connection.destroy();
    await world.admin.query('DROP DATABASE billing');
  });

  it('by keys of several columns, and only of types whose values can be told apart', async () => {
    await world.admin.query('CREATE TABLE pairs (a varchar(9), b varchar(9), PRIMARY KEY (b, a))');
    await world.admin.query('CREATE TABLE days (day date PRIMARY KEY)');
    await world.admin.query('CREATE TABLE Codes (Code uuid PRIMARY KEY)');
    const { cache, pool } = await world.open();
    const heard = heardBy(cache);
    await pool.query("INSERT INTO pairs (a, b) VALUES ('x', 'y')");
    await pool.query("INSERT INTO days (day) VALUES ('2026-02-01')");
    const code = 'A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11';
    await pool.query(`INSERT INTO Codes (code) VALUES ('${code}')`);
    expect(heard.slice(0, 2)).toEqual([
      ['pairs', 'pairs#x,y'],
      ['days', 'days!ins'],
    ]);
    // Whether letter case matters is for each server to say: tags are small, and as somebody may have written them by hand.
    expect(heard[2]).toEqual(
      ['codes', 'Codes']
        .flatMap((table) => [table, `${table}#a0eebc999c0b4ef8bb6d6bb9bd380a11`, `${table}#${code}`])
        .sort(),
    );
    await world.admin.query('DROP TABLE pairs; DROP TABLE days; DROP TABLE Codes');
  });
});

describe('watchMysql2', () => {
  const world = new Mysql2World();
  closeAfterEach();

  it('watches a pool once for a cache, however often it is asked to, until all have stopped (68)', async () => {
    const { cache, pool, driver } = await world.open();
    const again = watchMysql2(pool.pool as never, cache);
    const heard = heardBy(cache);
    await pool.query(UPDATE);
    expect(heard).toEqual([USER_1]);
    expect(again.counts()).toEqual(driver.watch.counts());
    again();
    again();
    await pool.query(UPDATE);
    expect(heard).toHaveLength(2);
  });

  it('hears nothing once it has stopped, and leaves everything as it was (68)', async () => {
    const cache = world.closing(createCache());
    const pool = world.ending(promised.createPool(world.url));
    const { prototype } = mysql.Connection as unknown as { prototype: Record<string, unknown> };
    const names = ['query', 'execute', 'addCommand', 'reset', 'changeUser'];
    const before = names.map((name) => prototype[name]);
    const inner = pool.pool as unknown as NodeJS.EventEmitter;
    const stops = [watchMysql2(pool, cache), watchMysql2(mysql, { cache, readTables: pool })];
    await Promise.all(stops.map(({ ready }) => ready));
    const heard = heardBy(cache);
    const connection = await pool.getConnection();
    await connection.query(UPDATE);
    expect(heard).toEqual([USER_1]);
    for (const stop of stops) stop();
    expect(names.map((name) => prototype[name])).toEqual(before);
    expect(names.filter((name) => Object.hasOwn(connection.connection, name))).toEqual([]);
    expect([Object.hasOwn(inner, 'getConnection'), inner.listenerCount('connection')]).toEqual([false, 0]);
    await connection.execute(UPDATE);
    connection.release();
    await pool.query(UPDATE);
    expect(heard).toHaveLength(1);
  });

  it('watches the module, and so the pools and connections of each library over it', async () => {
    const cache = world.closing(createCache());
    const pool = world.ending(promised.createPool(world.url));
    const stop = watchMysql2(mysql, { cache, tables: { users: { pk: 'id', cascadesTo: ['posts'] } } });
    const heard = heardBy(cache);
    await pool.query(UPDATE);
    await pool.execute('DELETE FROM users WHERE id = ?', [2]);
    const connection = world.ending(await promised.createConnection(world.url));
    await connection.query(UPDATE);
    stop();
    expect(heard).toEqual([USER_1, ['posts', 'posts!bulk', 'users', 'users#2'], USER_1]);
  });

  it('stores nothing, and drops everything, until the tables are known', async () => {
    const cache = world.closing(createCache());
    const pool = world.ending(promised.createPool(world.url));
    const asked = world.ending(promised.createPool({ uri: world.url, database: 'nowhere' }));
    const watch = watchMysql2(pool, { cache, readTables: asked });
    await expect(watch.ready).rejects.toThrow('nowhere');
    const heard = heardBy(cache);
    const modes: string[] = [];
    cache.on((event) => void (event.type === 'invalidated' && modes.push(String(event.tags.length))));
    await pool.query(UPDATE);
    expect([heard.length, watch.counts().commits]).toEqual([1, 1]);
    watch();
  });

  it('is its own what a view reads, also where it had to wait for the connection of another request', async () => {
    const { cache, pool } = await world.open({ pool: { connectionLimit: 1 } });
    const runs = new Map<string, number>();
    const app = express();
    app.get('/users/:id', cachePage({ ttl: '5m', cache }), async (req, res) => {
      runs.set(req.path, (runs.get(req.path) ?? 0) + 1);
      res.json((await pool.query('SELECT SLEEP(0.05), name FROM users WHERE id = ?', [Number(req.params['id'])]))[0]);
    });
    const site = await serve(app);
    const paths = ['/users/1', '/users/2', '/users/3'];
    await Promise.all(paths.map((path) => site.get(path)));
    await pool.query('UPDATE users SET name = ? WHERE id = ?', ['x', 2]);
    for (const path of paths) await site.get(path);
    expect([...runs]).toEqual([
      ['/users/1', 1],
      ['/users/2', 2],
      ['/users/3', 1],
    ]);
  });

  it.each([
    [
      'callbacks',
      (on: mysql.Pool) =>
        new Promise((resolve) =>
          on.query('SELECT name FROM users WHERE id = 1', (_: unknown, rows: unknown) => resolve(rows)),
        ),
    ],
    [
      'a stream',
      async (on: mysql.Pool) => {
        const rows: unknown[] = [];
        for await (const row of on.query('SELECT name FROM users WHERE id = 1').stream()) rows.push(row);
        return rows;
      },
    ],
    [
      'named placeholders',
      async (on: mysql.Pool) =>
        (
          await on
            .promise()
            .execute({ sql: 'SELECT name FROM users WHERE id = :id', namedPlaceholders: true }, { id: 1 } as never)
        )[0],
    ],
  ])('knows what is read by %s (66)', async (_, read) => {
    const { cache, driver, pool } = await world.open();
    let runs = 0;
    const app = express();
    app.get('/', cachePage({ ttl: '5m', cache }), async (_req, res) => {
      runs++;
      res.json(await read(pool.pool as unknown as mysql.Pool));
    });
    const site = await serve(app);
    await site.get('/');
    await driver.writes.renameUser(2, 'x');
    await site.get('/');
    expect(runs).toBe(1);
    await driver.writes.renameUser(1, 'x');
    expect(JSON.parse((await site.get('/')).text)).toEqual([{ name: 'x' }]);
    expect(runs).toBe(2);
  });

  it.each<[string, unknown, unknown]>([
    ['watchMysql2', undefined, {}],
    ['watchMysql2', {}, {}],
    ['watchMysql2', promised, {}],
    ['watchMysql2.cach', mysql, { cach: 1 }],
    ['watchMysql2.tables.users.key', mysql, { tables: { users: { key: 'id' } } }],
    ['watchMysql2.readTables', mysql, { readTables: true }],
    ['watchMysql2.readTables', mysql, { readTables: mysql }],
    ['watchMysql2.readTables', mysql, { readTables: 'yes' }],
  ])('refuses %s', (setting, target, options) => {
    const refused = () => watchMysql2(target as typeof mysql, options as never);
    expect(refused).toThrow(ConfigError);
    expect(refused).toThrow(new RegExp(`^${setting.replace(/[.]/g, '\\.')}: `));
  });
});
