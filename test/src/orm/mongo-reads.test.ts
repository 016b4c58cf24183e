import { describe, expect, it } from '@jest/globals';
import { type MongoDriver, VERSIONS, type Version } from './mongo-driver.js';
import { MongoWorld } from './mongo-world.js';

type Use = (driver: MongoDriver) => Promise<unknown>;

const RENAME_1: Use = (it) => it.writes.renameUser(1, `x${Math.random()}`);
const RENAME_2: Use = (it) => it.writes.renameUser(2, `x${Math.random()}`);
const INSERT_9: Use = (it) => it.writes.insertUserAs(9, 'x');
const POST: Use = (it) => it.writes.increment(1);
const TAG: Use = (it) => it.collection('tags').updateOne({ _id: 1 }, { $set: { name: `x${Math.random()}` } });

const many = (it: MongoDriver) => it.collection('many').find({}, { batchSize: 2 });
const lookup = { $lookup: { from: 'users', localField: 'user_id', foreignField: '_id', as: 'user' } };

/** A way to read, what drops it, and what does not. */
const WAYS: readonly (readonly [string, Use, readonly Use[], readonly Use[]])[] = [
  ['findOne()', (it) => it.collection('users').findOne({ _id: 1 }), [RENAME_1], [RENAME_2, INSERT_9]],
  ['findOne() of what is not there', (it) => it.collection('users').findOne({ _id: 9 }), [INSERT_9], [RENAME_1]],
  ['findOne() by another field', (it) => it.collection('users').findOne({ name: 'Ana' }), [RENAME_2], [POST]],
  [
    'find() by $in',
    (it) =>
      it
        .collection('users')
        .find({ _id: { $in: [1, 9] } })
        .toArray(),
    [RENAME_1, INSERT_9],
    [RENAME_2],
  ],
  [
    'find() by nothing',
    (it) =>
      it
        .collection('users')
        .find({ _id: { $in: [] } })
        .toArray(),
    [RENAME_1],
    [POST],
  ],
  [
    'find() by a key or something',
    (it) =>
      it
        .collection('users')
        .find({ $or: [{ _id: 1 }, { name: 'x' }] })
        .toArray(),
    [RENAME_2],
    [POST],
  ],
  [
    'find() that shows only some fields',
    (it) => it.collection('users').find({ _id: 1 }).project({ name: 1 }).toArray(),
    [RENAME_1],
    [RENAME_2],
  ],
  [
    'a cursor, batch by batch (66)',
    async (it) => {
      const seen: unknown[] = [];
      for await (const document of many(it)) seen.push(document);
      return seen.length;
    },
    [(it) => it.collection('many').updateOne({ _id: 5 }, { $inc: { views: 1 } })],
    [RENAME_1],
  ],
  [
    'a stream of a cursor',
    async (it) => {
      const seen: unknown[] = [];
      for await (const document of many(it).stream()) seen.push(document);
      return seen.length;
    },
    [(it) => it.collection('many').updateOne({ _id: 5 }, { $inc: { views: 1 } })],
    [RENAME_1],
  ],
  ['countDocuments()', (it) => it.collection('posts').countDocuments(), [POST], [RENAME_1]],
  ['countDocuments() of a key', (it) => it.collection('users').countDocuments({ _id: 1 }), [RENAME_1], [RENAME_2]],
  ['estimatedDocumentCount()', (it) => it.collection('users').estimatedDocumentCount(), [RENAME_1], [POST]],
  ['distinct()', (it) => it.collection('users').distinct('name'), [RENAME_2], [POST]],
  ['distinct() of a key', (it) => it.collection('users').distinct('name', { _id: 1 }), [RENAME_1], [RENAME_2]],
  [
    'aggregate() of a key',
    (it) =>
      it
        .collection('users')
        .aggregate([{ $match: { _id: 1 } }])
        .toArray(),
    [RENAME_1],
    [RENAME_2],
  ],
  ['$lookup', (it) => it.collection('posts').aggregate([lookup]).toArray(), [POST, RENAME_1], [TAG]],
  [
    '$lookup of a key, which reads any of the other collection',
    (it) =>
      it
        .collection('posts')
        .aggregate([{ $match: { _id: 2 } }, lookup])
        .toArray(),
    [RENAME_1],
    [POST],
  ],
  [
    '$lookup within a pipeline of $facet',
    (it) =>
      it
        .collection('tags')
        .aggregate([{ $facet: { all: [{ $limit: 1 }, { ...lookup }] } }])
        .toArray(),
    [TAG, RENAME_2],
    [POST],
  ],
  [
    '$lookup with a pipeline of its own, that has another',
    (it) => {
      const pipeline = [{ $unionWith: { coll: 'posts', pipeline: [] } }];
      return it
        .collection('tags')
        .aggregate([{ $lookup: { from: 'comments', pipeline, as: 'all' } }])
        .toArray();
    },
    [TAG, POST],
    [RENAME_1],
  ],
  [
    '$unionWith',
    (it) =>
      it
        .collection('tags')
        .aggregate([{ $unionWith: 'users' }])
        .toArray(),
    [TAG, RENAME_1],
    [POST],
  ],
  [
    'the further batches of $lookup',
    (it) => it.collection('many').aggregate([lookup], { batchSize: 2 }).toArray(),
    [RENAME_1],
    [POST],
  ],
  [
    'a cursor of a command',
    (it) => it.db.runCursorCommand({ find: 'users', filter: { _id: 1 } }).toArray(),
    [RENAME_1],
    [RENAME_2],
  ],
  [
    'a collection of another database',
    (it) => it.client.db('other').collection('users').find().toArray(),
    [(it) => it.client.db('other').collection('users').insertOne({})],
    [RENAME_1],
  ],
  ['a view', (it) => it.db.collection('authors').find().toArray(), [RENAME_1, POST], [TAG]],
];

