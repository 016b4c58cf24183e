import type { Cache } from '@viewcache/core';
import { type SequelizeWatch, type WatchSequelizeOptions, watchSequelize } from '@viewcache/orm/sequelize';
import { Op, type Options, QueryTypes, Sequelize, type Transaction } from 'sequelize';
import type { ScenarioDriver } from './driver.js';
import { modelsOf, type Post } from './sequelize-models.js';

/** The scenarios' way through Sequelize: static methods of models, and managed transactions. */
export class SequelizeDriver implements ScenarioDriver<Transaction> {
  readonly lacks: Readonly<Record<string, string>>;
  readonly sequelize: Sequelize;
  readonly models: ReturnType<typeof modelsOf>;
  readonly watch: SequelizeWatch;

  private constructor(
    options: Options,
    watched: Cache | WatchSequelizeOptions,
    lacks: Readonly<Record<string, string>> = {},
    url?: string,
  ) {
    const settings = { logging: false, ...options } as const;
    // The protocol of a URL would count more than the dialect.
    const reached = url?.replace(/^mysql:/, `${options.dialect}:`);
    this.sequelize = reached === undefined ? new Sequelize(settings) : new Sequelize(reached, settings);
    this.models = modelsOf(this.sequelize);
    this.watch = watchSequelize(this.sequelize, watched);
    this.lacks = lacks;
  }

  static async open(
    options: Options,
    watched: Cache | WatchSequelizeOptions,
    lacks: Readonly<Record<string, string>> = {},
    url?: string,
  ): Promise<SequelizeDriver> {
    const driver = new SequelizeDriver(options, watched, lacks, url);
    await driver.watch.ready;
    return driver;
  }

  readonly reads = {
    user: (id: number) => this.models.user.findByPk(id),
    users: () => this.models.user.findAll({ order: ['id'] }),
    posts: () => this.models.post.findAll({ include: 'user', order: ['id'] }),
    postCount: () => this.models.post.count(),
    comments: () => this.models.comment.findAll({ order: ['id'] }),
    profiles: () => this.models.profile.findAll({ order: ['id'] }),
    tagsOf: (post: number) => this.#post(post).getTags(),
  };

  readonly writes = {
    insertUser: (name: string, on?: Transaction) => this.models.user.create({ name }, { transaction: on ?? null }),
    insertUsers: (names: readonly string[], on?: Transaction) =>
      this.models.user.bulkCreate(
        names.map((name) => ({ name })),
        { transaction: on ?? null, returning: true },
      ),
    insertUserAs: (id: number, name: string, on?: Transaction) =>
      this.models.user.create({ id, name }, { transaction: on ?? null }),
    insertPost: (title: string, user: number, on?: Transaction) =>
      this.models.post.create({ title, user_id: user }, { transaction: on ?? null }),
    renameUser: (id: number, name: string, on?: Transaction) =>
      this.models.user.update({ name }, { where: { id }, transaction: on ?? null }),
    renameUsersWith: (email: string, name: string, on?: Transaction) =>
      this.models.user.update({ name }, { where: { email }, transaction: on ?? null }),
    renameUserOr: (id: number, email: string, name: string, on?: Transaction) =>
      this.models.user.update({ name }, { where: { [Op.or]: [{ id }, { email }] }, transaction: on ?? null }),
    saveUnchanged: async (id: number, on?: Transaction) => {
      const user = await this.models.user.findByPk(id, { rejectOnEmpty: true, transaction: on ?? null });
      await user.save({ transaction: on ?? null });
    },
    deleteUser: (id: number, on?: Transaction) => this.models.user.destroy({ where: { id }, transaction: on ?? null }),
    increment: (post: number, on?: Transaction) =>
      this.models.post.increment('views', { where: { id: post }, transaction: on ?? null }),
    upsertUser: (id: number, name: string, on?: Transaction) =>
      this.models.user.upsert({ id, name }, { transaction: on ?? null }),
    tag: (post: number, tag: number, on?: Transaction) => this.#post(post).addTag(tag, { transaction: on ?? null }),
    raw: (sql: string, parameters?: readonly unknown[], on?: Transaction) =>
      this.sequelize.query(sql, {
        transaction: on ?? null,
        // Without a type, it stumbles over what the driver `mariadb` returns of rows.
        ...(/^select/i.test(sql) ? { type: QueryTypes.SELECT as QueryTypes.RAW } : {}),
        ...(parameters === undefined ? {} : { bind: [...parameters] }),
      }),
  };

  async transaction<T>(work: (tx: Transaction) => Promise<T>): Promise<T> {
    return await this.sequelize.transaction(work);
  }

  async nested<T>(tx: Transaction, work: (tx: Transaction) => Promise<T>): Promise<T> {
    return await this.sequelize.transaction({ transaction: tx }, work);
  }

  scopeOf(tx: Transaction): object {
    return tx;
  }

  async close(): Promise<void> {
    this.watch();
    await this.sequelize.close();
  }

  #post(id: number): Post {
    return this.models.post.build({ id }, { isNewRecord: false });
  }
}
