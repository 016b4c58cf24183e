import { describe, expect, it } from '@jest/globals';
import { cachePage } from '@viewcache/express';
import express from 'express';
import { literal, Op, QueryTypes } from 'sequelize';
import { closeAfterEach, serve } from '../support/site.js';
import { heardBy } from './pg-world.js';
import type { SequelizeDriver } from './sequelize-driver.js';
import { SequelizeWorld } from './sequelize-world.js';

type Act = (driver: SequelizeDriver) => Promise<unknown>;

const USER_1 = ['users', 'users#1'];
const ANY_USER = ['users', 'users!bulk'];
const POST_1 = ['posts', 'posts#1'];
const CASCADED = ['comments', 'comments!bulk', 'post_tags', 'post_tags!bulk'];

/** A way to write, and the tags of each invalidation. */
const WRITES: readonly (readonly [string, Act, readonly (readonly string[])[]])[] = [
  ['save() of a new instance', ({ models }) => models.user.build({ name: 'Eva' }).save(), [['users', 'users#3']]],
  [
    'save() of a changed one',
    async ({ models }) => {
      const user = await models.user.findByPk(1, { rejectOnEmpty: true });
      user.name = 'x';
      await user.save();
    },
    [USER_1],
  ],
  ['update() of an instance', async ({ models }) => (await models.user.findByPk(1))?.update({ name: 'x' }), [USER_1]],
  [
    'destroy() of an instance, with what goes along',
    async ({ models }) => (await models.post.findByPk(1))?.destroy(),
    [[...CASCADED, ...POST_1]],
  ],
  ['increment() of an instance', async ({ models }) => (await models.post.findByPk(1))?.increment('views'), [POST_1]],
  [
    'decrement() of a model, which calls no hook (18)',
    ({ models }) => models.post.decrement('views', { where: { id: 1 } }),
    [POST_1],
  ],
  [
    'update() without hooks',
    ({ models }) => models.user.update({ name: 'x' }, { where: { id: 1 }, hooks: false }),
    [USER_1],
  ],
  [
    'update() by a list of keys',
    ({ models }) => models.user.update({ name: 'x' }, { where: { id: [1, 2] } }),
    [[...USER_1, 'users#2']],
  ],
  [
    'update() by anything else',
    ({ models }) => models.user.update({ name: 'x' }, { where: { id: { [Op.gt]: 0 } } }),
    [ANY_USER],
  ],
  [
    'update() that returns the rows',
    ({ models }) => models.user.update({ name: 'x' }, { where: { email: 'ana@example.com' }, returning: true }),
    [USER_1],
  ],
  [
    'bulkCreate() that updates what is there',
    ({ models }) => models.user.bulkCreate([{ id: 1, name: 'x' }], { updateOnDuplicate: ['name'] }),
    [USER_1],
  ],
  [
    'bulkCreate() of many',
    ({ models }) => models.user.bulkCreate([{ name: 'a' }, { name: 'b' }]),
    [['users', 'users#3', 'users#4']],
  ],
  ['upsert()', ({ models }) => models.user.upsert({ id: 1, name: 'x' }), [USER_1]],
  [
    'truncate',
    ({ models }) => models.tag.truncate({ cascade: true }),
    [['post_tags', 'post_tags!bulk', 'tags', 'tags!bulk']],
  ],
  [
    'findOrCreate() that creates, within a function that PostgreSQL forgets (19)',
    ({ models }) => models.user.findOrCreate({ where: { name: 'Nina' } }),
    [['users', 'users!ins']],
  ],
  ['findOrCreate() that finds (19)', ({ models }) => models.user.findOrCreate({ where: { name: 'Ana' } }), []],
  ['findCreateFind()', ({ models }) => models.user.findCreateFind({ where: { name: 'Nina' } }), [['users', 'users#3']]],
  [
    'addTag() of an association (26)',
    async ({ models }) => (await models.post.findByPk(1))?.addTag(2),
    [['post_tags', 'post_tags#1,2']],
  ],
  [
    'setTags() to none (27)',
    async ({ models }) => (await models.post.findByPk(1))?.setTags([]),
    [['post_tags', 'post_tags#1,1']],
  ],
  [
    'create() with what belongs to it (28)',
    ({ models }) =>
      models.post.create({ title: 'New', comments: [{ body: 'One' }, { body: 'Two' }] }, { include: 'comments' }),
    [
      ['posts', 'posts#3'],
      ['comments', 'comments#3'],
      ['comments', 'comments#4'],
    ],
  ],
  [
    'a raw statement with replacements',
    ({ sequelize }) =>
      sequelize.query('UPDATE users SET name = :name WHERE id = :id', { replacements: { name: "x'; --", id: 1 } }),
    [USER_1],
  ],
  [
    'a raw statement with named binds',
    ({ sequelize }) =>
      sequelize.query('UPDATE users SET name = $name WHERE id = $id', {
        bind: { name: 'x', id: 1 },
        type: QueryTypes.UPDATE,
      }),
    [USER_1],
  ],
  [
    'a literal',
    ({ models }) => models.user.update({ name: literal('upper(name)') }, { where: literal('id = 1') as never }),
    [USER_1],
  ],
  [
    'the query interface',
    ({ sequelize }) => sequelize.getQueryInterface().bulkUpdate('users', { name: 'x' }, { id: 1 }),
    [USER_1],
  ],
];

