import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ConfigError, createCache } from '@viewcache/core';
import { watchKnex } from '@viewcache/orm/knex';
import knexOf, { type Knex } from 'knex';
import { MariaDbServer } from '../servers/mariadb.js';
import { KnexDriver } from './knex-driver.js';
import { heardBy, PgWorld } from './pg-world.js';
import { seedOf, tablesOf } from './schema.js';
import { ViewsSite } from './views-site.js';
import { tablesRead } from './watch-rules.js';

const USER_1 = ['users', 'users#1'];

describe('Knex', () => {
  const world = new PgWorld();

  async function reach(config: Knex.Config = { client: 'pg', connection: world.url }) {
    const cache = world.closing(createCache());
    const driver = world.closing(await KnexDriver.open(config, cache));
    const site = world.closing(await ViewsSite.open(cache, driver.reads));
    return { cache, driver, db: driver.db, site, heard: heardBy(cache) };
  }

  it('hears what is sent by clones, by transactions that are handed about, and by batches', async () => {
    const { db, heard } = await reach();
    await db.withUserParams({ tenant: 1 })('users').where('id', 1).update({ name: 'x' });
    const tx = await db.transaction();
    await db('users').transacting(tx).where('id', 2).update({ name: 'x' });
    expect(heard).toEqual([USER_1]);
    await tx.commit();
    const provide = db.transactionProvider();
    const provided = await provide();
    await provided('tags').where('id', 1).update({ name: 'x' });
    await provided.rollback();
    await provided.executionPromise?.catch(() => {});
    const rows = [{ name: 'a' }, { name: 'b' }, { name: 'c' }];
    const ids: { id: number }[] = await db.batchInsert<{ id: number; name: string }>('tags', rows, 2).returning('id');
    expect(heard).toEqual([USER_1, ['users', 'users#2'], ['tags', ...ids.map(({ id }) => `tags#${id}`)]]);
  });

  it('hears clones that were made before it was watched anew', async () => {
    const { cache, driver, db, heard } = await reach();
    const clone = db.withUserParams({ tenant: 1 });
    driver.watch();
    await clone('users').where('id', 1).update({ name: 'x' });
    expect(heard).toEqual([]);
    const again = driver.watchAgain(cache);
    await again.ready;
    await clone('users').where('id', 1).update({ name: 'y' });
    expect(heard).toEqual([USER_1]);
    again();
  });

  it('knows rows by RETURNING, by lists of keys, and in tables with other names', async () => {
    const { db, heard } = await reach();
    await db('users').where('email', 'ana@example.com').update({ name: 'x' }, ['id']);
    await db('users').where('email', 'ana@example.com').update({ name: 'y' }, ['email as id']);
    await db('users').whereIn('id', [1, 2]).update({ name: 'x' });
    await db('users as u').where('u.id', 1).update({ name: 'z' });
    await db.raw('update ?? set name = ? where ?? = ?', ['users', 'x', 'users.id', 2]);
    await db('tags').where('id', 99).delete();
    expect(heard).toEqual([USER_1, ['users', 'users!bulk'], [...USER_1, 'users#2'], USER_1, ['users', 'users#2']]);
  });

  it('hears several statements in one text', async () => {
    const { db, heard } = await reach();
    await db.raw("BEGIN; UPDATE users SET name = 'x' WHERE id = 1; COMMIT; UPDATE tags SET name = 'x' WHERE id = 1");
    await expect(db.raw("UPDATE users SET name = 'x' WHERE id = 2; SELECT 1 / 0")).rejects.toThrow('division by zero');
    await db.raw("BEGIN; UPDATE users SET name = 'x' WHERE id = 1; ROLLBACK");
    expect(heard).toEqual([USER_1, ['tags', 'tags#1']]);
  });

  it('hears streams: what they read, and what they write when they have ended (66)', async () => {
    const { driver, db, site, heard } = await reach();
    const all = async (rows: AsyncIterable<unknown>): Promise<readonly unknown[]> => {
      const found: unknown[] = [];
      for await (const row of rows) found.push(row);
      return found;
    };
    Object.assign(driver.reads, { user: (id: number) => all(db('users').where({ id }).stream()) });
    await site.get('V1');
    await driver.writes.renameUser(2, 'x');
    await site.get('V1');
    expect(site.runs.get('/users/1')).toBe(1);
    const rename = () => db('users').where('id', 1).update({ name: 'y' }, ['name']);
    await rename().stream((stream) => void stream.resume());
    expect(heard.at(-1)).toEqual(USER_1);
    expect(await site.get('V1')).toMatchObject([{ name: 'y' }]);
    // One that nobody reads to its end.
    const invalidated = new Promise((resolve) => heardOnce(driver, resolve));
    for await (const _ of db.raw('UPDATE tags SET name = ? RETURNING id', ['z']).stream()) break;
    await invalidated;
    await expect(all(db.raw('SELECT 1 / 0').stream())).rejects.toThrow('division by zero');
  });

  function heardOnce(driver: KnexDriver, resolve: (value: unknown) => void): void {
    const { commits } = driver.watch.counts();
    const look = (): void => (driver.watch.counts().commits > commits ? resolve(undefined) : void setImmediate(look));
    look();
  }

  it('knows what migrations and schema builders make', async () => {
    const { cache, driver, db, heard } = await reach();
    await db.schema
      .dropTableIfExists('badges')
      .dropTableIfExists('knex_migrations')
      .dropTableIfExists('knex_migrations_lock');
    const migration = {
      up: (it: Knex) =>
        it.schema.createTable('badges', (table) => {
          table.increments('id');
          table.integer('user_id').references('users.id').onDelete('CASCADE');
        }),
      down: async () => {},
    };
    await db.migrate.latest({
      migrationSource: {
        getMigrations: async () => ['1'],
        getMigrationName: (name: string) => name,
        getMigration: async () => migration,
      },
    });
    await tablesRead(driver, cache);
    heard.length = 0;
    await db('badges').insert({ user_id: 1 });
    expect(heard).toEqual([['badges', 'badges!ins']]);
    await db('badges').where('id', 1).update({ user_id: 1 });
    await db('users').where('id', 1).delete();
    expect(heard[1]).toEqual(['badges', 'badges#1']);
    expect(heard[2]).toEqual(expect.arrayContaining(['badges!bulk', 'users#1']));
    await db.schema.dropTable('badges');
    await tablesRead(driver, cache);
  });

  it('takes bare names for those of its search path', async () => {
    await world.admin.query(
      'CREATE SCHEMA IF NOT EXISTS office; CREATE TABLE IF NOT EXISTS office.desks (id int PRIMARY KEY, name text)',
    );
    const { db, heard } = await reach({ client: 'pg', connection: world.url, searchPath: ['office', 'public'] });
    await db('desks').where('id', 1).delete();
    await db('desks').insert({ id: 1, name: 'x' });
    await db.withSchema('office').table('desks').where('id', 1).update({ name: 'y' });
    await db.withSchema('public').table('users').where('id', 1).update({ name: 'y' });
    expect(heard.slice(-3)).toEqual([
      ['office.desks', 'office.desks#1'],
      ['office.desks', 'office.desks#1'],
      ['users', 'users#1'],
    ]);
  });

  it('leaves results, errors, events and classes as they are', async () => {
    const { driver, db } = await reach();
    const seen: string[] = [];
    db.on('query', ({ sql }) => void seen.push(sql));
    db.on('query-response', (_, { sql }) => void seen.push(`${sql}!`));
    expect(await db('users').where('id', 1).update({ name: 'x' })).toBe(1);
    await expect(db('nowhere')).rejects.toMatchObject({ code: '42P01', message: expect.stringContaining('nowhere') });
    expect(seen).toEqual([
      'update "users" set "name" = $1 where "id" = $2',
      'update "users" set "name" = $1 where "id" = $2!',
      'select * from "nowhere"',
    ]);
    const { client } = db;
    const watched = Object.getPrototypeOf(client);
    driver.watch();
    expect(Object.getPrototypeOf(client)).toBe(Object.getPrototypeOf(watched));
    expect(client).toBeInstanceOf(
      watched.constructor.prototype === watched ? Object.getPrototypeOf(watched).constructor : Object,
    );
  });

  describe('on MariaDB', () => {
    let server: MariaDbServer;
    beforeAll(async () => {
      server = await MariaDbServer.start();
      const db = knexOf({ client: 'mysql2', connection: server.url });
      for (const sql of [...tablesOf('mysql'), ...seedOf('mysql')]) await db.raw(sql);
      await db.destroy();
    });
    afterAll(async () => await server.stop());

    const mariadb = () => reach({ client: 'mysql2', connection: server.url });

    it('knows the key of a new row, whoever has made it', async () => {
      const { db, heard } = await mariadb();
      const [id] = await db('users').insert({ name: 'Eva' });
      await db('users').insert({ id: 900, name: 'Ivo' });
      expect(heard).toEqual([
        ['users', `users#${id}`],
        ['users', 'users#900'],
      ]);
    });

    it('commits what is open before DDL, and asks for the tables anew', async () => {
      const { cache, driver, db, heard } = await mariadb();
      const tx = await db.transaction();
      await tx('users').where('id', 1).update({ name: 'x' });
      expect(heard).toEqual([]);
      await tx.schema.createTable('later', (table) => {
        table.increments('id');
        table.string('name');
      });
      expect(heard[0]).toEqual(USER_1);
      await tx.rollback();
      await tablesRead(driver, cache);
      const [id] = await db('later').insert({ name: 'x' });
      expect(heard.at(-1)).toEqual(['later', `later#${id}`]);
    });

    it('holds no write back after a deadlock, by which the server has ended the transaction', async () => {
      const { db, heard } = await mariadb();
      const [a, b] = [await db.transaction(), await db.transaction()];
      const rename = async (tx: Knex, id: number) =>
        await tx('users')
          .where({ id })
          .update({ name: `x${Math.random()}` });
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
      await winner.commit();
      await Promise.all([waiting, other]);
      expect(heard).toEqual([[...USER_1, 'users#2']]);
      await loser('tags')
        .where('id', 1)
        .update({ name: `x${Math.random()}` });
      expect(heard.at(-1)).toEqual(['tags', 'tags#1']);
      await loser.rollback();
    });

    it('begins a transaction with each statement where the session does not commit by itself', async () => {
      const { db, heard } = await reach({
        client: 'mysql2',
        connection: server.url,
        pool: { min: 1, max: 1 },
      });
      await db.raw('SET autocommit = 0');
      await db('users')
        .where('id', 1)
        .update({ name: `x${Math.random()}` });
      expect(heard).toEqual([]);
      await db.raw('COMMIT');
      expect(heard).toEqual([USER_1]);
    });

    it('counts as committed what is lost on its way', async () => {
      const { db, heard } = await mariadb();
      const tx = await db.transaction();
      const connection = await tx.client.acquireConnection();
      await tx('users')
        .where('id', 1)
        .update({ name: `x${Math.random()}` });
      const committed = tx.commit();
      connection.stream.destroy();
      await expect(tx.executionPromise).rejects.toThrow();
      await committed;
      expect(heard).toEqual([USER_1]);
    });

    it('hears streams', async () => {
      const { db, driver, site } = await mariadb();
      Object.assign(driver.reads, {
        user: async (id: number) => {
          for await (const row of db('users').where({ id }).stream()) return row;
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
});

describe('watchKnex', () => {
  const db = knexOf({ client: 'pg' });

  it.each([
    ['watchKnex', {}, {}],
    ['watchKnex', { client: 'pg', connection: 'postgresql://localhost' }, {}],
    ['watchKnex', Object.assign(() => {}, { client: db.client, isTransaction: true }), {}],
    ['watchKnex', { client: { ...db.client, acquireConnection: () => {}, driverName: 'mssql' } }, {}],
    ['watchKnex.cach', db, { cach: 1 }],
    ['watchKnex.readTables', db, { readTables: 'yes' }],
    ['watchKnex.tables.users.key', db, { tables: { users: { key: 'id' } } }],
  ])('refuses %s', (setting, target, options) => {
    const refused = () => watchKnex(target as Knex, options as never);
    expect(refused).toThrow(ConfigError);
    expect(refused).toThrow(new RegExp(`^${setting.replace(/[.]/g, '\\.')}: `));
  });
});
