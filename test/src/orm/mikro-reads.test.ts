import { expect, it } from '@jest/globals';
import type { EntitySchema } from '@mikro-orm/core';
import { cachePage } from '@viewcache/express';
import express, { type RequestHandler } from 'express';
import { closeAfterEach, serve } from '../support/site.js';
import { describeVersions } from './mikro/describe-versions.js';
import type { MikroDriver } from './mikro/driver.js';
import type { Post, User } from './mikro/entities.js';
import type { Em, Mikro, Version } from './mikro/versions.js';
import { MikroWorld } from './mikro/world.js';

type Read = (driver: MikroDriver, em: Em) => Promise<unknown>;
type Write = (driver: MikroDriver) => Promise<unknown>;

const RENAME_1: Write = (driver) => driver.writes.renameUser(1, 'x');
const RENAME_2: Write = (driver) => driver.writes.renameUser(2, 'x');
const INCREMENT: Write = (driver) => driver.writes.increment(1);
const INSERT_9: Write = (driver) => driver.writes.insertUserAs(9, 'x');
const COMMENT_2: Write = (driver) => driver.writes.raw("UPDATE comments SET body = 'x' WHERE id = 2");

/** A way to read, what drops it, and what does not. */
const WAYS: readonly (readonly [string, Read, Write, Write])[] = [
  ['findOne()', ({ entities }, em) => em.findOne(entities.user, 1), RENAME_1, RENAME_2],
  ['findOne() of a row that is not there', ({ entities }, em) => em.findOne(entities.user, 9), INSERT_9, RENAME_2],
  ['a list of keys', ({ entities }, em) => em.find(entities.user, { id: [1] } as never), RENAME_1, RENAME_2],
  ['findAndCount()', ({ entities }, em) => em.findAndCount(entities.user, {}, { limit: 1 }), RENAME_2, INCREMENT],
  ['count()', ({ entities }, em) => em.count(entities.post), INCREMENT, RENAME_1],
  ['a query builder', ({ entities }, em) => em.qb(entities.user).where({ id: 1 }).getResult(), RENAME_1, RENAME_2],
  ['a raw statement', (_, em) => em.execute('SELECT * FROM users WHERE id = ?', [1]), RENAME_1, RENAME_2],
  [
    'relations, by a join',
    ({ entities }, em) => em.findOne(entities.post, 1, { populate: ['user'], strategy: 'joined' } as never),
    RENAME_1,
    COMMENT_2,
  ],
  [
    'relations, by further statements',
    ({ entities }, em) => em.findOne(entities.post, 1, { populate: ['comments'], strategy: 'select-in' } as never),
    COMMENT_2,
    RENAME_1,
  ],
  [
    'a relation that is loaded later',
    async ({ entities }, em) => {
      const post = await em.findOneOrFail(entities.post, 1);
      return await em.refresh(post.user as object);
    },
    RENAME_1,
    RENAME_2,
  ],
  [
    'a collection that is loaded later',
    async ({ entities }, em) => (await em.findOneOrFail(entities.post, 1)).comments.loadItems(),
    COMMENT_2,
    RENAME_1,
  ],
  [
    'a condition on a relation',
    ({ entities }, em) => em.find(entities.comment, { post: { user: { name: 'Ana' } } } as never),
    RENAME_2,
    (driver) => driver.writes.raw("UPDATE tags SET name = 'x'"),
  ],
  ['a stream (66)', ({ entities }, em) => streamed(em, entities.user), RENAME_1, RENAME_2],
  [
    'a read-only transaction of its own',
    (driver) => driver.transaction((tx) => tx.findOne(driver.entities.user, 1)),
    RENAME_1,
    RENAME_2,
  ],
];

/** Version 6 has none of its own, but that of Knex. */
async function streamed(em: Em, user: EntitySchema<User>): Promise<unknown> {
  const rows: unknown[] = [];
  if ('stream' in em) {
    const { stream } = em as unknown as { stream(of: unknown, options: object): AsyncIterable<unknown> };
    for await (const row of stream.call(em, user, { where: { id: 1 } })) rows.push(row);
  } else {
    const { getKnex } = em as unknown as { getKnex(): Knex };
    for await (const row of getKnex.call(em)('users').where('id', 1).stream()) rows.push(row);
  }
  return rows;
}

