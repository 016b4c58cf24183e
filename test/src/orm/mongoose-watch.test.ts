import { describe, expect, it } from '@jest/globals';
import { ConfigError, createCache } from '@viewcache/core';
import { afterCommit } from '@viewcache/orm';
import { watchMongo } from '@viewcache/orm/mongodb';
import { watchMongoose } from '@viewcache/orm/mongoose';
import type mongoose from 'mongoose';
import { VERSIONS, type Version } from './mongoose-driver.js';
import { modelsOf } from './mongoose-models.js';
import { MongooseWorld } from './mongoose-world.js';
import { heardBy } from './pg-world.js';

const USER_1 = ['users', 'users#1'];
const QUIET = { autoIndex: false, autoCreate: false } as const;
let count = 0;

const rename = (connection: mongoose.Connection) =>
  connection.collection('users').updateOne({ _id: 1 as never }, { $set: { name: `x${count++}` } });

describe.each(Object.keys(VERSIONS) as Version[])('watchMongoose with Mongoose %s', (version) => {
  const world = new MongooseWorld();

  /** One of its own, for a default connection of its own. */
  function fresh(): mongoose.Mongoose {
    const made = new VERSIONS[version].Mongoose();
    world.closing({ close: () => made.disconnect() });
    return made;
  }

  function caching() {
    const cache = world.closing(createCache());
    return { cache, heard: heardBy(cache) };
  }

  it('watches the default connection, before it is open, and opened again', async () => {
    const { cache, heard } = caching();
    const own = fresh();
    const watch = watchMongoose(own, cache);
    expect(watch.counts()).toMatchObject({ commits: 0 });
    for (const _ of [1, 2]) {
      await own.connect(world.url, QUIET);
      heard.length = 0;
      await rename(own.connection);
      await own.connection.transaction(async (session) => {
        await own.connection.collection('users').insertOne({ name: 'x' }, { session });
      });
      expect(heard).toEqual([USER_1, ['users', expect.stringMatching(/^users#[\da-f]{24}$/)]]);
      expect(watch.counts()).toMatchObject({ commits: 2 });
      await own.disconnect();
    }
    watch();
  });

  it('watches it once for a cache, until all have stopped, and leaves everything as it was (68)', async () => {
    const { cache, heard } = caching();
    const own = fresh();
    const { connection } = own;
    const methods = () => [connection.openUri, connection.setClient, connection.listenerCount('buffer')];
    const before = methods();
    const stops = [watchMongoose(own, cache), watchMongoose(connection, cache)];
    await own.connect(world.url, QUIET);
    await rename(connection);
    expect(heard).toEqual([USER_1]);
    const listeners = connection.getClient().listenerCount('commandStarted');
    for (const stop of stops) stop();
    await rename(connection);
    expect(heard).toHaveLength(1);
    expect(methods()).toEqual(before);
    expect(Object.hasOwn(connection, 'openUri')).toBe(false);
    expect(connection.getClient().listenerCount('commandStarted')).toBe(listeners - 1);
    // Its commands are still told of.
    const stop = watchMongoose(connection, cache);
    await rename(connection);
    expect(heard).toEqual([USER_1, USER_1]);
    stop();
  });

  it('watches a client once that is asked for by its driver, too', async () => {
    const { cache, heard } = caching();
    const { connection } = fresh();
    const stops = [watchMongoose(connection, cache)];
    await connection.openUri(world.url, QUIET);
    stops.push(watchMongo(connection.getClient() as never, cache));
    await rename(connection);
    expect(heard).toEqual([USER_1]);
    for (const stop of stops) stop();
  });

  it('puts nothing in front of the database that the connection is for, whatever its URL says', async () => {
    const { cache, heard } = caching();
    const { connection } = fresh();
    const stop = watchMongoose(connection, cache);
    const url = new URL(world.url);
    const dbName = url.pathname.slice(1);
    url.pathname = '/';
    await connection.openUri(url.href, { ...QUIET, dbName });
    await rename(connection);
    await connection
      .useDb('other')
      .collection('users')
      .insertOne({ _id: 5 as never });
    expect(heard).toEqual([USER_1, ['other.users', 'other.users#5']]);
    stop();
  });

  it('watches a client that the connection is handed', async () => {
    const { cache, heard } = caching();
    const first = fresh().connection;
    await first.openUri(world.url, { ...QUIET, monitorCommands: true });
    const second = fresh().connection;
    const stop = watchMongoose(second, cache);
    second.setClient(first.getClient());
    await rename(second);
    await afterCommit(second, 'in no transaction');
    expect(heard).toEqual([USER_1, ['in no transaction']]);
    stop();
  });

  it('stores nothing of what was asked for before the connection was open', async () => {
    const { cache } = caching();
    const { connection } = fresh();
    const stop = watchMongoose(connection, cache);
    const models = modelsOf(VERSIONS[version], connection);
    let runs = 0;
    const kept = cache.memoize(async () => {
      runs++;
      return await models.User.findById(1).lean();
    }, '5m');
    const early = kept();
    await connection.openUri(world.url, QUIET);
    expect(await early).toMatchObject({ name: 'Ana' });
    await kept();
    await kept();
    expect(runs).toBe(2);
    stop();
  });

  it('says so where the connection is open, and tells nobody of its commands', async () => {
    const { cache } = caching();
    const { connection } = fresh();
    await connection.openUri(world.url, QUIET);
    expect(() => watchMongoose(connection, cache)).toThrow(/^watchMongoose\.monitorCommands: /);
  });

  it('leaves an error of the connection as it is', async () => {
    const { cache, heard } = caching();
    const { connection } = fresh();
    const stop = watchMongoose(connection, cache);
    await expect(connection.openUri('nonsense', QUIET)).rejects.toThrow(/scheme/i);
    await connection.openUri(world.url, QUIET);
    await rename(connection);
    expect(heard).toEqual([USER_1]);
    stop();
  });
});

describe('watchMongoose', () => {
  const { connection } = new VERSIONS['9'].Mongoose();

  it.each([
    ['watchMongoose', {}, {}],
    ['watchMongoose', undefined, {}],
    ['watchMongoose.cach', connection, { cach: 1 }],
    ['watchMongoose.maxRows', connection, { maxRows: 0 }],
  ])('refuses %s', (setting, target, options) => {
    const refused = () => watchMongoose(target as mongoose.Connection, options as never);
    expect(refused).toThrow(ConfigError);
    expect(refused).toThrow(new RegExp(`^${setting.replace(/[.]/g, '\\.')}: `));
  });
});
