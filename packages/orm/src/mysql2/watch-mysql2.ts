import type { Cache } from '@viewcache/core';
import { ConfigError } from '@viewcache/core';
import { readMysqlCatalogue } from '../catalogues/mysql.js';
import { TableReader } from '../pg/table-reader.js';
import type { ClientWatch } from '../source/client-watch.js';
import { knownFromElsewhere, type OpenSource, openSource } from '../source/open-source.js';
import { readWatchOptions, type WatchSettings } from '../source/read-options.js';
import { watchHandle } from '../source/watch-handle.js';
import type { WatchOptions } from '../source/watch-options.js';
import { WatchRegistry } from '../source/watch-registry.js';
import { statementsOf } from '../statements/dialect-statements.js';
import type { DeliveryCounts } from '../writes/delivery.js';
import { attachToCluster, attachToConnection, attachToModule, attachToPool } from './attachments.js';
import type {
  ModuleInside,
  Mysql2ClusterLike,
  Mysql2ConnectionLike,
  Mysql2ModuleLike,
  Mysql2PoolLike,
  Mysql2PromiseLike,
} from './mysql2-types.js';
import { askedBy, type Reached, reach } from './reached.js';
import type { MysqlSource } from './watched-command.js';

/** What {@link watchMysql2} watches: of `mysql2` or of `mysql2/promise`. */
export type Mysql2Target =
  | Mysql2PoolLike
  | Mysql2ConnectionLike
  | Mysql2ClusterLike
  | Mysql2PromiseLike
  | Mysql2ModuleLike;

/** How {@link watchMysql2} watches. */
export interface WatchMysql2Options extends WatchOptions {
  /**
   * Where tables, primary keys, foreign keys, views and triggers are read from the database's catalogue: a pool, a connection
   * or a cluster of it; `false`: nowhere, what `tables` and `views` say is all that is known.
   *
   * @defaultValue what is watched itself; `false` where the module is watched
   */
  readonly readTables?: boolean | Exclude<Mysql2Target, Mysql2ModuleLike> | undefined;
}

/** What {@link watchMysql2} returns: a function that ends the watch, and puts everything back as it was. */
export interface Mysql2Watch {
  (): void;
  /**
   * Resolves when the tables are known, as they are when it is asked for: await it again after a migration. Rejects where the
   * database does not tell them, which is tried again with the next statement. Until then nothing that reads the database is
   * stored, and a write invalidates everything.
   */
  readonly ready: Promise<void>;
  /** What was invalidated since the watch began. */
  counts(): DeliveryCounts;
}

interface Watch extends Omit<OpenSource, 'know'> {
  readonly reader: TableReader;
}

const watches = new WatchRegistry<Watch>();

/**
 * Watches everything that runs on `mysql2`: what views, values and memoized functions read through it becomes their tags, and
 * what is written through it is invalidated after the commit, before the caller of the write goes on. Whatever sends the
 * statements, an ORM or the app; with callbacks, promises, events or streams, by `query` or `execute`.
 *
 * The same pool, cluster, connection or module is watched once for a cache, however often it is asked for, with promises or
 * without; the first options count.
 *
 * @param target - a pool, a connection or a cluster of pools; or the module, for all of them that it makes, also those that an
 * ORM makes
 * @param options - or a cache in their place
 * @returns ends it; `ready` resolves when the tables have been read
 * @throws `ConfigError` for options that are wrong, and for what is none of these
 *
 * @example
 * ```ts
 * const pool = mysql.createPool(process.env.DATABASE_URL);
 * const stop = watchMysql2(pool);
 * await stop.ready;
 * ```
 */
export function watchMysql2(target: Mysql2Target, options?: WatchMysql2Options | Cache): Mysql2Watch {
  const { stop, ready, counts } = holdMysql2('watchMysql2', target, options);
  return watchHandle(stop, { ready, counts });
}

/**
 * The same for what stands on `mysql2`: one watch of a client, whoever asks for it.
 *
 * @param name - of the function that the app has called, for errors and warnings
 */
export function holdMysql2(
  name: string,
  target: Mysql2Target,
  options: WatchMysql2Options | Cache | undefined,
): ClientWatch {
  const settings = readWatchOptions(name, options, ['readTables']);
  const reached = reach(name, target);
  const asked = askedOf(name, reached, (options as WatchMysql2Options | undefined)?.readTables);
  const { watch, stop } = watches.watch(reached.inner, settings, () => open(name, reached, settings, asked));
  const ready = () => watch.reader.ready();
  return { source: watch.source, ready, counts: () => watch.counts(), stop };
}

function open(name: string, reached: Reached, settings: WatchSettings, asked: Reached | undefined): Watch {
  const opened: OpenSource = openSource(settings, {
    name: 'mysql2',
    dialect: 'mysql',
    statements: statementsOf('mysql'),
    learns: asked !== undefined,
    reader: () => reader,
  });
  // The nodes of a cluster may have databases of their own.
  const isSame = asked?.inner === reached.inner && reached.kind !== 'cluster';
  const know = isSame ? opened.know : knownFromElsewhere(opened.know);
  const reader = new TableReader(name, asked && askedBy(asked), know, settings, readMysqlCatalogue);
  const party: MysqlSource = {
    source: opened.source,
    countedKey: (table) => reader.countedKey(table),
    woken: () => reader.wake(),
  };
  const detach = attach(reached, party);
  return {
    source: opened.source,
    counts: opened.counts,
    reader,
    close() {
      detach();
      opened.close();
    },
  };
}

function attach({ kind, inner }: Reached, party: MysqlSource): () => void {
  switch (kind) {
    case 'pool':
      return attachToPool(inner as Mysql2PoolLike, party);
    case 'cluster':
      return attachToCluster(inner as Mysql2ClusterLike, party);
    case 'module':
      return attachToModule(inner as ModuleInside, party);
    case 'connection':
      return attachToConnection(inner, party);
  }
}

function askedOf(name: string, reached: Reached, asked: WatchMysql2Options['readTables']): Reached | undefined {
  if (asked === undefined) return reached.kind === 'module' ? undefined : reached;
  if (asked === false) return undefined;
  const setting = `${name}.readTables`;
  if (asked === true) {
    if (reached.kind !== 'module') return reached;
    throw new ConfigError(setting, asked, 'a pool, a connection or a cluster to read them with: the module has none');
  }
  const lent = reach(setting, asked);
  if (lent.kind === 'module') throw new ConfigError(setting, asked, 'a pool, a connection, a cluster, or false');
  return lent;
}
