import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Cache, type CacheOptions, createCache } from '@viewcache/core';
import { cachePage } from '@viewcache/express';
import { afterCommit } from '@viewcache/orm';
import type { DeliveryCounts } from '@viewcache/orm/pg';
import express from 'express';
import { RedisServer } from '../servers/redis.js';
import { gate } from '../support/gate.js';
import { closeAfterEach, serve } from '../support/site.js';
import type { ScenarioDriver } from './driver.js';
import { heardBy, PgWorld } from './pg-world.js';
import { ViewsSite } from './views-site.js';

/** A transaction that the test ends itself. */
export interface HeldTransaction<Tx> {
  readonly tx: Tx;
  commit(): Promise<unknown>;
  rollback(): Promise<unknown>;
  /** Ends its connection from this side, whatever is under way. */
  cut(): void;
}

/** A driver that is held to what every watch of a PostgreSQL must do. */
export interface RuledDriver<Tx = unknown> extends ScenarioDriver<Tx> {
  readonly watch: { (): void; counts(): DeliveryCounts };
  begin(isolation?: 'serializable'): Promise<HeldTransaction<Tx>>;
  /** Watches the same once more. */
  watchAgain(options: Cache | RuleOptions): { (): void; readonly ready: Promise<void>; counts(): DeliveryCounts };
  /** The rows of a statement. */
  rows(sql: string, on?: Tx): Promise<readonly unknown[]>;
}

/** What the rules ask of watches. */
export interface RuleOptions {
  readonly cache: Cache;
  readonly namespace?: string;
  readonly trackReads?: boolean;
  readonly readTables?: boolean;
  readonly tables?: Readonly<Record<string, { readonly pk: string }>>;
}

/** Opens a driver on a database, with a pool of so many connections at most. */
export type Open = (url: string, watched: RuleOptions, connections: number) => Promise<RuledDriver>;

const UPDATE_1 = "UPDATE users SET name = 'x' WHERE id = 1";
const UPDATE_2 = "UPDATE users SET name = 'y' WHERE id = 2";
const USER_1 = ['users', 'users#1'];
const USER_2 = ['users', 'users#2'];

interface Wanted extends Omit<RuleOptions, 'cache'> {
  readonly cache?: CacheOptions;
  readonly connections?: number;
}

/** A store that answers whatever it is asked by throwing. */
function throwing(): CacheOptions['store'] {
  const fail = (): never => {
    throw new Error('the store is broken');
  };
  return { opts: {}, get: fail, set: fail, delete: fail, clear: fail, on: () => {} } as never;
}

/** Waits until what has been made or changed is known to a watch. */
export async function tablesRead(driver: Pick<RuledDriver, 'watchAgain'>, cache: Cache): Promise<void> {
  const again = driver.watchAgain(cache);
  await again.ready;
  again();
}

