import type { Cache } from '@viewcache/core';
import { type KyselyWatch, type WatchKyselyOptions, watchKysely } from '@viewcache/orm/kysely';
import type { ControlledTransaction, Dialect, Generated, Kysely, KyselyConfig, Transaction } from 'kysely';
import * as kysely from 'kysely';
import * as kysely028 from 'kysely028';
import pg from 'pg';
import { gate } from '../support/gate.js';
import type { ScenarioDriver } from './driver.js';
import type { HeldTransaction, Open, RuledDriver } from './watch-rules.js';

/** Both versions: what is the same in their types is that of the newer one. */
export const VERSIONS = { '0.29': kysely, '0.28': kysely028 as unknown as typeof kysely } as const;
export type Version = keyof typeof VERSIONS;

export interface Database {
  users: { id: Generated<number>; name: string; email: string | null };
  posts: { id: Generated<number>; title: string; views: Generated<number>; user_id: number | null };
  comments: { id: Generated<number>; body: string; post_id: number | null };
  profiles: { id: Generated<number>; bio: string; user_id: number | null };
  tags: { id: Generated<number>; name: string };
  post_tags: { post_id: number; tag_id: number };
}

export type Db = Kysely<Database>;
type On = Db | undefined;

/** The scenarios' way through Kysely: its query builders, and transactions of either kind. */
export class KyselyDriver implements ScenarioDriver<Db> {
  readonly lacks: Readonly<Record<string, string>>;
  readonly db: Db;
  readonly dialect: Dialect;
  readonly watch: KyselyWatch;
  readonly #module: typeof kysely;
  readonly #isMysql: boolean;

  constructor(
    version: Version,
    dialect: Dialect,
    options: Cache | WatchKyselyOptions,
    config: Partial<KyselyConfig> = {},
    lacks: Readonly<Record<string, string>> = {},
  ) {
    this.#module = VERSIONS[version];
    this.#isMysql = dialect instanceof this.#module.MysqlDialect;
    this.dialect = dialect;
    this.lacks = lacks;
    this.watch = watchKysely(dialect, options);
    this.db = new this.#module.Kysely<Database>({ ...config, dialect });
  }

  static async open(
    version: Version,
    dialect: Dialect,
    options: Cache | WatchKyselyOptions,
    config: Partial<KyselyConfig> = {},
    lacks: Readonly<Record<string, string>> = {},
  ): Promise<KyselyDriver> {
    const driver = new KyselyDriver(version, dialect, options, config, lacks);
    await driver.watch.ready;
    return driver;
  }

  readonly reads = {
    user: (id: number) => this.db.selectFrom('users').selectAll().where('id', '=', id).executeTakeFirst(),
    users: () => this.db.selectFrom('users').select(['id', 'name']).orderBy('id').execute(),
    posts: () =>
      this.db
        .selectFrom('posts as p')
        .leftJoin('users as u', 'u.id', 'p.user_id')
        .selectAll('p')
        .select('u.name')
        .orderBy('p.id')
        .execute(),
    postCount: () =>
      this.db
        .selectFrom('posts')
        .select((it) => it.fn.countAll().as('count'))
        .execute(),
    comments: () => this.db.selectFrom('comments').selectAll().orderBy('id').execute(),
    profiles: () => this.db.selectFrom('profiles').selectAll().orderBy('id').execute(),
    tagsOf: (post: number) =>
      this.db
        .selectFrom('post_tags as pt')
        .innerJoin('tags as t', 't.id', 'pt.tag_id')
        .select('t.name')
        .where('pt.post_id', '=', post)
        .execute(),
  };

  readonly writes = {
    insertUser: (name: string, on?: Db) => this.#insert([{ name }], on),
    insertUsers: (names: readonly string[], on?: Db) =>
      this.#insert(
        names.map((name) => ({ name })),
        on,
      ),
    insertUserAs: (id: number, name: string, on: On = this.db) => on.insertInto('users').values({ id, name }).execute(),
    insertPost: (title: string, user: number, on: On = this.db) =>
      on.insertInto('posts').values({ title, user_id: user }).execute(),
    renameUser: (id: number, name: string, on: On = this.db) =>
      on.updateTable('users').set({ name }).where('id', '=', id).execute(),
    renameUsersWith: (email: string, name: string, on: On = this.db) =>
      on.updateTable('users').set({ name }).where('email', '=', email).execute(),
    renameUserOr: (id: number, email: string, name: string, on: On = this.db) =>
      on
        .updateTable('users')
        .set({ name })
        .where((it) => it.or([it('id', '=', id), it('email', '=', email)]))
        .execute(),
    deleteUser: (id: number, on: On = this.db) => on.deleteFrom('users').where('id', '=', id).execute(),
    increment: (post: number, on: On = this.db) =>
      on
        .updateTable('posts')
        .set((it) => ({ views: it('views', '+', 1) }))
        .where('id', '=', post)
        .execute(),
    upsertUser: (id: number, name: string, on: On = this.db) => {
      const insert = on.insertInto('users').values({ id, name });
      return this.#isMysql
        ? insert.onDuplicateKeyUpdate({ name }).execute()
        : insert.onConflict((it) => it.column('id').doUpdateSet({ name })).execute();
    },
    tag: (post: number, tag: number, on: On = this.db) =>
      on.insertInto('post_tags').values({ post_id: post, tag_id: tag }).execute(),
    raw: (sql: string, parameters: readonly unknown[] = [], on: On = this.db) =>
      on.executeQuery(this.#module.CompiledQuery.raw(sql, [...parameters])),
  };

