import { describe, expect, it } from '@jest/globals';
import { ConfigError, createCache } from '@viewcache/core';
import { watchTypeOrm } from '@viewcache/orm/typeorm';
import type { DataSource, DataSourceOptions } from 'typeorm';
import { heardBy } from './pg-world.js';
import { seedOf, tablesOf } from './schema.js';
import { TypeOrmDriver, VERSIONS, type Version } from './typeorm-driver.js';
import { entitiesOf } from './typeorm-entities.js';
import { TypeOrmWorld } from './typeorm-world.js';

const UPDATE_1 = "UPDATE users SET name = 'x' WHERE id = 1";
const USER_1 = ['users', 'users#1'];

describe.each(Object.keys(VERSIONS) as Version[])('watchTypeOrm with TypeORM %s', (version) => {
  const world = new TypeOrmWorld(version);

  function sourceOf(options: Readonly<Record<string, unknown>> = {}): DataSource {
    const { DataSource, EntitySchema } = world.module;
    const entities = Object.values(entitiesOf(EntitySchema));
    const source = new DataSource({ type: 'postgres', url: world.url, entities, ...options } as DataSourceOptions);
    world.closing({
      close: async () => {
        if (source.isInitialized) await source.destroy();
      },
    });
    return source;
  }

  it('watches a data source once for a cache, however often it is asked to, until all have stopped (68)', async () => {
    const { cache, driver, source } = await world.reach();
    const again = watchTypeOrm(source, cache);
    const heard = heardBy(cache);
    await source.query(UPDATE_1);
    expect(heard).toEqual([USER_1]);
    again();
    again();
    await source.query(UPDATE_1);
    expect(heard).toHaveLength(2);
    expect(again.counts()).toEqual(driver.watch.counts());
  });

  it.each(['postgres', 'sqljs'])(
    'hears nothing once it has stopped, and leaves everything as it was (%s, 68)',
    async (type) => {
      const cache = world.closing(createCache());
      const source = await sourceOf({ type }).initialize();
      if (type === 'sqljs') for (const sql of [...tablesOf('sqlite'), ...seedOf('sqlite')]) await source.query(sql);
      const before = [source.createQueryRunner, source.subscribers.length];
      const stops = [watchTypeOrm(source, cache), watchTypeOrm(source, cache)];
      await Promise.all(stops.map(({ ready }) => ready));
      const heard = heardBy(cache);
      const runner = source.createQueryRunner();
      await runner.query(UPDATE_1);
      expect(heard).toEqual([USER_1]);
      // Of reads TypeORM would tell whoever is there, too, and take its time for it.
      expect(source.subscribers).toHaveLength(before[1] as number);
      for (const stop of stops) stop();
      await runner.query(UPDATE_1);
      await source.query(UPDATE_1);
      await runner.release();
      expect(heard).toHaveLength(1);
      expect([source.createQueryRunner, source.subscribers.length]).toEqual(before);
      expect([Object.hasOwn(source, 'createQueryRunner'), Object.hasOwn(runner, 'query')]).toEqual([false, false]);
      expect(Object.hasOwn(source, 'initialize')).toBe(false);
      // And once more, with the runner that SQLite has for good.
      const stop = watchTypeOrm(source, cache);
      await stop.ready;
      await source.query(UPDATE_1);
      expect(heard).toEqual([USER_1, USER_1]);
      stop();
    },
  );

  it('tells each of several caches', async () => {
    const { cache, source } = await world.reach();
    const other = world.closing(createCache());
    const stop = watchTypeOrm(source, { cache: other, namespace: 'shop' });
    await stop.ready;
    const heard = [heardBy(cache), heardBy(other)];
    await source.query(UPDATE_1);
    expect(heard).toEqual([[USER_1], [['shop:users', 'shop:users#1']]]);
    stop();
    await source.query(UPDATE_1);
    expect(heard.map(({ length }) => length)).toEqual([2, 1]);
  });

  it('may watch before the data source is initialized, and go on when it is so again', async () => {
    const cache = world.closing(createCache());
    const source = sourceOf();
    const stop = watchTypeOrm(source, cache);
    for (const _ of [1, 2]) {
      await source.initialize();
      const heard = heardBy(cache);
      await source.transaction(async (manager) => {
        await manager.query('INSERT INTO tags (name) VALUES ($1) RETURNING id', ['x']);
        await manager.query("UPDATE comments SET body = 'x' WHERE id = 1");
      });
      expect(heard).toEqual([expect.arrayContaining(['tags', 'comments#1'])]);
      // What only subscribers are told: that PostgreSQL has answered ROLLBACK.
      const runner = source.createQueryRunner();
      await runner.startTransaction();
      await runner.query(UPDATE_1);
      await expect(runner.query('SELECT 1 / 0')).rejects.toThrow();
      await runner.commitTransaction();
      await runner.release();
      expect(heard).toHaveLength(1);
      await source.destroy();
    }
    stop();
  });

  it('tells the same statement apart that is under way twice', async () => {
    const { cache, source } = await world.reach();
    const heard = heardBy(cache);
    const insert = 'INSERT INTO tags (name) VALUES ($1) RETURNING id';
    const [[first], [second]] = await source.transaction((manager) =>
      Promise.all(['x', 'y'].map((name) => manager.query(insert, [name]))),
    );
    expect(heard).toEqual([expect.arrayContaining(['tags', `tags#${first.id}`, `tags#${second.id}`])]);
    expect(heard.flat()).not.toContain('tags!ins');
  });

  it('keeps data sources with the same tables apart by a namespace (55)', async () => {
    const a = await world.reach({ watch: { namespace: 'a' } });
    const b = world.closing(
      await TypeOrmDriver.open(version, { type: 'postgres', url: world.url }, { cache: a.cache, namespace: 'b' }),
    );
    await a.site.ran();
    await b.writes.renameUser(1, 'x');
    expect(await a.site.ran()).toEqual([]);
    await a.driver.writes.renameUser(1, 'x');
    expect(await a.site.ran()).toContain('V1');
  });

  it('takes what is read from a replica for what is written to its primary', async () => {
    const replication = { master: { url: world.url }, slaves: [{ url: world.url }] };
    const { driver, site } = await world.reach({ source: { url: undefined, replication } });
    await site.ran();
    await driver.writes.renameUser(1, 'x');
    expect((await site.ran()).sort()).toEqual(['V1', 'VL', 'VP']);
  });

  it.each<[boolean, string[]]>([
    [true, ['office.desks', 'office.desks!bulk']],
    // Entities do not tell where a bare name is looked up: it may be any of its name, this one with it.
    [false, ['desks', 'desks!bulk']],
  ])('takes bare names for those of the schema that the connection has (readTables: %s)', async (readTables, bare) => {
    await world.admin.query(
      'CREATE SCHEMA IF NOT EXISTS office; CREATE TABLE IF NOT EXISTS office.desks (id int PRIMARY KEY)',
    );
    const Schema = world.module.EntitySchema;
    const desk = new Schema<{ id: number }>({
      name: 'Desk',
      schema: 'office',
      tableName: 'desks',
      columns: { id: { type: 'int', primary: true } },
    });
    const { cache, source } = await world.reach({
      source: { extra: { options: '-c search_path=office,public' } },
      entities: [desk as never],
      watch: { readTables },
    });
    const heard = heardBy(cache);
    await source.getRepository(desk).insert({ id: Date.now() % 1_000_000 });
    await source.query('DELETE FROM desks WHERE id = 1 OR true');
    expect(heard).toEqual([['office.desks', expect.stringMatching(/^office\.desks#\d+$/)], bare]);
  });

  it('leaves errors, results, structured ones and other subscribers as they are', async () => {
    const { source } = await world.reach();
    await expect(source.query('SELECT * FROM nowhere')).rejects.toThrow(world.module.QueryFailedError);
    const runner = source.createQueryRunner();
    const seen: string[] = [];
    source.subscribers.push({ afterQuery: ({ query }) => void seen.push(query) });
    expect(await runner.query(UPDATE_1)).toEqual([[], 1]);
    expect(await runner.query('SELECT id FROM users WHERE id = $1', [1])).toEqual([{ id: 1 }]);
    expect(await runner.query('SELECT id FROM users WHERE id = $1', [1], true)).toMatchObject({ records: [{ id: 1 }] });
    expect(seen).toHaveLength(3);
    await runner.release();
  });
});

describe('watchTypeOrm', () => {
  const source = new VERSIONS['1'].DataSource({ type: 'sqljs' });

  it.each([
    ['watchTypeOrm', {}, {}],
    ['watchTypeOrm', undefined, {}],
    ['watchTypeOrm', { ...source, createQueryRunner: () => {}, options: { type: 'mongodb' } }, {}],
    ['watchTypeOrm.readTables', source, { readTables: 'yes' }],
    ['watchTypeOrm.cach', source, { cach: 1 }],
    ['watchTypeOrm.tables.users.key', source, { tables: { users: { key: 'id' } } }],
  ])('refuses %s', (setting, target, options) => {
    const refused = () => watchTypeOrm(target as typeof source, options as never);
    expect(refused).toThrow(ConfigError);
    expect(refused).toThrow(new RegExp(`^${setting.replace(/[.]/g, '\\.')}: `));
  });
});
