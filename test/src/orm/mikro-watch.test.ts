import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { ConfigError, createCache } from '@viewcache/core';
import { watchMikroOrm } from '@viewcache/orm/mikro-orm';
import { describeVersions } from './mikro/describe-versions.js';
import { MikroDriver, openOrm } from './mikro/driver.js';
import type { Em, Version } from './mikro/versions.js';
import { MikroWorld } from './mikro/world.js';
import { heardBy } from './pg-world.js';
import { seedOf, tablesOf } from './schema.js';

const UPDATE_1 = "UPDATE users SET name = 'x' WHERE id = 1";
const USER_1 = ['users', 'users#1'];

describeVersions('watchMikroOrm with MikroORM %s', (version: Version) => {
  const world = new MikroWorld(version);

  it('watches an ORM once for a cache, however often it is asked to, until all have stopped (68)', async () => {
    const { cache, driver, orm } = await world.reach();
    const again = watchMikroOrm(orm, cache);
    const heard = heardBy(cache);
    await driver.writes.raw(UPDATE_1);
    expect(heard).toEqual([USER_1]);
    again();
    again();
    await driver.writes.raw(UPDATE_1);
    expect(heard).toHaveLength(2);
    expect(again.counts()).toEqual(driver.watch.counts());
  });

  it('hears nothing once it has stopped, and leaves everything as it was (68)', async () => {
    const cache = world.closing(createCache());
    const { orm } = await openOrm(version, 'postgres', { clientUrl: world.url });
    world.closing(orm);
    const { em } = orm;
    const connection = em.getConnection() as object;
    const client = clientOf(connection);
    const cacheOfResults = (orm.config as { getResultCacheAdapter(): object }).getResultCacheAdapter();
    const unitOfWork = Object.getPrototypeOf(em.getUnitOfWork(false));
    const own = () =>
      [orm, em.getDriver(), connection, client, Object.getPrototypeOf(client), cacheOfResults, unitOfWork]
        .concat(Object.getPrototypeOf(em))
        .map((each) => Object.getOwnPropertyNames(each).map((name) => [name, descriptorOf(each, name)]));
    const before = own();
    const stops = [watchMikroOrm(orm, cache), watchMikroOrm(orm, cache)];
    expect(own()).not.toEqual(before);
    await Promise.all(stops.map(({ ready }) => ready));
    const heard = heardBy(cache);
    const update = () => (em.fork() as Em).execute(UPDATE_1);
    await update();
    expect(heard).toEqual([USER_1]);
    for (const stop of stops) stop();
    await update();
    expect(heard).toHaveLength(1);
    expect(own()).toEqual(before);
    // And once more, with connections that are there already.
    const stop = watchMikroOrm(orm, cache);
    await stop.ready;
    await update();
    expect(heard).toEqual([USER_1, USER_1]);
    stop();
  });

  it('tells each of several caches', async () => {
    const { cache, driver, orm } = await world.reach();
    const other = world.closing(createCache());
    const stop = watchMikroOrm(orm, { cache: other, namespace: 'shop' });
    await stop.ready;
    const heard = [heardBy(cache), heardBy(other)];
    await driver.writes.raw(UPDATE_1);
    expect(heard).toEqual([[USER_1], [['shop:users', 'shop:users#1']]]);
    stop();
    await driver.writes.raw(UPDATE_1);
    expect(heard.map(({ length }) => length)).toEqual([2, 1]);
  });

  it.each(['postgres', 'sqlite'] as const)(
    'may watch before there is a connection, and after each other one (%s)',
    async (database) => {
      const cache = world.closing(createCache());
      const options = database === 'postgres' ? { clientUrl: world.url, connect: false } : { connect: false };
      const { orm } = await openOrm(version, database, options);
      const stop = watchMikroOrm(orm, cache);
      for (const _ of [1, 2]) {
        await orm.connect();
        const em = orm.em.fork() as Em;
        if (database === 'sqlite')
          for (const sql of [...tablesOf('sqlite'), ...seedOf('sqlite')]) await em.execute(sql);
        if (database === 'sqlite') await stop.ready;
        const heard = heardBy(cache);
        await em.execute(UPDATE_1);
        await em.transactional(async (tx) => void (await (tx as Em).execute(UPDATE_1)));
        expect(heard).toEqual([USER_1, USER_1]);
        await orm.close(true);
      }
      stop();
    },
  );

  it('keeps ORMs with the same tables apart by a namespace (55)', async () => {
    const a = await world.reach({ watch: { namespace: 'a' } });
    const watched = { cache: a.cache, namespace: 'b' };
    const b = world.closing(await MikroDriver.open(version, 'postgres', { clientUrl: world.url }, watched));
    await a.site.ran();
    await b.writes.renameUser(1, 'x');
    expect(await a.site.ran()).toEqual([]);
    await a.driver.writes.renameUser(1, 'x');
    expect(await a.site.ran()).toContain('V1');
  });

  it('takes what is read from a replica for what is written to its primary', async () => {
    const { driver, site } = await world.reach({ orm: { replicas: [{ name: 'replica' }], preferReadReplicas: true } });
    await site.ran();
    await driver.writes.renameUser(1, 'x');
    expect((await site.ran()).sort()).toEqual(['V1', 'VL', 'VP']);
  });

  it('knows entities of another schema, and those that are told of later', async () => {
    await world.admin.query(
      'CREATE SCHEMA IF NOT EXISTS office; CREATE TABLE IF NOT EXISTS office.desks (id int PRIMARY KEY)',
    );
    const { cache, driver, orm } = await world.reach({ watch: { readTables: false } });
    const heard = heardBy(cache);
    const { EntitySchema } = driver.mikro;
    const properties = { id: { type: 'number', primary: true } } as const;
    const desk = new EntitySchema<{ id: number }>({ name: 'Desk', schema: 'office', tableName: 'desks', properties });
    const remove = () => driver.writes.raw('DELETE FROM office.desks WHERE id = 1');
    await driver.writes.raw('INSERT INTO office.desks VALUES (1) ON CONFLICT DO NOTHING');
    await remove();
    orm.discoverEntity(desk);
    await driver.em.insert(desk, { id: 1 });
    await remove();
    expect(heard).toEqual([
      ['office.desks', 'office.desks!ins'],
      ['office.desks', 'office.desks!bulk'],
      ['office.desks', 'office.desks#1'],
      ['office.desks', 'office.desks#1'],
    ]);
  });

  it('leaves errors and results as they are', async () => {
    const { driver } = await world.reach();
    await expect(driver.writes.raw('SELECT * FROM nowhere')).rejects.toThrow(driver.mikro.TableNotFoundException);
    await expect(driver.writes.raw('UPDATE nowhere SET x = 1')).rejects.toThrow(driver.mikro.TableNotFoundException);
    expect(await driver.em.getConnection().execute(UPDATE_1, [], 'run')).toMatchObject({ affectedRows: 1 });
    expect(await driver.writes.raw('SELECT id FROM users WHERE id = ?', [1])).toEqual([{ id: 1 }]);
    expect(await driver.writes.insertUser('Eva')).toBe(3);
  });

  it('hears of dumps, which SQLite is handed past everything else', async () => {
    const cache = world.closing(createCache());
    const driver = world.closing(await MikroDriver.open(version, 'sqlite', {}, cache));
    for (const sql of [...tablesOf('sqlite'), ...seedOf('sqlite')]) await driver.writes.raw(sql);
    await driver.watch.ready;
    const heard = heardBy(cache);
    const dump = "UPDATE users SET name = 'x' WHERE id = 1; DELETE FROM tags WHERE name = 'old'";
    const connection = driver.em.getConnection() as unknown as Dumping;
    if (connection.executeDump !== undefined) await connection.executeDump(dump);
    else {
      const path = join(await mkdtemp(join(tmpdir(), 'viewcache-')), 'dump.sql');
      await writeFile(path, dump);
      await connection.loadFile?.(path);
      await rm(dirname(path), { recursive: true });
    }
    expect(heard.flat()).toEqual(expect.arrayContaining(['users#1', 'tags!bulk']));
  });

  it('says in a line what came of a write', async () => {
    const lines: string[] = [];
    const { driver } = await world.reach({ watch: { log: (line) => lines.push(line) } });
    await driver.writes.renameUser(1, 'x');
    expect(lines).toEqual([expect.stringMatching(/update "users" .* → users, users#1 → /)]);
  });

  it.each([
    ['watchMikroOrm.cach', { cach: 1 }],
    ['watchMikroOrm.tables.users.key', { tables: { users: { key: 'id' } } }],
  ])('refuses %s', async (setting, options) => {
    const { orm } = await world.reach();
    const refused = () => watchMikroOrm(orm, options as never);
    expect(refused).toThrow(ConfigError);
    expect(refused).toThrow(new RegExp(`^${setting.replace(/[.]/g, '\\.')}: `));
  });
});

describe('watchMikroOrm', () => {
  const config = { getPlatform: () => ({ getSchemaHelper: () => undefined }) };

  it.each([
    ['nothing', undefined, 'MikroORM.init()'],
    ['an EntityManager', { getDriver: () => {} }, 'MikroORM.init()'],
    ['an ORM on MongoDB', { em: { getDriver: () => {} }, config, getMetadata: () => {} }, 'watchMongo'],
  ])('refuses %s', (_, orm, said) => {
    const refused = () => watchMikroOrm(orm as never);
    expect(refused).toThrow(ConfigError);
    expect(refused).toThrow(said);
  });
});

/** How version 7, and 6, is handed many statements. */
interface Dumping {
  executeDump?(dump: string): Promise<unknown>;
  loadFile?(path: string): Promise<unknown>;
}

/** What a connection sends its statements by. */
function clientOf(connection: object): object {
  const { getClient, getKnex } = connection as { getClient?(): Kysely; getKnex?(): { client: object } };
  return getClient?.call(connection).getExecutor() ?? (getKnex?.call(connection).client as object);
}

interface Kysely {
  getExecutor(): object;
}

function descriptorOf(object: object, name: string): unknown {
  const { value, get } = Object.getOwnPropertyDescriptor(object, name) ?? {};
  return typeof value === 'function' ? value : get;
}
