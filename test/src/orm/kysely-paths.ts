import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ConfigError, createCache } from '@viewcache/core';
import { watchKysely } from '@viewcache/orm/kysely';
import type { Dialect, Driver, LogEvent } from 'kysely';
import mysqlCallbacks from 'mysql2';
import pg from 'pg';
import Cursor from 'pg-cursor';
import { MariaDbServer } from '../servers/mariadb.js';
import { type Database, KyselyDriver, VERSIONS, type Version } from './kysely-driver.js';
import { sqlJsDatabase } from './kysely-sqljs.js';
import { heardBy, PgWorld } from './pg-world.js';
import { seedOf, tablesOf } from './schema.js';
import { ViewsSite } from './views-site.js';
import { tablesRead } from './watch-rules.js';

const USER_1 = ['users', 'users#1'];

/** What one version of Kysely has ways for, and what a watch takes and refuses. */
export function kyselyPaths(version: Version): void {
  const { Kysely, PostgresDialect, MysqlDialect, SqliteDialect, CamelCasePlugin, CompiledQuery, sql } =
    VERSIONS[version];
  const world = new PgWorld();

  function postgres(): Dialect {
    return new PostgresDialect({ pool: new pg.Pool({ connectionString: world.url }), cursor: Cursor as never });
  }

  async function reach(dialect: Dialect = postgres(), log?: (event: LogEvent) => void) {
    const cache = world.closing(createCache());
    const driver = world.closing(await KyselyDriver.open(version, dialect, cache, log === undefined ? {} : { log }));
    const site = world.closing(await ViewsSite.open(cache, driver.reads));
    return { cache, driver, db: driver.db, site, heard: heardBy(cache) };
  }

  describe('on PostgreSQL', () => {
    it('hears what a Kysely sends that was made from another, with plugins and schemas of its own', async () => {
      const { driver, db, site, heard } = await reach();
      const camel = db.withPlugin(new CamelCasePlugin()) as unknown as typeof db;
      Object.assign(driver.reads, {
        posts: () => camel.withSchema('public').selectFrom('posts').selectAll().where('id', '=', 1).execute(),
      });
      expect(await site.get('VP')).toMatchObject([{ userId: 1 }]);
      await driver.writes.raw('UPDATE posts SET title = $1 WHERE id = 2', ['x']);
      await site.get('VP');
      expect(site.runs.get('/posts')).toBe(1);
      await camel.insertInto('users').values({ name: 'Eva' }).returning('id').execute();
      await camel.withoutPlugins().updateTable('posts').set({ title: 'x' }).where('id', '=', 1).execute();
      await site.get('VP');
      expect(site.runs.get('/posts')).toBe(2);
      expect(heard).toEqual([
        ['posts', 'posts#2'],
        ['users', 'users#3'],
        ['posts', 'posts#1'],
      ]);
    });

    it('hears MERGE, writes in a WITH, and rows that another table names', async () => {
      const { db, heard } = await reach();
      await db
        .mergeInto('users')
        .using('posts', 'posts.user_id', 'users.id')
        .whenMatched()
        .thenUpdateSet({ email: 'x' })
        .execute();
      await db
        .with('gone', (it) => it.deleteFrom('comments').where('id', '=', 1).returning('id'))
        .selectFrom('gone')
        .selectAll()
        .execute();
      await db
        .updateTable('users')
        .from('posts')
        .set({ name: 'x' })
        .whereRef('posts.user_id', '=', 'users.id')
        .execute();
      expect(heard).toEqual([
        // It might have deleted.
        expect.arrayContaining(['users', 'users!bulk', 'posts!bulk']),
        ['comments', 'comments#1'],
        ['users', 'users!bulk'],
      ]);
    });

    it('knows the rows that RETURNING tells, and not what is called like a key', async () => {
      const { db, heard } = await reach();
      await db.updateTable('users').set({ name: 'x' }).where('email', '=', 'ana@example.com').returning('id').execute();
      await db.updateTable('posts').set({ title: 'x' }).where('views', '=', 0).returning(['user_id as id']).execute();
      expect(heard).toEqual([USER_1, ['posts', 'posts!bulk']]);
    });

    it('hears streams: what they read, and what they write when they have ended (66)', async () => {
      const { driver, db, site, heard } = await reach();
      const all = async (rows: AsyncIterable<unknown>): Promise<readonly unknown[]> => {
        const found: unknown[] = [];
        for await (const row of rows) found.push(row);
        return found;
      };
      Object.assign(driver.reads, {
        user: (id: number) => all(db.selectFrom('users').selectAll().where('id', '=', id).stream(1)),
      });
      await site.get('V1');
      await driver.writes.renameUser(2, 'x');
      await site.get('V1');
      expect(site.runs.get('/users/1')).toBe(1);
      expect(
        await all(db.updateTable('users').set({ name: 'y' }).where('id', '=', 1).returning('name').stream(1)),
      ).toEqual([{ name: 'y' }]);
      expect(heard.at(-1)).toEqual(USER_1);
      expect(await site.get('V1')).toMatchObject([{ name: 'y' }]);
      const failing = all(db.selectFrom('users').select(sql`1 / (id - 2)`.as('x')).stream(1));
      await expect(failing).rejects.toThrow('division by zero');
      for await (const _ of db
        .insertInto('tags')
        .values([{ name: 'a' }, { name: 'b' }])
        .returning('id')
        .stream(1))
        break;
      expect(heard.at(-1)).toEqual(['tags', 'tags!ins']);
    });

    it('leaves results, errors and the log as they are', async () => {
      const logged: string[] = [];
      const { db } = await reach(postgres(), ({ query }) => void logged.push(query.sql));
      const [updated] = await db.updateTable('users').set({ name: 'x' }).where('id', '=', 1).execute();
      expect(updated?.numUpdatedRows).toBe(1n);
      await expect(sql`SELECT * FROM nowhere`.execute(db)).rejects.toMatchObject({ code: '42P01' });
      await db.transaction().execute((tx) => tx.selectFrom('users').select('id').where('id', '=', 1).execute());
      expect(logged).toEqual([
        'update "users" set "name" = $1 where "id" = $2',
        'SELECT * FROM nowhere',
        'begin',
        'select "id" from "users" where "id" = $1',
        'commit',
      ]);
    });

    it('gives the first Kysely the driver by which it has asked for the tables', async () => {
      const dialect = postgres();
      const cache = world.closing(createCache());
      const heard = heardBy(cache);
      const stop = watchKysely(dialect, cache);
      await stop.ready;
      const [a, b] = [new Kysely<Database>({ dialect }), new Kysely<Database>({ dialect })];
      world.closing({ close: () => a.destroy() });
      for (const db of [a, b]) await db.updateTable('users').set({ name: 'x' }).where('id', '=', 1).execute();
      expect(heard).toEqual([USER_1, USER_1]);
      stop();
      expect(Object.hasOwn(dialect, 'createDriver')).toBe(false);
    });

    it('tries again where the database did not tell of its tables at first', async () => {
      const pool = new pg.Pool({ connectionString: world.url });
      let isDown = true;
      const dialect = new PostgresDialect({
        pool: async () => {
          if (isDown) throw new Error('down');
          return pool;
        },
      });
      const cache = world.closing(createCache());
      const stop = watchKysely(dialect, cache);
      const db = new Kysely<Database>({ dialect });
      world.closing({ close: () => db.destroy() });
      await expect(stop.ready).rejects.toThrow('down');
      isDown = false;
      const again = watchKysely(dialect, cache);
      await again.ready;
      const heard = heardBy(cache);
      await db.updateTable('users').set({ name: 'x' }).where('id', '=', 1).execute();
      expect(heard).toEqual([USER_1]);
    });

    it("believes drivers whose transactions are no statements of Kysely's", async () => {
      const dialect = postgres();
      const createDriver = dialect.createDriver.bind(dialect);
      // As drivers of servers behind HTTP, or PGlite's, have it: nobody sees a BEGIN.
      Object.assign(dialect, {
        createDriver(): Driver {
          const driver = createDriver();
          const clients = new WeakMap<object, pg.PoolClient>();
          const pool = new pg.Pool({ connectionString: world.url });
          return {
            init: () => driver.init(),
            destroy: async () => {
              await pool.end();
              await driver.destroy();
            },
            async acquireConnection() {
              const client = await pool.connect();
              const connection = {
                executeQuery: async ({ sql: text, parameters }: { sql: string; parameters: readonly unknown[] }) => {
                  const { rows, rowCount } = await client.query(text, [...parameters]);
                  return { rows, numAffectedRows: BigInt(rowCount ?? 0) };
                },
                streamQuery: () => {
                  throw new Error('not here');
                },
              };
              clients.set(connection, client);
              return connection as never;
            },
            releaseConnection: async (connection) => clients.get(connection)?.release(),
            beginTransaction: async (connection) => void (await clients.get(connection)?.query('BEGIN')),
            commitTransaction: async (connection) => void (await clients.get(connection)?.query('COMMIT')),
            rollbackTransaction: async (connection) => void (await clients.get(connection)?.query('ROLLBACK')),
          };
        },
      });
      const { driver, heard } = await reach(dialect);
      await driver.transaction(async (tx) => {
        await driver.writes.renameUser(1, 'x', tx);
        expect(heard).toEqual([]);
      });
      const undone = driver.transaction(async (tx) => {
        await driver.writes.renameUser(2, 'x', tx);
        throw new Error('undone');
      });
      await expect(undone).rejects.toThrow('undone');
      expect(heard).toEqual([USER_1]);
    });
  });

  describe('on MariaDB', () => {
    let server: MariaDbServer;
    beforeAll(async () => {
      server = await MariaDbServer.start();
      const db = new Kysely({ dialect: new MysqlDialect({ pool: mysqlCallbacks.createPool(server.url) }) });
      for (const text of [...tablesOf('mysql'), ...seedOf('mysql')]) await db.executeQuery(CompiledQuery.raw(text));
      await db.destroy();
    });
    afterAll(async () => await server.stop());

    const mysql = () => reach(new MysqlDialect({ pool: mysqlCallbacks.createPool(server.url) }));

    it('knows the key of a new row, whoever has made it', async () => {
      const { db, heard } = await mysql();
      const { insertId } = await db.insertInto('users').values({ name: 'Eva' }).executeTakeFirstOrThrow();
      await db.insertInto('users').values({ id: 900, name: 'Ivo' }).execute();
      expect(heard).toEqual([
        ['users', `users#${insertId}`],
        ['users', 'users#900'],
      ]);
    });

    it('commits what is open before DDL, and asks for the tables anew', async () => {
      const { cache, driver, db, heard } = await mysql();
      const undone = db.transaction().execute(async (tx) => {
        await tx.updateTable('users').set({ name: 'x' }).where('id', '=', 1).execute();
        expect(heard).toEqual([]);
        await sql`CREATE TABLE IF NOT EXISTS later (id int AUTO_INCREMENT PRIMARY KEY, name text)`.execute(tx);
        expect(heard[0]).toEqual(USER_1);
        throw new Error('undone');
      });
      await expect(undone).rejects.toThrow('undone');
      await tablesRead(driver, cache);
      await sql`INSERT INTO later (name) VALUES ('x')`.execute(db);
      expect(heard.at(-1)).toEqual(['later', 'later#1']);
    });

    it('holds no write back after a deadlock, by which the server has ended the transaction', async () => {
      const { db, heard } = await mysql();
      const [a, b] = [await db.startTransaction().execute(), await db.startTransaction().execute()];
      const rename = (tx: typeof a, id: number) =>
        tx
          .updateTable('users')
          .set({ name: `x${Math.random()}` })
          .where('id', '=', id)
          .execute();
      await rename(a, 1);
      await rename(b, 2);
      const waiting = rename(a, 2).then(
        () => a,
        () => b,
      );
      const other = rename(b, 1).then(
        () => b,
        () => a,
      );
      const winner = await Promise.race([waiting, other]);
      const loser = winner === a ? b : a;
      await winner.commit().execute();
      await Promise.all([waiting, other]);
      expect(heard).toEqual([[...USER_1, 'users#2']]);
      await loser
        .updateTable('tags')
        .set({ name: `x${Math.random()}` })
        .where('id', '=', 1)
        .execute();
      expect(heard.at(-1)).toEqual(['tags', 'tags#1']);
      await loser.rollback().execute();
    });

    it('hears streams', async () => {
      const { db, driver, site } = await mysql();
      Object.assign(driver.reads, {
        user: async (id: number) => {
          for await (const row of db.selectFrom('users').selectAll().where('id', '=', id).stream()) return row;
          return undefined;
        },
      });
      await site.get('V1');
      await driver.writes.renameUser(2, 'y');
      await site.get('V1');
      await driver.writes.renameUser(1, 'z');
      expect(await site.get('V1')).toMatchObject({ name: 'z' });
      expect(site.runs.get('/users/1')).toBe(2);
    });
  });

  describe('on SQLite', () => {
    async function sqlite() {
      const reached = await reach(new SqliteDialect({ database: await sqlJsDatabase() }));
      for (const text of [...tablesOf('sqlite'), ...seedOf('sqlite')]) await reached.driver.writes.raw(text);
      await tablesRead(reached.driver, reached.cache);
      reached.heard.length = 0;
      return reached;
    }

    it('knows the key of a new row', async () => {
      const { db, heard } = await sqlite();
      await db.insertInto('users').values({ name: 'Eva' }).execute();
      await db.insertInto('users').values({ name: 'Ivo' }).returning('id').execute();
      expect(heard).toEqual([
        ['users', 'users#3'],
        ['users', 'users#4'],
      ]);
    });

    it('tells of each statement that fails that it has done nothing', async () => {
      const { db, heard } = await sqlite();
      await expect(sql`INSERT INTO users (id, name) VALUES (1, NULL)`.execute(db)).rejects.toThrow();
      await db.transaction().execute(async (tx) => {
        await tx.updateTable('users').set({ name: 'x' }).where('id', '=', 1).execute();
        await expect(sql`INSERT INTO users (id, name) VALUES (1, NULL)`.execute(tx)).rejects.toThrow();
      });
      expect(heard).toEqual([USER_1]);
    });

    it('knows a table by its key from its creation on', async () => {
      const { cache, driver, db, heard } = await sqlite();
      await db.schema
        .createTable('Notes')
        .addColumn('id', 'integer', (it) => it.primaryKey())
        .addColumn('user_id', 'integer', (it) => it.references('users.id').onDelete('cascade'))
        .execute();
      await tablesRead(driver, cache);
      await sql`INSERT INTO notes (user_id) VALUES (1)`.execute(db);
      await db.deleteFrom('users').where('id', '=', 1).execute();
      expect(heard[1]).toEqual(['notes', 'notes#1']);
      expect(heard[2]).toEqual(expect.arrayContaining(['notes!bulk', 'users#1']));
    });
  });

  describe('watchKysely', () => {
    const mssql = {
      createDriver: () => ({}),
      createQueryCompiler: () => ({ compileQuery: () => ({ sql: '@1 "x"' }) }),
    };
    const dialect = new SqliteDialect({ database: {} as never });

    it.each([
      ['watchKysely', {}, {}],
      ['watchKysely', new Kysely({ dialect }), {}],
      ['watchKysely', mssql, {}],
      ['watchKysely.cach', dialect, { cach: 1 }],
      ['watchKysely.readTables', dialect, { readTables: 'yes' }],
      ['watchKysely.tables.users.key', dialect, { tables: { users: { key: 'id' } } }],
    ])('refuses %s', (setting, target, options) => {
      const refused = () => watchKysely(target as Dialect, options as never);
      expect(refused).toThrow(ConfigError);
      expect(refused).toThrow(new RegExp(`^${setting.replace(/[.]/g, '\\.')}: `));
    });
  });
}