type Knex = (table: string) => { where(column: string, value: unknown): { stream(): AsyncIterable<unknown> } };

describeVersions('what views read through MikroORM %s', (version: Version) => {
  const world = new MikroWorld(version);
  closeAfterEach();

  type Reached = Awaited<ReturnType<MikroWorld['reach']>>;

  /** A page that shows what is read, and how often that was. */
  async function page({ cache }: Reached, read: () => Promise<unknown>, ...before: readonly RequestHandler[]) {
    let runs = 0;
    const app = express();
    app.get('/', ...before, cachePage({ ttl: '5m', cache }), async (_req, res) => {
      runs++;
      res.json((await read()) ?? null);
    });
    const site = await serve(app);
    const get = async (): Promise<unknown> => JSON.parse((await site.get('/')).text);
    return { get, runs: () => runs };
  }

  it.each(WAYS)('by %s goes with what it has read, and with nothing else', async (_, read, drops, leaves) => {
    const reached = await world.reach();
    const { driver } = reached;
    const { get, runs } = await page(reached, () => read(driver, driver.em));
    const before = await get();
    await leaves(driver);
    expect([await get(), runs()]).toEqual([before, 1]);
    await drops(driver);
    await get();
    expect(runs()).toBe(2);
  });

  it('by an entity that an expression stands for goes with the tables that it reads', async () => {
    const { EntitySchema } = (await world.reach()).driver.mikro;
    const author = new EntitySchema<{ name: string }>({
      name: 'Author',
      expression: 'SELECT DISTINCT u.name FROM users u JOIN posts p ON p.user_id = u.id',
      properties: { name: { type: 'string' } },
    });
    const reached = await world.reach({ orm: { entities: [author] } });
    const { get } = await page(reached, () => reached.driver.em.find(author, {}, { orderBy: { name: 'ASC' } }));
    expect(await get()).toMatchObject([{ name: 'Ana' }, { name: 'Rui' }]);
    await reached.driver.writes.renameUser(1, 'Anabela');
    expect(await get()).toMatchObject([{ name: 'Anabela' }, { name: 'Rui' }]);
    await reached.driver.writes.raw('DELETE FROM posts WHERE id = 2');
    expect(await get()).toMatchObject([{ name: 'Anabela' }]);
  });

  it('is its own where it had to wait for the connection of another request', async () => {
    const { cache, driver } = await world.reach({ orm: { pool: { min: 1, max: 1 } } });
    const runs = new Map<string, number>();
    const app = express();
    app.get('/users/:id', cachePage({ ttl: '5m', cache }), async (req, res) => {
      runs.set(req.path, (runs.get(req.path) ?? 0) + 1);
      res.json(await driver.writes.raw('SELECT pg_sleep(0.05), name FROM users WHERE id = ?', [req.params['id']]));
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

  it('is not stored where it comes out of the result cache, and is where it does not (50)', async () => {
    const reached = await world.reach();
    const { driver, cache } = reached;
    const { get, runs } = await page(reached, () =>
      driver.em.find(driver.entities.user, { id: 1 }, { cache: ['one', 600_000] }),
    );
    expect(await get()).toMatchObject([{ name: 'Ana' }]);
    await get();
    expect(runs()).toBe(1);
    await driver.writes.renameUser(1, 'Anabela');
    // Whoever asks MikroORM for old rows is given them, and nobody else: they are not stored.
    expect(await get()).toMatchObject([{ name: 'Ana' }]);
    await driver.em.clearCache('one');
    expect(await get()).toMatchObject([{ name: 'Anabela' }]);
    expect(await get()).toMatchObject([{ name: 'Anabela' }]);
    expect(runs()).toBe(3);
    expect(cache.stats().refused).toMatchObject({ 'older-snapshot': 1 });
  });

  it('is not tracked where the watch was told so', async () => {
    const { driver, site } = await world.reach({ watch: { trackReads: false } });
    await site.ran();
    await driver.writes.renameUser(1, 'Anabela');
    expect(await site.ran()).toEqual([]);
  });

  it('out of an identity map of its own is stored, and goes with the row (51)', async () => {
    const reached = await world.reach();
    const { driver } = reached;
    const { get, runs } = await page(reached, async () => {
      const { em } = driver;
      await em.findOne(driver.entities.user, 1);
      return await em.findOne(driver.entities.user, 1);
    });
    await get();
    await get();
    expect(runs()).toBe(1);
    await driver.writes.renameUser(1, 'Anabela');
    expect(await get()).toMatchObject({ name: 'Anabela' });
  });

  it.each<[string, Read]>([
    ['findOne()', ({ entities }, em) => em.findOne(entities.user, 1)],
    ['getReference()', async ({ entities }, em) => ({ ...em.getReference(entities.user, 1) })],
    ['an entity that refers to it', async ({ entities }, em) => (await em.findOneOrFail(entities.post, 1)).user?.name],
  ])('out of what was loaded before it began, by %s, is not stored (51)', async (_, read) => {
    const reached = await world.reach();
    const { driver, cache } = reached;
    const { em } = driver;
    const load: RequestHandler = async (_req, _res, next) => {
      await em.findOne(driver.entities.user, 1);
      next();
    };
    const { get, runs } = await page(reached, () => read(driver, em), load);
    await get();
    await get();
    expect(runs()).toBe(2);
    expect(cache.stats().refused).toMatchObject({ 'older-snapshot': 2 });
  });

  it('out of the identity map of a value that it is made of goes with that, and stays stored (51)', async () => {
    const reached = await world.reach();
    const { driver, cache } = reached;
    let names = 0;
    const { get, runs } = await page(reached, async () => {
      const { em } = driver;
      const name = await cache.getOrSet(
        'name',
        async () => {
          names++;
          return (await em.findOneOrFail(driver.entities.user, 1)).name;
        },
        { ttl: '5m' },
      );
      return [name, (await em.findOneOrFail(driver.entities.user, 1)).name];
    });
    expect(await get()).toEqual(['Ana', 'Ana']);
    await get();
    expect([names, runs()]).toEqual([1, 1]);
    await driver.writes.renameUser(1, 'Anabela');
    expect(await get()).toEqual(['Anabela', 'Anabela']);
    await driver.writes.renameUser(2, 'x');
    await get();
    expect([names, runs()]).toEqual([2, 2]);
  });

  it('of a value out of the identity map of the view around it has the view stored, and not the value (51)', async () => {
    const reached = await world.reach();
    const { driver, cache } = reached;
    let names = 0;
    const { get, runs } = await page(reached, async () => {
      const { em } = driver;
      await em.findOneOrFail(driver.entities.user, 1);
      const read = async (): Promise<string> => {
        names++;
        return (await em.findOneOrFail(driver.entities.user, 1)).name;
      };
      return [await cache.getOrSet('name', read, { ttl: '5m' }), await cache.getOrSet('name', read, { ttl: '5m' })];
    });
    expect(await get()).toEqual(['Ana', 'Ana']);
    expect(names).toBe(2);
    await get();
    expect(runs()).toBe(1);
    await driver.writes.renameUser(1, 'Anabela');
    expect(await get()).toEqual(['Anabela', 'Anabela']);
  });

  it.each<[string, (mikro: Mikro, post: Post) => Promise<unknown>, Write]>([
    ['a reference', async ({ ref }, { user }) => (await ref(user as User).load())?.name, RENAME_2],
    ['a collection', async (_, post) => (await post.comments.loadItems()).map(({ body }) => body), COMMENT_2],
    [
      'a collection by a table between',
      async (_, post) => (await post.tags.loadItems()).length,
      (driver) => driver.writes.tag(2, 1),
    ],
  ])('of %s in a batch with those of others goes with its own (48)', async (_, read, drops) => {
    const reached = await world.reach({ orm: { dataloader: true } });
    const { driver, cache } = reached;
    const { get } = await page(reached, async () => {
      const posts = await driver.em.find(driver.entities.post, {}, { orderBy: { id: 'ASC' } });
      const values = posts.map((post) =>
        cache.getOrSet(`of ${post.id}`, () => read(driver.mikro, post), { ttl: '5m' }),
      );
      return (await Promise.all(values)).at(-1);
    });
    const before = await get();
    await drops(driver);
    expect(await get()).not.toEqual(before);
  });
});
