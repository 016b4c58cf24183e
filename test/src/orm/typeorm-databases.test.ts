import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { type Cache, createCache } from '@viewcache/core';
import { watchTypeOrm } from '@viewcache/orm/typeorm';
import { MariaDbServer } from '../servers/mariadb.js';
import { gate } from '../support/gate.js';
import { heardBy } from './pg-world.js';
import { seedOf, tablesOf } from './schema.js';
import { type Options, TypeOrmDriver, VERSIONS, type Version } from './typeorm-driver.js';

const UPDATE_1 = "UPDATE users SET name = 'x' WHERE id = 1";
const UPDATE_2 = "UPDATE users SET name = 'y' WHERE id = 2";
const USER_1 = ['users', 'users#1'];
const USER_2 = ['users', 'users#2'];

/** A driver on empty tables for each test, and what its cache hears. */
function reaching(version: Version, options: () => Options, dialect: 'mysql' | 'sqlite') {
  let cache: Cache;
  let driver: TypeOrmDriver;
  beforeEach(async () => {
    cache = createCache();
    driver = await TypeOrmDriver.open(version, options(), cache);
    const known = await driver.source.query(dialect === 'mysql' ? 'SHOW TABLES' : 'SELECT 1 FROM sqlite_master');
    if (known.length === 0) for (const sql of tablesOf(dialect)) await driver.source.query(sql);
    for (const sql of seedOf(dialect)) await driver.source.query(sql);
    await driver.watch.ready;
  });
  afterEach(async () => {
    await driver.close();
    await cache.close();
  });
  return () => ({
    driver,
    source: driver.source,
    users: driver.source.getRepository(driver.entities.user),
    heard: heardBy(cache),
  });
}

describe.each(Object.keys(VERSIONS) as Version[])('TypeORM %s on MariaDB', (version) => {
  let server: MariaDbServer;
  beforeAll(async () => {
    server = await MariaDbServer.start();
  });
  afterAll(async () => await server.stop());

  const reached = reaching(version, () => ({ type: 'mariadb', url: server.url }), 'mysql');

  it('knows the key of a new row, whoever has made it', async () => {
    const { users, source, heard } = reached();
    const { id } = await users.save({ name: 'Eva' });
    await source.query("INSERT INTO users (name) VALUES ('Ivo')");
    expect(heard).toEqual([
      ['users', `users#${id}`],
      ['users', `users#${id + 1}`],
    ]);
  });

  it('takes an upsert() that sets the key for one of any row', async () => {
    const { users, heard } = reached();
    await users.upsert({ id: 1, name: 'Anabela' }, ['id']);
    expect(heard[0]).toEqual(expect.arrayContaining(['users', 'users!bulk', 'posts!bulk']));
  });

  it('tells at once of a table without transactions, as its entity says', async () => {
    const { DataSource, EntitySchema } = VERSIONS[version];
    const columns = { id: { type: 'int', primary: true }, n: { type: 'int' } } as const;
    const hit = new EntitySchema<{ id: number; n: number }>({ name: 'Hit', tableName: 'hits', columns });
    const cache = createCache();
    const source = await new DataSource({ type: 'mariadb', url: server.url, entities: [hit] }).initialize();
    // As `@Entity({ engine })` has it: decorators of two versions in one process share what they note.
    source.getMetadata(hit).engine = 'MyISAM';
    const watch = watchTypeOrm(source, cache);
    const heard = heardBy(cache);
    await source.query('CREATE TABLE IF NOT EXISTS hits (id int PRIMARY KEY, n int) ENGINE = MyISAM');
    await watch.ready;
    heard.length = 0;
    const failed = source.transaction(async (manager) => {
      await manager.insert(hit, { id: 1, n: 1 });
      throw new Error('undone');
    });
    await expect(failed).rejects.toThrow('undone');
    // Strict for transactional tables alone, the server may change a key that does not fit: any row may be new.
    expect(heard).toEqual([['hits', 'hits!ins']]);
    expect(await source.getRepository(hit).count()).toBe(1);
    await source.query('DROP TABLE hits');
    watch();
    await source.destroy();
    await cache.close();
  });

  it('holds no write back after a deadlock, by which the server has ended the transaction', async () => {
    const { source, heard } = reached();
    const [a, b] = [source.createQueryRunner(), source.createQueryRunner()];
    await a.startTransaction();
    await b.startTransaction();
    await a.query(UPDATE_1);
    await b.query(UPDATE_2);
    const waiting = a.query(UPDATE_2).then(
      () => a,
      () => b,
    );
    const other = b.query(UPDATE_1).then(
      () => b,
      () => a,
    );
    // One of them goes on; the other one's transaction is over, whether it knows or not.
    const winner = await Promise.race([waiting, other]);
    const loser = winner === a ? b : a;
    await winner.commitTransaction();
    await Promise.all([waiting, other]);
    expect(heard).toEqual([[...USER_1, 'users#2']]);
    await loser.query("UPDATE tags SET name = 'x' WHERE id = 1");
    expect(heard.flat()).toContain('tags#1');
    await Promise.all([a.release(), b.release()]);
  });

  it('commits what is open before DDL', async () => {
    const { source, heard } = reached();
    const runner = source.createQueryRunner();
    await runner.startTransaction();
    await runner.query(UPDATE_1);
    expect(heard).toEqual([]);
    await runner.query('CREATE TABLE IF NOT EXISTS later (id int)');
    expect(heard[0]).toEqual(USER_1);
    await runner.rollbackTransaction();
    await runner.release();
  });

  it('keeps nothing of a snapshot that a read has begun, where autocommit is off', async () => {
    const { source } = reached();
    const cache = createCache();
    const one = { type: 'mariadb', url: server.url, poolSize: 1, extra: { connectionLimit: 1 } } as const;
    const driver = await TypeOrmDriver.open(version, one, cache);
    const read = () => driver.source.query('SELECT name FROM users WHERE id = 1');
    await driver.source.query('SET autocommit = 0');
    await read();
    await source.query(UPDATE_1);
    expect(await cache.getOrSet('name', read, { ttl: '5m' })).toMatchObject([{ name: 'Ana' }]);
    expect(await cache.get('name')).toBeUndefined();
    await driver.close();
    await cache.close();
  });

  it('counts as committed what is lost on its way', async () => {
    const { source, heard } = reached();
    const runner = source.createQueryRunner();
    const connection = (await runner.connect()) as { stream: { destroy(): void } };
    const written = runner.query(UPDATE_1);
    connection.stream.destroy();
    await expect(written).rejects.toThrow();
    expect(heard).toEqual([USER_1]);
  });
});

