import type { Cache } from '@viewcache/core';
import { checkBoolean } from '@viewcache/core/node';
import { readWatchOptions, type WatchSettings } from '../source/read-options.js';
import { findScopesBy } from '../source/registry.js';
import { watchHandle } from '../source/watch-handle.js';
import type { WatchOptions } from '../source/watch-options.js';
import { WatchRegistry } from '../source/watch-registry.js';
import { openReadSource, type ReadSource } from '../sql/read-source.js';
import type { Dialect } from '../statements/footprint-types.js';
import type { DeliveryCounts } from '../writes/delivery.js';
import { ask, attach } from './attach.js';
import { dialectOf } from './dialect-of.js';
import type { KyselyDialect } from './kysely-types.js';
import { connectionOf } from './transaction-scope.js';

/** How {@link watchKysely} watches. */
export interface WatchKyselyOptions extends WatchOptions {
  /**
   * Whether the database is asked for tables, primary keys, foreign keys and views; `false`: what `tables` and `views` say is
   * all that is known.
   *
   * @defaultValue true
   */
  readonly readTables?: boolean | undefined;
}

/** What {@link watchKysely} returns: a function that ends the watch. */
export interface KyselyWatch {
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

const watches = new WatchRegistry<ReadSource>();

/**
 * Watches what runs on a dialect of Kysely: what views, values and memoized functions read through it becomes their tags, and
 * what is written through it is invalidated after the commit, before the caller of the write goes on. Whatever a Kysely that is
 * made with the dialect sends: query builders, `sql` texts, streams, with any plugins and in any transaction.
 *
 * It has to be called before `new Kysely({ dialect })`, which asks the dialect for its driver. The same dialect is watched once
 * for a cache, however often it is asked for; the first options count.
 *
 * @param dialect - of PostgreSQL, MySQL, MariaDB or SQLite, for Kysely 0.28 or 0.29; Kysely's own or somebody else's
 * @param options - or a cache in their place
 * @returns ends it; `ready` resolves when the tables have been read
 * @throws `ConfigError` for options that are wrong, and for what is no dialect of these databases
 *
 * @example
 * ```ts
 * const dialect = new PostgresDialect({ pool: new pg.Pool({ connectionString: process.env.DATABASE_URL }) });
 * const stop = watchKysely(dialect);
 * const db = new Kysely<Database>({ dialect });
 * await stop.ready;
 * ```
 */
export function watchKysely(dialect: KyselyDialect, options?: WatchKyselyOptions | Cache): KyselyWatch {
  const settings = readWatchOptions('watchKysely', options, ['readTables']);
  const { readTables = true } = (options ?? {}) as WatchKyselyOptions;
  checkBoolean('watchKysely.readTables', readTables);
  const kind = dialectOf(dialect);
  findScopesBy('kysely', connectionOf);
  const { watch, stop } = watches.watch(dialect, settings, () => open(dialect, kind, settings, readTables));
  // Not at once: a Kysely that is made on the next line is to be the first to use the driver.
  const ready = () => Promise.resolve().then(() => watch.reader.ready());
  return watchHandle(stop, { ready, counts: () => watch.counts() });
}

function open(dialect: KyselyDialect, kind: Dialect, settings: WatchSettings, readsTables: boolean): ReadSource {
  // What `onReserveConnection` sends to a connection, such as a search path, nobody hears of.
  const asked = readsTables ? { query: (sql: string) => ask(dialect, sql), areAlike: false } : undefined;
  const opened = openReadSource({ source: 'kysely', watch: 'watchKysely' }, kind, settings, asked);
  const detach = attach(dialect, opened);
  return {
    ...opened,
    close() {
      detach();
      opened.close();
    },
  };
}
