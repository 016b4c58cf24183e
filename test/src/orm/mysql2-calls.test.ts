import { once } from 'node:events';
import { describe, expect, it } from '@jest/globals';
import { createCache } from '@viewcache/core';
import { watchMysql2 } from '@viewcache/orm/mysql2';
import type mysql from 'mysql2';
import promised from 'mysql2/promise';
import { Mysql2World } from './mysql2-world.js';
import { heardBy } from './pg-world.js';

const UPDATE = 'UPDATE users SET name = ? WHERE id = ?';
const NAMED = 'UPDATE users SET name = :name WHERE id = :id';
const USER_1 = ['users', 'users#1'];
const BULK = ['users', 'users!bulk'];

type Callback = (error: unknown, ...answer: unknown[]) => void;

/** What a callback is handed, without its error. */
function answered(call: (callback: Callback) => unknown): Promise<unknown[]> {
  return new Promise((resolve, reject) => {
    call((error, ...answer) => (error ? reject(error) : resolve(answer)));
  });
}

async function ended(command: NodeJS.EventEmitter): Promise<void> {
  await once(command, 'end');
}

/** Ways to write on a connection with callbacks; all of them at once are too many for one connection. */
const WAYS: readonly (readonly [string, (on: mysql.PoolConnection) => Promise<unknown>])[] = [
  ['text and values', (on) => answered((done) => on.query(UPDATE, ['x', 1], done))],
  ['text alone', (on) => answered((done) => on.query("UPDATE users SET name = 'x' WHERE id = 1", done))],
  [
    'a text with a question mark in it',
    (on) => answered((done) => on.query("UPDATE users SET name = 'a' WHERE id = ?", [1], done)),
  ],
  ['an object', (on) => answered((done) => on.query({ sql: UPDATE, values: ['x', '1'] }, done))],
  ['an object, with values beside it', (on) => answered((done) => on.query({ sql: UPDATE }, ['x', 1], done))],
  [
    'an object for SET',
    (on) => answered((done) => on.query('UPDATE users SET ? WHERE id = ?', [{ name: 'x' }, 1], done)),
  ],
  [
    'a list for IN',
    (on) => answered((done) => on.query('UPDATE users SET name = ? WHERE id IN (?)', ['x', [1]], done)),
  ],
  [
    'a name for ??',
    (on) => answered((done) => on.query('UPDATE ?? SET name = ? WHERE id = ?', ['users', 'x', 1], done)),
  ],
  [
    'one value that is no list',
    (on) => answered((done) => on.query('UPDATE users SET name = UPPER(name) WHERE id = ?', 1 as never, done)),
  ],
  [
    'named placeholders',
    (on) => answered((done) => on.query({ sql: NAMED, namedPlaceholders: true }, { name: 'x', id: 1 }, done)),
  ],
  ['execute', (on) => answered((done) => on.execute(UPDATE, ['x', 1], done))],
  [
    'execute, twice',
    async (on) => {
      await answered((done) => on.execute(UPDATE, ['x', 4711], done));
      await answered((done) => on.execute(UPDATE, ['x', 1], done));
    },
  ],
  [
    'execute with named placeholders',
    (on) => answered((done) => on.execute({ sql: NAMED, namedPlaceholders: true }, { name: 'x', id: 1 }, done)),
  ],
  [
    'a prepared statement',
    async (on) => {
      const [statement] = (await answered((done) => on.prepare(UPDATE, done))) as [mysql.PrepareStatementInfo];
      await answered((done) => statement.execute(['x', 1], done as never));
      statement.close();
    },
  ],
  ['promises over it', (on) => on.promise().query(UPDATE, ['x', 1])],
  [
    'a prepared statement with promises',
    async (on) => {
      const statement = await on.promise().prepare(UPDATE);
      await statement.execute(['x', 1]);
      await statement.close();
    },
  ],
  [
    'rows as lists, which are returned',
    (on) =>
      answered((done) =>
        on.query(
          {
            sql: 'INSERT INTO users (id, name) VALUES (?, ?) ON DUPLICATE KEY UPDATE name = VALUES(name) RETURNING id',
            rowsAsArray: true,
          },
          [1, 'x'],
          done,
        ),
      ),
  ],
  ['events', (on) => ended(on.query(UPDATE, ['x', 1]))],
  ['events of execute', (on) => ended(on.execute(UPDATE, ['x', 1]))],
  [
    'a stream',
    async (on) => {
      for await (const _ of on.query('DELETE FROM users WHERE id = 1 RETURNING id').stream());
    },
  ],
];

