import { describe, expect, it } from '@jest/globals';
import { createCache } from '@viewcache/core';
import { MongoClient } from 'mongodb';
import { Keeping, type Kept } from './kept.js';
import { MongoWorld } from './mongo-world.js';

/** One cache stands for those of several processes: what they have in common is how they call collections. */
describe('a collection of MongoDB that clients call differently', () => {
  const world = new MongoWorld();

  async function opened() {
    const cache = world.closing(createCache());
    const [own, none] = [new MongoClient(world.url), new MongoClient(world.url.replace(/\/[^/]*$/, '/'))];
    for (const client of [own, none]) {
      world.watch(client, cache);
      world.closing(await client.connect());
    }
    const name = own.db().databaseName;
    const keeping = new Keeping(cache);
    const kept = new Map<string, Kept>();
    const users = [own.db(), none.db(name)].map((db) => db.collection<{ _id: number; name: string }>('users'));
    for (const [i, each] of users.entries())
      for (const filter of [{ _id: 1 }, {}])
        kept.set(`${i} ${JSON.stringify(filter)}`, await keeping.keep(() => each.find(filter).toArray()));
    return { users, kept, elsewhere: none.db(`${name}_2`) };
  }

  it.each([0, 1])('is one, whoever reads it, and whoever writes it (%d)', async (writer) => {
    const { users, kept } = await opened();
    await users[writer]?.updateOne({ _id: 2 }, { $set: { name: 'x' } });
    expect(await Keeping.madeAgain(kept)).toEqual(['0 {}', '1 {}']);
    await users[writer]?.updateOne({ _id: 1 }, { $set: { name: 'x' } });
    expect(await Keeping.madeAgain(kept)).toEqual([...kept.keys()]);
  });

  it('is another one than one of its name elsewhere, for who says where', async () => {
    const { kept, elsewhere } = await opened();
    await elsewhere.collection<{ _id: number }>('users').insertOne({ _id: 1 });
    expect(await Keeping.madeAgain(kept)).toEqual(['0 {"_id":1}', '0 {}']);
    await elsewhere.dropDatabase();
  });
});
