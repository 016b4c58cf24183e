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
import { attachTo } from './attach.js';
import type { DatabaseLike, SqlJsDatabase } from './sql-js-types.js';

const KIND: SqliteKind<DatabaseLike> = {
  name: 'sql.js',
  localOf: (database) => ({
    scope: database,
    ask: (sql) => unheard(() => (database.exec(sql)[0]?.values ?? []).map(([value]) => String(value))),
    isInTransaction: (hasFailed) => (hasFailed ? isOpen(database) : undefined),
  }),
  attach: attachTo,
};

/**
 * Watches a database of `sql.js`: what views, values and memoized functions read through it becomes their tags, and what is
 * written through it is invalidated after the commit. Whatever sends the statements: `run`, `exec`, `each`, `prepare`, an ORM.
 *
 * A call returns as soon as it is done: by then what it has written is invalidated in this process, and other processes are
 * being told. Await `settled()` where an answer must not leave before they are.
 *
 * The same database is watched once for a cache, however often it is asked for; the first options count. Statements that were
 * prepared before are not seen.
 *
 * @param database - of sql.js 1
 * @param options - or a cache in their place
 * @returns ends it
 * @throws `ConfigError` for options that are wrong, and for what is no database
 *
 * @example
 * ```ts
 * const SQL = await initSqlJs();
 * const watch = watchSqlJs(new SQL.Database());
 * ```
 */
export function watchSqlJs(database: SqlJsDatabase, options?: WatchSqliteOptions | Cache): SqliteWatch {
  const { stop, settled, counts } = holdSqlJs('watchSqlJs', database, options);
  return Object.assign(() => stop(), { settled, counts });
}

/**
 * The same for what stands on `sql.js`.
 *
 * @param watch - the function that the app has called, for errors and warnings
 */
export function holdSqlJs(
  watch: string,
  database: SqlJsDatabase,
  options: WatchSqliteOptions | Cache | undefined,
): HeldSqlite {
  if (!isSqlJs(database)) throw wrongTarget(watch, database, 'a Database of sql.js');
  return holdSqlite(watch, KIND, database, options);
}

export function isSqlJs(database: unknown): database is DatabaseLike {
  if (typeof database !== 'object' || database === null) return false;
  const { exec, prepare, getRowsModified, iterateStatements, export: write } = database as Partial<SqlJsDatabase>;
  return [exec, prepare, getRowsModified, iterateStatements, write].every((it) => typeof it === 'function');
}

/** `sql.js` does not tell: a transaction begins where none is open, and nowhere else. */
function isOpen(database: DatabaseLike): boolean | undefined {
  try {
    unheard(() => database.exec('BEGIN'));
  } catch (error) {
    return error instanceof Error && error.message.includes('within a transaction') ? true : undefined;
  }
  unheard(() => database.exec('ROLLBACK'));
  return false;
}