describe('a write through mysql2 is seen', () => {
  const world = new Mysql2World();

  it.each(WAYS)('by %s', async (_, write) => {
    const { cache, pool } = await world.open();
    const heard = heardBy(cache);
    const connection = await answered((done) => (pool.pool as unknown as mysql.Pool).getConnection(done as never));
    const [on] = connection as [mysql.PoolConnection];
    await write(on);
    on.release();
    // What goes with a row that is deleted is told, too.
    expect(heard.map((tags) => tags.filter((tag) => tag.startsWith('users')))).toEqual([USER_1]);
  });

  it.each(['query', 'execute'] as const)('by %s of a pool, with promises and with callbacks', async (way) => {
    const { cache, pool } = await world.open();
    const heard = heardBy(cache);
    await (way === 'query' ? pool.query(UPDATE, ['x', 1]) : pool.execute(UPDATE, ['x', 1]));
    const inner = pool.pool as unknown as mysql.Pool;
    await answered((done) =>
      way === 'query' ? inner.query(UPDATE, ['y', 1], done as never) : inner.execute(UPDATE, ['y', 1], done as never),
    );
    if (way === 'query') await ended(inner.query(UPDATE, ['z', 1]));
    expect(heard).toEqual(Array.from({ length: way === 'query' ? 3 : 2 }, () => USER_1));
  });

  it('by a connection alone, and by one with promises', async () => {
    const cache = world.closing(createCache());
    const heard = heardBy(cache);
    const connection = world.ending(await promised.createConnection(world.url));
    const watch = watchMysql2(connection, cache);
    const again = watchMysql2((connection as unknown as { connection: mysql.Connection }).connection, cache);
    await watch.ready;
    await connection.execute(UPDATE, ['x', 1]);
    watch();
    again();
    await connection.execute(UPDATE, ['y', 1]);
    expect(heard).toEqual([USER_1]);
  });

  it.each(['callbacks', 'promises'])('by a cluster of pools, with %s', async (way) => {
    const cache = world.closing(createCache());
    const cluster = promised.createPoolCluster();
    cluster.add('ONE', world.url);
    const inner = (cluster as unknown as { poolCluster: mysql.PoolCluster }).poolCluster;
    const watch = watchMysql2(way === 'promises' ? cluster : inner, cache);
    await watch.ready;
    cluster.add('TWO', world.url);
    const heard = heardBy(cache);
    for (const name of ['ONE', 'TWO']) {
      if (way === 'promises') await cluster.of(name).query(UPDATE, [name, 1]);
      else await answered((done) => inner.of(name).query(UPDATE, [name, 1], done as never));
      const connection = await cluster.getConnection(name);
      await connection.query(UPDATE, [`${name} again`, 1]);
      connection.release();
    }
    expect(heard).toEqual([USER_1, USER_1, USER_1, USER_1]);
    watch();
    await cluster.of('ONE').query(UPDATE, ['x', 1]);
    expect(heard).toHaveLength(4);
    await cluster.end();
  });

  it('by each of several statements in one text', async () => {
    const { cache, pool } = await world.open({ pool: { multipleStatements: true } });
    const heard = heardBy(cache);
    await pool.query(
      "UPDATE users SET name = 'x' WHERE id = 99; INSERT INTO users (name) VALUES ('Eva'); SELECT 1; UPDATE posts SET views = 1 WHERE id = 1",
    );
    expect(heard.flat().sort()).toEqual(['posts', 'posts#1', 'users', 'users#3']);
    await expect(pool.query("UPDATE users SET name = 'x' WHERE id = 1; UPDATE nowhere SET a = 1")).rejects.toThrow(
      'nowhere',
    );
    // Each one was committed by itself.
    expect(heard.slice(1).flat()).toEqual(expect.arrayContaining(USER_1));
  });

  it('by the key that the database has counted, and by none that only looks like one', async () => {
    const { cache, pool } = await world.open();
    const heard = heardBy(cache);
    await pool.query("INSERT INTO users (name) VALUES ('Eva')");
    await pool.query("INSERT INTO users (id, name) VALUES (DEFAULT, 'Ivo')");
    await pool.query("INSERT INTO users (name) SELECT 'Ada'");
    await pool.query('INSERT INTO users (id, name) VALUES (40, LAST_INSERT_ID(7))');
    await pool.query("INSERT INTO users (name) VALUES ('a'), ('b')");
    await pool.query("INSERT INTO users (name) VALUES ('c'), ('d') RETURNING id");
    await pool.query("INSERT INTO users (name) VALUES ('1') RETURNING name AS id");
    await pool.query('INSERT INTO post_tags VALUES (2, 2)');
    expect(heard).toEqual([
      ['users', 'users#3'],
      ['users', 'users#4'],
      ['users', 'users#5'],
      ['users', 'users#40'],
      ['users', 'users!ins'],
      ['users', 'users#43', 'users#44'],
      ['users', 'users!ins'],
      ['post_tags', 'post_tags!ins'],
    ]);
  });

  it('as one of any row, where MySQL may take a text for a number', async () => {
    const { cache, pool } = await world.open();
    const heard = heardBy(cache);
    const connection = await pool.getConnection();
    await connection.query("SET SESSION sql_mode = ''");
    await connection.query(UPDATE, ['x', '1abc']);
    await connection.execute(UPDATE, ['y', '01']);
    connection.destroy();
    expect(heard).toEqual([BULK, BULK]);
  });

  it('where a question mark stands in a text, by the key all the same', async () => {
    const { cache, pool } = await world.open();
    const heard = heardBy(cache);
    // Clients differ in what they take this for; what is sent is what counts.
    await pool.query("UPDATE users SET name = 'what?' WHERE id = ? AND id <> ?", [1, 2]).catch(() => {});
    const [rows] = await world.admin.query("SELECT id FROM users WHERE name LIKE 'what%'");
    const changed = (rows as unknown as readonly { id: number }[]).map(({ id }) => `users#${id}`);
    expect(heard.flat().filter((tag) => tag.includes('#'))).toEqual(changed);
  });

  it('without a callback being called before the store has heard of it, and with its own error', async () => {
    const { cache, pool } = await world.open();
    const heard = heardBy(cache);
    const inner = pool.pool as unknown as mysql.Pool;
    const order: string[] = [];
    cache.on(({ type }) => type === 'invalidated' && order.push('invalidated'));
    await answered((done) => inner.query(UPDATE, ['x', 1], done as never));
    order.push('called');
    expect(order).toEqual(['invalidated', 'called']);
    await expect(pool.query('UPDATE users SET name = NULL WHERE id = 1')).rejects.toMatchObject({
      code: 'ER_BAD_NULL_ERROR',
    });
    await expect(pool.execute('UPDATE nowhere SET a = 1')).rejects.toMatchObject({ code: 'ER_NO_SUCH_TABLE' });
    await expect(pool.query({ sql: 'SELECT SLEEP(2)', timeout: 20 })).rejects.toMatchObject({
      code: 'PROTOCOL_SEQUENCE_TIMEOUT',
    });
    expect(heard).toEqual([USER_1]);
  });

  it('and hands to callbacks, events and promises what they are handed without it', async () => {
    const { cache, pool } = await world.open();
    const bare = world.ending(promised.createPool(world.url));
    const shapes = async (on: promised.Pool) => {
      const inner = on.pool as unknown as mysql.Pool;
      const counts = await Promise.all(
        ['SELECT id FROM users WHERE id = 1', "UPDATE users SET name = 'x' WHERE id = 1"].map((sql) =>
          answered((done) => inner.query(sql, done as never)),
        ),
      );
      const failed = await new Promise<unknown[]>((resolve) =>
        inner.query('SELECT nothing', (...given: unknown[]) => resolve(given)),
      );
      const [rows] = await on.execute('SELECT id, name FROM users WHERE id = ?', [1]);
      const events: string[] = [];
      const command = inner.query('SELECT id FROM users');
      for (const event of ['fields', 'result', 'end']) command.on(event, () => events.push(event));
      await ended(command);
      return { counts: counts.map(({ length }) => length), failed: failed.length, rows, events };
    };
    expect(await shapes(pool)).toEqual(await shapes(bare));
    expect(cache.stats().refused).toBeDefined();
  });
});
