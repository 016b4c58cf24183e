import { describe, expect, it } from '@jest/globals';
import { view } from '@viewcache/core';
import { cachePage } from '@viewcache/express';
import express from 'express';
import QueryStream from 'pg-query-stream';
import { gate } from '../support/gate.js';
import { closeAfterEach, serve } from '../support/site.js';
import { PgWorld } from './pg-world.js';

describe('what views read through pg', () => {
  const world = new PgWorld();
  closeAfterEach();

  it('is not stored where it was written meanwhile (45)', async () => {
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
    await driver.writes.renameUser(1, 'Anabela');
    written.open();
    expect(await early).toMatchObject({ name: 'Ana' });
    Object.assign(driver.reads, { user });
    expect(await site.get('V1')).toMatchObject({ name: 'Anabela' });
  });

  it('is fresh to whoever has written it (47)', async () => {
    const { driver, site } = await world.warm();
    for (const name of ['a', 'b', 'c']) {
      await driver.writes.renameUser(1, name);
      expect(await site.get('V1')).toMatchObject({ name });
    }
  });

  it('goes when a row appears in a table that was empty (52)', async () => {
    const { driver, site } = await world.open();
    await world.admin.query('TRUNCATE posts CASCADE');
    expect(await site.get('VP')).toEqual([]);
    await driver.writes.insertPost('Third', 1);
    expect(await site.get('VP')).toMatchObject([{ title: 'Third' }]);
  });

  it('of many rows of one table goes with any of its rows (53)', async () => {
    const { cache, pool } = await world.open();
    const app = express();
    let runs = 0;
    app.get('/many', cachePage({ ttl: '5m', cache }), async (_req, res) => {
      runs++;
      for (let id = 1; id <= 70; id++) await pool.query('SELECT name FROM users WHERE id = $1', [id]);
      res.json({ runs });
    });
    const site = await serve(app);
    await site.get('/many');
    await site.get('/many');
    expect(runs).toBe(1);
    await pool.query("UPDATE users SET name = 'x' WHERE id = 2");
    await site.get('/many');
    expect(runs).toBe(2);
    await pool.query("UPDATE tags SET name = 'x' WHERE id = 1");
    await site.get('/many');
    expect(runs).toBe(2);
  });

  it('is tagged by streams, too (66)', async () => {
    const { driver, site } = await world.open();
    Object.assign(driver.reads, {
      users: async () => {
        const client = await driver.pool.connect();
        const names: string[] = [];
        for await (const { name } of client.query(new QueryStream('SELECT name FROM users ORDER BY id')))
          names.push(name);
        client.release();
        return names;
      },
    });
    expect(await site.get('VL')).toEqual(['Ana', 'Rui']);
    await driver.writes.renameUser(1, 'Anabela');
    expect(await site.get('VL')).toEqual(['Anabela', 'Rui']);
  });

  it('after its answer is no dependency (67)', async () => {
    const { cache, pool } = await world.open();
    const [answered, readLater] = [gate(), gate()];
    let runs = 0;
    const app = express();
    app.get('/one', cachePage({ ttl: '5m', cache }), async (_req, res) => {
      runs++;
      await pool.query('SELECT name FROM users WHERE id = 1');
      res.json({ runs });
      void answered.passed.then(() => pool.query('SELECT * FROM posts')).then(() => readLater.open());
    });
    const site = await serve(app);
    await site.get('/one');
    answered.open();
    await readLater.passed;
    await pool.query("UPDATE posts SET title = 'x' WHERE id = 1");
    await site.get('/one');
    expect(runs).toBe(1);
    await pool.query("UPDATE users SET name = 'x' WHERE id = 1");
    await site.get('/one');
    expect(runs).toBe(2);
  });

  it('is its own where it had to wait for a client of another request', async () => {
    const { cache } = await world.open();
    const { watchPg } = await import('@viewcache/orm/pg');
    const pool = world.pool({ max: 1 });
    await watchPg(pool, { cache }).ready;
    const runs = new Map<string, number>();
    const app = express();
    app.get('/users/:id', cachePage({ ttl: '5m', cache }), (req, res, next) => {
      runs.set(req.path, (runs.get(req.path) ?? 0) + 1);
      // Callbacks: what runs them is whoever gives the one client back.
      pool.query('SELECT pg_sleep(0.05), name FROM users WHERE id = $1', [req.params['id']], (error, result) => {
        if (error) next(error);
        else res.json(result.rows[0] ?? null);
      });
    });
    const site = await serve(app);
    const paths = ['/users/1', '/users/2', '/users/3'];
    await Promise.all(paths.map((path) => site.get(path)));
    await pool.query("UPDATE users SET name = 'x' WHERE id = 2");
    for (const path of paths) await site.get(path);
    expect([...runs]).toEqual([
      ['/users/1', 1],
      ['/users/2', 2],
      ['/users/3', 1],
    ]);
  });

  it('of a value inside it is its dependency, also where that is kept already (49)', async () => {
    const { cache, pool } = await world.open();
    const nameOf = cache.memoize(
      async (id: number) => (await pool.query('SELECT name FROM users WHERE id = $1', [id])).rows[0]?.name as string,
      { ttl: '5m', name: 'nameOf' },
    );
    await nameOf(1);
    const app = express();
    app.get('/greeting', cachePage({ ttl: '5m', cache }), async (_req, res) => {
      view().ttl('5m');
      res.send(`Hello ${await nameOf(1)}`);
    });
    const site = await serve(app);
    expect((await site.get('/greeting')).text).toBe('Hello Ana');
    await pool.query("UPDATE users SET name = 'Anabela' WHERE id = 1");
    expect((await site.get('/greeting')).text).toBe('Hello Anabela');
  });

  it('is not tracked where the watch was told so', async () => {
    const { driver, site } = await world.warm({}, { trackReads: false });
    await driver.writes.renameUser(1, 'Anabela');
    expect(await site.ran()).toEqual([]);
  });

  it('is not stored before the tables are known', async () => {
    const { cache } = await world.open();
    const { watchPg } = await import('@viewcache/orm/pg');
    const pool = world.pool();
    const never = world.pool();
    // Whoever is asked for the tables never answers.
    Object.assign(never, { query: () => new Promise(() => {}) });
    const stop = watchPg(pool, { cache, readTables: never });
    const app = express();
    app.get('/one', cachePage({ ttl: '5m', cache }), async (_req, res) => {
      res.json((await pool.query('SELECT name FROM users WHERE id = 1')).rows);
    });
    const site = await serve(app);
    await site.get('/one');
    expect((await site.get('/one')).isHit).toBe(false);
    stop();
  });
});
