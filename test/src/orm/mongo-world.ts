import { randomBytes } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach } from '@jest/globals';
import { type Cache, type CacheOptions, createCache } from '@viewcache/core';
import { type MongoWatch, type WatchOptions, watchMongo } from '@viewcache/orm/mongodb';
import { MongoClient, type MongoClientOptions } from 'mongodb';
import { MongoServer } from '../servers/mongo.js';
import { MongoDriver, type Version } from './mongo-driver.js';
import { ViewsSite } from './views-site.js';

/** What each scenario finds: two users, two posts of theirs, and what belongs to these. */
const SEED: Readonly<Record<string, readonly object[]>> = {
  users: [
    { _id: 1, name: 'Ana', email: 'ana@example.com' },
    { _id: 2, name: 'Rui', email: 'rui@example.com' },
  ],
  posts: [
    { _id: 1, title: 'First', views: 0, user_id: 1 },
    { _id: 2, title: 'Second', views: 0, user_id: 2 },
  ],
  comments: [
    { _id: 1, body: 'Well', post_id: 1 },
    { _id: 2, body: 'So', post_id: 2 },
  ],
  profiles: [
    { _id: 1, bio: 'Painter', user_id: 1 },
    { _id: 2, bio: 'Baker', user_id: 2 },
  ],
  tags: [
    { _id: 1, name: 'news' },
    { _id: 2, name: 'old' },
  ],
  post_tags: [{ _id: '1-1', post_id: 1, tag_id: 1 }],
};

/** Empties a database and writes what each scenario finds. */
export async function seedMongo(client: MongoClient): Promise<void> {
  const db = client.db();
  await db.dropDatabase();
  for (const [name, documents] of Object.entries(SEED))
    await db.collection(name).insertMany(documents.map((document) => ({ ...document })));
}

/**
 * A MongoDB, an unwatched way to it, and for each test what it asks for. The server is the one of `MONGO_URL`, a member of a
 * replica set, in a database of this world's own; without that one, the stand-in.
 */
export class MongoWorld {
  readonly #isStandIn: boolean;
  readonly #database = `viewcache_${randomBytes(6).toString('hex')}`;
  #server: MongoServer | undefined;
  #admin: MongoClient | undefined;
  #close: (() => Promise<unknown>)[] = [];

  /** @param isStandIn - the test asks for what only the stand-in does: to fail */
  constructor(isStandIn = process.env['MONGO_URL'] === undefined) {
    this.#isStandIn = isStandIn;
    beforeAll(async () => {
      if (this.#isStandIn) this.#server = await MongoServer.start();
      this.#admin = new MongoClient(this.url);
    });
    afterAll(async () => {
      await this.#admin?.db().dropDatabase();
      await this.#admin?.close();
      await this.#server?.stop();
    });
    beforeEach(async () => await seedMongo(this.admin));
    afterEach(async () => {
      // What was opened last may stand on what was opened first.
      for (const close of this.#close.splice(0).reverse()) await close();
    });
  }

  get url(): string {
    const url = new URL(this.#isStandIn ? this.server.url : (process.env['MONGO_URL'] as string));
    url.pathname = `/${this.#database}`;
    return url.href;
  }

  /** The stand-in. */
  get server(): MongoServer {
    if (this.#server === undefined) throw new Error('the server is not running');
    return this.#server;
  }

  /** A client that nobody watches. */
  get admin(): MongoClient {
    if (this.#admin === undefined) throw new Error('the server is not running');
    return this.#admin;
  }

  /** To be closed when the test ends. */
  closing<T extends { close(): Promise<unknown> }>(opened: T): T {
    this.#close.push(() => opened.close());
    return opened;
  }

  /** Until the test ends. */
  watch(client: MongoClient, options: Cache | WatchOptions): MongoWatch {
    const watch = watchMongo(client, options);
    this.#close.push(async () => watch());
    return watch;
  }

  async open(version: Version, wanted: MongoWanted = {}) {
    const cache = this.closing(createCache(wanted.cache));
    const driver = this.closing(await MongoDriver.open(version, this.url, { ...wanted.watch, cache }, wanted.client));
    const site = this.closing(await ViewsSite.open(cache, driver.reads));
    return { cache, driver, site };
  }
}

/** What a test asks for beyond the usual. */
export interface MongoWanted {
  readonly cache?: CacheOptions;
  readonly watch?: WatchOptions;
  readonly client?: MongoClientOptions;
}
