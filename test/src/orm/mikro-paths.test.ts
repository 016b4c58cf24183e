import { expect, it } from '@jest/globals';
import { describeVersions } from './mikro/describe-versions.js';
import type { MikroDriver } from './mikro/driver.js';
import type { Em, Version } from './mikro/versions.js';
import { MikroWorld } from './mikro/world.js';
import { heardBy } from './pg-world.js';

const USER_1 = ['users', 'users#1'];
const USER_2 = ['users', 'users#2'];
const POST_1 = ['posts', 'posts#1'];

type Write = (driver: MikroDriver, em: Em) => Promise<unknown>;

/** A way to write, and the tags of each invalidation that it comes to. */
const PATHS: readonly (readonly [string, readonly string[][], Write])[] = [
  [
    'flush() of a new entity with children and rows between two',
    [['comments', 'comments#3', 'post_tags', 'post_tags#3,1', 'posts', 'posts#3']],
    async ({ entities }, em) => {
      em.create(entities.post, { title: 'Third', comments: [{ body: 'One' }], tags: [1] } as never);
      await em.flush();
    },
  ],
  [
    'flush() of one that was changed',
    [USER_1],
    async ({ entities }, em) => {
      (await em.findOneOrFail(entities.user, 1)).name = 'Anabela';
      await em.flush();
    },
  ],
  [
    'flush() of several in one statement, in one transaction',
    [[...USER_1, 'users#2']],
    async ({ entities }, em) => {
      for (const user of await em.find(entities.user, {})) user.name += '!';
      await em.flush();
    },
  ],
  [
    'flush() of nothing',
    [],
    async ({ entities }, em) => {
      await em.find(entities.user, {}, { populate: [] });
      await em.flush();
    },
  ],
  [
    'flush() of one that was removed',
    [['comments', 'comments#1']],
    async ({ entities }, em) => {
      em.remove(await em.findOneOrFail(entities.comment, 1));
      await em.flush();
    },
  ],
  [
    'flush() of a reference that was set',
    [POST_1],
    async ({ entities }, em) => {
      (await em.findOneOrFail(entities.post, 1)).user = em.getReference(entities.user, 2);
      await em.flush();
    },
  ],
  [
    'rows between two tables that are taken away (27)',
    [['post_tags', 'post_tags#1,1']],
    async ({ entities }, em) => {
      const post = await em.findOneOrFail(entities.post, 1, { populate: ['tags'] } as never);
      post.tags.removeAll();
      await em.flush();
    },
  ],
  [
    'nativeUpdate() of a list of keys',
    [[...USER_1, 'users#2']],
    ({ entities }, em) => em.nativeUpdate(entities.user, { id: [1, 2] } as never, { name: 'x' }),
  ],
  [
    'nativeUpdate() of no row (6)',
    [],
    ({ entities }, em) => em.nativeUpdate(entities.user, { email: 'nobody' }, { name: 'x' }),
  ],
  ['nativeDelete()', [['comments', 'comments#2']], ({ entities }, em) => em.nativeDelete(entities.comment, { id: 2 })],
  [
    'a query builder',
    [USER_2],
    ({ entities }, em) => em.createQueryBuilder(entities.user).update({ name: 'x' }).where({ id: 2 }).execute(),
  ],
  [
    'truncate() of a query builder (13)',
    [['comments', 'comments!bulk']],
    ({ entities }, em) => em.createQueryBuilder(entities.comment).truncate().execute(),
  ],
  [
    'upsertMany() of rows that are there and that are not (16)',
    [['users', 'users#2', 'users#9']],
    ({ entities }, em) =>
      em.upsertMany(entities.user, [
        { id: 9, name: 'x' },
        { id: 2, name: 'x' },
      ] as never),
  ],
  [
    'a raw statement with parameters',
    [USER_2],
    (_, em) => em.execute('UPDATE users SET name = ? WHERE id = ?', ["it's \\ so", 2]),
  ],
  [
    'a raw statement of the connection',
    [USER_1],
    (_, em) => em.getConnection().execute("UPDATE users SET name = 'x' WHERE id = 1", [], 'run'),
  ],
  ['a raw statement that only reads', [], (_, em) => em.execute('SELECT * FROM users FOR UPDATE')],
  [
    'DDL (65)',
    [
      ['users', 'users!bulk'],
      ['users', 'users!bulk'],
    ],
    async ({ watch }, em) => {
      await em.execute('ALTER TABLE users ADD note text');
      await watch.ready;
      await em.execute('ALTER TABLE users DROP note');
    },
  ],
  ['what it is made of, past MikroORM', [USER_1], (_, em) => past(em)],
  [
    'what it is made of, past MikroORM, in a transaction',
    [[...USER_1, 'users#2']],
    (driver) =>
      driver.transaction(async (tx) => {
        await past(tx);
        await driver.writes.renameUser(2, 'y', tx);
      }),
  ],
];

/** By Knex or Kysely: with a plugin of its own, which makes it another object. */
async function past(em: Em): Promise<unknown> {
  if (!('getKysely' in em)) {
    const { getKnex } = em as unknown as { getKnex(): Knex };
    const knex = getKnex.call(em);
    const update = knex('users').where('id', 1).update('name', 'x');
    const transaction = (em as Em).getTransactionContext();
    return await (transaction === undefined ? update : update.transacting(transaction));
  }
  const kysely = em.getKysely({ convertValues: true }) as unknown as Kysely;
  return await kysely.updateTable('users').set({ name: 'x' }).where('id', '=', 1).execute();
}

type Knex = (table: string) => {
  where(
    column: string,
    value: unknown,
  ): {
    update(column: string, value: unknown): Promise<unknown> & { transacting(on: unknown): Promise<unknown> };
  };
};

interface Kysely {
  updateTable(table: string): {
    set(values: object): { where(...condition: unknown[]): { execute(): Promise<unknown> } };
  };
}

describeVersions('a write through MikroORM %s', (version: Version) => {
  const world = new MikroWorld(version);

  it.each(PATHS)('%s invalidates %j', async (_, expected, write) => {
    const { cache, driver } = await world.reach();
    const heard = heardBy(cache);
    await write(driver, driver.em);
    expect(heard).toEqual(expected);
  });
});
