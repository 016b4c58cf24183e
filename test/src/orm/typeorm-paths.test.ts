import { describe, expect, it } from '@jest/globals';
import type { DataSource, EntitySchema } from 'typeorm';
import { heardBy } from './pg-world.js';
import { type TypeOrmDriver, VERSIONS, type Version } from './typeorm-driver.js';
import { TypeOrmWorld } from './typeorm-world.js';

interface Note {
  id: number;
  slug: string;
  body: string;
  goneAt: Date | null;
}

const NOTES = `
CREATE SCHEMA IF NOT EXISTS office;
DROP TABLE IF EXISTS office.notes;
CREATE TABLE office.notes (id serial PRIMARY KEY, slug text NOT NULL UNIQUE, body text NOT NULL, gone_at timestamptz);
INSERT INTO office.notes (slug, body) VALUES ('a', 'one'), ('b', 'two')`;

const USER_1 = ['users', 'users#1'];
const POST_1 = ['posts', 'posts#1'];
const NOTE_1 = ['office.notes', 'office.notes#1'];

type Write = (driver: TypeOrmDriver, source: DataSource, notes: EntitySchema<Note>) => Promise<unknown>;

/** A way to write, and the tags of each invalidation that it comes to. */
const PATHS: readonly (readonly [string, readonly string[][], Write])[] = [
  [
    'save() of a new entity with children',
    [['comments', 'comments#3', 'posts', 'posts#3']],
    ({ entities }, source) =>
      source.getRepository(entities.post).save({ title: 'Third', comments: [{ body: 'One' }] } as never),
  ],
  [
    'save() of one that was changed',
    [USER_1],
    async ({ entities }, source) => {
      const user = await source.getRepository(entities.user).findOneByOrFail({ id: 1 });
      await source.getRepository(entities.user).save({ ...user, name: 'Anabela' });
    },
  ],
  [
    'save() of several, in one transaction',
    [[...USER_1, 'users#2']],
    async ({ entities }, source) => {
      const users = await source.getRepository(entities.user).find();
      for (const user of users) user.name += '!';
      await source.getRepository(entities.user).save(users);
    },
  ],
  [
    'remove()',
    [['comments', 'comments#1']],
    async ({ entities }, source) => {
      const comment = await source.getRepository(entities.comment).findOneByOrFail({ id: 1 });
      await source.getRepository(entities.comment).remove(comment);
    },
  ],
  [
    'what no listener is called for (8)',
    [USER_1],
    ({ entities }, source) =>
      source
        .createQueryBuilder()
        .update(entities.user)
        .set({ name: 'x' })
        .where({ id: 1 })
        .callListeners(false)
        .execute(),
  ],
  [
    'update() of a list of keys',
    [[...USER_1, 'users#2']],
    ({ entities }, source) => source.getRepository(entities.user).update([1, 2], { name: 'x' }),
  ],
  [
    'update() of no row (6)',
    [],
    ({ entities }, source) => source.getRepository(entities.user).update({ email: 'nobody' }, { name: 'x' }),
  ],
  [
    'clear() (13)',
    [['comments', 'comments!bulk']],
    ({ entities }, source) => source.getRepository(entities.comment).clear(),
  ],
  [
    'a relation that is set',
    [POST_1],
    ({ entities }, source) => source.createQueryBuilder().relation(entities.post, 'user').of(1).set(2),
  ],
  [
    'rows between two tables that are taken away by save() (27)',
    [['post_tags', 'post_tags#1,1']],
    async ({ entities }, source) => {
      const post = await source
        .getRepository(entities.post)
        .findOneOrFail({ where: { id: 1 }, relations: { tags: true } });
      post.tags = [];
      await source.getRepository(entities.post).save(post);
    },
  ],
  ['softDelete() (21)', [NOTE_1], (_, source, notes) => source.getRepository(notes).softDelete(1)],
  [
    'restore() (21)',
    [NOTE_1, NOTE_1],
    async (_, source, notes) => {
      await source.getRepository(notes).softDelete(1);
      await source.getRepository(notes).restore(1);
    },
  ],
  [
    'upsert() by another unique column: the row that RETURNING names',
    [NOTE_1],
    (_, source, notes) => source.getRepository(notes).upsert({ slug: 'a', body: 'x' }, ['slug']),
  ],
  [
    'upsert() of rows that are there and that are not (16)',
    [['office.notes', 'office.notes#2', 'office.notes#4']],
    (_, source, notes) =>
      source.getRepository(notes).upsert(
        [
          { slug: 'c', body: 'x' },
          { slug: 'b', body: 'x' },
        ].reverse(),
        ['slug'],
      ),
  ],
  [
    'a raw statement with parameters',
    [['office.notes', 'office.notes#2']],
    (_, source) => source.query('UPDATE office.notes SET body = $1 WHERE id = $2', ['x', 2]),
  ],
  ['a raw statement that only reads', [], (_, source) => source.query('SELECT * FROM users FOR UPDATE')],
  [
    'a statement of a runner',
    [USER_1],
    async (_, source) => {
      const runner = source.createQueryRunner();
      await runner.query("UPDATE users SET name = 'x' WHERE id = 1");
      await runner.release();
      await expect(runner.query('SELECT 1')).rejects.toThrow('released');
    },
  ],
  [
    'DDL of a runner (65)',
    [
      ['users', 'users!bulk'],
      ['users', 'users!bulk'],
    ],
    async ({ watch }, source) => {
      const { TableColumn } = VERSIONS['1'];
      const runner = source.createQueryRunner();
      await runner.addColumn('users', new TableColumn({ name: 'note', type: 'text', isNullable: true }));
      await watch.ready;
      await runner.dropColumn('users', 'note');
      await runner.release();
    },
  ],
];

describe.each(Object.keys(VERSIONS) as Version[])('a write through TypeORM %s', (version) => {
  const world = new TypeOrmWorld(version);

  it.each(PATHS)('%s invalidates %j', async (_, expected, write) => {
    await world.admin.query(NOTES);
    const notes = new world.module.EntitySchema<Note>({
      name: 'Note',
      schema: 'office',
      tableName: 'notes',
      columns: {
        id: { type: 'int', primary: true, generated: 'increment' },
        slug: { type: 'text', unique: true },
        body: { type: 'text' },
        goneAt: { type: 'timestamptz', name: 'gone_at', deleteDate: true, nullable: true },
      },
    });
    const { cache, driver, source } = await world.reach({ entities: [notes as EntitySchema<never>] });
    const heard = heardBy(cache);
    await write(driver, source, notes);
    expect(heard).toEqual(expected);
  });
});