/** A way to read, what drops it, and what does not. */
const READS: readonly (readonly [string, Act, Act, Act])[] = [
  [
    'findByPk()',
    ({ models }) => models.user.findByPk(1),
    (it) => it.writes.renameUser(1, 'x'),
    (it) => it.writes.renameUser(2, 'x'),
  ],
  [
    'findOne() of a row that is not there',
    ({ models }) => models.user.findOne({ where: { id: 9 } }),
    (it) => it.writes.insertUserAs(9, 'x'),
    (it) => it.writes.renameUser(2, 'x'),
  ],
  [
    'a list of keys',
    ({ models }) => models.user.findAll({ where: { id: [1, 9] } }),
    (it) => it.writes.insertUserAs(9, 'x'),
    (it) => it.writes.renameUser(2, 'x'),
  ],
  [
    'findAndCountAll()',
    ({ models }) => models.user.findAndCountAll({ limit: 1 }),
    (it) => it.writes.insertUser('x'),
    (it) => it.writes.increment(1),
  ],
  [
    'an aggregate',
    ({ models }) => models.post.sum('views'),
    (it) => it.writes.increment(2),
    (it) => it.writes.renameUser(1, 'x'),
  ],
  [
    'include',
    ({ models }) => models.post.findByPk(1, { include: ['user', 'comments', 'tags'] }),
    (it) => it.sequelize.query("UPDATE comments SET body = 'x' WHERE id = 1"),
    (it) => it.sequelize.query("UPDATE profiles SET bio = 'x'"),
  ],
  [
    'include by separate statements',
    ({ models }) => models.post.findAll({ include: [{ association: 'comments', separate: true } as never] }),
    (it) => it.sequelize.query("UPDATE comments SET body = 'x' WHERE id = 2"),
    (it) => it.writes.renameUser(1, 'x'),
  ],
  [
    'a getter of an association',
    async ({ models }) => await (await models.post.findByPk(1))?.getTags(),
    (it) => it.writes.tag(1, 2),
    (it) => it.writes.renameUser(1, 'x'),
  ],
  [
    'a raw statement',
    ({ sequelize }) => sequelize.query('SELECT * FROM users WHERE id = $1', { bind: [1], type: QueryTypes.SELECT }),
    (it) => it.writes.renameUser(1, 'x'),
    (it) => it.writes.renameUser(2, 'x'),
  ],
];

describe('Sequelize', () => {
  const world = new SequelizeWorld();
  closeAfterEach();

  it.each(WRITES)('tells of what is written by %s', async (_, write, tags) => {
    const { cache, driver } = await world.reach();
    const heard = heardBy(cache);
    await write(driver);
    expect(heard).toEqual(tags.map((each) => [...each].sort()));
  });

  it.each(READS)('tells of what a view reads by %s', async (_, read, drops, leaves) => {
    const { cache, driver } = await world.reach();
    let runs = 0;
    const app = express();
    app.get('/', cachePage({ ttl: '5m', cache }), async (_req, res) => {
      runs++;
      res.json((await read(driver)) ?? null);
    });
    const site = await serve(app);
    const before = (await site.get('/')).text;
    await leaves(driver);
    expect([(await site.get('/')).text, runs]).toEqual([before, 1]);
    await drops(driver);
    expect((await site.get('/')).text).not.toBe(before);
    expect(runs).toBe(2);
  });

  it('tells each view of its own reads, also where they had to wait for the connection of another', async () => {
    const { cache, driver } = await world.reach({ sequelize: { pool: { max: 1 } } });
    const runs = new Map<string, number>();
    const app = express();
    app.get('/users/:id', cachePage({ ttl: '5m', cache }), async (req, res) => {
      runs.set(req.path, (runs.get(req.path) ?? 0) + 1);
      const [rows] = await driver.sequelize.query('SELECT pg_sleep(0.05), name FROM users WHERE id = $1', {
        bind: [req.params['id']],
      });
      res.json(rows);
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

  it('tells nothing of what is read where the watch was told so', async () => {
    const { driver, site } = await world.reach({ watch: { trackReads: false } });
    await site.ran();
    await driver.writes.renameUser(1, 'Anabela');
    expect(await site.ran()).toEqual([]);
  });
});
