import { expect, it } from '@jest/globals';
import { createCache } from '@viewcache/core';
import { afterCommit } from '@viewcache/orm';
import { watchDrizzle } from '@viewcache/orm/drizzle';
import { eq, type SQL, sql } from 'drizzle-orm';
import { closeAfterEach } from '../support/site.js';
import { describeBetterSqlite3, openBetterSqlite3 } from './better-sqlite3-engine.js';
import { DrizzleDriver, type Tx, type Variant } from './drizzle-driver.js';
import { schema } from './drizzle-sqlite-tables.js';
import { heardBy } from './pg-world.js';
import { pagesOf } from './prisma-world.js';
import { runScenarios } from './run-scenarios.js';
import { seedOf, tablesOf } from './schema.js';
import { SQLITE_LACKS } from './sqlite-driver.js';

const VARIANT: Variant = {
  schema,
  lacks: SQLITE_LACKS,
  execute: (on: Tx, statement: SQL): unknown => (on as unknown as { run(text: SQL): unknown }).run(statement),
  areTransactionsStatements: true,
};

async function open() {
  const { drizzle } = await import('drizzle-orm/better-sqlite3');
  const database = await openBetterSqlite3();
  for (const text of [...tablesOf('sqlite'), ...seedOf('sqlite')]) database.exec(text);
  return { database, db: drizzle(database, { schema }) };
}

describeBetterSqlite3('writes through Drizzle on SQLite, by better-sqlite3', () => {
  runScenarios(async (cache) => {
    const { database, db } = await open();
    return {
      driver: (await DrizzleDriver.open(db as never, cache, VARIANT)) as never,
      seed: async () => void database.exec(seedOf('sqlite').join(';\n')),
    };
  }, Object.keys(VARIANT.lacks));
});

describeBetterSqlite3('Drizzle on better-sqlite3', () => {
  const { users, posts } = schema;
  closeAfterEach();

  it('invalidates what a transaction has written before it returns, and what it has rolled back not at all', async () => {
    const { db } = await open();
    const cache = createCache();
    const watch = watchDrizzle(db, cache);
    const heard = heardBy(cache);
    db.transaction((tx) => {
      tx.update(users).set({ name: 'x' }).where(eq(users.id, 1)).run();
      void afterCommit(tx, 'prices');
      expect(() =>
        tx.transaction((inner) => {
          inner.update(users).set({ name: 'y' }).where(eq(users.id, 2)).run();
          void afterCommit(inner, 'undone');
          inner.rollback();
        }),
      ).toThrow('Rollback');
      tx.transaction((inner) => inner.insert(posts).values({ title: 'Third', userId: 1 }).run());
      expect(heard).toEqual([]);
    });
    expect(heard).toEqual([['posts', 'posts#3', 'prices', 'users', 'users#1']]);
    expect(() =>
      db.transaction((tx) => {
        tx.delete(users).run();
        throw new Error('undone');
      }),
    ).toThrow('undone');
    expect(heard).toHaveLength(1);
    await watch.settled();
    expect(watch.counts()).toMatchObject({ commits: 1, unacknowledged: 0 });
    watch();
    db.delete(users).run();
    expect(heard).toHaveLength(1);
    await cache.close();
  });

  it('tells rows apart in what is read: by query builders, relational queries and prepared statements', async () => {
    const { db } = await open();
    const cache = createCache();
    watchDrizzle(db, cache);
    const byId = db
      .select()
      .from(users)
      .where(eq(users.id, sql.placeholder('id')))
      .prepare();
    const pages = await pagesOf(cache, {
      '/get': async () => db.select().from(users).where(eq(users.id, 1)).get(),
      '/all': async () => db.select().from(users).all(),
      '/values': async () => db.select().from(users).where(eq(users.id, 2)).values(),
      '/first': async () => db.query.posts.findFirst({ where: eq(posts.id, 1), with: { user: true } }).sync(),
      '/prepared': async () => byId.get({ id: 2 }),
    });
    const paths = ['/get', '/all', '/values', '/first', '/prepared'];
    expect(await Promise.all(paths.map(pages.tagsOf))).toEqual([
      ['users#1'],
      ['users'],
      ['users#2'],
      ['posts#1', 'users'],
      ['users#2'],
    ]);
    await cache.close();
  });
});
