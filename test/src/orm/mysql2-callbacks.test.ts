import { describe, expect, it } from '@jest/globals';
import type mysql from 'mysql2';
import { Keeping } from './kept.js';
import { Mysql2World } from './mysql2-world.js';

const RENAME = "UPDATE users SET name = CONCAT(name, '.') WHERE id = 1";
const READ = 'SELECT name FROM users WHERE id = 1';

/** Reads once something before it has called back: it is to be known of whatever had been asked for that. */
type Before<On> = (on: On, then: () => void) => void;

describe('a read of mysql2 belongs to what has asked for the statement before it', () => {
  const world = new Mysql2World();

  it.each<[string, Before<mysql.PoolConnection>]>([
    ['in its callback', (on, then) => on.query('SELECT 1', then)],
    ['in the callback of one that fails', (on, then) => on.query('SELECT nothing', then)],
    ['in the callback of a write', (on, then) => on.query("UPDATE tags SET name = 'x' WHERE id = 1", then)],
    ['in the callback of execute', (on, then) => on.execute('SELECT 1', then)],
    ['in the callback of prepare', (on, then) => on.prepare('SELECT 1', then)],
    ['in the callback of ping', (on, then) => on.ping(then)],
    ['in the callback of a transaction', (on, then) => on.beginTransaction(() => on.rollback(then))],
    ['at its end', (on, then) => void on.query('SELECT 1').on('end', then)],
    ['at a row of it', (on, then) => void on.query('SELECT 1').on('result', then)],
    ['at its error', (on, then) => void on.query('SELECT nothing').on('error', then)],
    ['at a row of a stream', (on, then) => void on.query('SELECT 1').stream().on('data', then)],
  ])('%s', async (_, before) => {
    const { cache, pool } = await world.open();
    const read = () =>
      new Promise<unknown>((resolve, reject) => {
        (pool.pool as unknown as mysql.Pool).getConnection((_failed, connection) =>
          before(connection, () =>
            connection.query(READ, (error, rows) => {
              connection.release();
              error ? reject(error) : resolve(rows);
            }),
          ),
        );
      });
    const kept = await new Keeping(cache).keep(read);
    await pool.query(RENAME);
    expect(await kept.isMadeAgain()).toBe(true);
  });

  it.each<[string, Before<mysql.Pool>]>([
    ['in the callback of a pool', (on, then) => on.query('SELECT 1', then)],
    ['in the callback of execute of a pool', (on, then) => on.execute('SELECT 1', then)],
    ['at the end of one of a pool', (on, then) => void on.query('SELECT 1').on('end', then)],
  ])('%s', async (_, before) => {
    const { cache, pool } = await world.open();
    const inner = pool.pool as unknown as mysql.Pool;
    const read = () =>
      new Promise<unknown>((resolve) => before(inner, () => inner.query(READ, (_error, rows) => resolve(rows))));
    const kept = await new Keeping(cache).keep(read);
    await pool.query(RENAME);
    expect(await kept.isMadeAgain()).toBe(true);
  });
});
