import { describe, expect, it } from '@jest/globals';
import { createCache } from '@viewcache/core';
import { afterCommit } from '@viewcache/orm';
import { watchPg } from '@viewcache/orm/pg';
import pg from 'pg';
import older from 'pg811';
import { gate } from '../support/gate.js';
import { Keeping } from './kept.js';
import { heardBy, PgWorld } from './pg-world.js';

const USER_1 = ['users', 'users#1'];

describe('transactions of pg', () => {
  const world = new PgWorld();

  it('invalidate nothing before the commit, and all of it once with it (31)', async () => {
    const { cache, driver } = await world.open();
    const heard = heardBy(cache);
    await driver.transaction(async (tx) => {
      await driver.writes.renameUser(1, 'Anabela', tx);
      await driver.writes.renameUser(1, 'Ana Maria', tx);
      await driver.writes.renameUser(2, 'Rita', tx);
      expect(heard).toEqual([]);
    });
    expect(heard).toEqual([['users', 'users#1', 'users#2']]);
  });

  it('that PostgreSQL answers ROLLBACK to at their COMMIT invalidate nothing (37)', async () => {
    const { cache, pool } = await world.open();
    const heard = heardBy(cache);
    const client = await pool.connect();
    await client.query('BEGIN');
    await client.query("UPDATE users SET name = 'x' WHERE id = 1");
    await expect(client.query('SELECT 1 / 0')).rejects.toThrow('division by zero');
    expect((await client.query('COMMIT')).command).toBe('ROLLBACK');
    client.release();
    expect(heard).toEqual([]);
  });

  it('whose COMMIT is refused invalidate nothing, and their repetition once (38, 39)', async () => {
    const { cache, pool } = await world.open();
    const heard = heardBy(cache);
    const attempt = async (client: pg.PoolClient, beside?: () => Promise<unknown>) => {
      await client.query('BEGIN ISOLATION LEVEL SERIALIZABLE');
      await client.query('SELECT count(*) FROM posts');
      await client.query("UPDATE users SET name = name || '!' WHERE id = 1");
      await beside?.();
      await client.query('COMMIT');
    };
    const client = await pool.connect();
    const failed = attempt(client, async () => {
      const other = await world.admin.connect();
      await other.query('BEGIN ISOLATION LEVEL SERIALIZABLE');
      await other.query('SELECT count(*) FROM users');
      await other.query("INSERT INTO posts (title) VALUES ('beside')");
      await other.query('COMMIT');
      other.release();
    });
    await expect(failed).rejects.toMatchObject({ code: '40001' });
    await client.query('ROLLBACK');
    expect(heard).toEqual([]);
    await attempt(client);
    client.release();
    expect(heard).toEqual([USER_1]);
  });

  it('whose deferred constraint fails at the COMMIT invalidate nothing (38)', async () => {
    const { cache, pool } = await world.open();
    await world.admin.query(
      'CREATE TABLE late (id int PRIMARY KEY, of int REFERENCES users DEFERRABLE INITIALLY DEFERRED)',
    );
    const heard = heardBy(cache);
    const client = await pool.connect();
    await client.query('BEGIN');
    await client.query("UPDATE users SET name = 'x' WHERE id = 1");
    await client.query('INSERT INTO late VALUES (1, 4711)');
    await expect(client.query('COMMIT')).rejects.toMatchObject({ code: '23503' });
    client.release();
    await world.admin.query('DROP TABLE late');
    expect(heard).toEqual([]);
  });

  it('stay apart on two clients of one pool (41)', async () => {
    const { cache, pool } = await world.open();
    const heard = heardBy(cache);
    const [a, b] = [await pool.connect(), await pool.connect()];
    await Promise.all([a.query('BEGIN'), b.query('BEGIN')]);
    await Promise.all([
      a.query("UPDATE users SET name = 'x' WHERE id = 1"),
      b.query("UPDATE users SET name = 'x' WHERE id = 2"),
    ]);
    await b.query('ROLLBACK');
    expect(heard).toEqual([]);
    await a.query('COMMIT');
    a.release();
    b.release();
    expect(heard).toEqual([USER_1]);
  });

  it('whose connection dies leave nothing behind for the next (42)', async () => {
    const { cache, pool } = await world.open();
    const heard = heardBy(cache);
    pool.on('error', () => {});
    const client = await pool.connect();
    client.on('error', () => {});
    await client.query('BEGIN');
    await client.query("UPDATE users SET name = 'x' WHERE id = 1");
    const { rows } = await client.query('SELECT pg_backend_pid() AS pid');
    await world.admin.query('SELECT pg_terminate_backend($1)', [rows[0].pid]);
    await expect(client.query('SELECT 1')).rejects.toThrow();
    client.release(true);
    await pool.query("UPDATE users SET name = 'y' WHERE id = 2");
    expect(heard).toEqual([['users', 'users#2']]);
  });

  it('left open in a client that goes back to the pool end when somebody ends them (42)', async () => {
    const { cache } = await world.open();
    const pool = world.pool({ max: 1 });
    const { watchPg } = await import('@viewcache/orm/pg');
    await watchPg(pool, { cache }).ready;
    const heard = heardBy(cache);
    const careless = await pool.connect();
    await careless.query('BEGIN');
    await careless.query("UPDATE users SET name = 'x' WHERE id = 1");
    careless.release();
    await pool.query("UPDATE users SET name = 'y' WHERE id = 2");
    expect(heard).toEqual([]);
    await pool.query('COMMIT');
    expect(heard).toEqual([['users', 'users#1', 'users#2']]);
    await pool.query("UPDATE users SET name = 'z' WHERE id = 2");
    expect(heard).toHaveLength(2);
  });

  it('count as committed when the answer to their COMMIT is lost', async () => {
    const { cache, pool } = await world.open();
    pool.on('error', () => {});
    const heard = heardBy(cache);
    const client = await pool.connect();
    client.on('error', () => {});
    await client.query('BEGIN');
    await client.query("UPDATE users SET name = 'x' WHERE id = 1");
    const committed = client.query('COMMIT');
    (client as unknown as { connection: { stream: { destroy(): void } } }).connection.stream.destroy();
    await expect(committed).rejects.toThrow();
    client.release(true);
    expect(heard).toEqual([USER_1]);
  });

  it('count as committed, a statement alone, when its answer is lost', async () => {
    const { cache, pool } = await world.open();
    pool.on('error', () => {});
    const heard = heardBy(cache);
    const client = await pool.connect();
    client.on('error', () => {});
    const written = client.query("UPDATE users SET name = 'x' WHERE id = 1");
    (client as unknown as { connection: { stream: { destroy(): void } } }).connection.stream.destroy();
    await expect(written).rejects.toThrow();
    client.release(true);
    expect(heard).toEqual([USER_1]);
  });

  it('begun and ended in one text count by what is in it (43)', async () => {
    const { cache, pool } = await world.open();
    const heard = heardBy(cache);
    await pool.query(
      "BEGIN; UPDATE users SET name = 'x' WHERE id = 1; COMMIT; UPDATE users SET name = 'y' WHERE id = 2",
    );
    expect(heard).toEqual([USER_1, ['users', 'users#2']]);
    await pool.query("BEGIN; UPDATE users SET name = 'x' WHERE id = 1; ROLLBACK");
    expect(heard).toHaveLength(2);
  });

  it('begun behind a write of their text end with their commit (43)', async () => {
    const { pool, cache } = await world.open();
    const heard = heardBy(cache);
    const client = await pool.connect();
    const asked = () => world.admin.query("SELECT name FROM users WHERE name IN ('x', 'y') ORDER BY 1");
    await client.query("UPDATE users SET name = 'x' WHERE id = 1; BEGIN");
    expect([heard, (await asked()).rows]).toEqual([[], []]);
    await client.query("COMMIT; UPDATE users SET name = 'y' WHERE id = 2; BEGIN");
    expect([heard, (await asked()).rows]).toEqual([[['users', 'users#1']], [{ name: 'x' }]]);
    await client.query('COMMIT');
    client.release();
    expect(heard.slice(1)).toEqual([['users', 'users#2']]);
  });

  it('in a text that fails are undone, but for what a COMMIT in it has committed (43)', async () => {
    const { cache, pool } = await world.open();
    const heard = heardBy(cache);
    const client = await pool.connect();
    await expect(client.query("UPDATE users SET name = 'x' WHERE id = 1; SELECT 1 / 0")).rejects.toThrow();
    expect(heard).toEqual([]);
    const text = "BEGIN; UPDATE users SET name = 'x' WHERE id = 1; COMMIT; SELECT 1 / 0";
    await expect(client.query(text)).rejects.toThrow();
    expect(heard).toEqual([USER_1]);
    // It is not believed to be in a transaction now: this one is committed at once.
    await client.query("UPDATE users SET name = 'y' WHERE id = 2");
    expect(heard).toEqual([USER_1, ['users', 'users#2']]);
    client.release();
  });

  it('that a failing text has begun are open, as the server says (43)', async () => {
    const { cache, pool } = await world.open();
    const heard = heardBy(cache);
    const client = await pool.connect();
    await expect(client.query('BEGIN; SELECT 1 / 0')).rejects.toThrow();
    await client.query('ROLLBACK');
    await expect(client.query('SELECT 1 / 0; BEGIN')).rejects.toThrow();
    await client.query("UPDATE users SET name = 'y' WHERE id = 2");
    client.release();
    expect(heard).toEqual([['users', 'users#2']]);
  });

  it('that a failing text has begun, and left open, wait for their commit (43)', async () => {
    const { cache, pool } = await world.open();
    const heard = heardBy(cache);
    const client = await pool.connect();
    await expect(client.query('BEGIN; SAVEPOINT s; SELECT 1 / 0')).rejects.toThrow();
    await client.query('ROLLBACK TO SAVEPOINT s');
    await client.query("UPDATE users SET name = 'x' WHERE id = 1");
    expect(heard).toEqual([]);
    await client.query('COMMIT');
    client.release();
    expect(heard).toEqual([USER_1]);
  });

  it('that a failing text has ended hold nothing back (43)', async () => {
    const { cache, pool } = await world.open();
    const heard = heardBy(cache);
    const client = await pool.connect();
    await client.query('BEGIN');
    await client.query("UPDATE users SET name = 'x' WHERE id = 1");
    await expect(client.query('COMMIT; SELECT 1 / 0')).rejects.toThrow();
    expect(heard[0]).toEqual(USER_1);
    await client.query("UPDATE users SET name = 'y' WHERE id = 2");
    client.release();
    expect(heard.at(-1)).toEqual(['users', 'users#2']);
  });

  it('that began before they were watched may have written anything', async () => {
    const { cache, driver } = await world.open();
    const [client, other] = [new pg.Client(world.url), new pg.Client(world.url)];
    for (const each of [client, other]) {
      await each.connect();
      await each.query('BEGIN');
      await each.query("UPDATE users SET name = 'x' WHERE id = $1", [each === client ? 1 : 2]);
      world.closing({ close: () => each.end() });
      watchPg(each, { cache, readTables: false });
    }
    const keeping = new Keeping(cache);
    const kept = await keeping.keep(() => driver.reads.user(1));
    await other.query('ROLLBACK');
    expect(await kept.isMadeAgain()).toBe(false);
    await client.query('SELECT 1');
    await client.query('COMMIT');
    expect(await kept.isMadeAgain()).toBe(true);
  });

  it.each(['newest', '8.11'])('of a client of pg (%s) that was handed out before the watch', async (version) => {
    const { Pool } = version === 'newest' ? pg : (older as unknown as typeof pg);
    const pool = new Pool({ connectionString: world.url });
    world.closing({ close: () => pool.end() });
    const clients = await Promise.all([pool.connect(), pool.connect(), pool.connect()]);
    const [idle, open, busy] = clients as [pg.PoolClient, pg.PoolClient, pg.PoolClient];
    await open.query("BEGIN; UPDATE users SET name = 'x' WHERE id = 1");
    const underWay = [busy.query('BEGIN'), busy.query("UPDATE users SET name = 'x' WHERE id = 2")];
    const cache = world.closing(createCache());
    const watch = watchPg(pool, { cache, readTables: world.admin });
    await watch.ready;
    await Promise.all(underWay);
    const heard = heardBy(cache);
    const written = () => heard.splice(0).flat();
    await idle.query("UPDATE tags SET name = 'x' WHERE id = 1");
    expect(written()).toEqual(['tags', 'tags#1']);
    await idle.query("BEGIN; UPDATE tags SET name = 'x' WHERE id = 1");
    expect(written()).toEqual([]);
    await idle.query('COMMIT');
    expect(written()).toEqual(['tags', 'tags#1']);
    for (const client of [open, busy]) {
      let runs = 0;
      const ask = () => cache.getOrSet('users', () => ++runs, { ttl: '5m', tags: ['users#1', 'users#2'] });
      await ask();
      await client.query('COMMIT');
      await ask();
      expect(runs).toBe(2);
      await cache.delete('users');
    }
    for (const client of clients) client.release();
    watch();
  });

  it('go on with AND CHAIN', async () => {
    const { cache, pool } = await world.open();
    const heard = heardBy(cache);
    const client = await pool.connect();
    await client.query('BEGIN');
    await client.query("UPDATE users SET name = 'x' WHERE id = 1");
    await client.query('COMMIT AND CHAIN');
    await client.query("UPDATE users SET name = 'y' WHERE id = 2");
    expect(heard).toEqual([USER_1]);
    await client.query('ROLLBACK');
    client.release();
    expect(heard).toEqual([USER_1]);
  });

  it('deliver tags of the app with what they write, and not when they are rolled back', async () => {
    const { cache, driver } = await world.open();
    const heard = heardBy(cache);
    await driver.transaction(async (tx) => {
      await afterCommit(tx.client, ['prices', 'menu']);
      await driver.writes.renameUser(1, 'x', tx);
      expect(heard).toEqual([]);
    });
    expect(heard).toEqual([['menu', 'prices', ...USER_1]]);
    const failing = driver.transaction(async (tx) => {
      await afterCommit(tx.client, 'prices');
      throw new Error('undone');
    });
    await expect(failing).rejects.toThrow('undone');
    expect(heard).toHaveLength(1);
    await driver.pool.query('SELECT 1');
    const client = await driver.pool.connect();
    await client.query("UPDATE tags SET name = 'x' WHERE id = 99");
    await afterCommit(client, 'prices');
    client.release();
    expect(heard.at(-1)).toEqual(['prices']);
    await expect(afterCommit(undefined, '')).rejects.toThrow('afterCommit.tags');
  });

  it('hold what a view reads back from being stored, once they have written (46)', async () => {
    const { cache, driver, site } = await world.open();
    const { passed, open } = gate();
    // The view reads on the transaction's own client, as with a transaction in AsyncLocalStorage.
    const { user } = driver.reads;
    await driver
      .transaction(async (tx) => {
        await driver.writes.renameUser(1, 'not yet', tx);
        Object.assign(driver.reads, {
          user: async (id: number) => (await tx.client.query('SELECT name FROM users WHERE id = $1', [id])).rows[0],
        });
        expect(await site.get('V1')).toEqual({ name: 'not yet' });
        Object.assign(driver.reads, { user });
        open();
        throw new Error('undone');
      })
      .catch(() => {});
    await passed;
    expect(await site.get('V1')).toMatchObject({ name: 'Ana' });
    expect(site.runs.get('/users/1')).toBe(2);
    expect(cache.stats().refused).toMatchObject({ 'uncommitted-read': 1 });
  });

  it('hold what a view reads back from being stored, where they are older than it (46)', async () => {
    const { cache, driver, site } = await world.open();
    const { user } = driver.reads;
    const client = await driver.pool.connect();
    await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ');
    await client.query('SELECT 1');
    await driver.writes.renameUser(1, 'Anabela');
    Object.assign(driver.reads, {
      user: async (id: number) => (await client.query('SELECT name FROM users WHERE id = $1', [id])).rows[0],
    });
    expect(await site.get('V1')).toEqual({ name: 'Ana' });
    Object.assign(driver.reads, { user });
    await client.query('COMMIT');
    client.release();
    expect(await site.get('V1')).toMatchObject({ name: 'Anabela' });
    expect(cache.stats().refused).toMatchObject({ 'older-snapshot': 1 });
  });

  it('of a view itself, which only read, do not keep it from being stored', async () => {
    const { driver, site } = await world.open();
    Object.assign(driver.reads, {
      user: (id: number) =>
        driver.transaction(
          async ({ client }) => (await client.query('SELECT name FROM users WHERE id = $1', [id])).rows[0],
        ),
    });
    await site.get('V1');
    await site.get('V1');
    expect(site.runs.get('/users/1')).toBe(1);
  });
});
