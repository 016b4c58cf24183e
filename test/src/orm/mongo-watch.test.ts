import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type CacheOptions, ConfigError, createCache } from '@viewcache/core';
import { watchMongo } from '@viewcache/orm/mongodb';
import type { MongoClient } from 'mongodb';
import { RedisServer } from '../servers/redis.js';
import { Keeping } from './kept.js';
import { type MongoDriver, VERSIONS, type Version } from './mongo-driver.js';
import { MongoWorld } from './mongo-world.js';
import { heardBy } from './pg-world.js';

const USER_1 = ['users', 'users#1'];
let count = 0;

const rename = (client: MongoClient) =>
  client
    .db()
    .collection('users')
    .updateOne({ _id: 1 as never }, { $set: { name: `x${count++}` } });

describe.each(Object.keys(VERSIONS) as Version[])('watchMongo with the driver %s', (version) => {
  const world = new MongoWorld();
  const { MongoClient, ClientSession, Collection, Db } = VERSIONS[version];

  it('watches a client once for a cache, however often it is asked to, until all have stopped (68)', async () => {
    const { cache, driver } = await world.open(version);
    const again = watchMongo(driver.client, cache);
    const heard = heardBy(cache);
    await rename(driver.client);
    expect(heard).toEqual([USER_1]);
    again();
    again();
    await rename(driver.client);
    expect(heard).toHaveLength(2);
    expect(again.counts()).toEqual(driver.watch.counts());
  });

  it('hears nothing once it has stopped, and leaves everything as it was (68)', async () => {
    const cache = world.closing(createCache());
    const client = world.closing(new MongoClient(world.url));
    const prototypes = [MongoClient, ClientSession, Collection, Db].map((it) => it.prototype);
    const before = prototypes.map((it) => Object.getOwnPropertyDescriptors(it));
    const stops = [watchMongo(client, cache), watchMongo(client, cache)];
    const heard = heardBy(cache);
    const session = client.startSession();
    session.startTransaction();
    await client
      .db()
      .collection('users')
      .deleteOne({ _id: 2 as never }, { session });
    await client
      .db()
      .aggregate([{ $documents: [] }])
      .toArray()
      .catch(() => {});
    await rename(client);
    expect(heard).toEqual([USER_1]);
    for (const stop of stops) stop();
    await session.commitTransaction();
    await session.endSession();
    await rename(client);
    expect(heard).toHaveLength(1);
    expect(client.listenerCount('commandStarted')).toBe(0);
    expect(Object.hasOwn(client, 'startSession')).toBe(false);
    expect(prototypes.map((it) => Object.getOwnPropertyDescriptors(it))).toEqual(before);
    const stop = watchMongo(client, cache);
    await rename(client);
    expect(heard).toEqual([USER_1, USER_1]);
    stop();
  });

  it('tells each of several caches, of several clients, what is theirs', async () => {
    const { cache, driver } = await world.open(version);
    const other = world.closing(createCache());
    const client = world.closing(new MongoClient(world.url));
    const stop = watchMongo(driver.client, { cache: other, namespace: 'shop' });
    const heard = [heardBy(cache), heardBy(other)];
    await rename(client);
    expect(heard).toEqual([[], []]);
    await rename(driver.client);
    expect(heard).toEqual([[USER_1], [['shop:users', 'shop:users#1']]]);
    stop();
    await rename(driver.client);
    expect(heard.map(({ length }) => length)).toEqual([2, 1]);
  });

  it('keeps databases with the same collections apart, but for what is read of its own (55, 56)', async () => {
    const { cache, driver, site } = await world.open(version);
    await site.ran();
    await driver.client
      .db('elsewhere')
      .collection('users')
      .updateOne({}, { $set: { name: 'x' } }, { upsert: true });
    await driver.client.db('elsewhere').dropDatabase();
    expect((await site.ran()).length).toBe(9);
    const { insertedId } = await driver.client.db('elsewhere').collection('users').insertOne({});
    expect(await site.ran()).toEqual(['VL', 'VP']);
    const there = await new Keeping(cache).keep(() =>
      driver.client.db('elsewhere').collection('users').find().toArray(),
    );
    await driver.writes.renameUser(1, 'x');
    expect(await there.isMadeAgain()).toBe(false);
    await driver.client.db('elsewhere').collection('users').deleteOne({ _id: insertedId });
    expect(await there.isMadeAgain()).toBe(true);
  });

  it('may watch a client that is connected where that was made to tell of its commands', async () => {
    const cache = world.closing(createCache());
    const client = world.closing(new MongoClient(world.url, { monitorCommands: true }));
    await client.connect();
    const heard = heardBy(cache);
    world.watch(client, cache);
    await rename(client);
    expect(heard).toEqual([USER_1]);
    const silent = world.closing(new MongoClient(world.url));
    await silent.connect();
    expect(() => watchMongo(silent, cache)).toThrow(/^watchMongo\.monitorCommands: /);
  });

  it('leaves results, errors and other listeners as they are', async () => {
    const { driver } = await world.open(version);
    const seen: string[] = [];
    driver.client.on('commandStarted', ({ commandName }) => void seen.push(commandName));
    expect(await driver.writes.renameUser(1, 'y')).toMatchObject({ matchedCount: 1, modifiedCount: 1 });
    await expect(driver.writes.insertUserAs(1, 'z')).rejects.toMatchObject({ code: 11000 });
    await expect(driver.db.command({ nothing: 1 })).rejects.toMatchObject({ code: 59 });
    // Views are asked for once.
    expect(seen).toEqual(['update', 'listCollections', 'insert', 'nothing']);
  });

  it('takes what it cannot read for anything, and fails nobody', async () => {
    const { driver, site } = await world.open(version);
    await site.ran();
    // Deeper than a stack, and nothing that a server ever sees.
    let deep: object = {};
    for (let i = 0; i < 50_000; i++) deep = { deep };
    const event = { requestId: -1, commandName: 'aggregate', databaseName: 'x', command: { pipeline: [deep] } };
    driver.client.emit('commandStarted', event as never);
    expect(driver.watch.counts()).toMatchObject({ failures: 1 });
    expect(await site.ran()).toHaveLength(9);
  });
});

