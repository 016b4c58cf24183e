import type { Cache } from '@viewcache/core';
import { wrongTarget } from '../source/wrong-target.js';
import {
  type HeldSqlite,
  holdSqlite,
  type SqliteKind,
  type SqliteWatch,
  type WatchSqliteOptions,
} from '../sqlite/hold-sqlite.js';
import { unheard } from '../sqlite/unheard.js';
import type { BetterSqlite3Database, DatabaseLike } from './better-sqlite3-types.js';
import { attachTo } from './watched-statements.js';

const KIND: SqliteKind<DatabaseLike> = {
  name: 'better-sqlite3',
  localOf: (database) => ({
    scope: database,
    ask: (sql) => unheard(() => database.prepare(sql).pluck().all().map(String)),
    isInTransaction: () => database.inTransaction,
  }),
  attach: attachTo,
};

/**
 * Watches a database of `better-sqlite3`: what views, values and memoized functions read through it becomes their tags, and
 * what is written through it is invalidated after the commit. Whatever sends the statements: `prepare`, `exec`, `transaction`,
 * `pragma`, an ORM.
 *
 * A call returns as soon as it is done: by then what it has written is invalidated in this process, and other processes are
 * being told. Await `settled()` where an answer must not leave before they are.
 *
 * The same database is watched once for a cache, however often it is asked for; the first options count. Each connection is
 * watched by itself.
 *
 * @param database - an open one
 * @param options - or a cache in their place
 * @returns ends it
 * @throws `ConfigError` for options that are wrong, and for what is no open database
 *
 * @example
 * ```ts
 * const db = new Database('shop.db');
 * const watch = watchBetterSqlite3(db);
 * ```
 */
export function watchBetterSqlite3(database: BetterSqlite3Database, options?: WatchSqliteOptions | Cache): SqliteWatch {
  const { stop, settled, counts } = holdBetterSqlite3('watchBetterSqlite3', database, options);
  return Object.assign(() => stop(), { settled, counts });
}

/**
 * The same for what stands on `better-sqlite3`.
 *
 * @param watch - the function that the app has called, for errors and warnings
 */
export function holdBetterSqlite3(
  watch: string,
  database: BetterSqlite3Database,
  options: WatchSqliteOptions | Cache | undefined,
): HeldSqlite {
  if (!isBetterSqlite3(database) || !database.open)
    throw wrongTarget(watch, database, 'an open Database of better-sqlite3');
  return holdSqlite(watch, KIND, database, options);
}

/** Whether it is a database of this library, open or closed. */
export function isBetterSqlite3(database: unknown): database is DatabaseLike {
  if (typeof database !== 'object' || database === null) return false;
  const { pragma, prepare, inTransaction } = database as Partial<BetterSqlite3Database>;
  return typeof inTransaction === 'boolean' && [pragma, prepare].every((it) => typeof it === 'function');
}
