import type { Cache } from '@viewcache/core';
import { type DrizzleWatch, type WatchDrizzleOptions, watchDrizzle } from '@viewcache/orm/drizzle';
import { count, eq, or, type SQL, sql } from 'drizzle-orm';
import type { NodePgDatabase } from 'drizzle-orm/node-postgres';
import type { ScenarioDriver } from './driver.js';
import { schema } from './drizzle-tables.js';

export type Database = NodePgDatabase<typeof schema>;
/** A transaction, or the database where none is open. */
export type Tx = Pick<Database, 'select' | 'insert' | 'update' | 'delete' | 'execute' | 'transaction'>;

/** What differs from PostgreSQL: its tables and databases have types of their own, and are used alike. */
export interface Variant {
  readonly schema: object;
  readonly lacks: Readonly<Record<string, string>>;
  /** Carries out a statement of the app's own. */
  execute(on: Tx, statement: SQL): unknown;
  /** Inserts, or changes the row that is there, where that is not by `ON CONFLICT`: nor is anything returned there. */
  upsert?(on: Tx, row: { readonly id: number; readonly name: string }): unknown;
  /** Where relational queries cannot read other tables. */
  readonly hasNoRelations?: boolean;
  /** Where transactions of Drizzle cannot wait for anything: they are statements, then. */
  readonly areTransactionsStatements?: boolean;
}

const LACKS = { 3: 'Drizzle has no entities: what is not to be changed is not sent' };
const POSTGRES: Variant = { schema, lacks: {}, execute: (on, statement) => on.execute(statement) };

/** The scenarios' way through Drizzle: query builders, relational queries, and transactions of its own. */
export class DrizzleDriver implements ScenarioDriver<Tx> {
  readonly lacks: Readonly<Record<string, string>>;
  readonly db: Database;
  readonly watch: DrizzleWatch;
  readonly #variant: Variant;
  readonly #tables: typeof schema;
  #depth = 0;

  private constructor(db: Database, watch: DrizzleWatch, variant: Variant) {
    this.db = db;
    this.watch = watch;
    this.#variant = variant;
    this.#tables = variant.schema as typeof schema;
    this.lacks = { ...LACKS, ...variant.lacks };
  }

  static async open(
    db: Database,
    watched: Cache | WatchDrizzleOptions,
    variant: Variant = POSTGRES,
  ): Promise<DrizzleDriver> {
    const watch = watchDrizzle(db, watched);
    await watch.ready;
    return new DrizzleDriver(db, watch, variant);
  }