describe.each(Object.keys(VERSIONS) as Version[])('what is read through the driver of MongoDB %s', (version) => {
  const world = new MongoWorld();

  /** A function whose result is kept, and how often it ran. */
  async function reach(read: Use) {
    await world.admin.db().createCollection('authors', { viewOn: 'users', pipeline: [] });
    await world.admin
      .db()
      .collection('many')
      .insertMany(Array.from({ length: 7 }, (_, i) => ({ _id: i as never, views: 0, user_id: 1 })));
    const { cache, driver } = await world.open(version, {
      watch: { tables: {}, views: { authors: ['users', 'posts'] } },
    });
    let runs = 0;
    const kept = cache.memoize(async () => {
      runs++;
      return await read(driver);
    }, '5m');
    const ran = async () => {
      const before = runs;
      await kept();
      return runs > before;
    };
    return { driver, ran, cache };
  }

  it.each(WAYS)('by %s depends on that', async (_, read, drops, keeps) => {
    const { driver, ran } = await reach(read);
    expect(await ran()).toBe(true);
    expect(await ran()).toBe(false);
    for (const keep of keeps) {
      await keep(driver);
      expect(await ran()).toBe(false);
    }
    for (const drop of drops) {
      await drop(driver);
      expect(await ran()).toBe(true);
      expect(await ran()).toBe(false);
    }
    expect(driver.watch.counts().failures).toBe(0);
  });

  it('by a cursor that another one has begun depends on what that one does', async () => {
    const { driver, cache } = await reach(RENAME_1);
    const cursor = driver.collection('many').aggregate([lookup], { batchSize: 2 });
    let runs = 0;
    const begin = cache.memoize(async () => (await cursor.next())?.['_id'], { ttl: '5m', name: 'begin' });
    const go = cache.memoize(
      async () => {
        runs++;
        if (!cursor.closed) for await (const _ of cursor);
        return runs;
      },
      { ttl: '5m', name: 'go' },
    );
    await begin();
    await go();
    await RENAME_1(driver);
    await go();
    expect(runs).toBe(2);
  });

  it('in a session of snapshots is not stored', async () => {
    const { driver, cache } = await reach(RENAME_1);
    const session = driver.client.startSession({ snapshot: true });
    let runs = 0;
    const kept = cache.memoize(async () => {
      runs++;
      return await driver.collection('users').findOne({ _id: 1 }, { session });
    }, '5m');
    await kept();
    await kept();
    expect(runs).toBe(2);
    await session.endSession();
  });

  it('is no dependency where that was not asked for, and says why it is one', async () => {
    const { cache, driver, site } = await world.open(version);
    await site.get('V1');
    const text = JSON.stringify(cache.explain('/users/1'));
    expect(text).toContain('users.find(_id)');
    expect(text).toContain('users#1');
    await driver.close();
    const blind = await world.open(version, { watch: { trackReads: false } });
    await blind.site.ran();
    await blind.driver.writes.renameUser(1, 'x');
    expect(await blind.site.ran()).toEqual([]);
  });
});
