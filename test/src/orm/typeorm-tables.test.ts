import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ConfigError, createCache } from '@viewcache/core';
import { FakeClock } from '@viewcache/core/testing';
import { type TypeOrmWatch, type WatchTypeOrmOptions, watchTypeOrm } from '@viewcache/orm/typeorm';
import type { DataSource, DataSourceOptions } from 'typeorm';
import { MariaDbServer } from '../servers/mariadb.js';
import { Keeping } from './kept.js';
import { heardBy } from './pg-world.js';
import { tablesOf } from './schema.js';
import { VERSIONS, type Version } from './typeorm-driver.js';
import { entitiesOf } from './typeorm-entities.js';
import { TypeOrmWorld } from './typeorm-world.js';
import { DROP_UNSAID, ELSEWHERE, isDropped, ON_POSTGRES, UNSAID, warningsOf } from './unsaid-tables.js';

const UPDATE_1 = "UPDATE users SET name = 'x' WHERE id = 1";
const USER_1 = ['users', 'users#1'];

describe.each(Object.keys(VERSIONS) as Version[])('the tables of a data source of TypeORM %s', (version) => {
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

  /** A data source that is watched, and not yet initialized. */
  function watched(options: Readonly<Record<string, unknown>> = {}, wanted: WatchTypeOrmOptions = {}) {
    const cache = world.closing(createCache());
    const source = sourceOf(options);
    const watch: TypeOrmWatch = watchTypeOrm(source, { ...wanted, cache });
    return { cache, source, watch };
  }

  it.each(ON_POSTGRES)('are known from the catalogue when it is initialized: %s', async (...unsaid) => {
    for (const sql of UNSAID.postgres) await world.admin.query(sql);
    try {
      const { cache, source } = watched();
      expect(await source.initialize()).toBe(source);
      expect(await isDropped(new Keeping(cache), (sql) => source.query(sql), unsaid)).toBe(true);
      const told = watched({}, { readTables: false });
      await told.source.initialize();
      await told.watch.ready;
      expect(await isDropped(new Keeping(told.cache), (sql) => told.source.query(sql), unsaid)).toBe(false);
    } finally {
      await world.admin.query(DROP_UNSAID);
    }
  });

  it('are read again after migrations, those of initialize() among them, and after synchronize()', async () => {
    class Views1700000000000 {
      up = async (runner: { query(sql: string): Promise<unknown> }) => {
        await runner.query('CREATE VIEW named AS SELECT id, name FROM users');
        await runner.query('CREATE TABLE likes (id int PRIMARY KEY, user_id int REFERENCES users ON DELETE CASCADE)');
      };
      down = async (runner: { query(sql: string): Promise<unknown> }) => {
        await runner.query('DROP TABLE likes');
        await runner.query('DROP VIEW named');
      };
    }
    const office = new world.module.EntitySchema<{ id: number }>({
      name: 'Desk',
      tableName: 'desks',
      columns: { id: { type: 'int', primary: true } },
    });
    const settings = {
      migrations: [Views1700000000000],
      migrationsTableName: `migrations_${version.replace('.', '')}`,
    };
    const first = watched({ ...settings, migrationsRun: true });
    await first.source.initialize();
    expect(
      await isDropped(new Keeping(first.cache), (sql) => first.source.query(sql), [
        '',
        'SELECT * FROM named',
        UPDATE_1,
      ]),
    ).toBe(true);

    const { cache, source, watch } = watched({ ...settings, entities: [office] });
    await source.initialize();
    await source.undoLastMigration();
    await source.runMigrations();
    await watch.ready;
    expect(
      await isDropped(new Keeping(cache), (sql) => source.query(sql), [
        '',
        'SELECT * FROM likes',
        'DELETE FROM users WHERE id = 2',
      ]),
    ).toBe(true);
    const heard = heardBy(cache);
    await source.synchronize();
    await watch.ready;
    heard.length = 0;
    await source.query('INSERT INTO desks (id) VALUES (7)');
    expect(heard).toEqual([['desks', 'desks#7']]);
    await source.undoLastMigration();
    await source.query(`DROP TABLE desks, ${settings.migrationsTableName}`);
  });

  it('are called as the database calls them: prefixes, schemas, several entities of one table', async () => {
    await world.admin.query(`CREATE SCHEMA yard;
      CREATE TABLE yard.my_pets (id serial PRIMARY KEY, kind text, name text);
      CREATE TABLE yard.toys (id int PRIMARY KEY, pet int REFERENCES yard.my_pets ON DELETE CASCADE)`);
    const pet = new world.module.EntitySchema<{ id: number; name: string }>({
      name: 'Pet',
      schema: 'yard',
      tableName: 'pets',
      columns: { id: { type: 'int', primary: true, generated: 'increment' }, name: { type: 'text' } },
    });
    const { cache, source } = watched({ entityPrefix: 'my_', entities: [pet] });
    await source.initialize();
    const heard = heardBy(cache);
    const pets = source.getRepository(pet);
    await pets.insert({ name: 'Rex' });
    await pets.update(1, { name: 'Max' });
    await pets.delete(1);
    const row = ['yard.my_pets', 'yard.my_pets#1'];
    expect(heard).toEqual([row, row, [...row, 'yard.toys', 'yard.toys!bulk'].sort()]);
    await world.admin.query('DROP SCHEMA yard CASCADE');
  });

  it('that cannot be read keep the app from nothing but what is stored, until they can', async () => {
    await world.admin.query('CREATE ROLE guest LOGIN; GRANT ALL ON ALL TABLES IN SCHEMA public TO guest');
    const refused = 'SELECT ON pg_catalog.pg_trigger';
    await world.admin.query(`REVOKE ${refused} FROM PUBLIC`);
    const { cache, source, watch } = watched({ url: world.url.replace('test@', 'guest@'), extra: { max: 1 } });
    const [heard, warnings] = [heardBy(cache), warningsOf(cache)];
    await source.initialize();
    expect(warnings).toEqual([expect.stringMatching(/^watchTypeOrm: the tables could not be read .*pg_trigger/)]);
    await expect(watch.ready).rejects.toThrow('pg_trigger');
    await cache.getOrSet('users', () => source.query('SELECT * FROM users'), { ttl: '5m' });
    expect(await cache.get('users')).toBeUndefined();
    await source.query(UPDATE_1);
    expect(heard).toEqual([[]]);
    await world.admin.query(`GRANT ${refused} TO PUBLIC`);
    await watch.ready;
    await source.query(UPDATE_1);
    expect(heard).toEqual([[], USER_1]);
    await source.destroy();
    await world.admin.query('DROP OWNED BY guest; DROP ROLE guest');
  });

  it('that are not told for five seconds do not hold up initialize() any longer', async () => {
    const clock = new FakeClock(Date.now());
    const cache = world.closing(createCache({ clock }));
    const locking = await world.admin.connect();
    await locking.query('BEGIN; LOCK TABLE pg_catalog.pg_trigger IN ACCESS EXCLUSIVE MODE');
    const source = sourceOf();
    const watch = watchTypeOrm(source, cache);
    const done = source.initialize();
    const waiting = async () => (await world.admin.query('SELECT 1 FROM pg_locks WHERE NOT granted')).rows.length;
    while ((await waiting()) === 0);
    clock.advance('5s');
    await done;
    await locking.query('ROLLBACK');
    locking.release();
    await watch.ready;
    const heard = heardBy(cache);
    await source.query(UPDATE_1);
    expect(heard).toEqual([USER_1]);
  });

  it.each<Readonly<Record<string, unknown>>>([{ extra: { max: 1 } }, { type: 'sqljs', url: undefined }])(
    'are read by the one connection there is, whatever is open on it: %j',
    async (options) => {
      const cache = world.closing(createCache());
      const source = await sourceOf(options).initialize();
      if (options['type'] === 'sqljs') for (const sql of tablesOf('sqlite')) await source.query(sql);
      let watch: TypeOrmWatch | undefined;
      await source.transaction(async (manager) => {
        watch = watchTypeOrm(source, cache);
        await manager.query(UPDATE_1);
        await manager.query('CREATE TABLE inside (id int PRIMARY KEY)');
      });
      await watch?.ready;
      const heard = heardBy(cache);
      await source.transaction(async (manager) => {
        await manager.query('INSERT INTO inside VALUES (1)');
        await manager.query('DROP TABLE inside');
      });
      await source.query("INSERT INTO users (id, name) VALUES (70, 'x')");
      expect(heard[0]).toEqual(expect.arrayContaining(['inside', 'inside!bulk']));
      await watch?.ready;
      heard.length = 0;
      await source.query('DELETE FROM users WHERE id = 70');
      expect(heard).toEqual([expect.arrayContaining(['posts!bulk', 'users#70'])]);
    },
  );

  it('are told when it is initialized, and say so where it is not', async () => {
    const { cache, source, watch } = watched();
    const warnings = warningsOf(cache);
    await expect(watch.ready).rejects.toThrow(ConfigError);
    await expect(watch.ready).rejects.toThrow("'the data source' is not initialized");
    const begun = source.initialize();
    await watch.ready;
    await begun;
    expect(warnings).toEqual([]);
    // Whoever is told nothing has nothing to await.
    const told = watched({}, { readTables: false });
    await told.watch.ready;
  });

  describe('of SQLite', () => {
    it.each(ELSEWHERE)('are known from the catalogue: %s', async (...unsaid) => {
      const { cache, source, watch } = watched({ type: 'sqljs', url: undefined, synchronize: true });
      await source.initialize();
      for (const sql of UNSAID.sqlite) await source.query(sql);
      await source.query("INSERT INTO users (id, name) VALUES (1, 'x'), (2, 'y')");
      await source.query("INSERT INTO tags (id, name) VALUES (1, 'x')");
      await watch.ready;
      expect(await isDropped(new Keeping(cache), (sql) => source.query(sql), unsaid)).toBe(true);
    });
  });

  describe('of MariaDB', () => {
    let server: MariaDbServer;
    beforeAll(async () => {
      server = await MariaDbServer.start();
    });
    afterAll(async () => await server.stop());

    it('are known from the catalogue when it is initialized', async () => {
      const setup = sourceOf({ type: 'mariadb', url: server.url });
      await setup.initialize();
      for (const sql of [...tablesOf('mysql'), ...UNSAID.mysql]) await setup.query(sql);
      await setup.query("INSERT INTO users (id, name) VALUES (1, 'a'), (2, 'y')");
      await setup.query("INSERT INTO tags (id, name) VALUES (1, 'a')");
      const { cache, source } = watched({ type: 'mariadb', url: server.url });
      await source.initialize();
      const keeping = new Keeping(cache);
      for (const unsaid of ELSEWHERE)
        expect([...unsaid, await isDropped(keeping, (sql) => source.query(sql), unsaid)]).toEqual([...unsaid, true]);
      const heard = heardBy(cache);
      await source.query('INSERT INTO likes (user_id) VALUES (1)');
      expect(heard).toEqual([['likes', expect.stringMatching(/^likes#\d+$/)]]);
    });
  });
});
