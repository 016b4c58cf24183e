import { expect, it } from '@jest/globals';
import { createCache } from '@viewcache/core';
import { watchPg } from '@viewcache/orm/pg';
import { Keeping } from './kept.js';
import { PgWorld } from './pg-world.js';

const world = new PgWorld();

it('tables of PostgreSQL that another client makes while the app runs are read when a statement names one', async () => {
  const cache = world.closing(createCache());
  const pool = world.pool();
  const watch = watchPg(pool, cache);
  await watch.ready;
  await world.admin.query(`
    CREATE TABLE parents (id int PRIMARY KEY);
    CREATE TABLE kids (id int PRIMARY KEY, parent int REFERENCES parents ON DELETE CASCADE);
    INSERT INTO parents VALUES (1), (2); INSERT INTO kids VALUES (1, 1), (2, 2)`);
  const keeping = new Keeping(cache);
  const kid = () => pool.query('SELECT * FROM kids WHERE id = 1');
  let early = 0;
  const readEarly = async () => {
    await kid();
    return ++early;
  };
  await cache.getOrSet('early', readEarly, { ttl: '5m' });
  await watch.ready;
  // What was kept before anybody knew them may be the work of a write that nobody has understood.
  await cache.getOrSet('early', readEarly, { ttl: '5m' });
  expect(early).toBe(2);
  const one = await keeping.keep(kid);
  const other = await keeping.keep(() => pool.query('SELECT * FROM parents WHERE id = 2'));
  await pool.query('DELETE FROM parents WHERE id = 1');
  expect([await one.isMadeAgain(), await other.isMadeAgain()]).toEqual([true, false]);
  // A temporary one is found to be nobody's business.
  const client = await pool.connect();
  await client.query('CREATE TEMP TABLE mine (id int)');
  await client.query('INSERT INTO mine VALUES (1)');
  await watch.ready;
  expect(await other.isMadeAgain()).toBe(false);
  client.release(true);
  watch();
  await world.admin.query('DROP TABLE kids, parents');
});
