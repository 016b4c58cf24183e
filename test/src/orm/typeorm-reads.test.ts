import { describe, expect, it } from '@jest/globals';
import { cachePage } from '@viewcache/express';
import express from 'express';
import type { EntitySchema, FindManyOptions } from 'typeorm';
import { closeAfterEach, serve } from '../support/site.js';
import { type TypeOrmDriver, VERSIONS, type Version } from './typeorm-driver.js';
import { TypeOrmWorld } from './typeorm-world.js';

type Read = (driver: TypeOrmDriver) => Promise<unknown>;
type Write = (driver: TypeOrmDriver) => Promise<unknown>;

const user = (driver: TypeOrmDriver) => driver.source.getRepository(driver.entities.user);
const post = (driver: TypeOrmDriver) => driver.source.getRepository(driver.entities.post);

const RENAME_1: Write = (driver) => driver.writes.renameUser(1, 'x');
const RENAME_2: Write = (driver) => driver.writes.renameUser(2, 'x');
const INCREMENT: Write = (driver) => driver.writes.increment(1);
const INSERT_9: Write = (driver) => driver.writes.insertUserAs(9, 'x');

/** A way to read, what drops it, and what does not. */
const WAYS: readonly (readonly [string, Read, Write, Write])[] = [
  ['findOne()', (it) => user(it).findOne({ where: { id: 1 } }), RENAME_1, RENAME_2],
  ['findOneBy() of a row that is not there', (it) => user(it).findOneBy({ id: 9 }), INSERT_9, RENAME_2],
  ['exists() of a row', (it) => user(it).existsBy({ id: 1 }), RENAME_1, RENAME_2],
  ['a list of keys', (it) => user(it).createQueryBuilder('u').whereInIds([1]).getMany(), RENAME_1, RENAME_2],
  ['findAndCount()', (it) => user(it).findAndCount({ take: 1 }), RENAME_2, INCREMENT],
  ['count()', (it) => post(it).count(), INCREMENT, RENAME_1],
  ['getRawMany()', (it) => user(it).createQueryBuilder('u').getRawMany(), RENAME_1, INCREMENT],
  ['a raw statement', (it) => it.source.query('SELECT * FROM users WHERE id = $1', [1]), RENAME_1, RENAME_2],
  [
    'relations, by further statements',
    (it) =>
      post(it).find({
        where: { id: 1 },
        relations: { comments: true },
        relationLoadStrategy: 'query',
      } as FindManyOptions),
    (it) => it.source.query("UPDATE comments SET body = 'x' WHERE id = 2"),
    RENAME_1,
  ],
  [
    'a subquery',
    (it) => user(it).createQueryBuilder('u').where('u.id IN (SELECT p.user_id FROM posts p)').getMany(),
    INCREMENT,
    (it) => it.source.query("UPDATE tags SET name = 'x'"),
  ],
  [
    'a stream (66)',
    async (it) => {
      const rows: unknown[] = [];
      const stream = await user(it).createQueryBuilder('u').where('u.id = :id', { id: 1 }).stream();
      await new Promise((resolve, reject) => {
        stream.on('data', (row) => rows.push(row));
        stream.on('end', () => resolve(undefined));
        stream.on('error', reject);
      });
      return rows;
    },
    RENAME_1,
    RENAME_2,
  ],
];

