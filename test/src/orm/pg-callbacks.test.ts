import { describe, expect, it } from '@jest/globals';
import { createCache } from '@viewcache/core';
import { watchPg } from '@viewcache/orm/pg';
import pg from 'pg';
import Cursor from 'pg-cursor';
import QueryStream from 'pg-query-stream';
import { Keeping } from './kept.js';
import { KnexDriver } from './knex-driver.js';
import { PgWorld } from './pg-world.js';
import { TypeOrmDriver } from './typeorm-driver.js';

const RENAME = "UPDATE users SET name = name || '.' WHERE id = 1";
const READ = 'SELECT name FROM users WHERE id = 1';

/** Reads once something before it has called back: it is to be known of whatever had been asked for that. */
type Before = (client: pg.PoolClient, then: () => void) => void;

describe('a read of pg belongs to what has asked for the statement before it', () => {
  const world = new PgWorld();

  it.each<[string, Before]>([
    ['in its callback', (client, then) => client.query('SELECT 1', then)],
    ['in the callback of one that fails', (client, then) => client.query('SELECT 1 / 0', then)],
    ['in the callback of a definition', (client, then) => client.query('CREATE TEMP TABLE told (id int)', then)],
    [
      'in the callback of a write',
      (client, then) => client.query("UPDATE tags SET name = name || '.' WHERE id = 1", then),
    ],
    [
      'in the callback of a Query',
      (client, then) => void client.query(new pg.Query({ text: 'SELECT 1', callback: then } as never)),
    ],
    ['at the end of a Query', (client, then) => void client.query(new pg.Query('SELECT 1')).on('end', then)],
    ['at a row of a Query', (client, then) => void client.query(new pg.Query('SELECT 1')).on('row', then)],
    ['at the error of a Query', (client, then) => void client.query(new pg.Query('SELECT 1 / 0')).on('error', then)],
    [
      'in the callback of a cursor',
      (client, then) => {
        const cursor = client.query(new Cursor('SELECT 1'));
        cursor.read(10, () => {
          cursor.close();
          then();
        });
      },
    ],
    [
      'at the end of a stream',
      (client, then) => void client.query(new QueryStream('SELECT 1')).on('end', then).resume(),
    ],
    ['at a row of a stream', (client, then) => void client.query(new QueryStream('SELECT 1')).on('data', then)],
  ])('%s', async (_, before) => {
    const { cache, pool } = await world.open();
    const read = () =>
      new Promise<unknown>((resolve, reject) => {
        pool.connect((_failed, client, done) => {
          before(client as pg.PoolClient, () =>
            client?.query(READ, (error, result) => {
              done();
              error ? reject(error) : resolve(result.rows);
            }),
          );
        });
      });
    const kept = await new Keeping(cache).keep(read);
    await pool.query(RENAME);
    expect(await kept.isMadeAgain()).toBe(true);
  });

  it('in the callback of a pool', async () => {
    const { cache, pool } = await world.open();
    const read = () => new Promise<unknown>((resolve) => pool.query('SELECT 1', () => pool.query(READ, resolve)));
    const kept = await new Keeping(cache).keep(read);
    await pool.query(RENAME);
    expect(await kept.isMadeAgain()).toBe(true);
  });

  it.each<[string, (url: string) => Promise<pg.Pool | pg.Client>]>([
    ['a pool', async (connectionString) => new pg.Pool({ connectionString })],
    [
      'a client',
      async (url) => {
        const client = new pg.Client(url);
        await client.connect();
        return client;
      },
    ],
  ])('in the callback of the end of %s', async (_, open) => {
    const { cache, pool } = await world.open();
    // One for each time that it is made.
    const opened = [await open(world.url), await open(world.url)];
    for (const each of opened) {
      const watch = watchPg(each, cache);
      world.closing({ close: async () => watch() });
      await watch.ready;
    }
    const kept = await new Keeping(cache).keep(
      () => new Promise((resolve) => void opened.pop()?.end(() => resolve(pool.query(READ)))),
    );
    await pool.query(RENAME);
    expect(await kept.isMadeAgain()).toBe(true);
  });

  it.each(['data', 'end'])('at the %s of a stream of TypeORM', async (event) => {
    const cache = world.closing(createCache());
    const options = { type: 'postgres', url: world.url } as const;
    const { source, entities } = world.closing(await TypeOrmDriver.open('1', options, { cache }));
    const tags = source.getRepository(entities.tag).createQueryBuilder('t');
    const kept = await new Keeping(cache).keep(async () => {
      const stream = await tags.clone().where('t.id = 1').stream();
      return new Promise((resolve) => void stream.on(event, () => resolve(source.query(READ))).resume());
    });
    await source.query(RENAME);
    expect(await kept.isMadeAgain()).toBe(true);
  });

  it.each(['data', 'end'])('at the %s of a stream of Knex', async (event) => {
    const cache = world.closing(createCache());
    const { db } = world.closing(await KnexDriver.open({ client: 'pg', connection: world.url }, cache));
    const kept = await new Keeping(cache).keep(
      () =>
        new Promise((resolve) => {
          const stream = db('tags').where('id', 1).stream();
          stream.on(event, () => resolve(db.raw(READ).then(() => {}))).resume();
        }),
    );
    await db.raw(RENAME);
    expect(await kept.isMadeAgain()).toBe(true);
  });
});
