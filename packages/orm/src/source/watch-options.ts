import type { Cache } from '@viewcache/core';

/** What the database does by itself to the rows of other tables, when a row here is deleted or gets another key. */
export interface CascadeOption {
  /** The table whose foreign key refers to this one: `'posts'`, `'billing.invoices'`. */
  readonly table: string;
  /** `'set'`: `SET NULL` or `SET DEFAULT`. @defaultValue `'cascade'` */
  readonly onDelete?: 'cascade' | 'set' | 'none' | undefined;
  /** @defaultValue `'none'` */
  readonly onUpdate?: 'cascade' | 'set' | 'none' | undefined;
  /** The columns that it refers to: what `onUpdate` is about. @defaultValue the primary key */
  readonly refersTo?: string | readonly string[] | undefined;
}

/** What there is to know of one table, where nobody can read it from the database or from an ORM. */
export interface TableOption {
  /**
   * The columns of the primary key. What names a row by them depends on that row alone.
   *
   * @defaultValue none: what reads the table depends on all of it
   */
  readonly pk?: string | readonly string[] | undefined;
  /** Tables whose rows go, or change, with rows of this one; a bare name is one with `ON DELETE CASCADE`. @defaultValue none */
  readonly cascadesTo?: readonly (string | CascadeOption)[] | undefined;
}

/** What a function of the database reads and writes. */
export interface FunctionOption {
  /** @defaultValue none */
  readonly reads?: readonly string[] | undefined;
  /** @defaultValue none */
  readonly writes?: readonly string[] | undefined;
}

/**
 * How a data source is watched. Every setting may be left out. Names of tables are as the database has them; one in a schema
 * that is not the usual one as `'schema.table'`.
 *
 * @example
 * ```ts
 * const options: WatchOptions = { tables: { users: { pk: 'id', cascadesTo: ['posts'] } }, opaque: 'ignore' };
 * ```
 */
export interface WatchOptions {
  /** The cache that hears of the writes. @defaultValue `defaultCache()` */
  readonly cache?: Cache | undefined;
  /**
   * In front of all tags, where several databases with tables of the same names are watched for one cache: `shop:users`. The
   * same database must have the same one wherever it is watched, a replica the one of its primary.
   *
   * @defaultValue none
   */
  readonly namespace?: string | undefined;
  /** What there is to know of tables. @defaultValue what the database or the ORM says */
  readonly tables?: Readonly<Record<string, TableOption>> | undefined;
  /** What stands for other tables, such as a view for those that it reads. @defaultValue what the database says */
  readonly views?: Readonly<Record<string, readonly string[]>> | undefined;
  /** Tables that triggers of a table write. @defaultValue what the texts of its functions say, where the database is asked for them */
  readonly triggers?: Readonly<Record<string, readonly string[]>> | undefined;
  /** Tables that functions of the database touch; a bare list is of those that it reads. @defaultValue as for `triggers` */
  readonly functions?: Readonly<Record<string, readonly string[] | FunctionOption>> | undefined;
  /**
   * What a statement counts as of which nobody can tell by its text what it does, such as `CALL` and `DO`: `'everything'`
   * invalidates all that the cache has; `'ignore'`, nothing; a function returns the tables that it writes.
   *
   * @defaultValue `'everything'`
   */
  readonly opaque?: 'everything' | 'ignore' | ((sql: string) => readonly string[]) | undefined;
  /**
   * `'purge'`: what was read is never served again. `'invalidate'`: it may still answer by `staleWhileRevalidate` and
   * `staleIfError`.
   *
   * @defaultValue `'purge'`
   */
  readonly onWrite?: 'purge' | 'invalidate' | undefined;
  /** Whether what views read here becomes their tags. @defaultValue true */
  readonly trackReads?: boolean | undefined;
  /** Rows of one table that one statement or transaction names each; more of them count as any row of it. @defaultValue 64 */
  readonly maxRows?: number | undefined;
  /**
   * Says for each invalidation what was written, which tags that came to and what it has dropped: `true` prints a line, a
   * function is handed it. Costs some microseconds for each.
   *
   * @defaultValue prints where `NODE_DEBUG` names `viewcache`
   */
  readonly log?: boolean | ((line: string) => void) | undefined;
}
