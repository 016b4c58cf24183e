import { describe, expect, it } from '@jest/globals';
import { type Cache, createCache } from '@viewcache/core';
import { watchKnex } from '@viewcache/orm/knex';
import { watchKysely } from '@viewcache/orm/kysely';
import { watchSequelize } from '@viewcache/orm/sequelize';
import { sql as drizzleSql, eq } from 'drizzle-orm';
import knex from 'knex';
import { Kysely, PostgresDialect, sql } from 'kysely028';
import { Sequelize } from 'sequelize';
import { closeAfterEach } from '../support/site.js';
import { DrizzleDriver } from './drizzle-driver.js';
import { posts } from './drizzle-tables.js';
import { MikroDriver } from './mikro/driver.js';
import { MongooseDriver } from './mongoose-driver.js';
import { MongooseWorld } from './mongoose-world.js';
import { Mysql2World } from './mysql2-world.js';
import { openClient } from './prisma/client.js';
import { PrismaDriver } from './prisma-driver.js';
import { PrismaWorld, pagesOf } from './prisma-world.js';
import { modelsOf } from './sequelize-models.js';
import { TypeOrmDriver } from './typeorm-driver.js';

type Call = () => Promise<unknown>;

/** What a page calls that counts itself, and a write of the same row by the same way. */
interface Counter {
  readonly count: Call;
  readonly rename: (title: string) => Promise<unknown>;
}

/** The title of the post that a call hands back. */
const titleIn = (row: unknown): unknown => (row as { readonly title: unknown }).title;
const INCREMENT = 'UPDATE posts SET views = views + 1 WHERE id = 1 RETURNING *';
const RENAME = 'UPDATE posts SET title = $1 WHERE id = 1';

/** The page never shows a title that was changed, whether it is stored or not. */
async function expectFresh(cache: Cache, { count, rename }: Counter): Promise<void> {
  const pages = await pagesOf(cache, { '/post': count });
  const value = () => cache.getOrSet('post', count, { ttl: '5m' });
  const memo = cache.memoize(count, '5m');
  for (const title of ['First', 'Second', 'Third']) {
    if (title !== 'First') await rename(title);
    for (let time = 0; time < 2; time++) {
      expect(await pages.get('/post')).toBe(title);
      expect(await value()).toBe(title);
      expect(await memo()).toBe(title);
    }
  }
}

