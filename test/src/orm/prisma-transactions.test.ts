import { describe, expect, it } from '@jest/globals';
import { PrismaPg } from '@prisma/adapter-pg';
import { createCache } from '@viewcache/core';
import { afterCommit } from '@viewcache/orm';
import { watchPrisma } from '@viewcache/orm/prisma';
import type pg from 'pg';
import { gate } from '../support/gate.js';
import { heardBy } from './pg-world.js';
import { PrismaWorld } from './prisma-world.js';

const USER_1 = ['users', 'users#1'];
const NO_USER = { data: { title: 'of nobody', userId: 4711 } };

describe('what Prisma makes one transaction of', () => {
  const world = new PrismaWorld();

  it('a create of several levels, invalidates each table of it once (29)', async () => {
    const { cache, prisma } = await world.prisma();
    const heard = heardBy(cache);
    await prisma.user.create({
      data: {
        name: 'Eva',
        posts: {
          create: {
            title: 'Third',
            comments: { create: { body: 'Well' } },
            tags: { create: { tagId: 1 } },
            labels: { connectOrCreate: { where: { name: 'a' }, create: { name: 'a' } } },
          },
        },
      },
    });
    expect(heard).toHaveLength(1);
    expect(heard[0]).toEqual(expect.arrayContaining(['users', 'users#3', 'posts', 'posts#3', 'comments', 'post_tags']));
    expect(heard[0]).toEqual(expect.arrayContaining(['labels', '_LabelToPost']));
    for (const kept of ['users!bulk', 'users!ins', 'posts!bulk', 'profiles']) expect(heard[0]).not.toContain(kept);
  });

  it('a create of several levels of which one fails, invalidates nothing (29)', async () => {
    const { cache, prisma } = await world.prisma();
    const heard = heardBy(cache);
    const failing = { create: [{ title: 'x', tags: { create: { tagId: 4711 } } }] };
    await expect(prisma.user.create({ data: { name: 'Eva', posts: failing } })).rejects.toThrow();
    expect(heard).toEqual([]);
  });

  it('links between lists, invalidates the table that Prisma keeps for them (26, 27)', async () => {
    const { cache, prisma } = await world.prisma();
    const data = { labels: { create: { name: 'a' } } };
    await prisma.post.update({ where: { id: 1 }, data });
    const heard = heardBy(cache);
    await prisma.post.update({ where: { id: 1 }, data: { labels: { set: [] } } });
    expect(heard).toEqual([expect.arrayContaining(['_LabelToPost'])]);
    expect(heard[0]).not.toContain('labels');
  });

  it('a list of calls, invalidates all at once, or nothing where one of them fails (30)', async () => {
    const { cache, prisma } = await world.prisma();
    const heard = heardBy(cache);
    const rename = () => prisma.user.update({ where: { id: 1 }, data: { name: 'Anabela' } });
    await expect(prisma.$transaction([rename(), prisma.post.create(NO_USER)])).rejects.toThrow();
    expect(heard).toEqual([]);
    await prisma.$transaction([rename(), prisma.user.delete({ where: { id: 2 } })]);
    expect(heard).toEqual([expect.arrayContaining(['users#1', 'users#2', 'posts!bulk', 'comments!bulk'])]);
  });
});