  readonly reads = {
    user: async (id: number) =>
      (await this.db.select().from(this.#tables.users).where(eq(this.#tables.users.id, id)))[0],
    users: async () =>
      await this.db
        .select({ id: this.#tables.users.id, name: this.#tables.users.name })
        .from(this.#tables.users)
        .orderBy(this.#tables.users.id),
    posts: async () => {
      const { posts, users } = this.#tables;
      if (this.#variant.hasNoRelations !== true)
        return await this.db.query.posts.findMany({ with: { user: true }, orderBy: posts.id });
      return await this.db.select().from(posts).leftJoin(users, eq(users.id, posts.userId)).orderBy(posts.id);
    },
    postCount: async () => await this.db.select({ value: count() }).from(this.#tables.posts),
    comments: async () => await this.db.query.comments.findMany({ orderBy: this.#tables.comments.id }),
    profiles: async () => await this.db.select().from(this.#tables.profiles).orderBy(this.#tables.profiles.id),
    tagsOf: async (post: number) =>
      await this.db
        .select({ name: this.#tables.tags.name })
        .from(this.#tables.postTags)
        .innerJoin(this.#tables.tags, eq(this.#tables.tags.id, this.#tables.postTags.tagId))
        .where(eq(this.#tables.postTags.postId, post)),
  };

  readonly writes = {
    insertUser: async (name: string, on?: Tx) =>
      await this.#returned(this.#on(on).insert(this.#tables.users).values({ name })),
    insertUsers: async (names: readonly string[], on?: Tx) =>
      await this.#returned(
        this.#on(on)
          .insert(this.#tables.users)
          .values(names.map((name) => ({ name }))),
      ),
    insertUserAs: async (id: number, name: string, on?: Tx) =>
      await this.#on(on).insert(this.#tables.users).values({ id, name }),
    insertPost: async (title: string, userId: number, on?: Tx) =>
      await this.#on(on).insert(this.#tables.posts).values({ title, userId }),
    renameUser: async (id: number, name: string, on?: Tx) =>
      await this.#on(on).update(this.#tables.users).set({ name }).where(eq(this.#tables.users.id, id)),
    renameUsersWith: async (email: string, name: string, on?: Tx) =>
      await this.#on(on).update(this.#tables.users).set({ name }).where(eq(this.#tables.users.email, email)),
    renameUserOr: async (id: number, email: string, name: string, on?: Tx) =>
      await this.#on(on)
        .update(this.#tables.users)
        .set({ name })
        .where(or(eq(this.#tables.users.id, id), eq(this.#tables.users.email, email))),
    deleteUser: async (id: number, on?: Tx) =>
      await this.#on(on).delete(this.#tables.users).where(eq(this.#tables.users.id, id)),
    increment: async (post: number, on?: Tx) =>
      await this.#on(on)
        .update(this.#tables.posts)
        .set({ views: sql`${this.#tables.posts.views} + 1` })
        .where(eq(this.#tables.posts.id, post)),
    upsertUser: async (id: number, name: string, on?: Tx) => {
      if (this.#variant.upsert !== undefined) return await this.#variant.upsert(this.#on(on), { id, name });
      return await this.#on(on)
        .insert(this.#tables.users)
        .values({ id, name })
        .onConflictDoUpdate({ target: this.#tables.users.id, set: { name: sql`excluded.name` } });
    },
    tag: async (postId: number, tagId: number, on?: Tx) =>
      await this.#on(on).insert(this.#tables.postTags).values({ postId, tagId }),
    raw: async (text: string, parameters: readonly unknown[] = [], on?: Tx) =>
      await this.#variant.execute(this.#on(on), withParameters(text, parameters)),
  };

  async transaction<T>(work: (tx: Tx) => Promise<T>): Promise<T> {
    if (this.#variant.areTransactionsStatements !== true) return await this.db.transaction(work);
    return await this.#within('BEGIN', 'COMMIT', 'ROLLBACK', work);
  }

  async nested<T>(tx: Tx, work: (tx: Tx) => Promise<T>): Promise<T> {
    if (this.#variant.areTransactionsStatements !== true) return await tx.transaction(work);
    const name = `level_${this.#depth++}`;
    return await this.#within(`SAVEPOINT ${name}`, `RELEASE ${name}`, `ROLLBACK TO ${name}`, work);
  }

  scopeOf(tx: Tx): object {
    return tx;
  }

  async close(): Promise<void> {
    this.watch();
  }

  async #within<T>(begin: string, end: string, undo: string, work: (tx: Tx) => Promise<T>): Promise<T> {
    const run = (text: string) => this.#variant.execute(this.db, sql.raw(text));
    run(begin);
    try {
      const result = await work(this.db);
      run(end);
      return result;
    } catch (error) {
      run(undo);
      throw error;
    }
  }

  async #returned(insert: PromiseLike<unknown> & { returning(): PromiseLike<unknown> }): Promise<unknown> {
    return await (this.#variant.upsert === undefined ? insert.returning() : insert);
  }

  #on(tx: Tx | undefined): Tx {
    return tx ?? this.db;
  }
}

/** A text with `$1`, `$2` … in it, as Drizzle has them. */
function withParameters(text: string, parameters: readonly unknown[]): SQL {
  const parts = text.split(/\$\d+/).map((part) => sql.raw(part));
  return sql.join(parts.flatMap((part, i) => (i === 0 ? [part] : [sql`${parameters[i - 1]}`, part])));
}