describe.each(Object.keys(VERSIONS) as Version[])('what views read through TypeORM %s', (version) => {
  const world = new TypeOrmWorld(version);
  closeAfterEach();

  /** A page that shows what is read, and how often that was. */
  async function page(reached: Awaited<ReturnType<TypeOrmWorld['reach']>>, read: () => Promise<unknown>) {
    let runs = 0;
    const app = express();
    app.get('/', cachePage({ ttl: '5m', cache: reached.cache }), async (_req, res) => {
      runs++;
      res.json((await read()) ?? null);
    });
    const site = await serve(app);
    const get = async (): Promise<unknown> => JSON.parse((await site.get('/')).text);
    return { get, runs: () => runs };
  }

  it.each(WAYS)('by %s goes with what it has read, and with nothing else', async (_, read, drops, leaves) => {
    const reached = await world.reach();
    const { get, runs } = await page(reached, () => read(reached.driver));
    const before = await get();
    await leaves(reached.driver);
    expect([await get(), runs()]).toEqual([before, 1]);
    await drops(reached.driver);
    await get();
    expect(runs()).toBe(2);
  });

  it('by a lazy relation goes with that', async () => {
    interface Author {
      id: number;
      posts: Promise<readonly { readonly id: number }[]>;
    }
    const Schema = world.module.EntitySchema;
    const author = new Schema<Author>({
      name: 'Author',
      tableName: 'users',
      columns: { id: { type: 'int', primary: true } },
      relations: { posts: { type: 'one-to-many', target: 'Work', inverseSide: 'author', lazy: true } },
    });
    const work = new Schema<{ id: number; author: Author }>({
      name: 'Work',
      tableName: 'posts',
      columns: { id: { type: 'int', primary: true } },
      relations: { author: { type: 'many-to-one', target: 'Author', joinColumn: { name: 'user_id' } } },
    });
    const reached = await world.reach({ entities: [author, work] as EntitySchema<never>[] });
    const { get } = await page(reached, async () => {
      const found = await reached.source.getRepository(author).findOneByOrFail({ id: 1 });
      return (await found.posts).length;
    });
    expect(await get()).toBe(1);
    await reached.driver.writes.insertPost('Third', 1);
    expect(await get()).toBe(2);
  });

  it('of an entity of a view goes with the tables that the view reads (54)', async () => {
    await world.admin.query(
      'CREATE OR REPLACE VIEW authors AS SELECT DISTINCT u.id, u.name FROM users u JOIN posts p ON p.user_id = u.id',
    );
    const Schema = world.module.EntitySchema;
    const author = new Schema<{ id: number; name: string }>({
      name: 'Author',
      tableName: 'authors',
      type: 'view',
      expression: 'SELECT DISTINCT u.id, u.name FROM users u JOIN posts p ON p.user_id = u.id',
      columns: { id: { type: 'int', primary: true }, name: { type: 'text' } },
    } as never);
    const reached = await world.reach({ entities: [author as EntitySchema<never>] });
    const { get } = await page(reached, () => reached.source.getRepository(author).find({ order: { id: 'ASC' } }));
    expect(await get()).toMatchObject([{ name: 'Ana' }, { name: 'Rui' }]);
    await reached.driver.writes.renameUser(1, 'Anabela');
    expect(await get()).toMatchObject([{ name: 'Anabela' }, { name: 'Rui' }]);
    await reached.source.query('DELETE FROM posts WHERE id = 2');
    expect(await get()).toMatchObject([{ name: 'Anabela' }]);
  });

  it('is its own where it had to wait for the connection of another request', async () => {
    const { cache, driver } = await world.reach({ source: { poolSize: 1 } });
    const runs = new Map<string, number>();
    const app = express();
    app.get('/users/:id', cachePage({ ttl: '5m', cache }), async (req, res) => {
      runs.set(req.path, (runs.get(req.path) ?? 0) + 1);
      res.json(await driver.source.query('SELECT pg_sleep(0.05), name FROM users WHERE id = $1', [req.params['id']]));
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

  it("is not stored where it comes out of TypeORM's own cache, and is where it does not (50)", async () => {
    await world.admin.query('DROP TABLE IF EXISTS "query-result-cache"');
    await world.admin.query(
      'CREATE TABLE "query-result-cache" (id serial PRIMARY KEY, identifier varchar, time bigint, duration int, query text, result text)',
    );
    const reached = await world.reach({ source: { cache: { type: 'database', duration: 600_000 } } });
    const { driver } = reached;
    const { get, runs } = await page(reached, () => user(driver).find({ where: { id: 1 }, cache: true }));
    expect(await get()).toMatchObject([{ name: 'Ana' }]);
    await get();
    expect(runs()).toBe(1);
    await driver.writes.renameUser(1, 'Anabela');
    // Whoever asks TypeORM for old rows is given them, and nobody else: they are not stored.
    expect(await get()).toMatchObject([{ name: 'Ana' }]);
    await driver.source.queryResultCache?.clear();
    expect(await get()).toMatchObject([{ name: 'Anabela' }]);
    expect(await get()).toMatchObject([{ name: 'Anabela' }]);
    expect(runs()).toBe(3);
    expect(reached.cache.stats().refused).toMatchObject({ 'older-snapshot': 1 });
  });

  it('is not tracked where the watch was told so', async () => {
    const { driver, site } = await world.reach({ watch: { trackReads: false } });
    await site.ran();
    await driver.writes.renameUser(1, 'Anabela');
    expect(await site.ran()).toEqual([]);
  });
});