describe('transactions of Prisma', () => {
  const world = new PrismaWorld();

  it('invalidate nothing before the commit, and all of it once with it (31)', async () => {
    const { cache, prisma } = await world.prisma();
    const heard = heardBy(cache);
    await prisma.$transaction(async (tx) => {
      await tx.user.update({ where: { id: 1 }, data: { name: 'Anabela' } });
      await tx.$executeRaw`UPDATE users SET name = 'Rita' WHERE id = ${2}`;
      expect(heard).toEqual([]);
    });
    expect(heard).toEqual([['users', 'users#1', 'users#2']]);
  });

  it('that run out of time invalidate nothing (33)', async () => {
    const { cache, prisma } = await world.prisma();
    const heard = heardBy(cache);
    const failing = prisma.$transaction(
      async (tx) => {
        await tx.user.update({ where: { id: 1 }, data: { name: 'Anabela' } });
        // Ends when it finds itself ended.
        for (;;) await tx.user.count();
      },
      { timeout: 200 },
    );
    await expect(failing).rejects.toThrow(/expired|timeout|Transaction/);
    await prisma.user.update({ where: { id: 2 }, data: { name: 'Rita' } });
    expect(heard).toEqual([['users', 'users#2']]);
  });

  it('that PostgreSQL rolls back at their COMMIT, since something in them has failed, invalidate nothing (37)', async () => {
    const { cache, prisma } = await world.prisma();
    const heard = heardBy(cache);
    await prisma.$transaction(async (tx) => {
      await tx.user.update({ where: { id: 1 }, data: { name: 'Anabela' } });
      await tx.$queryRaw`SELECT 1 / 0`.catch(() => {});
    });
    expect(await prisma.user.findUnique({ where: { id: 1 } })).toMatchObject({ name: 'Ana' });
    expect(heard).toEqual([]);
  });

  it('in which what has failed was taken back to a savepoint invalidate the rest', async () => {
    const { cache, prisma } = await world.prisma();
    const heard = heardBy(cache);
    await prisma.$transaction(async (tx) => {
      await tx.user.update({ where: { id: 1 }, data: { name: 'Anabela' } });
      await tx.$transaction(async (inner) => void (await inner.post.create(NO_USER))).catch(() => {});
    });
    expect(await prisma.user.findUnique({ where: { id: 1 } })).toMatchObject({ name: 'Anabela' });
    expect(heard).toEqual([USER_1]);
  });

  it('whose COMMIT is refused invalidate nothing, and their repetition once (38, 39)', async () => {
    const { cache, prisma } = await world.prisma();
    const heard = heardBy(cache);
    const attempt = (beside: () => Promise<unknown>) =>
      prisma.$transaction(
        async (tx) => {
          await tx.post.count();
          await tx.user.update({ where: { id: 1 }, data: { name: 'Anabela' } });
          await beside();
        },
        { isolationLevel: 'Serializable' },
      );
    const failed = attempt(async () => {
      const other = await world.admin.connect();
      await other.query('BEGIN ISOLATION LEVEL SERIALIZABLE');
      await other.query('SELECT count(*) FROM users');
      await other.query("INSERT INTO posts (title) VALUES ('beside')");
      await other.query('COMMIT');
      other.release();
    });
    await expect(failed).rejects.toThrow();
    expect(heard).toEqual([]);
    await attempt(async () => {});
    expect(heard).toEqual([USER_1]);
  });

  it('stay apart from each other (41)', async () => {
    const { cache, prisma } = await world.prisma();
    const heard = heardBy(cache);
    const [written, undone] = [gate(), gate()];
    const kept = prisma.$transaction(async (tx) => {
      await tx.user.update({ where: { id: 1 }, data: { name: 'Anabela' } });
      written.open();
      await undone.passed;
    });
    await written.passed;
    const failing = prisma.$transaction(async (tx) => {
      await tx.user.update({ where: { id: 2 }, data: { name: 'Rita' } });
      throw new Error('undone');
    });
    await expect(failing).rejects.toThrow('undone');
    undone.open();
    await kept;
    expect(heard).toEqual([USER_1]);
  });

  it('whose connection dies leave nothing behind for the next (42)', async () => {
    const { cache, prisma } = await world.prisma();
    const heard = heardBy(cache);
    const failing = prisma.$transaction(async (tx) => {
      await tx.user.update({ where: { id: 1 }, data: { name: 'Anabela' } });
      const [row] = (await tx.$queryRaw`SELECT pg_backend_pid() AS pid`) as [{ pid: number }];
      await world.admin.query('SELECT pg_terminate_backend($1)', [row.pid]);
      await tx.user.count();
    });
    await expect(failing).rejects.toThrow();
    await prisma.user.update({ where: { id: 2 }, data: { name: 'Rita' } });
    expect(heard).toEqual([['users', 'users#2']]);
  });

  it.each([
    ['COMMIT', 'a COMMIT'],
    ['UPDATE', 'a statement alone'],
  ])('count as committed when the answer to %s is lost', async (verb) => {
    const cache = world.closing(createCache());
    const pool = world.pool();
    pool.on('error', () => {});
    const prisma = world.client(world.url, new PrismaPg(pool));
    await watchPrisma(prisma, cache).ready;
    const heard = heardBy(cache);
    pool.on('connect', (client) => losing(client, verb));
    for (const client of await Promise.all([pool.connect(), pool.connect()])) client.release(true);
    const update = { where: { id: 1 }, data: { name: 'Anabela' } };
    const call =
      verb === 'COMMIT' ? prisma.$transaction(async (tx) => tx.user.update(update)) : prisma.user.update(update);
    await expect(call).rejects.toThrow();
    expect(heard).toEqual([USER_1]);
  });

  it('deliver tags of the app with what they write, and not when they are rolled back', async () => {
    const { cache, prisma } = await world.prisma();
    const heard = heardBy(cache);
    await prisma.$transaction(async (tx) => {
      await afterCommit(tx, ['prices', 'menu']);
      await tx.$transaction(async (inner) => {
        await afterCommit(inner, 'inner');
        await inner.user.update({ where: { id: 1 }, data: { name: 'Anabela' } });
      });
      expect(heard).toEqual([]);
    });
    expect(heard).toEqual([['inner', 'menu', 'prices', ...USER_1]]);
    const failing = prisma.$extends({}).$transaction(async (tx) => {
      await afterCommit(tx, 'prices');
      throw new Error('undone');
    });
    await expect(failing).rejects.toThrow('undone');
    expect(heard).toHaveLength(1);
    await afterCommit(prisma, 'prices');
    expect(heard.at(-1)).toEqual(['prices']);
  });

  it('hold what a view reads back from being stored, once they have written (46)', async () => {
    const { cache, driver, site, prisma } = await world.prisma();
    const { user } = driver.reads;
    await prisma
      .$transaction(async (tx) => {
        await tx.user.update({ where: { id: 1 }, data: { name: 'not yet' } });
        Object.assign(driver.reads, { user: (id: number) => tx.user.findUnique({ where: { id } }) });
        expect(await site.get('V1')).toMatchObject({ name: 'not yet' });
        Object.assign(driver.reads, { user: (id: number) => tx.$queryRaw`SELECT name FROM users WHERE id = ${id}` });
        expect(await site.get('V1')).toMatchObject([{ name: 'not yet' }]);
        throw new Error('undone');
      })
      .catch(() => {});
    Object.assign(driver.reads, { user });
    expect(await site.get('V1')).toMatchObject({ name: 'Ana' });
    expect(cache.stats().refused).toMatchObject({ 'uncommitted-read': 2 });
  });

  it('hold what a view reads back from being stored, where they are older than it (46)', async () => {
    const { cache, driver, site, prisma } = await world.prisma();
    const { user } = driver.reads;
    await prisma.$transaction(
      async (tx) => {
        await tx.user.count();
        await driver.writes.renameUser(1, 'Anabela');
        Object.assign(driver.reads, { user: (id: number) => tx.user.findUnique({ where: { id } }) });
        expect(await site.get('V1')).toMatchObject({ name: 'Ana' });
      },
      { isolationLevel: 'RepeatableRead' },
    );
    Object.assign(driver.reads, { user });
    expect(await site.get('V1')).toMatchObject({ name: 'Anabela' });
    expect(cache.stats().refused).toMatchObject({ 'older-snapshot': 1 });
  });

  it('of a view itself, which only read, do not keep it from being stored', async () => {
    const { driver, site, prisma } = await world.prisma();
    Object.assign(driver.reads, {
      user: (id: number) => prisma.$transaction(async (tx) => tx.user.findUnique({ where: { id } })),
      users: () => prisma.$transaction([prisma.user.findMany({ orderBy: { id: 'asc' } })]),
    });
    for (const view of ['V1', 'V1', 'VL', 'VL'] as const) await site.get(view);
    expect([site.runs.get('/users/1'), site.runs.get('/users')]).toEqual([1, 1]);
    await prisma.user.update({ where: { id: 1 }, data: { name: 'Anabela' } });
    expect(await site.get('V1')).toMatchObject({ name: 'Anabela' });
    expect(await site.get('VL')).toMatchObject([[{ name: 'Anabela' }, { name: 'Rui' }]]);
  });
});

/** The connection of a client goes when it has sent a statement that begins so. */
function losing(client: pg.PoolClient, verb: string): void {
  client.on('error', () => {});
  const { query } = client as unknown as { query(...given: unknown[]): unknown };
  Object.assign(client, {
    query(...given: unknown[]) {
      const [config] = given as [{ readonly text?: string }];
      const sent = query.apply(client, given);
      if (config.text?.startsWith(verb) === true)
        (client as unknown as { connection: { stream: { destroy(): void } } }).connection.stream.destroy();
      return sent;
    },
  });
}
