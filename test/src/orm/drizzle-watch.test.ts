import { describe, expect, it } from '@jest/globals';
import { ConfigError, createCache } from '@viewcache/core';
import { afterCommit } from '@viewcache/orm';
import { watchDrizzle } from '@viewcache/orm/drizzle';
import { watchPg } from '@viewcache/orm/pg';
import { drizzle } from 'drizzle-orm/node-postgres';
import { withReplicas } from 'drizzle-orm/pg-core';
import { closeAfterEach } from '../support/site.js';
import { posts, users } from './drizzle-tables.js';
import { DrizzleWorld, rename } from './drizzle-world.js';
import { heardBy } from './pg-world.js';
import { pagesOf } from './prisma-world.js';

const USER_1 = ['users', 'users#1'];

describe('watchDrizzle', () => {
  const world = new DrizzleWorld();
  closeAfterEach();

  it('watches a database once for a cache, however often it is asked to, until all have stopped (68)', async () => {
    const { cache, driver, db } = await world.reach();
    const again = watchDrizzle(db, cache);
    const below = watchPg(db.$client, cache);
    const heard = heardBy(cache);
    await rename(db);
    await db.transaction(async (tx) => await afterCommit(tx, 'prices'));
    expect(heard).toEqual([USER_1, ['prices']]);
    driver.watch();
    driver.watch();
    await rename(db);
    expect(heard).toHaveLength(3);
    again();
    await rename(db);
    expect(heard).toHaveLength(4);
    below();
    await rename(db);
    expect(heard).toHaveLength(4);
  });

  it('hears nothing once it has stopped, and leaves everything as it was (68)', async () => {
    const cache = world.closing(createCache());
    const kept = { strategy: () => 'all', get: async () => undefined, put: async () => {}, onMutate: async () => {} };
    const db = world.database({ cache: kept as never });
    const own = () => [db, db.$client, kept].map((each) => Object.getOwnPropertyNames(each));
    const before = own();
    const watch = watchDrizzle(db, cache);
    await watch.ready;
    expect(own()).not.toEqual(before);
    const heard = heardBy(cache);
    watch();
    expect(own()).toEqual(before);
    await rename(db);
    await db.transaction(async (tx) => await afterCommit(tx, 'prices'));
    expect(heard).toEqual([]);
  });

  it('tells two caches of one database each of its own', async () => {
    const { cache, db } = await world.reach();
    const other = world.closing(createCache());
    const watch = watchDrizzle(db, other);
    await watch.ready;
    const [heard, heardThere] = [heardBy(cache), heardBy(other)];
    await db.transaction(async (tx) => {
      await rename(tx);
      await afterCommit(tx, 'prices');
    });
    expect([heard, heardThere]).toEqual([[['prices', ...USER_1]], [['prices', ...USER_1]]]);
    watch();
    await db.transaction(async (tx) => await afterCommit(tx, 'prices'));
    expect([heard.length, heardThere.length]).toEqual([2, 1]);
  });

  it('watches two databases on one pool, and one on a single client', async () => {
    const { cache, db, driver } = await world.reach();
    const second = drizzle(db.$client);
    const watch = watchDrizzle(second, cache);
    const heard = heardBy(cache);
    await rename(second);
    driver.watch();
    await rename(db);
    expect(heard).toEqual([USER_1, USER_1]);
    watch();
    const client = await db.$client.connect();
    const alone = watchDrizzle(drizzle(client), cache);
    await alone.ready;
    await drizzle(client).transaction(async (tx) => await rename(tx));
    client.release();
    expect(heard).toHaveLength(3);
    alone();
  });

  it('watches a primary and its replicas', async () => {
    const cache = world.closing(createCache());
    const [primary, one, two] = [world.database(), world.database(), world.database()];
    const db = withReplicas(primary, [one, two]);
    const watch = watchDrizzle(db, cache);
    await watch.ready;
    const heard = heardBy(cache);
    const pages = await pagesOf(cache, {
      '/one': async () => await one.select().from(users),
      '/two': async () => await two.query.posts.findMany({ orderBy: posts.id }),
      '/any': async () => await db.select().from(users),
    });
    expect(await Promise.all(['/one', '/two', '/any'].map(pages.tagsOf))).toEqual([['users'], ['posts'], ['users']]);
    await db.transaction(async (tx) => {
      await rename(tx);
      await afterCommit(tx, 'prices');
    });
    expect(heard).toEqual([['prices', ...USER_1]]);
    expect(watch.counts()).toMatchObject({ commits: 1 });
    watch();
    await rename(db);
    expect(heard).toHaveLength(1);
  });

  it('knows of tables what options say, where the database is not asked', async () => {
    const { cache, db } = await world.reach({ watch: { readTables: false, tables: { users: { pk: 'id' } } } });
    const heard = heardBy(cache);
    await rename(db);
    await db.delete(posts);
    expect(heard).toEqual([USER_1, ['posts', 'posts!bulk']]);
  });

  it('says why the tables are not known, and stores nothing until they are', async () => {
    const cache = world.closing(createCache());
    const db = drizzle({ connection: { connectionString: world.url.replace(/\/[^/]*$/, '/nowhere') } });
    world.closing({ close: () => db.$client.end() });
    const watch = watchDrizzle(db, cache);
    await expect(watch.ready).rejects.toThrow('nowhere');
    watch();
  });

  it('warns once where the tables are not known and nobody awaits them', async () => {
    const cache = world.closing(createCache());
    const db = drizzle({ connection: { connectionString: world.url.replace(/\/[^/]*$/, '/nowhere') } });
    world.closing({ close: () => db.$client.end() });
    const warnings: string[] = [];
    const warned = new Promise<void>((resolve) => {
      cache.on((event) => {
        if (event.type !== 'warning') return;
        warnings.push(event.message);
        resolve();
      });
    });
    const watch = watchDrizzle(db, cache);
    await warned;
    await expect(watch.ready).rejects.toThrow('nowhere');
    expect(warnings).toEqual([
      expect.stringMatching(/^watchDrizzle: the tables could not be read \(.*nowhere.*\): until they are, nothing/),
    ]);
    watch();
  });

  it('lets a write have its result where the store is broken, and is exact in this process all the same (44)', async () => {
    const fail = (): never => {
      throw new Error('the store is broken');
    };
    const store = { opts: {}, get: fail, set: fail, delete: fail, clear: fail, on: () => {} } as never;
    const { driver, db, site } = await world.reach({ cache: { store, deadline: '50ms' } });
    await site.get('V1');
    const renamed = await db.transaction(async (tx) => await tx.update(users).set({ name: 'x' }).returning());
    expect(renamed).toMatchObject([{ name: 'x' }, { name: 'x' }]);
    expect(await site.get('V1')).toMatchObject({ name: 'x' });
    expect(driver.watch.counts()).toMatchObject({ commits: 1, unacknowledged: 1, failures: 0 });
  });

  it('lets a write have its result where the store hangs, after the deadline (44)', async () => {
    const hang = (): Promise<never> => new Promise(() => {});
    const store = { opts: {}, get: hang, set: hang, delete: hang, clear: hang, on: () => {} } as never;
    const { driver, db } = await world.reach({ cache: { store, deadline: '20ms' } });
    await rename(db);
    expect(driver.watch.counts()).toMatchObject({ commits: 1, unacknowledged: 1 });
  });

  it('lets an error of the database be the one that it is', async () => {
    const { db } = await world.reach();
    const failing = db.transaction(async (tx) => await tx.insert(users).values({ id: 1, name: 'twice' }));
    await expect(failing).rejects.toMatchObject({ cause: { code: '23505' } });
  });

  it('says in a line what came of a write', async () => {
    const lines: string[] = [];
    const { db } = await world.reach({ watch: { log: (line) => lines.push(line) } });
    await rename(db);
    expect(lines).toEqual([expect.stringMatching(/UPDATE users SET .* → users, users#1 → /)]);
  });

  it.each<[string, string, () => unknown, unknown]>([
    ['no database', 'watchDrizzle', () => ({}), undefined],
    ['nothing', 'watchDrizzle', () => undefined, undefined],
    ['the pool itself', 'watchDrizzle', () => world.pool(), undefined],
    ['one that leads nowhere', 'has no client to send statements by', () => drizzle.mock(), undefined],
    ['one without a session', 'drizzle() has made for', () => ({ transaction() {}, $client: world.pool() }), undefined],
    [
      'a replica that leads nowhere',
      'watchDrizzle',
      () => withReplicas(drizzle(world.pool()), [drizzle.mock() as never]),
      undefined,
    ],
    ['an option that is none', 'watchDrizzle.cach', () => world.database(), { cach: 1 }],
    ['readTables', 'watchDrizzle.readTables', () => world.database(), { readTables: world }],
  ])('refuses %s', (_, said, database, options) => {
    const refused = () => watchDrizzle(database() as never, options as never);
    expect(refused).toThrow(ConfigError);
    expect(refused).toThrow(said);
  });
});
