import { type Cache, ConfigError } from '@viewcache/core';
import { type OpenSource, openSource } from '../source/open-source.js';
import { readWatchOptions, type WatchSettings } from '../source/read-options.js';
import type { WatchOptions } from '../source/watch-options.js';
import { WatchRegistry } from '../source/watch-registry.js';
import { wrongTarget } from '../source/wrong-target.js';
import { statementsOf } from '../statements/dialect-statements.js';
import type { Dialect } from '../statements/footprint-types.js';
import type { DeliveryCounts } from '../writes/delivery.js';
import { attach } from './attach.js';
import type { OutcomeLookup } from './outcome-of.js';
import { countedKeys, describeEntities, pathOf } from './tables-of.js';
import type { DataSourceLike, TypeOrmDataSource } from './typeorm-types.js';

/** What {@link watchTypeOrm} returns: a function that ends the watch, and puts everything back as it was. */
export interface TypeOrmWatch {
  (): void;
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

const watches = new WatchRegistry<Omit<OpenSource, 'know'>>();

/**
 * Watches a data source of TypeORM: what views, values and memoized functions read through it becomes their tags, and what is
 * written through it is invalidated after the commit, before the caller of the write goes on. By whatever path: entities, query
 * builders, raw statements.
 *
 * Tables, keys, foreign keys, tables between two and views are what the entities say. It may be called before `initialize()`.
 * The same data source is watched once for a cache, however often it is asked for; the first options count.
 *
 * @param dataSource - of PostgreSQL, MySQL, MariaDB or SQLite, by TypeORM 0.3.20 or later, or 1
 * @param options - or a cache in their place
 * @returns ends it
 * @throws `ConfigError` for options that are wrong, and for databases that are not watched
 *
 * @example
 * ```ts
 * const dataSource = await new DataSource({ type: 'postgres', url, entities }).initialize();
 * const stop = watchTypeOrm(dataSource);
 * ```
 */
export function watchTypeOrm(dataSource: TypeOrmDataSource, options?: WatchOptions | Cache): TypeOrmWatch {
  const settings = readWatchOptions('watchTypeOrm', options);
  const dialect = dialectOf(dataSource);
  const { watch, stop } = watches.watch(dataSource, settings, () =>
    open(dataSource as DataSourceLike, dialect, settings),
  );
  return Object.assign(() => stop(), { counts: () => watch.counts() });
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

function open(dataSource: DataSourceLike, dialect: Dialect, settings: WatchSettings): Omit<OpenSource, 'know'> {
  const statements = statementsOf(dialect);
  const opened = openSource(settings, { name: 'typeorm', dialect, statements, learns: true });
  const lookup: Mutable<OutcomeLookup> = { dialect, statements, map: undefined, countedKeys: new Map() };
  let known: { readonly metadatas: unknown; readonly schema: string | undefined } | undefined;
  const detach = attach(dataSource, {
    source: opened.source,
    lookup,
    tracksReads: settings.trackReads,
    woken() {
      if (!dataSource.isInitialized) return;
      const metadatas = dataSource.entityMetadatas;
      const { searchSchema, database } = dataSource.driver;
      const schema = searchSchema ?? database;
      // It makes them anew whenever it is initialized, and asks for the schema later.
      if (known?.metadatas === metadatas && known.schema === schema) return;
      opened.know(
        (map) => {
          describeEntities(map, dataSource, dialect, statements);
          lookup.map = map;
        },
        pathOf(dataSource, dialect),
      );
      lookup.countedKeys = countedKeys(dataSource, dialect);
      known = { metadatas, schema };
    },
  });
  return {
    source: opened.source,
    counts: opened.counts,
    close() {
      detach();
      opened.close();
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
