import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { afterCommit } from '@viewcache/orm';
import { MariaDbServer } from '../servers/mariadb.js';
import { RedisServer } from '../servers/redis.js';
import { gate } from '../support/gate.js';
import { describeVersions } from './mikro/describe-versions.js';
import { MikroDriver } from './mikro/driver.js';
import type { Em, Version } from './mikro/versions.js';
import { MikroWorld } from './mikro/world.js';
import { heardBy } from './pg-world.js';
import { seedOf, tablesOf } from './schema.js';

const UPDATE_1 = "UPDATE users SET name = 'x' WHERE id = 1";
const UPDATE_2 = "UPDATE users SET name = 'y' WHERE id = 2";
const USER_1 = ['users', 'users#1'];
const USER_2 = ['users', 'users#2'];

/** A pool of node-postgres, with those of its clients that somebody has. */
interface Pool {
  readonly _clients: readonly { release(destroys: boolean): void }[];
  readonly _idle: readonly { readonly client: unknown }[];
}

async function begun(driver: MikroDriver, isolationLevel?: 'serializable'): Promise<Em> {
  const { em } = driver;
  await em.begin(isolationLevel && ({ isolationLevel } as never));
  return em;
}

const pidOf = async (em: Em): Promise<number> =>
  ((await em.execute('SELECT pg_backend_pid() AS pid')) as [{ pid: number }])[0].pid;

