import { describe, expect, it } from '@jest/globals';
import { afterCommit } from '@viewcache/orm';
import { type MongooseDriver, VERSIONS, type Version } from './mongoose-driver.js';
import { MongooseWorld } from './mongoose-world.js';
import { heardBy } from './pg-world.js';

type Use = (driver: MongooseDriver) => Promise<unknown>;

const USER_1 = ['users', 'users#1'];
const USER_9 = ['users', 'users#9'];
const ANY_USER = ['users', 'users!bulk'];

const user = async ({ models }: MongooseDriver) => await models.User.findById(1).orFail();

/** A way to write, and the tags that it comes to: those of each invalidation. */
const WRITES: readonly (readonly [string, Use, readonly (readonly string[])[]])[] = [
  ['save() of a new document', (it) => new it.models.User({ _id: 9 }).save(), [USER_9]],
  ['save() of a changed one', async (it) => await (await user(it)).set({ name: 'x' }).save(), [USER_1]],
  ['save() of one that is as it was', async (it) => await (await user(it)).save(), []],
  ['create() of several', (it) => it.models.User.create([{ _id: 9 }, { _id: 10 }]), [['users', 'users#10'], USER_9]],
  ['insertMany()', (it) => it.models.User.insertMany([{ _id: 9 }, { _id: 10 }]), [['users', 'users#10', 'users#9']]],
  ['updateOne()', (it) => it.models.User.updateOne({ _id: 1 }, { name: 'x' }), [USER_1]],
  ['updateOne() of a document', async (it) => await (await user(it)).updateOne({ name: 'x' }), [USER_1]],
  ['updateMany()', (it) => it.models.User.updateMany({}, { name: 'x' }), [ANY_USER]],
  ['updateMany() that finds nothing', (it) => it.models.User.updateMany({ name: 'Nobody' }, { name: 'x' }), []],
  ['replaceOne()', (it) => it.models.User.replaceOne({ _id: 1 }, { name: 'x' }), [USER_1]],
  ['findByIdAndUpdate()', (it) => it.models.User.findByIdAndUpdate(1, { name: 'x' }), [USER_1]],
  ['findOneAndUpdate()', (it) => it.models.User.findOneAndUpdate({ name: 'Ana' }, { name: 'x' }), [USER_1]],
  [
    'findOneAndUpdate() that inserts',
    (it) => it.models.User.findOneAndUpdate({ _id: 9 }, { name: 'x' }, { upsert: true }),
    [USER_9],
  ],
  ['findOneAndDelete()', (it) => it.models.Tag.findOneAndDelete({ name: 'old' }), [['tags', 'tags#2']]],
  [
    'deleteOne() of a document',
    async (it) => await (await it.models.Tag.findById(1).orFail()).deleteOne(),
    [['tags', 'tags#1']],
  ],
  ['deleteMany()', (it) => it.models.Tag.deleteMany({ name: 'old' }), [['tags', 'tags!bulk']]],
  [
    'bulkWrite()',
    (it) =>
      it.models.User.bulkWrite([
        { updateOne: { filter: { _id: 1 }, update: { name: 'x' } } },
        { updateOne: { filter: { _id: 2 }, update: { name: 'x' } } },
      ]),
    [['users', 'users#1', 'users#2']],
  ],
  [
    'bulkSave()',
    async (it) => {
      const users = await it.models.User.find();
      for (const each of users) each.name = 'x';
      await it.models.User.bulkSave(users);
    },
    [['users', 'users#1', 'users#2']],
  ],
  [
    'the collection of a model',
    (it) => it.models.User.collection.updateOne({ _id: 1 as never }, { $set: { name: 'x' } }),
    [USER_1],
  ],
  [
    'the database',
    (it) =>
      dbOf(it)
        .collection('users')
        .updateOne({ _id: 1 as never }, { $set: { name: 'x' } }),
    [USER_1],
  ],
  ['aggregate() with $merge', (it) => it.models.Post.aggregate([{ $merge: 'users' } as never]), [ANY_USER]],
  [
    'createCollection() and indexes',
    (it) =>
      it.models.User.createCollection()
        .then(() => it.models.User.syncIndexes())
        .catch(() => {}),
    [],
  ],
];

function dbOf({ connection }: MongooseDriver) {
  if (connection.db === undefined) throw new Error('not connected');
  return connection.db;
}

const RENAME_1: Use = (it) => it.models.User.updateOne({ _id: 1 }, { $set: { name: `x${Math.random()}` } });
const RENAME_2: Use = (it) => it.models.User.updateOne({ _id: 2 }, { $set: { name: `x${Math.random()}` } });
const POST_1: Use = (it) => it.models.Post.updateOne({ _id: 1 }, { $inc: { views: 1 } });
const POST_2: Use = (it) => it.models.Post.updateOne({ _id: 2 }, { $inc: { views: 1 } });

