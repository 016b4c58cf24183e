import { beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { type Cache, createCache } from '@viewcache/core';
import { type WatchMysql2Options, watchMysql2 } from '@viewcache/orm/mysql2';
import { watchTypeOrm } from '@viewcache/orm/typeorm';
import mysql from 'mysql2';
import promised from 'mysql2/promise';
import { DataSource, type DataSourceOptions, EntitySchema } from 'typeorm';
import { Keeping, type Kept } from './kept.js';
import { Mysql2World } from './mysql2-world.js';

const SETUP = [
  ...['shop', 'other'].flatMap((name) => [
    `CREATE DATABASE ${name}`,
    `CREATE TABLE ${name}.orders (id int PRIMARY KEY, note varchar(20))`,
    `INSERT INTO ${name}.orders VALUES (1, 'a'), (2, 'b')`,
  ]),
  'CREATE TABLE shop.items (id int PRIMARY KEY, order_id int REFERENCES shop.orders (id) ON DELETE CASCADE)',
];

/** What is said of a table of which nobody asks the database. */
const TOLD = { orders: { pk: 'id', cascadesTo: ['items'] } };

/** One cache stands for those of several processes: what they have in common is how they call tables. */
describe('a table of MariaDB that clients call differently', () => {
  const world = new Mysql2World();

  beforeAll(async () => {
    for (const sql of SETUP) await world.admin.query(sql);
  });
  beforeEach(async () => void (await world.admin.query("REPLACE INTO shop.orders VALUES (1, 'a'), (2, 'b')")));

  const url = (database: string): string => world.url.replace(/test$/, database);

  async function pool(cache: Cache, uri: string, options: WatchMysql2Options = {}): Promise<promised.Pool> {
    const made = world.ending(promised.createPool(uri));
    const watch = watchMysql2(made, { cache, ...options });
    world.closing({ close: async () => watch() });
    await watch.ready;
    return made;
  }

  async function source(cache: Cache, database: string): Promise<DataSource> {
    const orders = new EntitySchema<{ id: number; note: string }>({
      name: 'orders',
      columns: { id: { type: 'int', primary: true }, note: { type: 'varchar', length: 20 } },
    });
    const given = { type: 'mariadb', url: url(database), entities: [orders] };
    const made = new DataSource(given as DataSourceOptions);
    const watch = watchTypeOrm(made, cache);
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
    const moved = await pool(cache, url(''));
    const clients = {
      shop: await pool(cache, url('shop')),
      other: await pool(cache, url('other')),
      none: await pool(cache, url('')),
      untold: await pool(cache, url('shop'), { readTables: false, tables: TOLD }),
      moved,
      entities: await source(cache, 'shop'),
    };
    const kept = new Map<string, Kept>();
    const keeping = new Keeping(cache);
    const row = async (name: string, read: () => Promise<unknown>) => void kept.set(name, await keeping.keep(read));
    await row('bare', () => clients.shop.query('SELECT * FROM orders WHERE id = 1'));
    await row('with its database', () => clients.other.query('SELECT * FROM shop.orders WHERE id = 1'));
    await row('with its database, by who has none', () =>
      clients.none.query('SELECT * FROM `shop`.`orders` WHERE id = 1'),
    );
    await row('by whom nobody knows', () => clients.untold.query('SELECT * FROM orders WHERE id = 1'));
    await row('an entity', () => clients.entities.getRepository('orders').findOneBy({ id: 1 }));
    return { clients, kept, keeping };
  }

  const WRITES: readonly (readonly [
    string,
    (it: Awaited<ReturnType<typeof opened>>['clients'], id: number) => Promise<unknown>,
  ])[] = [
    ['bare', ({ shop }, id) => shop.query('DELETE FROM orders WHERE id = ?', [id])],
    ['with its database', ({ other }, id) => other.query('DELETE FROM shop.orders WHERE id = ?', [id])],
    ['with its database, by who has none', ({ none }, id) => none.query('DELETE FROM shop.orders WHERE id = ?', [id])],
    ['by an entity', ({ entities }, id) => entities.getRepository('orders').delete({ id })],
    ['by whom nobody knows', ({ untold }, id) => untold.query('DELETE FROM orders WHERE id = ?', [id])],
    [
      'after USE',
      async ({ moved }, id) => {
        const connection = await moved.getConnection();
        await connection.query('USE shop');
        await connection.query('DELETE FROM orders WHERE id = ?', [id]);
        connection.destroy();
      },
    ],
  ];

  it.each(WRITES)('is one, whoever reads it, written %s', async (_, write) => {
    const { clients, kept } = await opened();
    await write(clients, 1);
    expect(await Keeping.madeAgain(kept)).toEqual([...kept.keys()]);
  });

  it.each(WRITES.slice(0, 4))('has rows that are told apart, written %s', async (_, write) => {
    const { clients, kept } = await opened();
    await write(clients, 2);
    expect(await Keeping.madeAgain(kept)).toEqual([]);
  });

  it('is another one than one of its name elsewhere, for who says where', async () => {
    const { clients, kept } = await opened();
    await clients.other.query("UPDATE orders SET note = 'x' WHERE id = 1");
    const again = await Keeping.madeAgain(kept);
    expect(again).not.toContain('with its database, by who has none');
  });

  it('takes with it what the database deletes along with it', async () => {
    const { clients, keeping } = await opened();
    const items = [
      await keeping.keep(() => clients.shop.query('SELECT * FROM items')),
      await keeping.keep(() => clients.other.query('SELECT * FROM shop.items WHERE id = 1')),
    ];
    await clients.none.query('DELETE FROM shop.orders WHERE id = 2');
    for (const each of items) expect(await each.isMadeAgain()).toBe(true);
  });

  it('is one by the nodes of a cluster that begin in different databases', async () => {
    const cache = world.closing(createCache());
    const cluster = mysql.createPoolCluster();
    cluster.add('1', url('shop'));
    cluster.add('2', url('other'));
    const watch = watchMysql2(cluster, cache);
    await watch.ready;
    const none = await pool(cache, url(''));
    const keeping = new Keeping(cache);
    for (const [node, name] of [
      ['1', 'shop'],
      ['2', 'other'],
    ] as const) {
      await world.admin.query(`REPLACE INTO ${name}.orders VALUES (1, 'a')`);
      const kept = await keeping.keep(() => none.query(`SELECT * FROM ${name}.orders WHERE id = 1`));
      await new Promise((resolve) => cluster.of(node).query("UPDATE orders SET note = 'y' WHERE id = 1", resolve));
      expect(await kept.isMadeAgain()).toBe(true);
    }
    watch();
    await new Promise((resolve) => cluster.end(resolve));
  });
});