  transaction<T>(work: (tx: Transaction<Database>) => Promise<T>): Promise<T> {
    return this.db.transaction().execute(work);
  }

  /** Kysely has savepoints in transactions alone that the app ends itself: the others take the statement for it. */
  async nested<T>(tx: Db, work: (tx: Db) => Promise<T>): Promise<T> {
    const name = `level_${++this.#levels}`;
    const { sql } = this.#module;
    await sql`savepoint ${sql.ref(name)}`.execute(tx);
    try {
      const result = await work(tx);
      await sql`release savepoint ${sql.ref(name)}`.execute(tx);
      return result;
    } catch (error) {
      await sql`rollback to savepoint ${sql.ref(name)}`.execute(tx);
      throw error;
    }
  }

  #levels = 0;

  scopeOf(tx: Db): object {
    return tx;
  }

  watchAgain(options: Cache | WatchKyselyOptions): KyselyWatch {
    return watchKysely(this.dialect, options);
  }

  async close(): Promise<void> {
    this.watch();
    await this.db.destroy();
  }

  #insert(rows: readonly { name: string }[], on: On = this.db) {
    const insert = on.insertInto('users').values(rows);
    return this.#isMysql ? insert.execute() : insert.returning('id').execute();
  }
}

/** The same with what rules ask for, on PostgreSQL. */
class RuledKyselyDriver extends KyselyDriver implements RuledDriver<Db> {
  readonly #acquired: pg.PoolClient[] = [];

  constructor(version: Version, url: string, watched: WatchKyselyOptions, connections: number) {
    const pool = new pg.Pool({ connectionString: url, max: connections });
    // Kysely tells of it where it matters.
    pool.on('connect', (client) => client.on('error', () => {}));
    const { PostgresDialect } = VERSIONS[version];
    super(version, new PostgresDialect({ pool }), watched);
    pool.on('acquire', (client) => void this.#acquired.push(client));
  }

  async begin(isolation?: 'serializable'): Promise<HeldTransaction<Db>> {
    const transaction = this.db.transaction();
    const [begun, ended] = [gate<Db>(), gate<'commit' | 'rollback'>()];
    // One that the app ends itself is never given back when its end fails, in Kysely 0.28.
    const done = (isolation === undefined ? transaction : transaction.setIsolationLevel(isolation)).execute(
      async (tx) => {
        begun.open(tx);
        if ((await ended.passed) === 'rollback') throw new Error('rolled back');
      },
    );
    done.catch(() => {});
    const tx = await begun.passed;
    const client = this.#acquired.at(-1) as unknown as { connection: { stream: { destroy(): void } } };
    const end = (how: 'commit' | 'rollback'): Promise<void> => {
      ended.open(how);
      return done;
    };
    return {
      tx,
      commit: () => end('commit'),
      rollback: () => end('rollback'),
      cut: () => client.connection.stream.destroy(),
    };
  }

  async rows(sql: string, on?: Db): Promise<readonly unknown[]> {
    return (await this.writes.raw(sql, [], on)).rows;
  }
}

/** Opens one version of Kysely for the rules. */
export function openRuled(version: Version): Open {
  return async (url, watched, connections) => {
    const driver = new RuledKyselyDriver(version, url, watched, connections);
    await driver.watch.ready;
    return driver as RuledDriver as never;
  };
}

/** The same with the transactions that the app begins and ends itself, and their savepoints. */
export class ControlledKyselyDriver implements ScenarioDriver<ControlledTransaction<Database, string[]>> {
  readonly #driver: KyselyDriver;
  readonly reads;
  readonly writes;
  readonly lacks;
  #levels = 0;

  constructor(driver: KyselyDriver) {
    this.#driver = driver;
    this.reads = driver.reads;
    this.writes = driver.writes;
    this.lacks = driver.lacks;
  }

  async transaction<T>(work: (tx: ControlledTransaction<Database, string[]>) => Promise<T>): Promise<T> {
    const tx = await this.#driver.db.startTransaction().execute();
    try {
      const result = await work(tx as never);
      await tx.commit().execute();
      return result;
    } catch (error) {
      await tx.rollback().execute();
      throw error;
    }
  }

  async nested<T>(
    tx: ControlledTransaction<Database, string[]>,
    work: (tx: ControlledTransaction<Database, string[]>) => Promise<T>,
  ): Promise<T> {
    const name = `level_${++this.#levels}`;
    const inner = await tx.savepoint(name).execute();
    try {
      const result = await work(inner as never);
      await inner.releaseSavepoint(name as never).execute();
      return result;
    } catch (error) {
      await inner.rollbackToSavepoint(name as never).execute();
      throw error;
    }
  }

  scopeOf(tx: ControlledTransaction<Database, string[]>): object {
    return tx;
  }

  close(): Promise<void> {
    return this.#driver.close();
  }
}
