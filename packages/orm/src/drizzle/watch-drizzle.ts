import type { Cache } from '@viewcache/core';
import { checkBoolean, isCache } from '@viewcache/core/node';
import type { ClientWatch } from '../source/client-watch.js';
import { readWatchOptions } from '../source/read-options.js';
import { watchHandle } from '../source/watch-handle.js';
import { WatchRegistry } from '../source/watch-registry.js';
import type { DeliveryCounts } from '../writes/delivery.js';
import { databasesOf, holdClient } from './clients.js';
import type { DatabaseLike, DrizzleDatabase, WatchDrizzleOptions } from './drizzle-types.js';
import { attachToCache } from './query-cache.js';
import { attachToDatabase } from './transactions.js';

/** What {@link watchDrizzle} returns: a function that ends the watch, and puts everything back as it was. */
export interface DrizzleWatch {
  (): void;
  /**
   * Resolves when the tables are known, as they are when it is asked for: await it again after a migration. Rejects where the
   * database does not tell them, which is tried again with the next query. Until then nothing that reads the database is
   * stored, and a write invalidates everything.
   */
  readonly ready: Promise<void>;
  /**
   * Resolves when the shared store has acknowledged all that was written until now, or the cache's deadline has passed: on
   * SQLite a write answers at once and cannot wait for that, elsewhere it has waited itself. Never rejects.
   */
  settled(): Promise<void>;
  /** What was invalidated since the watch began, by whoever uses the same client. */
  counts(): DeliveryCounts;
}

interface Watch {
  readonly clients: readonly ClientWatch[];
  ready(): Promise<void>;
  close(): void;
}

const watches = new WatchRegistry<Watch>();

/**
 * Watches a database of Drizzle: what views, values and memoized functions read through it becomes their tags, and what is
 * written through it is invalidated after the commit, before the caller of the write goes on. By whatever path: query builders,
 * relational queries, `sql`, prepared statements.
 *
 * It is the client below that is watched, `$client`, with all that is sent through it past Drizzle. The same database is watched
 * once for a cache, however often it is asked for; the first options count.
 *
 * @param database - as `drizzle()` or `withReplicas()` returns it, of `node-postgres`, `mysql2`,
 * `better-sqlite3` or `sql.js`
 * @param options - or a cache in their place
 * @returns ends it; `ready` resolves when the tables are known
 * @throws `ConfigError` for options that are wrong, and for a database of another driver
 *
 * @example
 * ```ts
 * const db = drizzle(process.env.DATABASE_URL);
 * const stop = watchDrizzle(db);
 * await stop.ready;
 * ```
 */
export function watchDrizzle(database: DrizzleDatabase, options?: WatchDrizzleOptions | Cache): DrizzleWatch {
  const settings = readWatchOptions('watchDrizzle', options, ['readTables']);
  const given: WatchDrizzleOptions = isCache(options) || options === undefined ? {} : options;
  checkBoolean('watchDrizzle.readTables', given.readTables ?? true);
  const databases = databasesOf(database);
  const { watch, stop } = watches.watch(database, settings, () =>
    open(databases, { ...given, cache: settings.cache }, settings.trackReads),
  );
  const { ready, clients } = watch;
  return watchHandle(stop, {
    ready,
    settled: async () => void (await Promise.all(clients.map((client) => client.settled?.()))),
    counts: () => sum(clients.map(({ counts }) => counts())),
  });
}

function open(databases: readonly DatabaseLike[], options: WatchDrizzleOptions, tracksReads: boolean): Watch {
  const stops: (() => void)[] = [];
  const clients = databases.map((database) => {
    const client = holdClient(database, options);
    stops.push(() => client.stop(), attachToDatabase(database, client));
    if (tracksReads) stops.push(attachToCache(database, client.source));
    return client;
  });
  const ready = async () => void (await Promise.all(clients.map((client) => client.ready())));
  return {
    clients,
    ready,
    close() {
      for (const stop of stops) stop();
    },
  };
}

function sum(counts: readonly DeliveryCounts[]): DeliveryCounts {
  const total = { commits: 0, tags: 0, unacknowledged: 0, uncertain: 0, failures: 0 };
  for (const each of counts) for (const name of Object.keys(total) as (keyof typeof total)[]) total[name] += each[name];
  return total;
}
