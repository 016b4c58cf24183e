import { type Cache, ConfigError } from '@viewcache/core';
import { checkBoolean } from '@viewcache/core/node';
import { readWatchOptions, type WatchSettings } from '../source/read-options.js';
import { findScopesBy, meet } from '../source/registry.js';
import { watchHandle } from '../source/watch-handle.js';
import type { WatchOptions } from '../source/watch-options.js';
import { WatchRegistry } from '../source/watch-registry.js';
import { wrongTarget } from '../source/wrong-target.js';
import { openReadSource, type ReadSource } from '../sql/read-source.js';
import type { Dialect } from '../statements/footprint-types.js';
import type { DeliveryCounts } from '../writes/delivery.js';
import { ask, attach } from './attach.js';
import type { ClientLike, KnexLike } from './knex-types.js';
import { connectionOf } from './transaction-scope.js';

/** How {@link watchKnex} watches. */
export interface WatchKnexOptions extends WatchOptions {
  /**
   * Whether the database is asked for tables, primary keys, foreign keys and views; `false`: what `tables` and `views` say is
   * all that is known.
   *
   * @defaultValue true
   */
  readonly readTables?: boolean | undefined;
}

/** What {@link watchKnex} returns: a function that ends the watch, and puts everything back as it was. */
export interface KnexWatch {
  (): void;
  /**
   * Resolves when the tables are known, as they are when it is asked for: await it again after a migration. Rejects where the
   * database does not tell them, which is tried again with the next query. Until then nothing that reads the database is
   * stored, and a write invalidates everything.
   */
  readonly ready: Promise<void>;
  /** What was invalidated since the watch began. */
  counts(): DeliveryCounts;
}

/** By the name of the driver of a client. */
const DIALECTS: Readonly<Record<string, Dialect>> = {
  pg: 'postgres',
  mysql: 'mysql',
  mysql2: 'mysql',
  'better-sqlite3': 'sqlite',
  sqlite3: 'sqlite',
};

const watches = new WatchRegistry<ReadSource>();

/**
 * Watches a Knex: what views, values and memoized functions read through it becomes their tags, and what is written through it
 * is invalidated after the commit, before the caller of the write goes on. Query builders, schema builders, raw statements,
 * streams, in any transaction.
 *
 * The same Knex is watched once for a cache, however often it is asked for; the first options count.
 *
 * @param knex - of PostgreSQL, MySQL, MariaDB or SQLite, by Knex 3
 * @param options - or a cache in their place
 * @returns ends it; `ready` resolves when the tables have been read
 * @throws `ConfigError` for options that are wrong, for a transaction in place of a Knex, and for other databases
 *
 * @example
 * ```ts
 * const db = knex({ client: 'pg', connection: process.env.DATABASE_URL });
 * const stop = watchKnex(db);
 * await stop.ready;
 * ```
 */
export function watchKnex(knex: KnexLike, options?: WatchKnexOptions | Cache): KnexWatch {
  const settings = readWatchOptions('watchKnex', options, ['readTables']);
  const { readTables = true } = (options ?? {}) as WatchKnexOptions;
  checkBoolean('watchKnex.readTables', readTables);
  const { client, dialect } = clientOf(knex);
  findScopesBy('knex', connectionOf);
  const { watch, stop } = watches.watch(client, settings, () => open(client, dialect, settings, readTables));
  // What is written through it is outside any transaction.
  meet(knex, watch.source);
  const ready = () => watch.reader.ready();
  return watchHandle(stop, { ready, counts: () => watch.counts() });
}

function open(client: ClientLike, dialect: Dialect, settings: WatchSettings, readsTables: boolean): ReadSource {
  const asked = readsTables ? { query: (sql: string) => ask(client, sql), areAlike: true } : undefined;
  const opened = openReadSource({ source: 'knex', watch: 'watchKnex' }, dialect, settings, asked);
  const detach = attach(client, opened);
  return {
    ...opened,
    close() {
      detach();
      opened.close();
    },
  };
}

function clientOf(knex: unknown): { readonly client: ClientLike; readonly dialect: Dialect } {
  const { client, isTransaction } = (knex ?? {}) as { client?: Partial<ClientLike>; isTransaction?: boolean };
  if (typeof client?.acquireConnection !== 'function')
    throw wrongTarget('watchKnex', knex, 'what knex({ client, connection }) returns');
  if (isTransaction === true)
    throw new ConfigError(
      'watchKnex',
      'a transaction',
      'the Knex itself, which is watched with all of its transactions',
    );
  const { driverName = '' } = client;
  const dialect = Object.hasOwn(DIALECTS, driverName) ? DIALECTS[driverName] : undefined;
  if (dialect === undefined)
    throw new ConfigError('watchKnex', driverName, `a Knex whose client is ${Object.keys(DIALECTS).join(', ')}`);
  return { client: client as ClientLike, dialect };
}
