import type { Cache } from '@viewcache/core';
import { type MongoWatch, type WatchOptions, watchMongo } from '@viewcache/orm/mongodb';
import type { ClientSession, Db, MongoClient, MongoClientOptions } from 'mongodb';
import * as mongodb from 'mongodb';
import * as mongodb6 from 'mongodb6';
import type { ScenarioDriver } from './driver.js';

/** Both versions: what is the same in their types is that of the newer one. */
export const VERSIONS = { '7': mongodb, '6': mongodb6 as unknown as typeof mongodb } as const;
export type Version = keyof typeof VERSIONS;

/** Any document that has a number for its key. */
interface Row {
  _id: number | mongodb.ObjectId;
  name?: string;
  email?: string;
  title?: string;
  views?: number;
  user_id?: number;
  post_id?: number;
  tag_id?: number;
}

/** What MongoDB does not do by itself, and the app has told of. */
export const CASCADES: NonNullable<WatchOptions['tables']> = {
  users: { cascadesTo: ['posts', { table: 'profiles', onDelete: 'set' }] },
  posts: { cascadesTo: ['comments', 'post_tags'] },
};

const NO_SQL = 'MongoDB has no SQL';
const NO_SAVEPOINTS = 'MongoDB has no savepoints';
export const LACKS = {
  ...Object.fromEntries(['9', '10', '11', '12', '13', '65', 'unread'].map((id) => [id, NO_SQL])),
  ...Object.fromEntries(['34', '35', '36'].map((id) => [id, NO_SAVEPOINTS])),
};

/** The scenarios' way through the driver of MongoDB. */
export class MongoDriver implements ScenarioDriver<ClientSession> {
  readonly lacks: Readonly<Record<string, string>> = LACKS;
  readonly client: MongoClient;
  readonly watch: MongoWatch;

  private constructor(client: MongoClient, watch: MongoWatch) {
    this.client = client;
    this.watch = watch;
  }

  static async open(
    version: Version,
    url: string,
    options: WatchOptions & { readonly cache: Cache },
    clientOptions: MongoClientOptions = {},
  ): Promise<MongoDriver> {
    const client = new VERSIONS[version].MongoClient(url, { minHeartbeatFrequencyMS: 50, ...clientOptions } as object);
    const watch = watchMongo(client, { tables: CASCADES, ...options });
    await client.connect();
    return new MongoDriver(client, watch);
  }

  get db(): Db {
    return this.client.db();
  }

  collection(name: string) {
    return this.db.collection<Row>(name);
  }

  readonly reads = {
    user: (id: number) => this.collection('users').findOne({ _id: id }),
    users: () => this.collection('users').find().toArray(),
    posts: () =>
      this.collection('posts')
        .aggregate([{ $lookup: { from: 'users', localField: 'user_id', foreignField: '_id', as: 'user' } }])
        .toArray(),
    postCount: () => this.collection('posts').countDocuments(),
    comments: () => this.collection('comments').find({}).toArray(),
    profiles: () => this.collection('profiles').find().toArray(),
    tagsOf: async (post: number) => {
      const links = await this.collection('post_tags').find({ post_id: post }).toArray();
      return await this.collection('tags')
        .find({ _id: { $in: links.map((link) => link.tag_id ?? 0) } })
        .toArray();
    },
  };

  readonly writes = {
    insertUser: (name: string, on?: ClientSession) => this.#users().insertOne({ name } as never, within(on)),
    insertUsers: (names: readonly string[], on?: ClientSession) =>
      this.#users().insertMany(names.map((name) => ({ name })) as never, within(on)),
    insertUserAs: (id: number, name: string, on?: ClientSession) =>
      this.#users().insertOne({ _id: id, name }, within(on)),
    insertPost: (title: string, user: number, on?: ClientSession) =>
      this.collection('posts').insertOne({ title, user_id: user } as never, within(on)),
    renameUser: (id: number, name: string, on?: ClientSession) =>
      this.#users().updateOne({ _id: id }, { $set: { name } }, within(on)),
    renameUsersWith: (email: string, name: string, on?: ClientSession) =>
      this.#users().updateMany({ email }, { $set: { name } }, within(on)),
    renameUserOr: (id: number, email: string, name: string, on?: ClientSession) =>
      this.#users().updateMany({ $or: [{ _id: id }, { email }] }, { $set: { name } }, within(on)),
    saveUnchanged: async (id: number, on?: ClientSession) => {
      const user = await this.#users().findOne({ _id: id }, within(on));
      await this.#users().replaceOne({ _id: id }, user as Row, within(on));
    },
    deleteUser: (id: number, on?: ClientSession) => this.#users().deleteOne({ _id: id }, within(on)),
    increment: (post: number, on?: ClientSession) =>
      this.collection('posts').updateOne({ _id: post }, { $inc: { views: 1 } }, within(on)),
    upsertUser: (id: number, name: string, on?: ClientSession) =>
      this.#users().updateOne({ _id: id }, { $set: { name } }, { upsert: true, ...within(on) }),
    tag: (post: number, tag: number, on?: ClientSession) =>
      this.collection('post_tags').insertOne({ post_id: post, tag_id: tag } as never, within(on)),
    raw: () => Promise.reject(new Error(NO_SQL)),
  };

  async transaction<T>(work: (tx: ClientSession) => Promise<T>): Promise<T> {
    return await this.client.withSession((session) => session.withTransaction(() => work(session)));
  }

  nested(): Promise<never> {
    return Promise.reject(new Error(NO_SAVEPOINTS));
  }

  scopeOf(tx: ClientSession): object {
    return tx;
  }

  async close(): Promise<void> {
    this.watch();
    await this.client.close();
  }

  #users() {
    return this.collection('users');
  }
}

function within(session: ClientSession | undefined): { session?: ClientSession } {
  return session === undefined ? {} : { session };
}
