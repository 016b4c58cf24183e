import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createCache } from '@viewcache/core';
import { afterCommit } from '@viewcache/orm';
import { watchMysql2 } from '@viewcache/orm/mysql2';
import mysql from 'mysql2/promise';
import { RedisServer } from '../servers/redis.js';
import { gate } from '../support/gate.js';
import { Mysql2World } from './mysql2-world.js';
import { heardBy } from './pg-world.js';

const UPDATE_1 = "UPDATE users SET name = 'x' WHERE id = 1";
const UPDATE_2 = "UPDATE users SET name = 'y' WHERE id = 2";
const USER_1 = ['users', 'users#1'];
const USER_2 = ['users', 'users#2'];

/** A store that answers whatever it is asked by throwing. */
function throwing(): never {
  const fail = (): never => {
    throw new Error('the store is broken');
  };
  return { opts: {}, get: fail, set: fail, delete: fail, clear: fail, on: () => {} } as never;
}

describe('transactions of mysql2', () => {
  const world = new Mysql2World();
  let redis: RedisServer;

  beforeAll(async () => {
    redis = await RedisServer.start();
  });

  afterAll(async () => {
    await redis.stop();
  });

  it('invalidate nothing before the commit, and all of it once with it (31)', async () => {
    const { cache, driver } = await world.open();
    const heard = heardBy(cache);
    await driver.transaction(async (tx) => {
      await driver.writes.renameUser(1, 'Anabela', tx);
      await driver.nested(tx, (inner) => driver.writes.renameUser(2, 'Rita', inner));
      expect(heard).toEqual([]);
    });
    expect(heard).toEqual([[...USER_1, 'users#2']]);
  });

  it('that statements begin and end count the same, also without waiting for any of them (43)', async () => {
    const { cache, pool } = await world.open({ pool: { connectionLimit: 1, multipleStatements: true } });
    const heard = heardBy(cache);
    await Promise.all(['BEGIN', UPDATE_1, 'SAVEPOINT s', UPDATE_2, 'ROLLBACK TO s'].map((sql) => pool.query(sql)));
    expect(heard).toEqual([]);
    await pool.query('COMMIT');
    expect(heard).toEqual([USER_1]);
    for (const sql of ['START TRANSACTION', UPDATE_1, 'ROLLBACK', UPDATE_2]) await pool.query(sql);
    expect(heard).toEqual([USER_1, USER_2]);
    await pool.query(`BEGIN; ${UPDATE_1}; COMMIT; ${UPDATE_2}`);
    expect(heard.slice(2).flat().sort()).toEqual([...USER_1, ...USER_2].sort());
  });

  it('keep what a block has written before it failed', async () => {
    const { cache, pool } = await world.open();
    const heard = heardBy(cache);
    const block = `BEGIN NOT ATOMIC ${UPDATE_1}; SIGNAL SQLSTATE '45000'; END`;
    await expect(pool.query(block)).rejects.toThrow();
    expect(heard).toHaveLength(1);
    const connection = await pool.getConnection();
    await connection.beginTransaction();
    await expect(connection.query(block)).rejects.toThrow();
    heard.length = 0;
    await connection.commit();
    connection.release();
    expect(heard).toHaveLength(1);
  });

  it('are not over by what commits nothing in them', async () => {
    const { cache, pool } = await world.open();
    const heard = heardBy(cache);
    const connection = await pool.getConnection();
    for (const sql of ['SET autocommit = 1', 'UNLOCK TABLES', 'LOAD INDEX INTO CACHE users']) {
      await connection.query('BEGIN');
      await connection.query(UPDATE_1);
      await connection.query(sql);
      heard.splice(0);
      await connection.query('COMMIT');
      expect([sql, heard]).toEqual([sql, [USER_1]]);
    }
    connection.release();
  });

  it('of a connection that was handed out before the watch', async () => {
    const pool = world.ending(mysql.createPool({ uri: world.url }));
    const take = () => pool.getConnection();
    const [idle, open, busy, spare] = [await take(), await take(), await take(), await take()] as const;
    await open.query('BEGIN');
    await open.query(UPDATE_1);
    const underWay = [busy.query('BEGIN'), busy.query(UPDATE_2)];
    const cache = world.closing(createCache());
    const watch = watchMysql2(pool, cache);
    await watch.ready;
    await Promise.all(underWay);
    const heard = heardBy(cache);
    const write = "UPDATE tags SET name = 'x' WHERE id = 1";
    const written = [['tags', 'tags#1']];
    await idle.query(write);
    expect(heard.splice(0)).toEqual(written);
    await idle.query('BEGIN');
    await idle.query(write);
    expect(heard).toEqual([]);
    await idle.query('COMMIT');
    expect(heard.splice(0)).toEqual(written);
    for (const connection of [open, busy]) {
      let runs = 0;
      const ask = () => cache.getOrSet('users', () => ++runs, { ttl: '5m', tags: ['users#1', 'users#2'] });
      await ask();
      await connection.query('COMMIT');
      await ask();
      expect(runs).toBe(2);
      await cache.delete('users');
    }
    // One that goes back has nothing open.
    for (const connection of [idle, open, busy, spare]) connection.release();
    heard.splice(0);
    const again = await take();
    await again.query(write);
    expect(heard).toEqual(written);
    again.release();
    watch();
  });

  it('that SET autocommit = 0 begins by each statement end with COMMIT', async () => {
    const { cache, pool } = await world.open();
    const heard = heardBy(cache);
    const connection = await pool.getConnection();
    await connection.query('SET autocommit = 0');
    await connection.query(UPDATE_1);
    expect(heard).toEqual([]);
    await connection.commit();
    await connection.query(UPDATE_2);
    await connection.rollback();
    await connection.query('SET autocommit = 1');
    connection.release();
    expect(heard).toEqual([USER_1]);
  });

  it('do not take in what their text has written before autocommit was turned off', async () => {
    const { cache, pool } = await world.open({ pool: { connectionLimit: 1, multipleStatements: true } });
    const heard = heardBy(cache);
    for (const off of ['SET autocommit = 0', 'SET @a = 0; SET autocommit = @a']) {
      await pool.query(`${UPDATE_1}; ${off}; ${UPDATE_2}`);
      expect(heard.splice(0).flat()).toContain('users#1');
      await pool.query('COMMIT');
      expect(heard.splice(0).flat()).toContain('users#2');
      await pool.query('SET autocommit = 1');
    }
  });

  it('that begin by reading, with autocommit off, show nobody what is older than he', async () => {
    for (const setUp of ['SET autocommit = 0', 'SET @a = 0; SET autocommit = @a', 'server']) {
      if (setUp === 'server') await world.admin.query('SET GLOBAL autocommit = 0');
      const { cache, pool } = await world.open({ pool: { connectionLimit: 1, multipleStatements: true } });
      const connection = await pool.getConnection();
      await world.admin.query('SET GLOBAL autocommit = 1');
      if (setUp !== 'server') await connection.query(setUp);
      const ask = () =>
        cache.getOrSet('user', async () => (await connection.query('SELECT name FROM users WHERE id = 1'))[0], {
          ttl: '5m',
        });
      await connection.query('SELECT count(*) FROM posts');
      // Written, and seen by nobody whose snapshot is older.
      await world.admin.query(UPDATE_1);
      await ask();
      expect(await cache.get('user')).toBeUndefined();
      await connection.commit();
      expect(await ask()).toEqual([{ name: 'x' }]);
      expect(await cache.get('user')).toEqual([{ name: 'x' }]);
      const heard = heardBy(cache);
      await connection.query(UPDATE_2);
      expect(heard).toEqual([]);
      await connection.query('SET @b = 1; SET autocommit = @b');
      expect(heard).toEqual([USER_2]);
      await connection.query(UPDATE_1);
      expect(heard).toEqual([USER_2, USER_1]);
      connection.release();
      await world.admin.query("UPDATE users SET name = 'Ana' WHERE id = 1");
    }
  });

  it('leave in tables that know none what was written there, also by a statement that fails', async () => {
    await world.admin.query('CREATE TABLE hits (id int PRIMARY KEY, n int CHECK (n < 10)) ENGINE = MyISAM');
    await world.admin.query('INSERT INTO hits VALUES (1, 1), (2, 9)');
    const { cache, pool } = await world.open();
    const heard = heardBy(cache);
    const connection = await pool.getConnection();
    await connection.beginTransaction();
    await connection.query('UPDATE hits SET n = 2 WHERE id = 1');
    await connection.query(UPDATE_1);
    expect(heard).toEqual([['hits', 'hits#1']]);
    await connection.rollback();
    expect(heard).toHaveLength(1);
    await expect(connection.query('UPDATE hits SET n = n + 1 WHERE id > 0')).rejects.toThrow('CONSTRAINT');
    expect(heard.slice(1)).toEqual([['hits', 'hits!bulk']]);
    expect((await connection.query('SELECT n FROM hits ORDER BY id'))[0]).toEqual([{ n: 3 }, { n: 9 }]);
    connection.release();
    await world.admin.query('DROP TABLE hits');
  });

  it('are committed by DDL', async () => {
    const { cache, pool } = await world.open();
    const heard = heardBy(cache);
    const connection = await pool.getConnection();
    await connection.beginTransaction();
    await connection.query(UPDATE_1);
    await connection.query('CREATE TABLE IF NOT EXISTS later (id int)');
    expect(heard[0]).toEqual(USER_1);
    await connection.rollback();
    connection.release();
  });

  it('stay apart on two connections of one pool (41)', async () => {
    const { cache, pool } = await world.open();
    const heard = heardBy(cache);
    const [a, b] = await Promise.all([pool.getConnection(), pool.getConnection()]);
    await Promise.all([a.beginTransaction(), b.beginTransaction()]);
    await Promise.all([a.query(UPDATE_1), b.query(UPDATE_2)]);
    await b.rollback();
    expect(heard).toEqual([]);
    await a.commit();
    expect(heard).toEqual([USER_1]);
    a.release();
    b.release();
  });

  it('that a deadlock has taken back invalidate nothing, and what follows is written at once (38)', async () => {
    const { cache, pool } = await world.open();
    const heard = heardBy(cache);
    const [a, b] = await Promise.all([pool.getConnection(), pool.getConnection()]);
    await Promise.all([a.beginTransaction(), b.beginTransaction()]);
    await a.query(UPDATE_1);
    await b.query(UPDATE_2);
    const [first, second] = await Promise.allSettled([a.query(UPDATE_2), b.query(UPDATE_1)]);
    expect([first.status, second.status].sort()).toEqual(['fulfilled', 'rejected']);
    const [winner, loser] = first.status === 'fulfilled' ? [a, b] : [b, a];
    await winner.commit();
    expect(heard).toEqual([[...USER_1, 'users#2']]);
    await loser.query("UPDATE tags SET name = 'x' WHERE id = 1");
    expect(heard.slice(1)).toEqual([['tags', 'tags#1']]);
    a.release();
    b.release();
  });

  it('that resetting a connection, or another user of it, has taken back invalidate nothing', async () => {
    const { cache, pool } = await world.open();
    const heard = heardBy(cache);
    const connection = await pool.getConnection();
    await connection.beginTransaction();
    await connection.query(UPDATE_1);
    await connection.changeUser({});
    await connection.query(UPDATE_2);
    expect(heard).toEqual([USER_2]);
    connection.destroy();
  });

  it('whose connection dies leave nothing behind (42)', async () => {
    const { cache, pool } = await world.open();
    const heard = heardBy(cache);
    const connection = await pool.getConnection();
    await connection.beginTransaction();
    await connection.query(UPDATE_1);
    await world.admin.query(`KILL ${connection.threadId}`);
    await expect(connection.query('SELECT 1')).rejects.toThrow();
    await pool.query(UPDATE_2);
    expect(heard).toEqual([USER_2]);
  });

  it.each(['COMMIT', 'write', 'stream'])('count as committed where the answer is lost: %s', async (lost) => {
    const { cache, pool, driver } = await world.open();
    const heard = heardBy(cache);
    const connection = await pool.getConnection();
    if (lost === 'COMMIT') await connection.beginTransaction();
    if (lost === 'COMMIT') await connection.query(UPDATE_1);
    const { stream, query } = connection.connection as unknown as {
      stream: { destroy(): void };
      query(sql: string): { on(event: 'error', listener: () => void): void };
    };
    if (lost === 'stream') {
      const closed = new Promise((resolve) =>
        (connection.connection as never as NodeJS.EventEmitter).once('error', resolve),
      );
      query.call(connection.connection, UPDATE_1);
      stream.destroy();
      await closed;
    } else {
      const answer = lost === 'COMMIT' ? connection.commit() : connection.execute(UPDATE_1);
      stream.destroy();
      await expect(answer).rejects.toThrow();
    }
    expect(heard).toEqual([USER_1]);
    expect(driver.watch.counts().uncertain).toBe(1);
  });

  it('deliver tags of the app with what they write, by either form of the connection', async () => {
    const { cache, driver, pool } = await world.open();
    const heard = heardBy(cache);
    await driver.transaction(async (tx) => {
      await driver.writes.renameUser(1, 'x', tx);
      await afterCommit(tx.connection, 'menu');
      await afterCommit(tx.connection.connection, 'prices');
      expect(heard).toEqual([]);
    });
    expect(heard).toEqual([['menu', 'prices', ...USER_1]]);
    const undone = driver.transaction(async (tx) => {
      await afterCommit(tx.connection, 'prices');
      throw new Error('undone');
    });
    await expect(undone).rejects.toThrow('undone');
    expect(heard).toHaveLength(1);
    const connection = await pool.getConnection();
    await connection.query(UPDATE_2);
    await afterCommit(connection, 'prices');
    connection.release();
    expect(heard.at(-1)).toEqual(['prices']);
  });

  it('hold what a view reads back from being stored, once they have written (46)', async () => {
    const { cache, driver, site } = await world.open();
    const { user } = driver.reads;
    const undone = driver.transaction(async (tx) => {
      await driver.writes.renameUser(1, 'not yet', tx);
      const read = async (id: number) => (await tx.connection.query('SELECT * FROM users WHERE id = ?', [id]))[0];
      Object.assign(driver.reads, { user: read });
      expect(await site.get('V1')).toMatchObject([{ name: 'not yet' }]);
      throw new Error('undone');
    });
    await expect(undone).rejects.toThrow('undone');
    Object.assign(driver.reads, { user });
    expect(await site.get('V1')).toMatchObject({ name: 'Ana' });
    expect(cache.stats().refused).toMatchObject({ 'uncommitted-read': 1 });
  });

  it('are not stored stale by a view that has read before their commit (45)', async () => {
    const { driver, site } = await world.open();
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

  it('go on when a slow store has heard of them (44)', async () => {
    const { cache, driver, pool } = await world.open({ cache: { store: redis.url, deadline: '30s' } });
    await cache.ready();
    const inner = pool.pool as unknown as { query(sql: string, done: () => void): void };
    const ways: (() => Promise<unknown>)[] = [
      () => pool.query(UPDATE_1),
      () => pool.execute(UPDATE_2),
      () => new Promise<void>((resolve) => inner.query(UPDATE_1, resolve)),
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
  });

  it.each(['hangs', 'throws'])('have their result within the deadline of a store that %s (44)', async (how) => {
    const store = how === 'hangs' ? redis.url : throwing();
    const { cache, driver, site } = await world.open({ cache: { store, deadline: '50ms' } });
    await cache.ready();
    await site.ran();
    if (how === 'hangs') redis.pause();
    try {
      expect(await driver.writes.renameUser(1, 'Anabela')).toMatchObject({ affectedRows: 1 });
      expect(await site.get('V1')).toMatchObject({ name: 'Anabela' });
      expect(driver.watch.counts()).toMatchObject({ commits: 1, unacknowledged: 1, failures: 0 });
    } finally {
      redis.resume();
    }
  });
});
