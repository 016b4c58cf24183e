import type { EventEmitter } from 'node:events';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { afterCommit } from '@viewcache/orm';
import type { DataSource, QueryRunner } from 'typeorm';
import { MariaDbServer } from '../servers/mariadb.js';
import { RedisServer } from '../servers/redis.js';
import { gate } from '../support/gate.js';
import { heardBy } from './pg-world.js';
import { seedOf, tablesOf } from './schema.js';
import { TypeOrmDriver, VERSIONS, type Version } from './typeorm-driver.js';
import { TypeOrmWorld } from './typeorm-world.js';

const UPDATE_1 = "UPDATE users SET name = 'x' WHERE id = 1";
const UPDATE_2 = "UPDATE users SET name = 'y' WHERE id = 2";
const USER_1 = ['users', 'users#1'];
const USER_2 = ['users', 'users#2'];

async function begun(source: DataSource, isolation?: 'SERIALIZABLE'): Promise<QueryRunner> {
  const runner = source.createQueryRunner();
  await runner.startTransaction(isolation);
  return runner;
}

describe.each(Object.keys(VERSIONS) as Version[])('transactions of TypeORM %s', (version) => {
  const world = new TypeOrmWorld(version);
  let redis: RedisServer;
  let mariaDb: MariaDbServer;

  beforeAll(async () => {
    [redis, mariaDb] = await Promise.all([RedisServer.start(), MariaDbServer.start()]);
  });

  afterAll(async () => {
    await Promise.all([redis.stop(), mariaDb.stop()]);
  });

  it('invalidate nothing before the commit, and all of it once with it (31)', async () => {
    const { cache, driver } = await world.reach();
    const heard = heardBy(cache);
    await driver.transaction(async (tx) => {
      await driver.writes.renameUser(1, 'Anabela', tx);
      await driver.nested(tx, (inner) => driver.writes.renameUser(2, 'Rita', inner));
      expect(heard).toEqual([]);
    });
    expect(heard).toEqual([[...USER_1, 'users#2']]);
  });

  it('that PostgreSQL answers ROLLBACK to at their COMMIT invalidate nothing (37)', async () => {
    const { cache, source } = await world.reach();
    const heard = heardBy(cache);
    const runner = await begun(source);
    await runner.query(UPDATE_1);
    await expect(runner.query('SELECT 1 / 0')).rejects.toThrow('division by zero');
    await runner.commitTransaction();
    await runner.release();
    expect(heard).toEqual([]);
  });

  it('whose COMMIT is refused invalidate nothing, and their repetition once (38, 39)', async () => {
    const { cache, source } = await world.reach();
    const heard = heardBy(cache);
    const attempt = async (beside?: () => Promise<unknown>): Promise<void> => {
      const runner = await begun(source, 'SERIALIZABLE');
      try {
        await runner.query('SELECT count(*) FROM posts');
        await runner.query(UPDATE_1);
        await beside?.();
        await runner.commitTransaction();
      } catch (error) {
        await runner.rollbackTransaction();
        throw error;
      } finally {
        await runner.release();
      }
    };
    const failed = attempt(async () => {
      const other = await world.admin.connect();
      await other.query('BEGIN ISOLATION LEVEL SERIALIZABLE');
      await other.query('SELECT count(*) FROM users');
      await other.query("INSERT INTO posts (title) VALUES ('beside')");
      await other.query('COMMIT');
      other.release();
    });
    await expect(failed).rejects.toMatchObject({ code: '40001' });
    expect(heard).toEqual([]);
    await attempt();
    expect(heard).toEqual([USER_1]);
  });

  it('stay apart on two runners of one pool (41)', async () => {
    const { cache, source } = await world.reach();
    const heard = heardBy(cache);
    const [a, b] = [await begun(source), await begun(source)];
    await Promise.all([a.query(UPDATE_1), b.query(UPDATE_2)]);
    await b.rollbackTransaction();
    expect(heard).toEqual([]);
    await a.commitTransaction();
    await Promise.all([a.release(), b.release()]);
    expect(heard).toEqual([USER_1]);
  });

  it('whose connection dies leave nothing behind for the next (42)', async () => {
    const { cache, source } = await world.reach();
    const heard = heardBy(cache);
    const runner = await begun(source);
    await runner.query(UPDATE_1);
    const client = (await runner.connect()) as EventEmitter;
    const ended = new Promise((resolve) => client.once('end', resolve));
    const [{ pid }] = await runner.query('SELECT pg_backend_pid() AS pid');
    await world.admin.query('SELECT pg_terminate_backend($1)', [pid]);
    await expect(runner.query('SELECT 1')).rejects.toThrow();
    await ended;
    await runner.release();
    await source.query(UPDATE_2);
    expect(heard).toEqual([USER_2]);
  });

  it('count as committed when the answer to their COMMIT is lost', async () => {
    const { cache, source } = await world.reach();
    const heard = heardBy(cache);
    const runner = await begun(source);
    await runner.query(UPDATE_1);
    const { connection } = (await runner.connect()) as { connection: { stream: { destroy(): void } } };
    const committed = runner.commitTransaction();
    connection.stream.destroy();
    await expect(committed).rejects.toThrow();
    await runner.release();
    expect(heard).toEqual([USER_1]);
  });

  it('that statements begin and end count the same, also through one runner after another (43)', async () => {
    const { cache, source } = await world.reach({ source: { poolSize: 1 } });
    const heard = heardBy(cache);
    for (const sql of ['BEGIN', UPDATE_1, 'SAVEPOINT s', UPDATE_2, 'ROLLBACK TO s']) await source.query(sql);
    expect(heard).toEqual([]);
    await source.query('COMMIT');
    expect(heard).toEqual([USER_1]);
    for (const sql of ['BEGIN', UPDATE_1, 'ROLLBACK', UPDATE_2]) await source.query(sql);
    expect(heard).toEqual([USER_1, USER_2]);
    await source.query(`BEGIN; ${UPDATE_1}; COMMIT; ${UPDATE_2}`);
    expect(heard).toEqual([USER_1, USER_2, USER_1, USER_2]);
  });

  it('that a failing text has begun are open, as the server says (43)', async () => {
    const { cache, source } = await world.reach();
    const heard = heardBy(cache);
    const runner = source.createQueryRunner();
    await expect(runner.query('BEGIN; SAVEPOINT s; SELECT 1 / 0')).rejects.toThrow();
    await runner.query('ROLLBACK TO SAVEPOINT s');
    await runner.query(UPDATE_1);
    expect(heard).toEqual([]);
    await runner.query('COMMIT');
    await runner.release();
    expect(heard).toEqual([USER_1]);
  });

  it('deliver tags of the app with what they write, and not when they are rolled back', async () => {
    const { cache, driver, source } = await world.reach();
    const heard = heardBy(cache);
    await driver.transaction(async (tx) => {
      await driver.writes.renameUser(1, 'x', tx);
      await afterCommit(driver.scopeOf(tx), 'menu');
      await afterCommit(tx.queryRunner as QueryRunner, 'prices');
      expect(heard).toEqual([]);
    });
    expect(heard).toEqual([['menu', 'prices', ...USER_1]]);
    const failing = driver.transaction(async (tx) => {
      await afterCommit(tx, 'prices');
      throw new Error('undone');
    });
    await expect(failing).rejects.toThrow('undone');
    expect(heard).toHaveLength(1);
    await afterCommit(source.manager, 'prices');
    expect(heard.at(-1)).toEqual(['prices']);
  });

  it('hold what a view reads back from being stored, once they have written (46)', async () => {
    const { cache, driver, site } = await world.reach();
    const { user } = driver.reads;
    const undone = driver.transaction(async (tx) => {
      await driver.writes.renameUser(1, 'not yet', tx);
      Object.assign(driver.reads, { user: (id: number) => tx.findOneBy(driver.entities.user, { id }) });
      expect(await site.get('V1')).toMatchObject({ name: 'not yet' });
      throw new Error('undone');
    });
    await expect(undone).rejects.toThrow('undone');
    Object.assign(driver.reads, { user });
    expect(await site.get('V1')).toMatchObject({ name: 'Ana' });
    expect(cache.stats().refused).toMatchObject({ 'uncommitted-read': 1 });
  });

  it('of a view itself, which only read, do not keep it from being stored', async () => {
    const { driver, site } = await world.reach();
    Object.assign(driver.reads, {
      user: (id: number) => driver.transaction((tx) => tx.findOneBy(driver.entities.user, { id })),
    });
    await site.get('V1');
    await site.get('V1');
    expect(site.runs.get('/users/1')).toBe(1);
  });

  it.each(['postgres', 'mariadb'] as const)('go on when a slow store has heard of them (%s, 44)', async (type) => {
    const { cache } = await world.reach({ cache: { store: redis.url, deadline: '30s' } });
    await cache.ready();
    const { url } = type === 'postgres' ? world : mariaDb;
    const driver = await TypeOrmDriver.open(version, { type, url }, cache);
    if (type === 'mariadb') for (const sql of tablesOf('mysql')) await driver.source.query(sql);
    if (type === 'mariadb') for (const sql of seedOf('mysql')) await driver.source.query(sql);
    const ways: (() => Promise<unknown>)[] = [
      () => driver.source.query(UPDATE_1),
      () => driver.writes.renameUser(1, 'z'),
      () => driver.transaction((tx) => driver.writes.renameUser(1, 'w', tx)),
    ];
    for (const write of ways) {
      const order: string[] = [];
      const { commits } = driver.watch.counts();
      redis.pause();
      const gone = write().then(() => order.push('gone on'));
      while (driver.watch.counts().commits === commits) await world.admin.query('SELECT 1');
      await world.admin.query('SELECT 1');
      order.push('answered');
      redis.resume();
      await gone;
      expect(order).toEqual(['answered', 'gone on']);
    }
    await driver.close();
  });

  it('have their result within the deadline of a store that hangs (44)', async () => {
    const { cache, driver, site } = await world.reach({ cache: { store: redis.url, deadline: '50ms' } });
    await cache.ready();
    await site.ran();
    redis.pause();
    try {
      expect(await driver.writes.renameUser(1, 'Anabela')).toMatchObject({ affected: 1 });
      expect(await site.get('V1')).toMatchObject({ name: 'Anabela' });
      expect(driver.watch.counts()).toMatchObject({ commits: 1, unacknowledged: 1, failures: 0 });
    } finally {
      redis.resume();
    }
  });

  it('are not stored stale by a view that has read before their commit (45)', async () => {
    const { driver, site } = await world.reach();
    const [read, written] = [gate(), gate()];
    const { user } = driver.reads;
    Object.assign(driver.reads, {
      user: async (id: number) => {
        const row = await user(id);
        read.open();
        await written.passed;
        return row;
      },
    });
    const early = site.get('V1');
    await read.passed;
    await driver.transaction((tx) => driver.writes.renameUser(1, 'Anabela', tx));
    written.open();
    expect(await early).toMatchObject({ name: 'Ana' });
    Object.assign(driver.reads, { user });
    expect(await site.get('V1')).toMatchObject({ name: 'Anabela' });
  });
});
