import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { type Cache, createCache } from '@viewcache/core';
import { afterCommit } from '@viewcache/orm';
import { type DrizzleWatch, watchDrizzle } from '@viewcache/orm/drizzle';
import { eq, sql } from 'drizzle-orm';
import { drizzle, type MySql2Database } from 'drizzle-orm/mysql2';
import callbacks from 'mysql2';
import mysql from 'mysql2/promise';
import { MariaDbServer } from '../servers/mariadb.js';
import { closeAfterEach } from '../support/site.js';
import { schema } from './drizzle-mysql-tables.js';
import { heardBy } from './pg-world.js';
import { pagesOf } from './prisma-world.js';
import { seedOf, tablesOf } from './schema.js';

const USER_1 = ['users', 'users#1'];
const { users, posts } = schema;

describe.each(['promises', 'callbacks'])('Drizzle on mysql2, made of a pool with %s', (kind) => {
  let server: MariaDbServer;
  let pool: mysql.Pool | callbacks.Pool;
  let db: MySql2Database<typeof schema>;
  let cache: Cache;
  let watch: DrizzleWatch;
  let heard: string[][];
  closeAfterEach();

  beforeAll(async () => {
    server = await MariaDbServer.start();
    pool = kind === 'promises' ? mysql.createPool(server.url) : callbacks.createPool(server.url);
    db = drizzle(pool, { schema, mode: 'default' });
    for (const text of [...tablesOf('mysql'), 'CREATE TABLE cased (`Id` int PRIMARY KEY)'])
      await db.execute(sql.raw(text));
  });
  afterAll(async () => {
    await (kind === 'promises' ? (pool as mysql.Pool) : (pool as callbacks.Pool).promise()).end();
    await server.stop();
  });
  beforeEach(async () => {
    for (const text of seedOf('mysql')) await db.execute(sql.raw(text));
    cache = createCache();
    watch = watchDrizzle(db, cache);
    await watch.ready;
    heard = heardBy(cache);
  });
  afterEach(async () => {
    watch();
    await cache.close();
  });

  it('invalidates what a transaction has written with its commit, tags of the app among it', async () => {
    await db.transaction(async (tx) => {
      await tx.update(users).set({ name: 'x' }).where(eq(users.id, 1));
      await afterCommit(tx, 'prices');
      await tx.transaction(async (inner) => await afterCommit(inner, 'inner'));
      const undone = tx.transaction(async (inner) => {
        await inner.delete(posts);
        await afterCommit(inner, 'undone');
        inner.rollback();
      });
      await expect(undone).rejects.toThrow('Rollback');
      expect(heard).toEqual([]);
    });
    expect(heard).toEqual([['inner', 'prices', ...USER_1]]);
    const failing = db.transaction(async (tx) => {
      await tx.delete(posts);
      tx.rollback();
    });
    await expect(failing).rejects.toThrow('Rollback');
    expect(heard).toHaveLength(1);
    expect(watch.counts()).toMatchObject({ commits: 1 });
  });

  it('knows the key of a new row, and the rows that it reads', async () => {
    const [{ insertId }] = await db.insert(users).values({ name: 'Eva' });
    expect(heard).toEqual([['users', `users#${insertId}`]]);
    const pages = await pagesOf(cache, {
      '/select': async () => await db.select().from(users).where(eq(users.id, 1)),
      '/query': async () => await db.query.posts.findFirst({ where: eq(posts.id, 1) }),
      '/joined': async () => await db.select().from(posts).leftJoin(users, eq(users.id, posts.userId)),
    });
    expect(await Promise.all(['/select', '/query', '/joined'].map(pages.tagsOf))).toEqual([
      ['users#1'],
      ['posts#1'],
      ['posts', 'users'],
    ]);
  });

  it('takes another key for one of any row, however its column is spelled', async () => {
    await db.execute(sql`INSERT INTO cased (id) VALUES (1)`);
    await db.execute(sql`UPDATE cased SET ID = 5 WHERE iD = 1`);
    await db.execute(sql`DELETE FROM cased WHERE id = 5`);
    expect(heard).toEqual([
      ['cased', 'cased#1'],
      ['cased', 'cased!bulk'],
      ['cased', 'cased#5'],
    ]);
  });

  it('hears nothing once it has ended', async () => {
    watch();
    await db.delete(posts);
    await db.transaction(async (tx) => await afterCommit(tx, 'prices'));
    expect(heard).toEqual([]);
  });
});