/** Registers with the runner what holds for whatever is watched on PostgreSQL, by statements and transactions of its own. */
export function holdToRules(open: Open): void {
  const world = new PgWorld();
  let redis: RedisServer;
  closeAfterEach();

  beforeAll(async () => {
    redis = await RedisServer.start();
  });

  afterAll(async () => await redis.stop());

  async function reach({ cache: cacheOptions, connections = 5, ...watched }: Wanted = {}) {
    const cache = world.closing(createCache(cacheOptions));
    await cache.ready();
    const driver = world.closing(await open(world.url, { ...watched, cache }, connections));
    const site = world.closing(await ViewsSite.open(cache, driver.reads));
    return { cache, driver, site, heard: heardBy(cache) };
  }

  describe('transactions', () => {
    it('invalidate nothing before the commit, and all of it once with it (31)', async () => {
      const { driver, heard } = await reach();
      await driver.transaction(async (tx) => {
        await driver.writes.renameUser(1, 'Anabela', tx);
        await driver.nested(tx, (inner) => driver.writes.renameUser(2, 'Rita', inner));
        expect(heard).toEqual([]);
      });
      expect(heard).toEqual([[...USER_1, 'users#2']]);
    });

    it('that PostgreSQL answers ROLLBACK to at their COMMIT invalidate nothing (37)', async () => {
      const { driver, heard } = await reach();
      const { tx, commit } = await driver.begin();
      await driver.writes.raw(UPDATE_1, [], tx);
      await expect(driver.writes.raw('SELECT 1 / 0', [], tx)).rejects.toThrow('division by zero');
      await commit().catch(() => {});
      expect(heard).toEqual([]);
      expect(await world.admin.query('SELECT name FROM users WHERE id = 1')).toMatchObject({ rows: [{ name: 'Ana' }] });
    });

    it('go on after a mistake that a savepoint takes back', async () => {
      const { driver, heard } = await reach();
      await driver.transaction(async (tx) => {
        await driver.writes.raw(UPDATE_1, [], tx);
        const failed = driver.nested(tx, (inner) => driver.writes.raw('SELECT 1 / 0', [], inner));
        await expect(failed).rejects.toThrow('division by zero');
      });
      expect(heard).toEqual([USER_1]);
    });

    it('whose COMMIT is refused invalidate nothing, and their repetition once (38, 39)', async () => {
      const { driver, heard } = await reach();
      const attempt = async (beside?: () => Promise<unknown>): Promise<void> => {
        const { tx, commit, rollback } = await driver.begin('serializable');
        try {
          await driver.writes.raw('SELECT count(*) FROM posts', [], tx);
          await driver.writes.raw(UPDATE_1, [], tx);
          await beside?.();
          await commit();
        } catch (error) {
          await rollback().catch(() => {});
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
      const { driver, heard } = await reach();
      const [a, b] = [await driver.begin(), await driver.begin()];
      await Promise.all([driver.writes.raw(UPDATE_1, [], a.tx), driver.writes.raw(UPDATE_2, [], b.tx)]);
      await b.rollback().catch(() => {});
      expect(heard).toEqual([]);
      await a.commit();
      expect(heard).toEqual([USER_1]);
    });

    it('whose connection dies leave nothing behind for the next (42)', async () => {
      const { driver, heard } = await reach({ connections: 1 });
      const { tx, rollback } = await driver.begin();
      await driver.writes.raw(UPDATE_1, [], tx);
      const [{ pid }] = (await driver.rows('SELECT pg_backend_pid() AS pid', tx)) as [{ pid: number }];
      await world.admin.query('SELECT pg_terminate_backend($1)', [pid]);
      await expect(driver.writes.raw('SELECT 1', [], tx)).rejects.toThrow();
      await rollback().catch(() => {});
      await driver.writes.raw(UPDATE_2);
      expect(heard).toEqual([USER_2]);
    });

    it('count as committed when the answer to their COMMIT is lost', async () => {
      const { driver, heard } = await reach();
      const { tx, commit, cut } = await driver.begin();
      await driver.writes.raw(UPDATE_1, [], tx);
      const committed = commit();
      cut();
      await expect(committed).rejects.toThrow();
      expect(heard).toEqual([USER_1]);
    });

    it('that statements begin and end count the same (43)', async () => {
      const { driver, heard } = await reach({ connections: 1 });
      for (const sql of ['BEGIN', UPDATE_1, 'SAVEPOINT s', UPDATE_2, 'ROLLBACK TO s']) await driver.writes.raw(sql);
      expect(heard).toEqual([]);
      await driver.writes.raw('COMMIT');
      expect(heard).toEqual([USER_1]);
      for (const sql of ['BEGIN', UPDATE_1, 'ROLLBACK', UPDATE_2]) await driver.writes.raw(sql);
      expect(heard).toEqual([USER_1, USER_2]);
      await driver.writes.raw('BEGIN');
      await driver.writes.raw(UPDATE_1);
      await expect(driver.writes.raw('SELECT 1 / 0')).rejects.toThrow();
      await driver.writes.raw('COMMIT');
      expect(heard).toEqual([USER_1, USER_2]);
    });

    it('deliver tags of the app with what they write, and not when they are rolled back', async () => {
      const { driver, heard } = await reach();
      await driver.transaction(async (tx) => {
        await driver.writes.renameUser(1, 'x', tx);
        await afterCommit(driver.scopeOf(tx), 'menu');
        expect(heard).toEqual([]);
      });
      expect(heard).toEqual([['menu', ...USER_1]]);
      const failing = driver.transaction(async (tx) => {
        await afterCommit(driver.scopeOf(tx), 'prices');
        throw new Error('undone');
      });
      await expect(failing).rejects.toThrow('undone');
      expect(heard).toHaveLength(1);
    });

    it('hold what a view reads back from being stored, once they have written (46)', async () => {
      const { cache, driver, site } = await reach();
      const { user } = driver.reads;
      const undone = driver.transaction(async (tx) => {
        await driver.writes.renameUser(1, 'not yet', tx);
        Object.assign(driver.reads, { user: () => driver.rows('SELECT name FROM users WHERE id = 1', tx) });
        expect(await site.get('V1')).toEqual([{ name: 'not yet' }]);
        throw new Error('undone');
      });
      await expect(undone).rejects.toThrow('undone');
      Object.assign(driver.reads, { user });
      expect(await site.get('V1')).toMatchObject({ name: 'Ana' });
      expect(cache.stats().refused).toMatchObject({ 'uncommitted-read': 1 });
    });

    it('of a view itself, which only read, do not keep it from being stored', async () => {
      const { driver, site } = await reach();
      Object.assign(driver.reads, {
        user: () => driver.transaction((tx) => driver.rows('SELECT name FROM users WHERE id = 1', tx)),
      });
      await site.get('V1');
      await site.get('V1');
      expect(site.runs.get('/users/1')).toBe(1);
    });

    it('are not stored stale by a view that has read before their commit (45)', async () => {
      const { driver, site } = await reach();
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

  describe('a store', () => {
    it('that is slow is waited for, by single statements and by transactions (44)', async () => {
      const { driver } = await reach({ cache: { store: redis.url, deadline: '30s' } });
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

    it('that hangs costs a write its deadline and nothing else (44)', async () => {
      const { driver, site } = await reach({ cache: { store: redis.url, deadline: '50ms' } });
      await site.ran();
      redis.pause();
      try {
        await driver.writes.renameUser(1, 'Anabela');
        expect(await site.get('V1')).toMatchObject({ name: 'Anabela' });
        expect(driver.watch.counts()).toMatchObject({ commits: 1, unacknowledged: 1, failures: 0 });
      } finally {
        redis.resume();
      }
    });

    it.each(['queue', 'throw'] as const)(
      'that throws leaves a write as it is (%s, 44)',
      async (onInvalidateFailure) => {
        const { driver, site } = await reach({ cache: { store: throwing(), onInvalidateFailure } });
        await site.ran();
        await driver.transaction((tx) => driver.writes.renameUser(1, 'Anabela', tx));
        expect(await site.get('V1')).toMatchObject({ name: 'Anabela' });
        expect(driver.watch.counts()).toMatchObject({ commits: 1, failures: 0 });
      },
    );
  });

  describe('what views read', () => {
    it('is their own where they had to wait for the connection of another request', async () => {
      const { cache, driver } = await reach({ connections: 1 });
      const runs = new Map<string, number>();
      const app = express();
      app.get('/users/:id', cachePage({ ttl: '5m', cache }), async (req, res) => {
        runs.set(req.path, (runs.get(req.path) ?? 0) + 1);
        res.json(await driver.rows(`SELECT pg_sleep(0.05), name FROM users WHERE id = ${req.params['id']}`));
      });
      const site = await serve(app);
      const paths = ['/users/1', '/users/2', '/users/3'];
      await Promise.all(paths.map((path) => site.get(path)));
      await driver.writes.renameUser(2, 'x');
      for (const path of paths) await site.get(path);
      expect([...runs]).toEqual([
        ['/users/1', 1],
        ['/users/2', 2],
        ['/users/3', 1],
      ]);
    });

    it('through a view of the database goes with the tables that it reads (54)', async () => {
      await world.admin.query(
        'CREATE OR REPLACE VIEW authors AS SELECT DISTINCT u.id, u.name FROM users u JOIN posts p ON p.user_id = u.id',
      );
      const { driver, site } = await reach();
      Object.assign(driver.reads, { users: () => driver.rows('SELECT * FROM authors ORDER BY id') });
      expect(await site.get('VL')).toMatchObject([{ name: 'Ana' }, { name: 'Rui' }]);
      await driver.writes.renameUser(1, 'Anabela');
      expect(await site.get('VL')).toMatchObject([{ name: 'Anabela' }, { name: 'Rui' }]);
      await driver.writes.raw('DELETE FROM posts WHERE id = 2');
      expect(await site.get('VL')).toMatchObject([{ name: 'Anabela' }]);
    });

    it('is not tracked where the watch was told so', async () => {
      const { driver, site } = await reach({ trackReads: false });
      await site.ran();
      await driver.writes.renameUser(1, 'Anabela');
      expect(await site.ran()).toEqual([]);
    });
  });

  describe('tables', () => {
    it('that are made or changed while the app runs are known from then on', async () => {
      const { cache, driver, site } = await reach();
      await driver.transaction(async (tx) => {
        await driver.writes.raw('DROP TABLE IF EXISTS badges', [], tx);
        await driver.writes.raw('CREATE TABLE badges (id serial PRIMARY KEY, label text, user_id int)', [], tx);
      });
      await driver.writes.raw('ALTER TABLE badges ADD FOREIGN KEY (user_id) REFERENCES users ON DELETE CASCADE');
      await driver.writes.raw("INSERT INTO badges (label, user_id) VALUES ('gold', 1), ('tin', 2)");
      await tablesRead(driver, cache);
      Object.assign(driver.reads, {
        users: () => driver.rows('SELECT label FROM badges ORDER BY id'),
        user: (id: number) => driver.rows(`SELECT label FROM badges WHERE id = ${id}`),
      });
      await site.ran();
      await driver.writes.raw("UPDATE badges SET label = 'silver' WHERE id = 2");
      expect(await site.ran()).toEqual(['V2', 'VL']);
      await driver.writes.raw('DELETE FROM users WHERE id = 1');
      expect(await site.ran()).toEqual(expect.arrayContaining(['V1', 'VL']));
      expect(await site.get('VL')).toEqual([{ label: 'silver' }]);
    });

    it('are known by what options say, where nobody is to ask the database', async () => {
      const { driver, heard } = await reach({ readTables: false, tables: { users: { pk: 'id' } } });
      await driver.writes.raw(UPDATE_1);
      await driver.writes.raw("UPDATE tags SET name = 'x' WHERE id = 1");
      expect(heard).toEqual([USER_1, ['tags', 'tags!bulk']]);
    });
  });

  describe('a watch', () => {
    it('is one for a cache, however often it is asked for, until all have stopped (68)', async () => {
      const { cache, driver, heard } = await reach();
      const again = driver.watchAgain(cache);
      await driver.writes.raw(UPDATE_1);
      expect(heard).toEqual([USER_1]);
      again();
      again();
      await driver.writes.raw(UPDATE_1);
      expect(heard).toHaveLength(2);
      expect(again.counts()).toEqual(driver.watch.counts());
    });

    it('hears nothing once it has stopped, also not of what was open (68)', async () => {
      const { driver, heard, cache } = await reach();
      const { tx, commit } = await driver.begin();
      await driver.writes.raw(UPDATE_1, [], tx);
      driver.watch();
      await driver.writes.raw(UPDATE_2);
      await commit();
      expect(heard).toEqual([]);
      const again = driver.watchAgain(cache);
      await again.ready;
      await driver.writes.raw(UPDATE_1);
      expect(heard).toEqual([USER_1]);
      again();
    });

    it('tells each of several caches, each by its namespace (55)', async () => {
      const { driver, heard } = await reach();
      const other = world.closing(createCache());
      const stop = driver.watchAgain({
        cache: other,
        namespace: 'shop',
        readTables: false,
        tables: { users: { pk: 'id' } },
      });
      const heardToo = heardBy(other);
      await driver.transaction((tx) => driver.writes.raw(UPDATE_1, [], tx));
      expect([heard, heardToo]).toEqual([[USER_1], [['shop:users', 'shop:users#1']]]);
      stop();
      await driver.writes.raw(UPDATE_1);
      expect([heard, heardToo].map(({ length }) => length)).toEqual([2, 1]);
    });
  });
}
