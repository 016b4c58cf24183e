import { once } from 'node:events';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { describe, expect, it } from '@jest/globals';
import type { Cache } from '@viewcache/core';
import pg from 'pg';
import { from as copyFrom } from 'pg-copy-streams';
import Cursor from 'pg-cursor';
import QueryStream from 'pg-query-stream';
import { heardBy, PgWorld } from './pg-world.js';

const UPDATE = 'UPDATE users SET name = $1 WHERE id = $2';
const USER_1 = ['users', 'users#1'];

/** Ends when the invalidation has been told to whoever listens: before that, the caller must not have gone on. */
function invalidated(cache: Cache): { readonly happened: boolean } {
  const state = { happened: false };
  cache.on(({ type }) => {
    if (type === 'invalidated') state.happened = true;
  });
  return state;
}

describe('a write through pg is seen', () => {
  const world = new PgWorld();

  it.each<[string, (client: pg.PoolClient) => Promise<unknown>]>([
    ['text and values', (client) => client.query(UPDATE, ['x', 1])],
    ['an object', (client) => client.query({ text: UPDATE, values: ['x', '1'] })],
    ['an object, with values beside it', (client) => client.query({ text: UPDATE }, ['x', 1])],
    ['rowMode array', (client) => client.query({ text: `${UPDATE} RETURNING id`, values: ['x', 1], rowMode: 'array' })],
    ['a prepared statement', (client) => client.query({ name: 'rename', text: UPDATE, values: ['x', 1] })],
    [
      'a prepared statement, by its name alone',
      async (client) => {
        await client.query({ name: 'rename', text: UPDATE, values: ['x', 4711] });
        await client.query({ name: 'rename', values: ['x', 1] } as never);
      },
    ],
    [
      'a callback',
      (client) =>
        new Promise((resolve, reject) => {
          client.query(UPDATE, ['x', 1], (error, result) => (error ? reject(error) : resolve(result)));
        }),
    ],
    [
      'a callback in the place of values',
      (client) =>
        new Promise((resolve, reject) => {
          client.query("UPDATE users SET name = 'x' WHERE id = 1", (error, result) =>
            error ? reject(error) : resolve(result),
          );
        }),
    ],
    ['a Query', (client) => once(client.query(new pg.Query(UPDATE, ['x', 1])), 'end')],
    [
      'a Query with a callback',
      (client) => new Promise((resolve) => void client.query(new pg.Query(UPDATE, ['x', 1], resolve as never))),
    ],
    ['a cursor', (client) => client.query(new Cursor(`${UPDATE} RETURNING id`, ['x', 1])).read(10)],
    [
      'a stream',
      async (client) => {
        for await (const _ of client.query(new QueryStream(`${UPDATE} RETURNING id`, ['x', 1])));
      },
    ],
  ])('by %s', async (_, write) => {
    const { cache, pool } = await world.open();
    const heard = heardBy(cache);
    const state = invalidated(cache);
    const client = await pool.connect();
    await write(client);
    expect(state.happened).toBe(true);
    // A cursor and a stream may have told before the server was ready again.
    await client.query('SELECT 1');
    client.release();
    expect(heard).toEqual([USER_1]);
  });

  it('by a callback of the pool', async () => {
    const { cache, pool } = await world.open();
    const heard = heardBy(cache);
    await new Promise((resolve) => void pool.query(UPDATE, ['x', 1], resolve));
    expect(heard).toEqual([USER_1]);
  });

  it('by COPY', async () => {
    const { cache, pool } = await world.open();
    const heard = heardBy(cache);
    const client = await pool.connect();
    await pipeline(Readable.from(['7\tCopied\n']), client.query(copyFrom('COPY users (id, name) FROM STDIN')));
    client.release();
    expect(heard).toEqual([['users', 'users!ins']]);
  });

  it('by a client alone', async () => {
    const { cache } = await world.open();
    const { watchPg } = await import('@viewcache/orm/pg');
    const client = new pg.Client(world.url);
    const watch = watchPg(client, cache);
    await client.connect();
    await watch.ready;
    const heard = heardBy(cache);
    await client.query(UPDATE, ['x', 1]);
    await client.end();
    expect(heard).toEqual([USER_1]);
  });

  it('by keys that were returned, and by none that only look like them', async () => {
    const { cache, pool } = await world.open();
    const heard = heardBy(cache);
    const where = "WHERE email = 'ana@example.com'";
    await pool.query(`UPDATE users SET name = 'x' ${where} RETURNING id`);
    await pool.query(`UPDATE users SET name = 'x' ${where} RETURNING id AS number, id`);
    await pool.query({ text: `UPDATE users SET name = 'x' ${where} RETURNING name, id`, rowMode: 'array' });
    expect(heard).toEqual([USER_1, USER_1, USER_1]);
    await pool.query(`UPDATE users SET name = '2' ${where} RETURNING name AS id`);
    await pool.query(`UPDATE users SET name = 'x' ${where} RETURNING id + 1 AS id`);
    await pool.query(`WITH changed AS (UPDATE users SET name = 'x' ${where} RETURNING 2 AS id) SELECT id FROM changed`);
    expect(heard.slice(3)).toEqual([
      ['users', 'users!bulk'],
      ['users', 'users!bulk'],
      ['users', 'users!bulk'],
    ]);
  });

  it('as one of any row, when it gives a row another key', async () => {
    const { cache, driver, site } = await world.open();
    await world.admin.query('DELETE FROM users WHERE id = 2');
    await site.ran();
    const heard = heardBy(cache);
    await driver.writes.raw('UPDATE users SET id = 9 WHERE id = 1').catch(() => {});
    await world.admin.query('DELETE FROM posts');
    await world.admin.query('DELETE FROM profiles');
    await driver.writes.raw('UPDATE users SET id = 9 WHERE id = 1');
    expect(heard).toEqual([['users', 'users!bulk']]);
    expect(await site.get('V9')).toMatchObject({ id: 9 });
  });

  it('as one of any row, where its list of values was another one by the time that it ended', async () => {
    const { cache, driver, pool } = await world.open();
    const heard = heardBy(cache);
    const client = await pool.connect();
    const values = ['x', 1];
    const [first, second] = [client.query(UPDATE, values), client.query(UPDATE, values)];
    // The first one has been sent, and the second one waits for its turn.
    values[1] = 2;
    await Promise.all([first, second]);
    expect(heard.map((tags) => tags.includes('users!bulk') || tags)).toEqual([true, true]);
    expect(await driver.reads.users()).toMatchObject([{ name: 'x' }, { name: 'x' }]);
    const lists = [[1]];
    const reading = cache.getOrSet(
      'read',
      async () => {
        const read = client.query('SELECT id FROM users WHERE id = ANY($1)', lists);
        lists[0]?.push(2);
        return (await read).rows;
      },
      { ttl: '5m' },
    );
    await reading;
    expect(await cache.get('read')).toBeUndefined();
    client.release();
  });

  it('as one of any row, where too many were named each', async () => {
    const { cache, pool } = await world.open();
    const heard = heardBy(cache);
    const ids = Array.from({ length: 65 }, (_, i) => i + 1);
    await pool.query("UPDATE users SET name = 'x' WHERE id = ANY($1)", [ids.slice(1)]);
    expect(heard.at(-1)).toHaveLength(65);
    await pool.query("UPDATE users SET name = 'x' WHERE id = ANY($1)", [ids]);
    expect(heard.at(-1)).toEqual(['users', 'users!bulk']);
  });

  it('without the caller going on before the store has heard of it, and with its own error', async () => {
    const { cache, pool } = await world.open();
    const heard = heardBy(cache);
    await expect(pool.query('UPDATE users SET name = NULL WHERE id = 1')).rejects.toMatchObject({ code: '23502' });
    expect(heard).toEqual([]);
  });

  it('that a procedure has committed before it failed', async () => {
    const { cache, pool } = await world.open();
    await pool.query(`CREATE OR REPLACE PROCEDURE halfway() LANGUAGE plpgsql AS
      'BEGIN UPDATE users SET name = name WHERE id = 1; COMMIT; RAISE EXCEPTION ''x''; END'`);
    const heard = heardBy(cache);
    await expect(pool.query('CALL halfway()')).rejects.toThrow('x');
    await expect(
      pool.query("DO 'BEGIN UPDATE users SET name = name; COMMIT; RAISE EXCEPTION ''y''; END'"),
    ).rejects.toThrow();
    expect(heard).toHaveLength(2);
    // Within a transaction nothing can commit.
    const client = await pool.connect();
    await client.query('BEGIN');
    await expect(client.query('CALL halfway()')).rejects.toThrow();
    await client.query('ROLLBACK');
    client.release();
    await expect(pool.query("INSERT INTO users (id) VALUES ('z') ON CONFLICT DO NOTHING")).rejects.toThrow();
    expect(heard).toHaveLength(2);
    await pool.query('DROP PROCEDURE halfway()');
  });
});
