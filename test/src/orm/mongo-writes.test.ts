import { describe, expect, it } from '@jest/globals';
import type { MongoClient } from 'mongodb';
import { type MongoDriver, VERSIONS, type Version } from './mongo-driver.js';
import { MongoWorld } from './mongo-world.js';
import { heardBy } from './pg-world.js';

type Write = (driver: MongoDriver, version: Version) => Promise<unknown>;

const USER_1 = ['users', 'users#1'];
const USER_9 = ['users', 'users#9'];
const ANY_USER = ['users', 'users!bulk'];
const HEX = '65a1b2c3d4e5f60718293a4b';

/** A collection whose keys are of any type. */
function loose(client: MongoClient) {
  return client.db().collection<{ _id: string | number; name?: string }>('users');
}

const set = (name: string) => ({ $set: { name } });

/** A way to write, and the tags that it comes to: those of each invalidation. */
const WAYS: readonly (readonly [string, Write, readonly (readonly string[])[]])[] = [
  ['insertOne()', (it) => loose(it.client).insertOne({ _id: 9 } as never), [USER_9]],
  [
    'insertMany() that goes on after a duplicate',
    (it) =>
      loose(it.client)
        .insertMany([{ _id: 1 }, { _id: 9 }] as never, { ordered: false })
        .catch(() => {}),
    [['users', 'users#1', 'users#9']],
  ],
  [
    'insertOne() of a duplicate',
    (it) =>
      loose(it.client)
        .insertOne({ _id: 1 } as never)
        .catch(() => {}),
    [],
  ],
  [
    'insertOne() with a key of the server’s',
    (it) => loose(it.client).insertOne({ name: 'x' } as never, { forceServerObjectId: true }),
    [['users', 'users!ins']],
  ],
  ['updateOne()', (it) => loose(it.client).updateOne({ _id: 1 }, set('x')), [USER_1]],
  ['updateOne() within $and', (it) => loose(it.client).updateOne({ $and: [{ _id: 1 }] }, set('x')), [USER_1]],
  ['updateOne() by $eq', (it) => loose(it.client).updateOne({ _id: { $eq: 1 } }, set('x')), [USER_1]],
  ['updateOne() of what is so already', (it) => loose(it.client).updateOne({ _id: 1 }, set('Ana')), []],
  ['updateOne() of nothing', (it) => loose(it.client).updateOne({ _id: 4711 }, set('x')), []],
  ['updateOne() by a range', (it) => loose(it.client).updateOne({ _id: { $lt: 2 } }, set('x')), [ANY_USER]],
  [
    'updateOne() with a collation and a key that is a text',
    async (it) => {
      await loose(it.client).insertOne({ _id: 'a' } as never);
      await loose(it.client).updateOne({ _id: 'a' }, set('x'), { collation: { locale: 'en' } });
    },
    [['users', 'users#a'], ANY_USER],
  ],
  ['updateMany() by $in', (it) => loose(it.client).updateMany({ _id: { $in: [1] } }, set('x')), [USER_1]],
  ['updateMany()', (it) => loose(it.client).updateMany({}, set('x')), [ANY_USER]],
  ['an upsert of a key', (it) => loose(it.client).updateOne({ _id: 9 }, set('x'), { upsert: true }), [USER_9]],
  ['an upsert of what is there', (it) => loose(it.client).updateOne({ _id: 1 }, set('x'), { upsert: true }), [USER_1]],
  ['replaceOne()', (it) => loose(it.client).replaceOne({ _id: 1 }, { name: 'x' } as never), [USER_1]],
  ['deleteOne()', (it) => loose(it.client).deleteOne({ _id: 9 }), []],
  [
    'deleteOne(), and what goes with it',
    (it) => it.collection('posts').deleteOne({ _id: 1 }),
    [['comments', 'comments!bulk', 'post_tags', 'post_tags!bulk', 'posts', 'posts#1']],
  ],
  ['deleteMany()', (it) => it.collection('tags').deleteMany({ name: 'old' } as never), [['tags', 'tags!bulk']]],
  [
    'findOneAndUpdate(), by the document that is returned',
    (it) => loose(it.client).findOneAndUpdate({ name: 'Ana' }, set('x')),
    [USER_1],
  ],
  [
    'findOneAndUpdate() that returns no key',
    (it) => loose(it.client).findOneAndUpdate({ name: 'Nobody' }, set('x'), { projection: { _id: 0 } }),
    [],
  ],
  [
    'findOneAndUpdate() that inserts',
    (it) => loose(it.client).findOneAndUpdate({ _id: 9 }, set('x'), { upsert: true }),
    [USER_9],
  ],
  ['findOneAndReplace()', (it) => loose(it.client).findOneAndReplace({ _id: 1 }, { name: 'x' } as never), [USER_1]],
  ['findOneAndDelete()', (it) => it.collection('tags').findOneAndDelete({ _id: 1 }), [['tags', 'tags#1']]],
  [
    'bulkWrite()',
    (it) =>
      loose(it.client).bulkWrite([
        { insertOne: { document: { _id: 9 } as never } },
        { updateOne: { filter: { _id: 1 }, update: set('x') } },
      ]),
    [USER_9, USER_1],
  ],
  [
    'initializeUnorderedBulkOp()',
    async (it) => {
      const bulk = loose(it.client).initializeUnorderedBulkOp();
      bulk.find({ _id: 1 }).updateOne(set('x'));
      bulk.find({ _id: 2 }).updateOne(set('x'));
      await bulk.execute();
    },
    [['users', 'users#1', 'users#2']],
  ],
  [
    'bulkWrite() of a client, on several collections',
    (it) => {
      const ns = (name: string) => `${it.db.databaseName}.${name}`;
      return it.client.bulkWrite([
        { namespace: ns('users'), name: 'updateOne', filter: { _id: 1 }, update: set('x') },
        { namespace: ns('tags'), name: 'insertOne', document: { _id: 9 } },
        { namespace: ns('comments'), name: 'deleteMany', filter: { body: 'Well' } },
      ] as never);
    },
    [['comments', 'comments!bulk', 'tags', 'tags#9', 'users', 'users#1']],
  ],
  [
    'aggregate() with $merge',
    (it) =>
      it
        .collection('posts')
        .aggregate([{ $merge: { into: 'users' } }])
        .toArray(),
    [ANY_USER],
  ],
  [
    'aggregate() with $out into another database',
    (it) =>
      it
        .collection('posts')
        .aggregate([{ $out: { db: 'archive', coll: 'posts' } }])
        .toArray(),
    [['archive.posts', 'archive.posts!bulk']],
  ],
  ['drop()', (it) => it.collection('tags').drop(), [['tags', 'tags!bulk']]],
  ['rename()', (it) => it.collection('tags').rename('labels'), [['labels', 'labels!bulk', 'tags', 'tags!bulk']]],
  [
    'createCollection() and createIndex()',
    (it) => it.db.createCollection('new').then((made) => made.createIndex({ a: 1 })),
    [],
  ],
  ['a command', (it) => it.db.command({ update: 'users', updates: [{ q: { _id: 1 }, u: set('x') }] }), [USER_1]],
  [
    'a collection of another database',
    (it) =>
      it.client
        .db('other')
        .collection('users')
        .insertOne({ _id: 5 as never }),
    [['other.users', 'other.users#5']],
  ],
  [
    'a key that is an ObjectId',
    (it, version) => {
      const _id = new VERSIONS[version].ObjectId(HEX);
      return loose(it.client).insertOne({ _id } as never);
    },
    [['users', `users#${HEX}`]],
  ],
  [
    'a key that is a date',
    (it) => loose(it.client).insertOne({ _id: new Date(0) } as never),
    [['users', 'users#1970-01-01T00:00:00.000Z', 'users#1970-01-01t00:00:00.000z']],
  ],
  [
    'a key that is a Long',
    (it, version) => loose(it.client).insertOne({ _id: VERSIONS[version].Long.fromNumber(7) } as never),
    [['users', 'users#7']],
  ],
  [
    'a key that is a UUID',
    (it, version) =>
      loose(it.client).insertOne({ _id: new VERSIONS[version].UUID('0f0e0d0c-0b0a-4908-8706-050403020100') } as never),
    [['users', 'users#0f0e0d0c0b0a49088706050403020100']],
  ],
  [
    'a key that is a document',
    (it) => loose(it.client).insertOne({ _id: { a: 1 } } as never),
    [['users', 'users!ins']],
  ],
];

