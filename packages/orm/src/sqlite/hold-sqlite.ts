import type { Cache } from '@viewcache/core';
import { checkBoolean } from '@viewcache/core/node';
import type { ClientWatch } from '../source/client-watch.js';
import { readWatchOptions } from '../source/read-options.js';
import type { WatchOptions } from '../source/watch-options.js';
import { WatchRegistry } from '../source/watch-registry.js';
import type { DeliveryCounts } from '../writes/delivery.js';
import { type LocalDatabase, LocalWatch } from './local-watch.js';
import { addWatch } from './local-watches.js';

/** How a database of SQLite is watched. */
export interface WatchSqliteOptions extends WatchOptions {
  /**
   * Whether the database is asked for its tables, keys, foreign keys, views and triggers, now and after each statement that
   * changes them. Where it is not, options are all that is known.
   *
   * @defaultValue true
   */
  readonly readTables?: boolean | undefined;
}

/** The watch of a database of SQLite: a function that ends it, and puts everything back as it was. */
export interface SqliteWatch {
  (): void;
  /**
   * Resolves when the shared store has acknowledged all that was written until now, or the cache's deadline has passed: a call
   * that answers at once cannot wait for that. Never rejects.
   */
  settled(): Promise<void>;
  /** What was invalidated since the watch began. */
  counts(): DeliveryCounts;
}

/** One library for SQLite. */
export interface SqliteKind<D extends object> {
  /** What its databases are called where writes and reads are explained. */
  readonly name: string;
  localOf(database: D): LocalDatabase;
  /** Hears of what a database carries out, until what it returns is called. */
  attach(database: D): () => void;
}

/** A {@link ClientWatch} whose writes cannot wait. */
export interface HeldSqlite extends ClientWatch {
  settled(): Promise<void>;
}

interface Watch {
  readonly local: LocalWatch;
  close(): void;
}

const watches = new WatchRegistry<Watch>();

/**
 * Watches a database once, whoever asks for it.
 *
 * @param watch - the function that the app has called, for errors and warnings
 */
export function holdSqlite<D extends object>(
  watch: string,
  kind: SqliteKind<D>,
  database: D,
  options: WatchSqliteOptions | Cache | undefined,
): HeldSqlite {
  const settings = readWatchOptions(watch, options, ['readTables']);
  const { readTables = true } = (options ?? {}) as WatchSqliteOptions;
  checkBoolean(`${watch}.readTables`, readTables);
  const held = watches.watch(database, settings, (): Watch => {
    const local = new LocalWatch(watch, kind.name, settings, kind.localOf(database), readTables);
    const stops = [kind.attach(database), addWatch(database, local)];
    return {
      local,
      close() {
        for (const stop of stops) stop();
        local.close();
      },
    };
  });
  const { local } = held.watch;
  return {
    source: local.source,
    ready: () => Promise.resolve(),
    settled: () => local.settled(),
    counts: () => local.counts(),
    stop: held.stop,
  };
}