/** A way to read, what drops it, and what does not. */
const READS: readonly (readonly [string, Use, readonly Use[], readonly Use[]])[] = [
  ['findById()', (it) => it.models.User.findById(1), [RENAME_1], [RENAME_2]],
  ['findOne()', (it) => it.models.User.findOne({ _id: 1 }).lean(), [RENAME_1], [RENAME_2]],
  ['exists()', (it) => it.models.User.exists({ _id: 1 }), [RENAME_1], [RENAME_2]],
  ['find()', (it) => it.models.User.find({ name: 'Ana' }), [RENAME_2], [POST_1]],
  [
    'populate() of a document',
    (it) => it.models.Post.findById(1).populate('user_id'),
    [RENAME_1, POST_1],
    [RENAME_2, POST_2],
  ],
  ['distinct()', (it) => it.models.User.distinct('name'), [RENAME_1], [POST_1]],
  ['countDocuments()', (it) => it.models.User.countDocuments(), [RENAME_1], [POST_1]],
  ['estimatedDocumentCount()', (it) => it.models.User.estimatedDocumentCount(), [RENAME_1], [POST_1]],
  [
    'cursor() (66)',
    async (it) => {
      let seen = 0;
      for await (const _ of it.models.User.find().cursor({ batchSize: 1 })) seen++;
      return seen;
    },
    [RENAME_2],
    [POST_1],
  ],
  [
    'eachAsync() of a cursor',
    async (it) => {
      let seen = 0;
      await it.models.User.find()
        .cursor({ batchSize: 1 })
        .eachAsync(() => void seen++);
      return seen;
    },
    [RENAME_2],
    [POST_1],
  ],
  [
    'aggregate() with $lookup',
    (it) =>
      it.models.Post.aggregate([
        { $match: { _id: 1 } },
        { $lookup: { from: 'users', localField: 'user_id', foreignField: '_id', as: 'user' } },
      ]),
    [POST_1, RENAME_2],
    [POST_2],
  ],
  ['the collection of a model', (it) => it.models.User.collection.findOne({ _id: 1 as never }), [RENAME_1], [RENAME_2]],
];

describe.each(Object.keys(VERSIONS) as Version[])('Mongoose %s', (version) => {
  const world = new MongooseWorld();

  it.each(WRITES)('is known to write by %s (61, 63)', async (_, write, expected) => {
    const { cache, driver } = await world.reach(version, { watch: { tables: {} } });
    const heard = heardBy(cache);
    await write(driver);
    expect(heard.map(String).sort()).toEqual(expected.map((tags) => String([...tags].sort())).sort());
    expect(driver.watch.counts()).toMatchObject({ failures: 0, uncertain: 0 });
  });

  it.each(READS)('is known to read by %s', async (_, read, drops, keeps) => {
    const { cache, driver } = await world.reach(version, { watch: { tables: {} } });
    let runs = 0;
    const kept = cache.memoize(async () => {
      runs++;
      return JSON.stringify(await read(driver));
    }, '5m');
    const ran = async () => {
      const before = runs;
      await kept();
      return runs > before;
    };
    expect([await ran(), await ran()]).toEqual([true, false]);
    for (const keep of keeps) {
      await keep(driver);
      expect(await ran()).toBe(false);
    }
    for (const drop of drops) {
      await drop(driver);
      expect([await ran(), await ran()]).toEqual([true, false]);
    }
  });

  it('has transactions that are told once, with tags of the app, or not at all (62, 40)', async () => {
    const { cache, driver, connection, models } = await world.reach(version, { watch: { tables: {} } });
    const heard = heardBy(cache);
    await connection.transaction(async (session) => {
      await new models.User({ _id: 9 }).save({ session });
      await models.Post.updateMany({}, { $inc: { views: 1 } }, { session });
      await afterCommit(session, 'mine');
      expect(heard).toEqual([]);
    });
    expect(heard).toEqual([['mine', 'posts', 'posts!bulk', ...USER_9]]);
    const undone = connection.transaction(async (session) => {
      await models.User.deleteMany({}, { session });
      // In no transaction, as nobody has said so.
      await models.User.updateOne({ _id: 1 }, { name: 'x' });
      throw new Error('undone');
    });
    await expect(undone).rejects.toThrow('undone');
    expect(heard.slice(1)).toEqual([USER_1]);
    expect(await driver.reads.users()).toHaveLength(3);
  });
});
