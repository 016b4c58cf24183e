import { AsyncLocalStorage } from 'node:async_hooks';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createCache } from '@viewcache/core';
import { afterCommit } from '@viewcache/orm';
import mysql from 'mysql2/promise';
import { type Sequelize, Transaction } from 'sequelize';
import { MariaDbServer } from '../servers/mariadb.js';
import { RedisServer } from '../servers/redis.js';
import { gate } from '../support/gate.js';
import { heardBy } from './pg-world.js';
import { seedOf, tablesOf } from './schema.js';
import { SequelizeDriver } from './sequelize-driver.js';
import { SequelizeWorld } from './sequelize-world.js';

const UPDATE_1 = "UPDATE users SET name = 'x' WHERE id = 1";
const UPDATE_2 = "UPDATE users SET name = 'y' WHERE id = 2";
const USER_1 = ['users', 'users#1'];
const USER_2 = ['users', 'users#2'];

/** What Sequelize hides: the connection of a transaction. */
function connectionOf(transaction: Transaction): {
  connection: { stream: { destroy(): void } };
  stream: { destroy(): void };
} {
  return (transaction as unknown as { connection: never }).connection;
}

describe('transactions of Sequelize', () => {
  const world = new SequelizeWorld();
  let redis: RedisServer;

  beforeAll(async () => {
    redis = await RedisServer.start();
  });

  afterAll(async () => {
    await redis.stop();
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

  it('that the app commits by itself, and nested ones, whose afterCommit runs too early, count the same (35)', async () => {
    const { cache, driver, sequelize } = await world.reach();
    const heard = heardBy(cache);
    const outer = await sequelize.transaction();
    const inner = await sequelize.transaction({ transaction: outer });
    let isCalled = false;
    inner.afterCommit(() => {
      isCalled = true;
    });
    await driver.writes.renameUser(1, 'x', inner);
    await inner.commit();
    expect([isCalled, heard]).toEqual([true, []]);
    await outer.rollback();
    expect(heard).toEqual([]);
    const again = await sequelize.transaction();
    await driver.writes.renameUser(2, 'y', again);
    await again.commit();
    expect(heard).toEqual([USER_2]);
  });

  it('that PostgreSQL answers ROLLBACK to at their COMMIT invalidate nothing (37)', async () => {
    const { cache, driver, sequelize } = await world.reach();
    const heard = heardBy(cache);
    const tx = await sequelize.transaction();
    await driver.writes.renameUser(1, 'x', tx);
    await expect(driver.writes.raw('SELECT 1 / 0', undefined, tx)).rejects.toThrow('division by zero');
    await tx.commit();
    expect(heard).toEqual([]);
  });

  it('whose COMMIT is refused invalidate nothing, though afterCommit runs, and their repetition once (38, 39)', async () => {
    const { cache, driver, sequelize } = await world.reach();
    const heard = heardBy(cache);
    let hooks = 0;
    const attempt = (beside?: () => Promise<unknown>): Promise<unknown> =>
      sequelize.transaction({ isolationLevel: Transaction.ISOLATION_LEVELS.SERIALIZABLE }, async (tx) => {
        tx.afterCommit(() => void hooks++);
        await driver.models.post.count({ transaction: tx });
        await driver.writes.renameUser(1, 'x', tx);
        await beside?.();
      });
    const failed = attempt(async () => {
      const other = await world.admin.connect();
      await other.query('BEGIN ISOLATION LEVEL SERIALIZABLE');
      await other.query('SELECT count(*) FROM users');
      await other.query("INSERT INTO posts (title) VALUES ('beside')");
      await other.query('COMMIT');
      other.release();
    });
    await expect(failed).rejects.toMatchObject({ parent: { code: '40001' } });
    expect([hooks, heard]).toEqual([1, []]);
    await attempt();
    expect(heard).toEqual([USER_1]);
  });

  it('stay apart on two connections of one pool, and from what has forgotten its transaction (40, 41)', async () => {
    const { cache, driver, sequelize } = await world.reach();
    const heard = heardBy(cache);
    const [a, b] = [await sequelize.transaction(), await sequelize.transaction()];
    await Promise.all([driver.writes.renameUser(1, 'x', a), driver.writes.renameUser(2, 'y', b)]);
    await b.rollback();
    expect(heard).toEqual([]);
    await sequelize.query("UPDATE tags SET name = 'x' WHERE id = 1");
    expect(heard).toEqual([['tags', 'tags#1']]);
    await a.commit();
    expect(heard.slice(1)).toEqual([USER_1]);
  });

  it('whose connection dies leave nothing behind for the next (42)', async () => {
    const { cache, driver, sequelize } = await world.reach();
    const heard = heardBy(cache);
    const tx = await sequelize.transaction();
    await driver.writes.renameUser(1, 'x', tx);
    const told = await driver.writes.raw('SELECT pg_backend_pid() AS pid', undefined, tx);
    const [row] = told as unknown as [{ pid: number }];
    await world.admin.query('SELECT pg_terminate_backend($1)', [row.pid]);
    await expect(driver.writes.renameUser(1, 'x', tx)).rejects.toThrow();
    await tx.rollback().catch(() => {});
    await sequelize.query(UPDATE_2);
    expect(heard.at(-1)).toEqual(USER_2);
    expect(heard.flat()).not.toContain('users#1');
  });

  it('count as committed when the answer to their COMMIT is lost', async () => {
    const { cache, driver, sequelize } = await world.reach();
    const heard = heardBy(cache);
    const tx = await sequelize.transaction();
    await driver.writes.renameUser(1, 'x', tx);
    const committed = tx.commit();
    connectionOf(tx).connection.stream.destroy();
    await expect(committed).rejects.toThrow();
    expect(heard).toEqual([USER_1]);
  });

  it('that statements begin and end count the same (43)', async () => {
    const { cache, sequelize } = await world.reach({ sequelize: { pool: { max: 1 } } });
    const heard = heardBy(cache);
    for (const sql of ['BEGIN', UPDATE_1, 'SAVEPOINT s', UPDATE_2, 'ROLLBACK TO s']) await sequelize.query(sql);
    expect(heard).toEqual([]);
    await sequelize.query('COMMIT');
    expect(heard).toEqual([USER_1]);
  });

  it('that are found by CLS count the same', async () => {
    const { cache, driver } = await world.reach();
    const heard = heardBy(cache);
    const storage = new AsyncLocalStorage<Map<string, unknown>>();
    const made = driver.sequelize.constructor as unknown as { useCLS(it: object): void; _cls?: unknown };
    made.useCLS({
      bind: <T>(work: T): T => work,
      get: (name: string) => storage.getStore()?.get(name),
      set: (name: string, value: unknown) => storage.getStore()?.set(name, value),
      run: (work: () => unknown) => storage.run(new Map(), work),
    });
    try {
      await driver.sequelize.transaction(async () => {
        await driver.models.user.update({ name: 'x' }, { where: { id: 1 } });
        expect(heard).toEqual([]);
      });
    } finally {
      delete made._cls;
    }
    expect(heard).toEqual([USER_1]);
  });

  it('deliver tags of the app with what they write, and not when they are rolled back', async () => {
    const { cache, driver, sequelize } = await world.reach();
    const heard = heardBy(cache);
    await driver.transaction(async (tx) => {
      await driver.writes.renameUser(1, 'x', tx);
      await driver.nested(tx, async (inner) => await afterCommit(driver.scopeOf(inner), 'menu'));
      await afterCommit(tx, 'prices');
      expect(heard).toEqual([]);
    });
    expect(heard).toEqual([['menu', 'prices', ...USER_1]]);
    const failing = driver.transaction(async (tx) => {
      await afterCommit(tx, 'prices');
      throw new Error('undone');
    });
    await expect(failing).rejects.toThrow('undone');
    expect(heard).toHaveLength(1);
    await afterCommit(sequelize, 'prices');
    expect(heard.at(-1)).toEqual(['prices']);
  });

  it('hold what a view reads back from being stored, once they have written (46)', async () => {
    const { cache, driver, site } = await world.reach();
    const { user } = driver.reads;
    const undone = driver.transaction(async (tx) => {
      await driver.writes.renameUser(1, 'not yet', tx);
      Object.assign(driver.reads, { user: (id: number) => driver.models.user.findByPk(id, { transaction: tx }) });
      expect(await site.get('V1')).toMatchObject({ name: 'not yet' });
      throw new Error('undone');
    });
    await expect(undone).rejects.toThrow('undone');
    Object.assign(driver.reads, { user });
    expect(await site.get('V1')).toMatchObject({ name: 'Ana' });
    expect(cache.stats().refused).toMatchObject({ 'uncommitted-read': 1 });
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

  it('have their result within the deadline of a store that hangs (44)', async () => {
    const { cache, driver, site } = await world.reach({ cache: { store: redis.url, deadline: '50ms' } });
    await cache.ready();
    await site.ran();
    redis.pause();
    try {
      expect(await driver.writes.renameUser(1, 'Anabela')).toEqual([1]);
      expect(await site.get('V1')).toMatchObject({ name: 'Anabela' });
      expect(driver.watch.counts()).toMatchObject({ commits: 1, unacknowledged: 1, failures: 0 });
    } finally {
      redis.resume();
    }
  });
});

describe.each(['mysql', 'mariadb'] as const)('transactions of Sequelize on MariaDB, by dialect %s', (dialect) => {
  let server: MariaDbServer;
  let redis: RedisServer;

  beforeAll(async () => {
    [server, redis] = await Promise.all([MariaDbServer.start(), RedisServer.start()]);
    const admin = await mysql.createConnection(server.url);
    for (const sql of [...tablesOf('mysql'), ...seedOf('mysql')]) await admin.query(sql);
    await admin.end();
  });

  afterAll(async () => {
    await Promise.all([server.stop(), redis.stop()]);
  });

  async function watched<T>(
    work: (sequelize: Sequelize, heard: string[][], driver: SequelizeDriver) => Promise<T>,
  ): Promise<T> {
    const cache = createCache();
    const driver = await SequelizeDriver.open({ dialect }, cache, {}, server.url);
    try {
      return await work(driver.sequelize, heardBy(cache), driver);
    } finally {
      await driver.close();
      await cache.close();
    }
  }

  it('that a deadlock has taken back invalidate nothing', async () => {
    await watched(async (sequelize, heard, { writes }) => {
      const [a, b] = [await sequelize.transaction(), await sequelize.transaction()];
      await writes.renameUser(1, `a${dialect}`, a);
      await writes.renameUser(2, `b${dialect}`, b);
      const [first] = await Promise.allSettled([
        writes.raw(UPDATE_2, undefined, a),
        writes.raw(UPDATE_1, undefined, b),
      ]);
      await (first.status === 'fulfilled' ? a : b).commit();
      expect(heard).toEqual([[...USER_1, 'users#2']]);
    });
  });

  it('count as committed when the answer is lost', async () => {
    await watched(async (sequelize, heard, { writes }) => {
      const tx = await sequelize.transaction();
      await writes.renameUser(1, `lost ${dialect}`, tx);
      const committed = tx.commit();
      const connection = connectionOf(tx) as unknown as { stream?: { destroy(): void }; destroy(): void };
      if (dialect === 'mysql') connection.stream?.destroy();
      else connection.destroy();
      await expect(committed).rejects.toThrow();
      expect(heard).toEqual([USER_1]);
    });
  });

  it('go on when a slow store has heard of them (44)', async () => {
    const cache = createCache({ store: redis.url, deadline: '30s' });
    await cache.ready();
    const driver = await SequelizeDriver.open({ dialect }, cache, {}, server.url);
    await driver.sequelize.authenticate();
    redis.pause();
    const order: string[] = [];
    const gone = driver.writes.renameUser(1, `slow ${dialect}`).then(() => order.push('gone on'));
    while (driver.watch.counts().commits === 0) await driver.sequelize.authenticate();
    await driver.sequelize.authenticate();
    order.push('answered');
    redis.resume();
    await gone;
    expect(order).toEqual(['answered', 'gone on']);
    await driver.close();
    await cache.close();
  });
});