describeVersions('transactions of MikroORM %s', (version: Version) => {
  const world = new MikroWorld(version);
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
      (await tx.findOneOrFail(driver.entities.user, 1)).name = 'Anabela';
      await tx.flush();
      await driver.nested(tx, (inner) => driver.writes.renameUser(2, 'Rita', inner));
      expect(heard).toEqual([]);
    });
    expect(heard).toEqual([[...USER_1, 'users#2']]);
  });

  it('that begin() and commit() are called for count the same', async () => {
    const { cache, driver } = await world.reach();
    const heard = heardBy(cache);
    const em = await begun(driver);
    await driver.writes.renameUser(1, 'x', em);
    await afterCommit(em, 'menu');
    expect(heard).toEqual([]);
    await em.commit();
    expect(heard).toEqual([['menu', ...USER_1]]);
    const other = await begun(driver);
    await driver.writes.renameUser(2, 'x', other);
    await other.rollback();
    expect(heard).toHaveLength(1);
  });

  it('that PostgreSQL answers ROLLBACK to at their COMMIT invalidate nothing (37)', async () => {
    const { cache, driver } = await world.reach({ orm: { pool: { min: 1, max: 1 } } });
    const heard = heardBy(cache);
    const em = await begun(driver);
    await driver.writes.renameUser(1, 'x', em);
    await expect(em.execute('SELECT 1 / 0')).rejects.toThrow('division by zero');
    await em.commit();
    expect(heard).toEqual([]);
    // The next one of the same connection has failed in nothing.
    await driver.transaction((tx) => driver.writes.renameUser(2, 'x', tx));
    expect(heard).toEqual([USER_2]);
  });

  it('in a part of which something has failed commit what is around it', async () => {
    const { cache, driver } = await world.reach();
    const heard = heardBy(cache);
    await driver.transaction(async (tx) => {
      await driver.writes.renameUser(1, 'x', tx);
      const failing = driver.nested(tx, async (inner) => {
        await driver.writes.renameUser(2, 'x', inner);
        await inner.execute('SELECT 1 / 0');
      });
      await expect(failing).rejects.toThrow('division by zero');
    });
    expect(heard).toEqual([USER_1]);
  });

  it('whose COMMIT is refused invalidate nothing, and their repetition once (38, 39)', async () => {
    const { cache, driver } = await world.reach();
    const heard = heardBy(cache);
    const attempt = async (beside?: () => Promise<unknown>): Promise<void> => {
      const em = await begun(driver, 'serializable');
      try {
        await em.execute('SELECT count(*) FROM posts');
        await driver.writes.renameUser(1, 'x', em);
        await beside?.();
        await em.commit();
      } catch (error) {
        await em.rollback().catch(() => {});
        throw error;
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

  it('stay apart on two connections of one pool (41)', async () => {
    const { cache, driver } = await world.reach();
    const heard = heardBy(cache);
    const [a, b] = [await begun(driver), await begun(driver)];
    await Promise.all([driver.writes.renameUser(1, 'x', a), driver.writes.renameUser(2, 'x', b)]);
    await b.rollback();
    expect(heard).toEqual([]);
    await a.commit();
    expect(heard).toEqual([USER_1]);
  });

  it('whose connection dies leave nothing behind for the next (42)', async () => {
    // Version 7 keeps the connection of a transaction that it could not roll back, and waits for it when it is closed.
    const pools: Pool[] = [];
    // And version 6 prints that it has gone; in 7 the pool's own is a function.
    const log = Object.assign(() => {}, { warn() {}, error() {} });
    const driverOptions = { log, onPoolCreated: (pool: never) => pools.push(pool) };
    const { cache, driver } = await world.reach({ orm: { driverOptions } });
    const heard = heardBy(cache);
    const em = await begun(driver);
    await driver.writes.renameUser(1, 'x', em);
    await world.admin.query('SELECT pg_terminate_backend($1)', [await pidOf(em)]);
    await expect(em.execute('SELECT 1')).rejects.toThrow();
    await em.rollback().catch(() => {});
    await driver.writes.renameUser(2, 'x');
    expect(heard).toEqual([USER_2]);
    for (const { _clients, _idle } of pools)
      for (const client of [..._clients]) if (!_idle.some((idle) => idle.client === client)) client.release(true);
  });

  it('that statements begin and end count the same (43)', async () => {
    const { cache, driver } = await world.reach({ orm: { pool: { min: 1, max: 1 } } });
    const heard = heardBy(cache);
    const { raw } = driver.writes;
    for (const sql of ['BEGIN', UPDATE_1, 'SAVEPOINT s', UPDATE_2, 'ROLLBACK TO s']) await raw(sql);
    expect(heard).toEqual([]);
    await raw('COMMIT');
    expect(heard).toEqual([USER_1]);
    for (const sql of ['BEGIN', UPDATE_1, 'ROLLBACK', UPDATE_2]) await raw(sql);
    expect(heard).toEqual([USER_1, USER_2]);
  });

  it('deliver tags of the app with what they write, and not when they are rolled back', async () => {
    const { cache, driver, orm } = await world.reach();
    const heard = heardBy(cache);
    await driver.transaction(async (tx) => {
      await driver.writes.renameUser(1, 'x', tx);
      await afterCommit(driver.scopeOf(tx), 'menu');
      await afterCommit(orm.em, 'of the global one, which stands for it');
      await afterCommit(tx.getTransactionContext() as object, 'prices');
      await driver.nested(tx, (inner) => afterCommit(inner, 'within'));
      expect(heard).toEqual([]);
    });
    expect(heard).toEqual([['menu', 'of the global one, which stands for it', 'prices', ...USER_1, 'within']]);
    const failing = driver.transaction(async (tx) => {
      await afterCommit(tx, 'prices');
      throw new Error('undone');
    });
    await expect(failing).rejects.toThrow('undone');
    expect(heard).toHaveLength(1);
    await afterCommit(orm.em, 'prices');
    expect(heard.at(-1)).toEqual(['prices']);
  });

  it('hold what a view reads back from being stored, once they have written (46)', async () => {
    const { cache, driver, site } = await world.reach();
    const { user } = driver.reads;
    const undone = driver.transaction(async (tx) => {
      await driver.writes.renameUser(1, 'not yet', tx);
      Object.assign(driver.reads, { user: (id: number) => tx.findOne(driver.entities.user, { id }) });
      expect(await site.get('V1')).toMatchObject({ name: 'not yet' });
      throw new Error('undone');
    });
    await expect(undone).rejects.toThrow('undone');
    Object.assign(driver.reads, { user });
    expect(await site.get('V1')).toMatchObject({ name: 'Ana' });
    expect(cache.stats().refused).toMatchObject({ 'uncommitted-read': 1 });
  });

  it.each(['postgres', 'mariadb'] as const)('go on when a slow store has heard of them (%s, 44)', async (database) => {
    const { cache } = await world.reach({ cache: { store: redis.url, deadline: '30s' } });
    await cache.ready();
    const clientUrl = database === 'postgres' ? world.url : mariaDb.url;
    const driver = world.closing(await MikroDriver.open(version, database, { clientUrl }, cache));
    if (database === 'mariadb')
      for (const sql of [...tablesOf('mysql'), ...seedOf('mysql')]) await driver.writes.raw(sql);
    const ways: (() => Promise<unknown>)[] = [
      () => driver.writes.raw(UPDATE_1),
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
  });

  it('have their result within the deadline of a store that hangs (44)', async () => {
    const { cache, driver, site } = await world.reach({ cache: { store: redis.url, deadline: '50ms' } });
    await cache.ready();
    await site.ran();
    redis.pause();
    try {
      expect(await driver.writes.renameUser(1, 'Anabela')).toBe(1);
      expect(await site.get('V1')).toMatchObject({ name: 'Anabela' });
      expect(driver.watch.counts()).toMatchObject({ commits: 1, unacknowledged: 1, failures: 0 });
    } finally {
      redis.resume();
    }
  });

  it('have their result where the store is broken (44)', async () => {
    const fail = (): never => {
      throw new Error('the store is broken');
    };
    const store = { opts: {}, get: fail, set: fail, delete: fail, clear: fail, on: () => {} } as never;
    const { driver, site } = await world.reach({ cache: { store, deadline: '50ms' } });
    await site.get('V1');
    await driver.transaction((tx) => driver.writes.renameUser(1, 'Anabela', tx));
    expect(await site.get('V1')).toMatchObject({ name: 'Anabela' });
    expect(driver.watch.counts()).toMatchObject({ commits: 1, unacknowledged: 1, failures: 0 });
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

  it('that MariaDB ends by a deadlock hold no write back', async () => {
    const { cache } = await world.reach();
    const driver = world.closing(await MikroDriver.open(version, 'mariadb', { clientUrl: mariaDb.url }, cache));
    for (const sql of ['DROP TABLE IF EXISTS d', 'CREATE TABLE d (id int PRIMARY KEY, n int)'])
      await driver.writes.raw(sql);
    await driver.writes.raw('INSERT INTO d VALUES (1, 0), (2, 0), (3, 0)');
    const heard = heardBy(cache);
    const set = (id: number, em: Em) => em.execute('UPDATE d SET n = n + 1 WHERE id = ?', [id]);
    const [a, b] = [await begun(driver), await begun(driver)];
    await set(1, a);
    await set(2, b);
    const waiting = set(2, a).then(
      () => a,
      () => b,
    );
    const other = set(1, b).then(
      () => b,
      () => a,
    );
    // One of them goes on; the other one's transaction is over, whether it knows or not.
    const winner = await Promise.race([waiting, other]);
    await Promise.all([waiting, other]);
    await winner.commit();
    expect(heard).toHaveLength(1);
    const loser = winner === a ? b : a;
    await set(3, loser);
    expect(heard).toHaveLength(2);
    await loser.rollback();
  });
});