describe('a page that counts itself by a write, and shows the row that this hands back', () => {
  const world = new PrismaWorld();
  closeAfterEach();

  async function onPg(sent: string): Promise<Counter & { readonly cache: Cache }> {
    const { cache, pool } = await world.open();
    return {
      cache,
      count: async () => titleIn((await pool.query(sent)).rows[0]),
      rename: (title) => pool.query(RENAME, [title]),
    };
  }

  it.each([
    ['UPDATE', INCREMENT],
    ['WITH', `WITH x AS (${INCREMENT}) SELECT title FROM x`],
    [
      'ON CONFLICT',
      "INSERT INTO posts (id, title) VALUES (1, 'x') ON CONFLICT (id) DO UPDATE SET views = 1 RETURNING title",
    ],
  ])('is fresh through pg: %s', async (_, sent) => {
    const { cache, ...counter } = await onPg(sent);
    await expectFresh(cache, counter);
  });

  it('is fresh where a function does it', async () => {
    await world.admin.query(`CREATE OR REPLACE FUNCTION counted() RETURNS SETOF posts LANGUAGE plpgsql
      AS $$ BEGIN RETURN QUERY ${INCREMENT}; END $$`);
    const { cache, ...counter } = await onPg('SELECT * FROM counted()');
    await expectFresh(cache, counter);
  });

  it('is stored, and dropped by a write, where the row to count is not there yet', async () => {
    const { cache, pool } = await world.open();
    const count = async () => (await pool.query(INCREMENT.replace('id = 1', 'id = 9'))).rows[0] ?? null;
    const pages = await pagesOf(cache, { '/post': count });
    expect(await pages.tagsOf('/post')).toEqual(['posts#9']);
    await pool.query("INSERT INTO posts (id, title) VALUES (9, 'x')");
    expect(await pages.get('/post')).toMatchObject({ title: 'x' });
  });

  it('is stored where it writes a line of its own, also where that is handed back', async () => {
    const { cache, pool } = await world.open();
    const pages = await pagesOf(cache, {
      '/post': async () => {
        await pool.query("INSERT INTO comments (body) VALUES ('seen') RETURNING id");
        return (await pool.query('SELECT title FROM posts WHERE id = 1')).rows;
      },
    });
    expect(await pages.tagsOf('/post')).toEqual(['posts#1']);
  });

  it('is fresh through TypeORM', async () => {
    const cache = world.closing(createCache());
    const options = { type: 'postgres', url: world.url } as const;
    const { source, entities } = world.closing(await TypeOrmDriver.open('1', options, cache));
    const repository = source.getRepository(entities.post);
    const update = () => repository.createQueryBuilder().update();
    await expectFresh(cache, {
      count: async () => {
        const { raw } = await update()
          .set({ views: () => 'views + 1' })
          .where('id = 1')
          .returning('*')
          .execute();
        return titleIn((raw as unknown[])[0]);
      },
      rename: (title) => repository.update({ id: 1 }, { title }),
    });
  });

  it.each<[string, (post: ReturnType<typeof openClient>['post']) => Promise<unknown>]>([
    ['update()', (post) => post.update({ where: { id: 1 }, data: { views: { increment: 1 } } })],
    [
      'upsert()',
      (post) => post.upsert({ where: { id: 1 }, update: { views: { increment: 1 } }, create: { title: 'x' } }),
    ],
    [
      'updateManyAndReturn()',
      async (post) => {
        const data = { views: { increment: 1 } };
        return ((await post.updateManyAndReturn({ where: { id: 1 }, data })) as unknown as unknown[])[0];
      },
    ],
  ])('is fresh through Prisma: %s', async (_, count) => {
    const { cache, prisma } = await world.prisma();
    await expectFresh(cache, {
      count: async () => titleIn(await count(prisma.post)),
      rename: (title) => prisma.post.update({ where: { id: 1 }, data: { title } }),
    });
  });

  it('is fresh through Prisma, by a statement and in a transaction', async () => {
    const cache = world.closing(createCache());
    const { client: prisma } = world.closing(await PrismaDriver.open(openClient(world.url), { cache }));
    await expectFresh(cache, {
      count: async () => titleIn(((await prisma.$queryRawUnsafe(INCREMENT)) as unknown[])[0]),
      rename: (title) => prisma.$executeRawUnsafe(RENAME, title),
    });
    await prisma.$executeRawUnsafe(RENAME, 'First');
    await expectFresh(cache, {
      count: () =>
        prisma.$transaction(async (tx) =>
          titleIn(await tx.post.update({ where: { id: 1 }, data: { views: { increment: 1 } } })),
        ),
      rename: (title) => prisma.post.update({ where: { id: 1 }, data: { title } }),
    });
  });

  it('is fresh through Kysely', async () => {
    const cache = world.closing(createCache());
    const dialect = new PostgresDialect({ pool: world.pool() });
    const watch = watchKysely(dialect, cache);
    const db = new Kysely<{ posts: { id: number; title: string; views: number } }>({ dialect });
    await watch.ready;
    const update = db.updateTable('posts').where('id', '=', 1);
    await expectFresh(cache, {
      count: async () => {
        const counted = update.set({ views: sql`views + 1` }).returning('title');
        return titleIn(await counted.executeTakeFirst());
      },
      rename: (title) => update.set({ title }).execute(),
    });
    watch();
  });

  it('is fresh through Knex', async () => {
    const cache = world.closing(createCache());
    const db = knex({ client: 'pg', connection: world.url });
    world.closing({ close: () => db.destroy() });
    await watchKnex(db, cache).ready;
    const post = () => db('posts').where({ id: 1 });
    await expectFresh(cache, {
      count: async () => titleIn((await post().increment('views', 1).returning('title'))[0]),
      rename: async (title) => await post().update({ title }),
    });
  });

  it('is fresh through Sequelize', async () => {
    const cache = world.closing(createCache());
    const sequelize = world.closing(new Sequelize(world.url, { logging: false }));
    await watchSequelize(sequelize, cache).ready;
    const { post } = modelsOf(sequelize);
    await expectFresh(cache, {
      count: async () => {
        const [[[row]]] = (await post.increment('views', { where: { id: 1 } })) as unknown as [[[unknown]]];
        return titleIn(row);
      },
      rename: (title) => post.update({ title }, { where: { id: 1 } }),
    });
  });

  it('is fresh through Drizzle', async () => {
    const cache = world.closing(createCache());
    const { drizzle } = await import('drizzle-orm/node-postgres');
    const { schema } = await import('./drizzle-tables.js');
    const db = drizzle(world.pool(), { schema });
    world.closing(await DrizzleDriver.open(db, { cache }));
    const post = eq(posts.id, 1);
    await expectFresh(cache, {
      count: async () => {
        const views = drizzleSql`${posts.views} + 1`;
        return titleIn((await db.update(posts).set({ views }).where(post).returning())[0]);
      },
      rename: async (title) => await db.update(posts).set({ title }).where(post),
    });
  });

  it('is fresh through MikroORM', async () => {
    const cache = world.closing(createCache());
    const driver = world.closing(await MikroDriver.open('6', 'postgres', { clientUrl: world.url }, cache));
    const { post } = driver.entities;
    let views = 0;
    await expectFresh(cache, {
      count: async () => {
        const counted = { id: 1, title: 'x', views: ++views };
        return titleIn(await driver.em.upsert(post, counted as never, { onConflictMergeFields: ['views'] } as never));
      },
      rename: (title) => driver.em.nativeUpdate(post, { id: 1 } as never, { title } as never),
    });
  });
});