describe.each(Object.keys(VERSIONS) as Version[])('TypeORM %s on SQLite', (version) => {
  const reached = reaching(version, () => ({ type: 'sqljs' }), 'sqlite');

  it('knows the key of a new row, also of one of many at once', async () => {
    const { users, heard } = reached();
    await Promise.all(Array.from({ length: 5 }, (_, i) => users.insert({ name: `${i}` })));
    expect(
      heard
        .flat()
        .filter((tag) => tag.includes('#'))
        .sort(),
    ).toEqual([3, 4, 5, 6, 7].map((id) => `users#${id}`));
    const ids = (await users.find({ where: {}, order: { id: 'ASC' } })).map(({ id }) => id);
    expect(ids).toEqual([1, 2, 3, 4, 5, 6, 7]);
  });

  it('knows the row of an upsert(), of which TypeORM itself names another (15)', async () => {
    const { users, heard } = reached();
    await users.insert({ name: 'Eva' });
    await users.upsert({ id: 1, name: 'Anabela' }, ['id']);
    expect(heard.at(-1)).toEqual(USER_1);
  });

  it('has one connection: what is written beside a transaction is in it', async () => {
    const { driver, source, heard } = reached();
    const [begun, go] = [gate(), gate()];
    const done = driver.transaction(async (tx) => {
      await driver.writes.renameUser(1, 'x', tx);
      begun.open();
      await go.passed;
    });
    await begun.passed;
    await source.query(UPDATE_2);
    expect(heard).toEqual([]);
    go.open();
    await done;
    expect(heard).toEqual([[...USER_1, 'users#2']]);
  });

  it('tells of each statement that fails that it has done nothing', async () => {
    const { source, heard } = reached();
    await expect(source.query('INSERT INTO users (id, name) VALUES (1, NULL)')).rejects.toThrow();
    expect(heard).toEqual([]);
    await source.query(UPDATE_2);
    expect(heard).toEqual([USER_2]);
  });
});
