import type { Cache } from '@viewcache/core';
import { type KnexWatch, type WatchKnexOptions, watchKnex } from '@viewcache/orm/knex';
import knexOf, { type Knex } from 'knex';
import type { ScenarioDriver } from './driver.js';
import type { HeldTransaction, Open, RuledDriver } from './watch-rules.js';

type On = Knex | undefined;

/** The scenarios' way through Knex: query builders, and transactions of callbacks. */
export class KnexDriver implements RuledDriver<Knex> {
  readonly lacks: Readonly<Record<string, string>>;
  readonly db: Knex;
  readonly watch: KnexWatch;
  readonly #isMysql: boolean;

  constructor(config: Knex.Config, options: Cache | WatchKnexOptions, lacks: Readonly<Record<string, string>> = {}) {
    this.db = knexOf(config);
    this.watch = watchKnex(this.db, options);
    this.lacks = lacks;
    this.#isMysql = config.client === 'mysql2';
  }

  static async open(
    config: Knex.Config,
    options: Cache | WatchKnexOptions,
    lacks: Readonly<Record<string, string>> = {},
  ): Promise<KnexDriver> {
    const driver = new KnexDriver(config, options, lacks);
    await driver.watch.ready;
    return driver;
  }

  readonly reads = {
    user: (id: number) => this.db('users').where('id', id).first(),
    users: () => this.db('users').select('id', 'name').orderBy('id'),
    posts: () =>
      this.db('posts as p').leftJoin('users as u', 'u.id', 'p.user_id').select('p.*', 'u.name').orderBy('p.id'),
    postCount: () => this.db('posts').count('* as count'),
    comments: () => this.db('comments').orderBy('id'),
    profiles: () => this.db('profiles').orderBy('id'),
    tagsOf: (post: number) =>
      this.db('post_tags as pt').join('tags as t', 't.id', 'pt.tag_id').where('pt.post_id', post).select('t.name'),
  };

  readonly writes = {
    insertUser: async (name: string, on: On = this.db) => await this.#withKey(on('users').insert({ name })),
    insertUsers: async (names: readonly string[], on: On = this.db) =>
      await this.#withKey(on('users').insert(names.map((name) => ({ name })))),
    insertUserAs: async (id: number, name: string, on: On = this.db) => await on('users').insert({ id, name }),
    insertPost: async (title: string, user: number, on: On = this.db) =>
      await on('posts').insert({ title, user_id: user }),
    renameUser: async (id: number, name: string, on: On = this.db) => await on('users').where({ id }).update({ name }),
    renameUsersWith: async (email: string, name: string, on: On = this.db) =>
      await on('users').where({ email }).update({ name }),
    renameUserOr: async (id: number, email: string, name: string, on: On = this.db) =>
      await on('users').where({ id }).orWhere({ email }).update({ name }),
    deleteUser: async (id: number, on: On = this.db) => await on('users').where({ id }).delete(),
    increment: async (post: number, on: On = this.db) => await on('posts').where('id', post).increment('views', 1),
    upsertUser: async (id: number, name: string, on: On = this.db) =>
      await on('users').insert({ id, name }).onConflict('id').merge(['name']),
    tag: async (post: number, tag: number, on: On = this.db) =>
      await on('post_tags').insert({ post_id: post, tag_id: tag }),
    raw: async (sql: string, parameters: readonly unknown[] = [], on: On = this.db) =>
      await on.raw(sql.replace(/\$\d+/g, '?'), [...parameters] as never),
  };

  async transaction<T>(work: (tx: Knex) => Promise<T>): Promise<T> {
    return await this.db.transaction((tx) => work(tx));
  }

  async nested<T>(tx: Knex, work: (tx: Knex) => Promise<T>): Promise<T> {
    return await tx.transaction((inner) => work(inner));
  }

  scopeOf(tx: Knex): object {
    return tx;
  }

  async begin(isolation?: 'serializable'): Promise<HeldTransaction<Knex>> {
    const tx = await this.db.transaction(undefined, isolation === undefined ? {} : { isolationLevel: isolation });
    const connection = await tx.client.acquireConnection();
    return {
      tx,
      commit: async () => {
        await tx.commit();
        await tx.executionPromise;
      },
      rollback: async () => void (await tx.rollback()),
      cut: () => connection.connection.stream.destroy(),
    };
  }

  watchAgain(options: Cache | WatchKnexOptions): KnexWatch {
    return watchKnex(this.db, options);
  }

  async rows(sql: string, on?: Knex): Promise<readonly unknown[]> {
    return (await this.writes.raw(sql, [], on)).rows;
  }

  async close(): Promise<void> {
    this.watch();
    await this.db.destroy();
  }

  #withKey(insert: Knex.QueryBuilder): Knex.QueryBuilder {
    return this.#isMysql ? insert : insert.returning('id');
  }
}

/** Opens Knex for the rules. */
export const openRuledKnex: Open = async (url, watched, connections) => {
  const pool = { min: 0, max: connections };
  return (await KnexDriver.open({ client: 'pg', connection: url, pool }, watched)) as ScenarioDriver<Knex> as never;
};
