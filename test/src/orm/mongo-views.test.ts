import { describe, expect, it } from '@jest/globals';
import { createCache } from '@viewcache/core';
import { Keeping, type Kept } from './kept.js';
import { VERSIONS, type Version } from './mongo-driver.js';
import { MongoWorld } from './mongo-world.js';

interface Row {
  _id: number;
  name?: string;
}

describe.each(Object.keys(VERSIONS) as Version[])('views that nobody has named, by the driver %s', (version) => {
  const world = new MongoWorld();

  async function opened() {
    const db = world.admin.db();
    await db.createCollection('people', { viewOn: 'users', pipeline: [{ $match: { _id: { $gt: 0 } } }] });
    await db.createCollection('authors', {
      viewOn: 'posts',
      pipeline: [{ $lookup: { from: 'people', localField: 'user_id', foreignField: '_id', as: 'people' } }],
    });
    const cache = world.closing(createCache());
    const [reader, writer] = await Promise.all([client(), client()]);
    for (const each of [reader, writer]) world.watch(each, cache);
    const keeping = new Keeping(cache);
    const kept = new Map<string, Kept>();
    for (const name of ['people', 'authors', 'tags'])
      kept.set(name, await keeping.keep(() => reader.db().collection<Row>(name).find().toArray()));
    kept.set('one', await keeping.keep(() => reader.db().collection<Row>('people').findOne({ _id: 1 })));
    return { kept, keeping, reader, writer, users: writer.db().collection<Row>('users') };
  }

  async function client() {
    const { MongoClient } = VERSIONS[version];
    return world.closing(await new MongoClient(world.url, { monitorCommands: true }).connect());
  }

  it('are written with what they are made of, by whoever writes, and by the first write already', async () => {
    const { kept, users } = await opened();
    await users.updateOne({ _id: 1 }, { $set: { name: 'x' } });
    expect(await Keeping.madeAgain(kept)).toEqual(['people', 'authors', 'one']);
    await users.insertOne({ _id: 3 });
    expect(await Keeping.madeAgain(kept)).toEqual(['people', 'authors', 'one']);
  });

  it('are written with the transaction that writes these', async () => {
    const { kept, users, writer } = await opened();
    for (const ends of ['abortTransaction', 'commitTransaction'] as const) {
      const session = writer.startSession();
      session.startTransaction();
      await users.updateOne({ _id: 1 }, { $set: { name: ends } }, { session });
      expect(await Keeping.madeAgain(kept)).toEqual([]);
      await session[ends]();
      expect(await Keeping.madeAgain(kept)).toEqual(ends === 'abortTransaction' ? [] : ['people', 'authors', 'one']);
      await session.endSession();
    }
  });

  it('are known when they are made', async () => {
    const { keeping, reader, users, writer } = await opened();
    await users.insertOne({ _id: 4 });
    await writer.db().createCollection('later', { viewOn: 'tags', pipeline: [] });
    const kept = await keeping.keep(() => reader.db().collection<Row>('later').find().toArray());
    await writer.db().collection<Row>('tags').insertOne({ _id: 9 });
    expect(await kept.isMadeAgain()).toBe(true);
  });
});