describe.each(Object.keys(VERSIONS) as Version[])('what is written through the driver of MongoDB %s', (version) => {
  const world = new MongoWorld();

  it.each(WAYS)('by %s is known', async (_, write, expected) => {
    const { cache, driver } = await world.open(version);
    const heard = heardBy(cache);
    await write(driver, version);
    expect(heard).toEqual(expected.map((tags) => [...tags].sort()));
    expect(driver.watch.counts()).toMatchObject({ failures: 0, uncertain: 0 });
  });

  it('by a command that nobody knows invalidates everything, or what an option says', async () => {
    const texts: string[] = [];
    const named = (text: string) => {
      texts.push(text);
      return ['users'];
    };
    for (const [opaque, drops] of [
      [undefined, true],
      ['ignore', false],
      [named, true],
    ] as const) {
      const { driver, site } = await world.open(version, {
        watch: { tables: {}, ...(opaque === undefined ? {} : { opaque }) },
      });
      await site.ran();
      await driver.db.command({ shuffle: 'users' }).catch(() => {});
      const ran = await site.ran();
      expect(ran.includes('V1')).toBe(drops);
      expect(ran.includes('comments')).toBe(opaque === undefined);
    }
    expect(texts).toEqual(['users.shuffle()']);
  });

  it('by dropDatabase() is everything, whatever an option says', async () => {
    const { driver, site } = await world.open(version, { watch: { opaque: 'ignore' } });
    await site.ran();
    await driver.db.dropDatabase();
    expect(await site.ran()).toHaveLength(9);
  });

  it('without being acknowledged is invalidated at once, and kept from being stored for long', async () => {
    const { driver, cache } = await world.open(version);
    const heard = heardBy(cache);
    await loose(driver.client).updateOne({ _id: 1 }, set('x'), { writeConcern: { w: 0 } });
    expect(heard).toEqual([USER_1]);
    expect(driver.watch.counts()).toMatchObject({ commits: 1, uncertain: 1 });
  });
});