/** A shared store that answers to no write until it is told to. */
function silentStore() {
  let ask = (): void => {};
  let answer = (): void => {};
  const asked = new Promise<void>((resolve) => {
    ask = resolve;
  });
  const answered = new Promise<void>((resolve) => {
    answer = resolve;
  });
  const write = async (): Promise<void> => {
    ask();
    await answered;
  };
  const store = {
    opts: {},
    get: async () => undefined,
    set: write,
    delete: write,
    clear: write,
    on: () => {},
  } as never;
  return { store, asked, answer };
}

describe.each(Object.keys(VERSIONS) as Version[])(
  'a write of the driver %s, while the store is out of order',
  (version) => {
    const world = new MongoWorld();
    let redis: RedisServer;

    beforeAll(async () => {
      redis = await RedisServer.start();
    });
    afterAll(async () => await redis.stop());

    const rename = { update: 'users', updates: [{ q: { _id: 1 }, u: { $set: { name: 'z' } } }] };

    it.each<[string, (driver: MongoDriver) => Promise<unknown>]>([
      ['updateOne()', (it) => it.writes.renameUser(1, 'slow')],
      ['a transaction', (it) => it.transaction((tx) => it.writes.renameUser(1, 'slow', tx))],
      [
        '$merge',
        (it) =>
          it
            .collection('posts')
            .aggregate([{ $merge: 'copies' }])
            .toArray(),
      ],
      ['a bulk', (it) => it.collection('users').initializeOrderedBulkOp().insert({ name: 'slow' }).execute()],
      ['a command', (it) => it.db.command(rename)],
    ])('goes on when the store has answered: %s', async (_, write) => {
      // Not a server that is stopped: from one that is silent for a second a cache parts.
      const { store, asked, answer } = silentStore();
      const { driver } = await world.open(version, { cache: { store, deadline: '30s' } });
      const order: string[] = [];
      const gone = write(driver).then(() => order.push('gone on'));
      await asked;
      await world.admin.db().command({ ping: 1 });
      order.push('answered');
      answer();
      await gone;
      expect(order).toEqual(['answered', 'gone on']);
    });

    it('has its result within the deadline of a store that hangs (44)', async () => {
      const { cache, driver, site } = await world.open(version, { cache: { store: redis.url, deadline: '50ms' } });
      await cache.ready();
      await site.ran();
      redis.pause();
      try {
        expect(await driver.writes.renameUser(1, 'Anabela')).toMatchObject({ modifiedCount: 1 });
        expect(await site.get('V1')).toMatchObject({ name: 'Anabela' });
        expect(driver.watch.counts()).toMatchObject({ commits: 1, unacknowledged: 1, failures: 0 });
      } finally {
        redis.resume();
      }
    });

    it.each(['queue', 'throw'] as const)(
      'has its result with a store that throws (44, %s)',
      async (onInvalidateFailure) => {
        const fail = (): never => {
          throw new Error('the store is broken');
        };
        const store = { opts: {}, get: fail, set: fail, delete: fail, clear: fail, on: () => {} } as never;
        const options = { store, onInvalidateFailure } as CacheOptions;
        const { driver, site } = await world.open(version, { cache: options });
        await site.ran();
        expect(await driver.writes.renameUser(1, 'Anabela')).toMatchObject({ modifiedCount: 1 });
        expect(await site.get('V1')).toMatchObject({ name: 'Anabela' });
        expect(driver.watch.counts()).toMatchObject({ commits: 1, unacknowledged: 1 });
      },
    );
  },
);

describe('watchMongo', () => {
  const client = new VERSIONS['7'].MongoClient('mongodb://127.0.0.1:1/');

  it.each([
    ['watchMongo', {}, {}],
    ['watchMongo', undefined, {}],
    ['watchMongo.cach', client, { cach: 1 }],
    ['watchMongo.tables.users.key', client, { tables: { users: { key: 'id' } } }],
  ])('refuses %s', (setting, target, options) => {
    const refused = () => watchMongo(target as MongoClient, options as never);
    expect(refused).toThrow(ConfigError);
    expect(refused).toThrow(new RegExp(`^${setting.replace(/[.]/g, '\\.')}: `));
  });
});