describe('a page that counts itself in MariaDB', () => {
  const world = new Mysql2World();
  closeAfterEach();

  it('is fresh through mysql2', async () => {
    const { cache, pool } = await world.open();
    const upsert =
      "INSERT INTO posts (id, title) VALUES (1, 'x') ON DUPLICATE KEY UPDATE views = views + 1 RETURNING title";
    const rename = (title: string) => pool.execute('UPDATE posts SET title = ? WHERE id = 1', [title]);
    const ways: readonly (() => Promise<unknown[]>)[] = [() => pool.query(upsert), () => pool.execute(upsert)];
    for (const way of ways) {
      await rename('First');
      await expectFresh(cache, { count: async () => titleIn(((await way())[0] as unknown[])[0]), rename });
    }
  });

  it('is fresh where the server tells the value beside the count', async () => {
    const { cache, pool } = await world.open();
    const sent = 'UPDATE posts SET views = LAST_INSERT_ID(views + 1) WHERE id = 1';
    const pages = await pagesOf(cache, {
      '/views': async () => ((await pool.query(sent))[0] as { readonly insertId: number }).insertId,
    });
    expect(await pages.get('/views')).toBe(1);
    await pool.query('UPDATE posts SET views = 40 WHERE id = 1');
    expect(await pages.get('/views')).toBe(41);
  });
});

describe('a page that counts itself in MongoDB', () => {
  const world = new MongooseWorld();
  closeAfterEach();

  it('is fresh through the driver', async () => {
    const { cache, driver } = await world.open('7');
    const collection = driver.collection('posts');
    await expectFresh(cache, {
      count: async () => titleIn(await collection.findOneAndUpdate({ _id: 1 }, { $inc: { views: 1 } })),
      rename: (title) => collection.updateOne({ _id: 1 }, { $set: { title } }),
    });
  });

  it('is fresh through the command itself, by another field than the key', async () => {
    const { cache, driver } = await world.open('7');
    const command = { findAndModify: 'posts', query: { user_id: 1 }, update: { $inc: { views: 1 } } };
    await expectFresh(cache, {
      count: async () => titleIn((await driver.db.command(command))['value']),
      rename: (title) => driver.collection('posts').updateOne({ _id: 1 }, { $set: { title } }),
    });
  });

  it('is fresh through Mongoose', async () => {
    const cache = world.closing(createCache());
    const { models } = world.closing(await MongooseDriver.open('9', world.url, { cache }));
    await expectFresh(cache, {
      count: async () => titleIn(await models.Post.findByIdAndUpdate(1, { $inc: { views: 1 } }).lean()),
      rename: (title) => models.Post.updateOne({ _id: 1 }, { title }),
    });
  });
});
