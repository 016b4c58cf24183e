import { type Cache, ConfigError } from '@viewcache/core';
import { checkBoolean } from '@viewcache/core/node';
import type { OpenSource } from '../source/open-source.js';
import { readWatchOptions, type WatchSettings } from '../source/read-options.js';
import { watchHandle } from '../source/watch-handle.js';
import type { WatchOptions } from '../source/watch-options.js';
import { WatchRegistry } from '../source/watch-registry.js';
import { wrongTarget } from '../source/wrong-target.js';
import { openEntitySource, type SaidByEntities } from '../sql/entity-source.js';
import { statementsOf } from '../statements/dialect-statements.js';
import type { Dialect } from '../statements/footprint-types.js';
import type { DeliveryCounts } from '../writes/delivery.js';
import { askedBy } from './asked.js';
import { attach } from './attach.js';
import { Initialization } from './initialization.js';
import { countedKeys, describeEntities, pathOf } from './tables-of.js';
import type { DataSourceLike, TypeOrmDataSource } from './typeorm-types.js';

/** How {@link watchTypeOrm} watches. */
export interface WatchTypeOrmOptions extends WatchOptions {
  /**
   * Whether the database is asked for its catalogue: views and tables without an entity, functions, triggers, and foreign keys
   * that only a migration has written. Where it is not, the entities are all that is known.
   *
   * @defaultValue true
   */
  readonly readTables?: boolean | undefined;
}

/** What {@link watchTypeOrm} returns: a function that ends the watch, and puts everything back as it was. */
export interface TypeOrmWatch {
  (): void;
  /**
   * Resolves when the tables are known, as they are when it is asked for: await it where the data source was initialized before
   * it was watched, and again after a migration. Rejects where the database does not tell them, which is tried again with the
   * next statement, and where the data source is not initialized. Until then nothing that reads the database is stored, and a
   * write invalidates everything.
   */
  readonly ready: Promise<void>;
  /** What was invalidated since the watch began. */
  counts(): DeliveryCounts;
}

/** By the `type` of a data source. */
const DIALECTS: Readonly<Record<string, Dialect>> = {
  postgres: 'postgres',
  mysql: 'mysql',
  mariadb: 'mysql',
  'better-sqlite3': 'sqlite',
  sqlite: 'sqlite',
  sqljs: 'sqlite',
};

interface Watch extends Omit<OpenSource, 'know'> {
  ready(): Promise<void>;
}

const watches = new WatchRegistry<Watch>();

/**
 * Watches a data source of TypeORM: what views, values and memoized functions read through it becomes their tags, and what is
 * written through it is invalidated after the commit, before the caller of the write goes on. By whatever path: entities, query
 * builders, raw statements.
 *
 * Tables, keys, foreign keys and views are what the database says, and what the entities say. Called before `initialize()`, it
 * has that resolve when the tables have been read, within five seconds at most. The same data source is watched once for a cache,
 * however often it is asked for; the first options count.
 *
 * @param dataSource - of PostgreSQL, MySQL, MariaDB or SQLite, by TypeORM 0.3.20 or later, or 1
 * @param options - or a cache in their place
 * @returns ends it; `ready` resolves when the tables have been read
 * @throws `ConfigError` for options that are wrong, and for databases that are not watched
 *
 * @example
 * ```ts
 * const dataSource = new DataSource({ type: 'postgres', url, entities });
 * const stop = watchTypeOrm(dataSource);
 * await dataSource.initialize();
 * ```
 */
export function watchTypeOrm(dataSource: TypeOrmDataSource, options?: WatchTypeOrmOptions | Cache): TypeOrmWatch {
  const settings = readWatchOptions('watchTypeOrm', options, ['readTables']);
  const { readTables = true } = (options ?? {}) as WatchTypeOrmOptions;
  checkBoolean('watchTypeOrm.readTables', readTables);
  const dialect = dialectOf(dataSource);
  const { watch, stop } = watches.watch(dataSource, settings, () =>
    open(dataSource as DataSourceLike, dialect, settings, readTables),
  );
  return watchHandle(stop, { ready: () => watch.ready(), counts: () => watch.counts() });
}

function open(dataSource: DataSourceLike, dialect: Dialect, settings: WatchSettings, readsTables: boolean): Watch {
  const statements = statementsOf(dialect);
  const said: SaidByEntities = {
    fill: (map) => describeEntities(map, dataSource, dialect, statements),
    path: () => pathOf(dataSource, dialect),
    countedKeys: () => countedKeys(dataSource, dialect),
  };
  const names = { source: 'typeorm', watch: 'watchTypeOrm' };
  const asked = readsTables ? askedBy(dataSource, dialect) : undefined;
  const { source, counts, close, reader, learn, forget, countedKey } = openEntitySource(
    names,
    dialect,
    settings,
    said,
    asked,
  );
  const initialization = new Initialization(dataSource, settings.cache, { reader, forget });
  let learned: { readonly metadatas: unknown; readonly schema: string | undefined } | undefined;
  const detach = attach(dataSource, {
    source,
    lookup: { dialect, statements, countedKey, columnNames: reader.columnNames },
    tracksReads: settings.trackReads,
    initializing: () => initialization.begin(),
    woken() {
      if (!dataSource.isInitialized) return;
      if (initialization.isOver) reader.wake();
      const metadatas = dataSource.entityMetadatas;
      const { searchSchema, database } = dataSource.driver;
      const schema = searchSchema ?? database;
      // It makes them anew whenever it is initialized, and asks for the schema later.
      if (learned?.metadatas === metadatas && learned.schema === schema) return;
      learn();
      learned = { metadatas, schema };
    },
  });
  return {
    source,
    counts,
    ready: () => initialization.ready(),
    close() {
      detach();
      close();
    },
  };
}

function dialectOf(dataSource: unknown): Dialect {
  const { options, createQueryRunner, subscribers } = (dataSource ?? {}) as Partial<TypeOrmDataSource>;
  if (typeof createQueryRunner !== 'function' || !Array.isArray(subscribers) || typeof options?.type !== 'string')
    throw wrongTarget('watchTypeOrm', dataSource, 'a DataSource of TypeORM');
  const dialect = Object.hasOwn(DIALECTS, options.type) ? DIALECTS[options.type] : undefined;
  if (dialect === undefined)
    throw new ConfigError(
      'watchTypeOrm',
      options.type,
      `a DataSource whose type is ${Object.keys(DIALECTS).join(', ')}`,
    );
  return dialect;
}
