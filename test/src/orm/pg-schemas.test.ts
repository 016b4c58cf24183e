import { beforeAll, describe, expect, it } from '@jest/globals';
import { type Cache, createCache, view } from '@viewcache/core';
import { type WatchPgOptions, watchPg } from '@viewcache/orm/pg';
import { type WatchTypeOrmOptions, watchTypeOrm } from '@viewcache/orm/typeorm';
import type pg from 'pg';
import { DataSource, type DataSourceOptions, EntitySchema } from 'typeorm';
import { Keeping, type Kept } from './kept.js';
import { PgWorld } from './pg-world.js';

/** Where bare names are looked up, of whoever connects so. */
const SHOP = { options: '-c search_path=shop' };
const LATER = { options: '-c search_path=nothing,shop' };

const SETUP = `
CREATE SCHEMA shop; CREATE SCHEMA nothing; CREATE SCHEMA other;
CREATE TABLE shop.orders (id int PRIMARY KEY, note text);
CREATE TABLE shop.items (id int PRIMARY KEY, order_id int REFERENCES shop.orders ON DELETE CASCADE);
CREATE TABLE other.orders (id int PRIMARY KEY, note text);
CREATE VIEW shop.notes AS SELECT note FROM shop.orders;
INSERT INTO shop.orders VALUES (1, 'a'), (2, 'b'); INSERT INTO other.orders VALUES (1, 'a');
CREATE ROLE clerk LOGIN SUPERUSER; ALTER ROLE clerk SET search_path = shop`;

/** What is said of a table of which nobody asks the database. */
const TOLD = { orders: { pk: 'id', cascadesTo: ['items'] } };

/** Reads of which nobody knows in which schema they have found their table. */
const UNPLACED = ['by whom nobody knows', 'an entity, which is all that is known'];

