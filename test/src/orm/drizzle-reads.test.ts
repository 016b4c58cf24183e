import { describe, expect, it } from '@jest/globals';
import { and, eq, exists, inArray, sql } from 'drizzle-orm';
import { alias } from 'drizzle-orm/pg-core';
import { closeAfterEach } from '../support/site.js';
import type { Database } from './drizzle-driver.js';
import { comments, posts, postTags, users } from './drizzle-tables.js';
import { DrizzleWorld, rename } from './drizzle-world.js';
import { pagesOf } from './prisma-world.js';

/** What is asked for, and what that depends on. */
const READS: readonly [string, (db: Database) => PromiseLike<unknown>, readonly string[]][] = [
  ['select by key', (db) => db.select().from(users).where(eq(users.id, 1)), ['users#1']],
  [
    'select by several keys',
    (db) =>
      db
        .select()
        .from(users)
        .where(inArray(users.id, [1, 2])),
    ['users#1', 'users#2'],
  ],
  ['select by a key of two columns', (db) => byBoth(db), ['post_tags#1,1']],
  ['a row that is not there', (db) => db.select().from(users).where(eq(users.id, 99)), ['users#99']],
  ['findFirst by key', (db) => db.query.posts.findFirst({ where: eq(posts.id, 1) }), ['posts#1']],
  [
    'findMany with relations',
    (db) => db.query.posts.findMany({ with: { user: true, comments: true } }),
    ['comments', 'posts', 'users'],
  ],
  ['select by another column', (db) => db.select().from(users).where(eq(users.name, 'Ana')), ['users']],
  ['joins', (db) => db.select().from(posts).leftJoin(users, eq(users.id, posts.userId)), ['posts', 'users']],
  [
    'subqueries',
    (db) =>
      db
        .select()
        .from(posts)
        .where(exists(db.select().from(comments))),
    ['comments', 'posts'],
  ],
  ['$count', (db) => db.$count(posts), ['posts']],
  [
    'with',
    (db) => {
      const some = db.$with('some').as(db.select({ id: users.id }).from(users));
      return db.with(some).select().from(some);
    },
    ['users'],
  ],
  ['aliases', (db) => db.select().from(alias(users, 'u')), ['users']],
  ['execute', (db) => db.execute(sql`SELECT * FROM users WHERE id = ${2}`), ['users#2']],
  [
    'prepared',
    (db) =>
      db
        .select()
        .from(users)
        .where(eq(users.id, sql.placeholder('id')))
        .prepare('by_id')
        .execute({ id: 2 }),
    ['users#2'],
  ],
  [
    'past Drizzle',
    (db) =>
      (db as Database & { $client: { query(text: string): Promise<unknown> } }).$client.query(
        'SELECT * FROM posts WHERE id = 2',
      ),
    ['posts#2'],
  ],
];

function byBoth(db: Database): PromiseLike<unknown> {
  return db
    .select()
    .from(postTags)
    .where(and(eq(postTags.postId, 1), eq(postTags.tagId, 1)));
}

describe('what a view reads through Drizzle', () => {
  const world = new DrizzleWorld();
  closeAfterEach();

  it.each(READS)('%s', async (_, read, tags) => {
    const { cache, db } = await world.reach();
    const pages = await pagesOf(cache, { '/page': async () => await read(db) });
    expect(await pages.tagsOf('/page')).toEqual(tags);
  });

  it('of a prepared statement counts each time that it is executed', async () => {
    const { cache, db } = await world.reach();
    const byId = db
      .select()
      .from(users)
      .where(eq(users.id, sql.placeholder('id')))
      .prepare('again');
    await byId.execute({ id: 1 });
    const pages = await pagesOf(cache, { '/page': async () => await byId.execute({ id: 2 }) });
    expect(await pages.tagsOf('/page')).toEqual(['users#2']);
  });

  it('comes out of a cache of Drizzle as old as that is, and is not stored then', async () => {
    const kept = new Map<string, unknown>();
    const own = {
      strategy: () => 'all',
      get: async (key: string) => kept.get(key),
      put: async (key: string, result: unknown) => void kept.set(key, result),
      onMutate: async () => {},
    };
    const { cache, db } = await world.reach({ database: { cache: own as never } });
    const byId = async (id: number) => await db.select().from(users).where(eq(users.id, id));
    const pages = await pagesOf(cache, { '/one': () => byId(1), '/two': () => byId(2) });
    // It was asked, and had nothing.
    expect(await pages.tagsOf('/one')).toEqual(['users#1']);
    await rename(db, 1);
    expect(await pages.get('/one')).toMatchObject([{ name: 'Ana' }]);
    kept.clear();
    expect(await pages.get('/one')).toMatchObject([{ name: 'x' }]);
    expect(pages.runs['/one']).toBe(3);
    expect(cache.stats().refused).toMatchObject({ 'older-snapshot': 1 });
  });

  it('is not heard where nobody wants to hear it', async () => {
    const { cache, db } = await world.reach({ watch: { trackReads: false } });
    const pages = await pagesOf(cache, { '/page': async () => await db.select().from(users) });
    expect(await pages.tagsOf('/page')).toEqual([]);
  });
});
