import { describe, expect, it } from '@jest/globals';
import { gate } from '../support/gate.js';
import { closeAfterEach } from '../support/site.js';
import type { Client } from './prisma/client.js';
import { PrismaWorld, pagesOf } from './prisma-world.js';

describe('what views read through Prisma', () => {
  const world = new PrismaWorld();
  closeAfterEach();

  it('is of each view, where Prisma sends calls of several as one (48)', async () => {
    const { cache, prisma } = await world.prisma();
    const bothCame = [gate(), gate()];
    const read = async (id: number) => {
      bothCame[id - 1]?.open();
      for (const { passed } of bothCame) await passed;
      return prisma.user.findUnique({ where: { id } });
    };
    const pages = await pagesOf(cache, { '/a': () => read(1), '/b': () => read(2) });
    await Promise.all([pages.get('/a'), pages.get('/b')]);
    expect([await pages.tagsOf('/a'), await pages.tagsOf('/b')]).toEqual([['users#1'], ['users#2']]);
    await prisma.user.update({ where: { id: 2 }, data: { name: 'Rita' } });
    await Promise.all([pages.get('/a'), pages.get('/b')]);
    expect(pages.runs).toEqual({ '/a': 1, '/b': 2 });
  });

  it('is of each view, where calls of several go out in one turn of a transaction (48)', async () => {
    const { cache, prisma } = await world.prisma();
    await prisma.$transaction(async (tx) => {
      const bothCame = [gate(), gate()];
      const read = async (at: number, call: () => Promise<unknown>) => {
        bothCame[at]?.open();
        for (const { passed } of bothCame) await passed;
        return await call();
      };
      const pages = await pagesOf(cache, {
        '/a': () => read(0, () => tx.$queryRaw`SELECT name FROM users WHERE id = ${1}`),
        '/b': () => read(1, () => tx.$queryRawUnsafe('SELECT name FROM tags WHERE id = $1', 2)),
      });
      await Promise.all([pages.get('/a'), pages.get('/b')]);
      // Older than the views, the transaction keeps them from being stored: what they had read is seen without it.
      expect(cache.stats().refused).toMatchObject({ 'older-snapshot': 2 });
    });
    const pages = await pagesOf(cache, {
      '/a': () => prisma.$queryRaw`SELECT name FROM users WHERE id = ${1}`,
      '/b': () => prisma.$queryRawUnsafe('SELECT name FROM tags WHERE id = $1', 2),
    });
    expect([await pages.tagsOf('/a'), await pages.tagsOf('/b')]).toEqual([['users#1'], ['tags#2']]);
  });

  it.each<[string, (prisma: Client) => Promise<unknown>, string[]]>([
    ['a row', (on) => on.user.findUnique({ where: { id: 7 } }), ['users#7']],
    ['rows', (on) => on.user.findMany({ where: { id: { in: [1, 2] } } }), ['users#1', 'users#2']],
    [
      'a row with more conditions',
      (on) => on.user.findFirst({ where: { AND: [{ id: 1 }, { name: 'Ana' }] } }),
      ['users#1'],
    ],
    [
      'a row by several columns',
      (on) => on.postTag.findUnique({ where: { postId_tagId: { postId: 1, tagId: 2 } } }),
      ['post_tags#1,2'],
    ],
    ['one column of several', (on) => on.postTag.findMany({ where: { postId: 1 } }), ['post_tags']],
    ['one or another', (on) => on.user.findMany({ where: { OR: [{ id: 1 }, { email: 'x' }] } }), ['users']],
    ['all but one', (on) => on.user.findMany({ where: { NOT: { id: 1 } } }), ['users']],
    ['a condition that is left out', (on) => on.user.findMany({ where: { id: undefined } }), ['users']],
    ['rows behind a cursor', (on) => on.user.findMany({ where: { id: { in: [2] } }, cursor: { id: 1 } }), ['users']],
    ['by another unique column', (on) => on.label.findUnique({ where: { name: 'a' } }), ['labels']],
    ['a relation', (on) => on.post.findUnique({ where: { id: 1 }, include: { user: true } }), ['posts#1', 'users']],
    [
      'a relation that is not asked for',
      (on) => on.post.findUnique({ where: { id: 1 }, include: { user: false } }),
      ['posts#1'],
    ],
    [
      'a relation by select',
      (on) => on.post.findUnique({ where: { id: 1 }, select: { comments: { select: { post: true } } } }),
      ['comments', 'posts', 'posts#1'],
    ],
    ['by a relation', (on) => on.user.findUnique({ where: { id: 1 } }).posts(), ['posts', 'users#1']],
    [
      'where a relation is',
      (on) => on.user.findMany({ where: { posts: { some: { comments: { none: { body: 'x' } } } } } }),
      ['comments', 'posts', 'users'],
    ],
    [
      'where NOT a relation is',
      (on) => on.post.findFirst({ where: { id: 1, NOT: { user: { is: { name: 'x' } } } } }),
      ['posts#1', 'users'],
    ],
    [
      'in the order of a relation',
      (on) => on.post.findMany({ orderBy: [{ user: { name: 'asc' } }] }),
      ['posts', 'users'],
    ],
    [
      'in the order of a count',
      (on) => on.user.findMany({ orderBy: { posts: { _count: 'desc' } } }),
      ['posts', 'users'],
    ],
    ['a table between', (on) => on.label.findMany({ include: { posts: true } }), ['_LabelToPost', 'labels', 'posts']],
    [
      'where something is beyond it',
      (on) => on.post.findMany({ where: { labels: { every: { name: 'a' } } } }),
      ['_LabelToPost', 'labels', 'posts'],
    ],
    ['a count of all', (on) => on.post.count(), ['posts']],
    ['a count of some', (on) => on.post.count({ where: { user: { name: 'Ana' } } }), ['posts', 'users']],
    [
      'counts of relations',
      (on) => on.user.findUnique({ where: { id: 1 }, include: { _count: true } }),
      ['posts', 'profiles', 'users#1'],
    ],
    [
      'a count of a relation',
      (on) =>
        on.post.findUnique({
          where: { id: 1 },
          select: { _count: { select: { labels: { where: { posts: { some: { userId: 1 } } } } } } },
        }),
      ['_LabelToPost', 'labels', 'posts', 'posts#1'],
    ],
    ['a total', (on) => on.post.aggregate({ _sum: { views: true }, _count: true }), ['posts']],
    ['groups', (on) => on.post.groupBy({ by: ['userId'], _count: true, having: { userId: { gt: 0 } } }), ['posts']],
    [
      'a statement',
      (on) => on.$queryRaw`SELECT t.name FROM tags t JOIN post_tags p ON p.tag_id = t.id`,
      ['post_tags', 'tags'],
    ],
    ['a statement of a row', (on) => on.$queryRaw`SELECT * FROM users WHERE id = ${1} AND name <> ${'x'}`, ['users#1']],
    [
      'a list of calls',
      (on) => on.$transaction([on.user.count(), on.tag.findUnique({ where: { id: 1 } })]),
      ['tags#1', 'users'],
    ],
    [
      'a row that is written, with a relation',
      (on) => on.tag.create({ data: { name: 'x' }, include: { posts: { include: { post: true } } } }),
      ['post_tags', 'posts'],
    ],
  ])('%s', async (_, read, tags) => {
    const { cache, prisma } = await world.prisma();
    const pages = await pagesOf(cache, { '/page': () => read(prisma) });
    expect(await pages.tagsOf('/page')).toEqual(tags);
  });

  it('is what a client reads that an extension has made, with what that asks for', async () => {
    const { cache, prisma } = await world.prisma();
    const extended = prisma.$extends({
      query: {
        user: {
          findMany: ({ args, query }: { args: object; query(args: object): unknown }) =>
            query({ ...args, where: { posts: { some: {} } } }),
        },
      },
      model: { user: { all: () => prisma.user.findMany() } },
    });
    const pages = await pagesOf(cache, { '/page': () => extended.user.findMany() });
    expect(await pages.tagsOf('/page')).toEqual(['posts', 'users']);
  });

  it('writes something itself, which is no read of it', async () => {
    const { cache, prisma } = await world.prisma();
    const pages = await pagesOf(cache, {
      '/page': async () => {
        await prisma.comment.create({ data: { body: 'seen' } });
        await prisma.tag.updateMany({ where: { posts: { some: {} } }, data: { name: 'x' } });
        return await prisma.user.findUnique({ where: { id: 1 } });
      },
    });
    expect(await pages.tagsOf('/page')).toEqual(['users#1']);
    await pages.get('/page');
    expect(pages.runs).toEqual({ '/page': 1 });
  });

  it('is not stored where it was written meanwhile (45), and fresh to whoever has written it (47)', async () => {
    const { driver, site } = await world.prisma();
    const [read, written] = [gate(), gate()];
    const { user } = driver.reads;
    Object.assign(driver.reads, {
      user: async (id: number) => {
        const row = await user(id);
        read.open();
        await written.passed;
        return row;
      },
    });
    const early = site.get('V1');
    await read.passed;
    await driver.writes.renameUser(1, 'Anabela');
    written.open();
    expect(await early).toMatchObject({ name: 'Ana' });
    Object.assign(driver.reads, { user });
    expect(await site.get('V1')).toMatchObject({ name: 'Anabela' });
  });

  it('goes when a row appears in a table that was empty (52)', async () => {
    const { driver, site } = await world.prisma();
    await world.admin.query('TRUNCATE posts CASCADE');
    expect(await site.get('VP')).toEqual([]);
    await driver.writes.insertPost('Third', 1);
    expect(await site.get('VP')).toMatchObject([{ title: 'Third' }]);
  });

  it('goes with any row, where new rows have keys that Prisma does not tell', async () => {
    const { cache, prisma } = await world.prisma();
    const pages = await pagesOf(cache, { '/none': () => prisma.user.findUnique({ where: { id: 3 } }) });
    expect(await pages.get('/none')).toBeNull();
    await prisma.user.createMany({ data: [{ name: 'Eva' }] });
    expect(await pages.get('/none')).toMatchObject({ name: 'Eva' });
  });

  it('of a view of the database is of the tables that it reads (54)', async () => {
    await world.admin.query('CREATE VIEW authors AS SELECT u.name FROM users u JOIN posts p ON p.user_id = u.id');
    const { cache, prisma } = await world.prisma();
    const pages = await pagesOf(cache, { '/page': () => prisma.$queryRaw`SELECT * FROM authors` });
    expect(await pages.tagsOf('/page')).toEqual(['posts', 'users']);
    await world.admin.query('DROP VIEW authors');
  });

  it('is not tracked where the watch was told so', async () => {
    const { driver, site } = await world.prisma({}, { trackReads: false });
    await site.ran();
    await driver.writes.renameUser(1, 'Anabela');
    expect(await site.ran()).toEqual([]);
  });
});