/** One cache stands for those of several processes: what they have in common is how they call tables. */
describe('a table of PostgreSQL that clients call differently', () => {
  const world = new PgWorld();

  beforeAll(async () => void (await world.admin.query(SETUP)));

  async function pool(cache: Cache, options: pg.PoolConfig, watched: WatchPgOptions = {}): Promise<pg.Pool> {
    const made = world.pool(options);
    const watch = watchPg(made, { cache, ...watched });
    world.closing({ close: async () => watch() });
    await watch.ready;
    return made;
  }

  async function source(
    cache: Cache,
    options: object,
    { schema, ...watched }: WatchTypeOrmOptions & { readonly schema?: string } = {},
  ): Promise<DataSource> {
    const id = { type: 'int', primary: true } as const;
    const orders = new EntitySchema<{ id: number; note: string }>({
      name: 'orders',
      ...(schema === undefined ? {} : { schema }),
      columns: { id, note: { type: 'text' } },
    });
    const given = { type: 'postgres', url: world.url, entities: [orders], extra: options };
    const made = new DataSource(given as DataSourceOptions);
    const watch = watchTypeOrm(made, { cache, ...watched });
    world.closing({
      async close() {
        watch();
        await made.destroy();
      },
    });
    return await made.initialize();
  }

  async function opened() {
    const cache = world.closing(createCache());
    // A role that begins in the schema `shop`, without anybody in the app saying so.
    const clerk = { connectionString: world.url.replace('test@', 'clerk@') };
    const clients = {
      usual: await pool(cache, {}),
      shop: await pool(cache, SHOP),
      later: await pool(cache, LATER),
      clerk: await pool(cache, clerk, { readTables: false, tables: TOLD }),
      entities: await source(cache, SHOP),
      alone: await source(cache, SHOP, { readTables: false }),
      placed: await source(cache, {}, { schema: 'shop', readTables: false }),
    };
    const keeping = new Keeping(cache);
    const kept = new Map<string, Kept>();
    const of = (sql: string, client: pg.Pool) => () => client.query(sql);
    const row = async (name: string, read: () => Promise<unknown>) => void kept.set(name, await keeping.keep(read));
    await row('with its schema', of('SELECT * FROM shop.orders WHERE id = 1', clients.usual));
    await row('bare', of('SELECT * FROM orders WHERE id = 1', clients.shop));
    await row('bare, of a later schema', of('SELECT * FROM orders WHERE id = 1', clients.later));
    await row('by whom nobody knows', of('SELECT * FROM orders WHERE id = 1', clients.clerk));
    await row('an entity', () => clients.entities.getRepository('orders').findOneBy({ id: 1 }));
    await row('an entity, which is all that is known', () =>
      clients.alone.getRepository('orders').findOneBy({ id: 1 }),
    );
    await row('an entity with its schema', () => clients.placed.getRepository('orders').findOneBy({ id: 1 }));
    await row('all of it', of('SELECT * FROM shop.orders', clients.usual));
    await row('a view', of('SELECT * FROM shop.notes', clients.usual));
    return { cache, clients, kept, keeping };
  }

  const WRITES: readonly (readonly [
    string,
    (it: Awaited<ReturnType<typeof opened>>['clients'], id: number) => Promise<unknown>,
  ])[] = [
    [
      'with its schema',
      ({ usual }, id) => usual.query('UPDATE shop.orders SET note = upper(note) WHERE id = $1', [id]),
    ],
    ['bare', ({ shop }, id) => shop.query('UPDATE orders SET note = upper(note) WHERE id = $1', [id])],
    [
      'bare, by a later schema',
      ({ later }, id) => later.query('UPDATE orders SET note = upper(note) WHERE id = $1', [id]),
    ],
    ['by an entity with its schema', ({ placed }, id) => placed.getRepository('orders').update({ id }, { note: 'x' })],
    [
      'by whom nobody knows',
      ({ clerk }, id) => clerk.query('UPDATE orders SET note = upper(note) WHERE id = $1', [id]),
    ],
    ['by an entity alone', ({ alone }, id) => alone.getRepository('orders').update({ id }, { note: 'x' })],
    ['by an entity', ({ entities }, id) => entities.getRepository('orders').update({ id }, { note: 'x' })],
    [
      'in a transaction that has moved',
      ({ usual }, id) => inTransaction(usual, `UPDATE orders SET note = upper(note) WHERE id = ${id}`),
    ],
  ];

  it.each(WRITES)('is one, whoever reads it, written %s', async (_, write) => {
    const { clients, kept } = await opened();
    await write(clients, 1);
    expect(await Keeping.madeAgain(kept)).toEqual([...kept.keys()]);
  });

  it.each(WRITES.slice(0, 4))(
    'has rows that are told apart by whoever knows its schema, written %s',
    async (_, write) => {
      const { clients, kept } = await opened();
      await write(clients, 2);
      const again = await Keeping.madeAgain(kept);
      expect(again.filter((name) => !UNPLACED.includes(name))).toEqual(['all of it', 'a view']);
    },
  );

  it('is another one than one of its name elsewhere, for who says where', async () => {
    const { clients, kept } = await opened();
    await clients.usual.query('UPDATE other.orders SET note = upper(note) WHERE id = 1');
    expect(await Keeping.madeAgain(kept)).toEqual(UNPLACED);
  });

  it('leaves alone what is in the schema that everybody knows', async () => {
    await world.admin.query(
      'CREATE TABLE orders (id int PRIMARY KEY, note text); CREATE TABLE shop.lone (id int PRIMARY KEY)',
    );
    const { cache, clients, kept, keeping } = await opened();
    const both = await pool(cache, { options: '-c search_path=shop,public' });
    const row = await keeping.keep(() => clients.usual.query('SELECT * FROM public.orders WHERE id = 1'));
    const named = await keeping.keep(async () => view().dependsOn('lone#1'));
    await both.query('UPDATE orders SET note = upper(note) WHERE id = 1');
    expect(await row.isMadeAgain()).toBe(false);
    expect(await Keeping.madeAgain(kept)).toEqual([...kept.keys()]);
    await both.query('INSERT INTO lone (id) VALUES (1)');
    expect(await named.isMadeAgain()).toBe(true);
    await world.admin.query('DROP TABLE public.orders, shop.lone');
  });

  it('takes with it what the database deletes along with it', async () => {
    const { clients, keeping } = await opened();
    for (const remove of [
      () => clients.usual.query('DELETE FROM shop.orders WHERE id = 2 RETURNING id'),
      () => clients.shop.query('DELETE FROM orders WHERE id = 2'),
    ]) {
      await world.admin.query("INSERT INTO shop.orders VALUES (2, 'b') ON CONFLICT DO NOTHING");
      const items = [
        await keeping.keep(() => clients.usual.query('SELECT * FROM shop.items WHERE id = 1')),
        await keeping.keep(() => clients.shop.query('SELECT * FROM items WHERE id = 1')),
        await keeping.keep(() => clients.clerk.query('SELECT * FROM items')),
      ];
      await remove();
      for (const each of items) expect(await each.isMadeAgain()).toBe(true);
    }
  });

  it('is called once in the line of a write', async () => {
    const cache = world.closing(createCache());
    const lines: string[] = [];
    const shop = world.pool(SHOP);
    const watch = watchPg(shop, { cache, log: (line) => lines.push(line) });
    await watch.ready;
    await shop.query('UPDATE orders SET note = upper(note) WHERE id = 1');
    expect(lines).toEqual([expect.stringContaining('→ shop.orders, shop.orders#1 → nothing here')]);
    expect(watch.counts().tags).toBe(2);
    watch();
  });
});

async function inTransaction(pool: pg.Pool, sql: string): Promise<void> {
  const client = await pool.connect();
  await client.query('BEGIN');
  await client.query('SET LOCAL search_path TO shop');
  await client.query(sql);
  await client.query('COMMIT');
  client.release(true);
}
