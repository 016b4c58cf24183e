import type { Cache } from '@viewcache/core';
import { type MongooseWatch, type WatchOptions, watchMongoose } from '@viewcache/orm/mongoose';
import mongoose, { type ClientSession, type ConnectOptions } from 'mongoose';
import mongoose8 from 'mongoose8';
import type { ScenarioDriver } from './driver.js';
import { CASCADES, LACKS } from './mongo-driver.js';
import { type Models, modelsOf } from './mongoose-models.js';

/** Both versions: of their types, the newer one's. */
export const VERSIONS = { '9': mongoose, '8': mongoose8 } as const;
export type Version = keyof typeof VERSIONS;

/** The scenarios' way through Mongoose: models, and sessions for transactions. */
export class MongooseDriver implements ScenarioDriver<ClientSession> {
  readonly lacks: Readonly<Record<string, string>> = LACKS;
  readonly connection: mongoose.Connection;
  readonly models: Models;
  readonly watch: MongooseWatch;

  private constructor(connection: mongoose.Connection, models: Models, watch: MongooseWatch) {
    this.connection = connection;
    this.models = models;
    this.watch = watch;
  }

  static async open(
    version: Version,
    url: string,
    options: WatchOptions & { readonly cache: Cache },
    connectOptions: ConnectOptions = {},
  ): Promise<MongooseDriver> {
    const connection = VERSIONS[version].createConnection();
    const models = modelsOf(VERSIONS[version], connection);
    const watch = watchMongoose(connection, { tables: CASCADES, ...options });
    await connection.openUri(url, { autoIndex: false, autoCreate: false, ...connectOptions });
    return new MongooseDriver(connection, models, watch);
  }

  readonly reads = {
    user: (id: number) => this.models.User.findById(id).lean(),
    users: () => this.models.User.find().lean(),
    posts: () =>
      this.models.Post.aggregate([
        { $lookup: { from: 'users', localField: 'user_id', foreignField: '_id', as: 'user' } },
      ]),
    postCount: () => this.models.Post.countDocuments(),
    comments: () => this.models.Comment.find(),
    profiles: () => this.models.Profile.find(),
    tagsOf: (post: number) => this.models.PostTag.find({ post_id: post }).populate('tag_id').lean(),
  };

  readonly writes = {
    insertUser: (name: string, on?: ClientSession) => new this.models.User({ name }).save(within(on)),
    insertUsers: (names: readonly string[], on?: ClientSession) =>
      this.models.User.insertMany(
        names.map((name) => ({ name })),
        within(on),
      ),
    insertUserAs: (id: number, name: string, on?: ClientSession) =>
      this.models.User.create([{ _id: id, name }], within(on)),
    insertPost: (title: string, user: number, on?: ClientSession) =>
      this.models.Post.create([{ title, user_id: user }], within(on)),
    renameUser: async (id: number, name: string, on?: ClientSession) => {
      const user = await this.models.User.findById(id, null, within(on)).orFail();
      user.name = name;
      return await user.save(within(on));
    },
    renameUsersWith: (email: string, name: string, on?: ClientSession) =>
      this.models.User.updateMany({ email }, { name }, within(on)),
    renameUserOr: (id: number, email: string, name: string, on?: ClientSession) =>
      this.models.User.updateMany({ $or: [{ _id: id }, { email }] } as object, { name }, within(on)),
    saveUnchanged: async (id: number, on?: ClientSession) => {
      const user = await this.models.User.findById(id, null, within(on)).orFail();
      await user.save(within(on));
    },
    deleteUser: (id: number, on?: ClientSession) => this.models.User.findByIdAndDelete(id, within(on)),
    increment: (post: number, on?: ClientSession) =>
      this.models.Post.findByIdAndUpdate(post, { $inc: { views: 1 } }, within(on)),
    upsertUser: (id: number, name: string, on?: ClientSession) =>
      this.models.User.findOneAndUpdate({ _id: id }, { name }, { upsert: true, ...within(on) }),
    tag: (post: number, tag: number, on?: ClientSession) =>
      this.models.PostTag.create([{ _id: `${post}-${tag}`, post_id: post, tag_id: tag }], within(on)),
    raw: () => Promise.reject(new Error('MongoDB has no SQL')),
  };

  async transaction<T>(work: (tx: ClientSession) => Promise<T>): Promise<T> {
    return (await this.connection.transaction(work as (tx: ClientSession) => Promise<never>)) as T;
  }

  nested(): Promise<never> {
    return Promise.reject(new Error('MongoDB has no savepoints'));
  }

  scopeOf(tx: ClientSession): object {
    return tx;
  }

  async close(): Promise<void> {
    this.watch();
    await this.connection.close();
  }
}

function within(session: ClientSession | undefined): { session?: ClientSession } {
  return session === undefined ? {} : { session };
}
