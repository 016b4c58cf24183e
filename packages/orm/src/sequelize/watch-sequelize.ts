import { type Cache, ConfigError } from '@viewcache/core';
import { checkBoolean } from '@viewcache/core/node';
import { readMysqlCatalogue } from '../catalogues/mysql.js';
import { readSqliteCatalogue } from '../catalogues/sqlite.js';
import { readCatalogue } from '../pg/catalogue.js';
import { type Asked, TableReader } from '../pg/table-reader.js';
import { type OpenSource, openSource } from '../source/open-source.js';
import { readWatchOptions, type WatchSettings } from '../source/read-options.js';
import { watchHandle } from '../source/watch-handle.js';
import type { WatchOptions } from '../source/watch-options.js';
import { WatchRegistry } from '../source/watch-registry.js';
import { wrongTarget } from '../source/wrong-target.js';
import { statementsOf } from '../statements/dialect-statements.js';
import type { Dialect } from '../statements/footprint-types.js';
import type { DeliveryCounts } from '../writes/delivery.js';
import { attach } from './attach.js';
import type { SequelizeInside, SequelizeLike } from './sequelize-types.js';
import { countedKeys, pathOf, tablesOf } from './tables-of.js';

/** How {@link watchSequelize} watches. */
export interface WatchSequelizeOptions extends WatchOptions {
  /**
   * Whether the database is asked for its catalogue: foreign keys that only a migration has written, tables without a model,
   * views, triggers. Where it is not, the models are all that is known.
   *
   * @defaultValue true
   */
  readonly readTables?: boolean | undefined;
}

/** What {@link watchSequelize} returns: a function that ends the watch, and puts everything back as it was. */
export interface SequelizeWatch {
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

/** By the `dialect` of a `Sequelize`. */
const DIALECTS: Readonly<Record<string, Dialect>> = {
  postgres: 'postgres',
  mysql: 'mysql',
  mariadb: 'mysql',
  sqlite: 'sqlite',
};

const CATALOGUES = { postgres: readCatalogue, mysql: readMysqlCatalogue, sqlite: readSqliteCatalogue };

interface Watch extends Omit<OpenSource, 'know'> {
  readonly reader: TableReader;
}

const watches = new WatchRegistry<Watch>();

/**
 * Watches a `Sequelize` of version 6: what views, values and memoized functions read through it becomes their tags, and what is
 * written through it is invalidated after the commit, before the caller of the write goes on. By whatever path: instances,
 * static methods of models, associations, raw statements.
 *
 * Tables, keys, foreign keys and views are what the database says, and what the models say, also those that are defined later.
 * The same `Sequelize` is watched once for a cache, however often it is asked for; the first options count.
 *
 * @param sequelize - of PostgreSQL, MySQL, MariaDB or SQLite, also one of `sequelize-typescript`
 * @param options - or a cache in their place
 * @returns ends it; `ready` resolves when the tables have been read
 * @throws `ConfigError` for options that are wrong, and for databases that are not watched
 *
 * @example
 * ```ts
 * const sequelize = new Sequelize(process.env.DATABASE_URL);
 * const stop = watchSequelize(sequelize);
 * await stop.ready;
 * ```
 */
export function watchSequelize(sequelize: SequelizeLike, options?: WatchSequelizeOptions | Cache): SequelizeWatch {
  const settings = readWatchOptions('watchSequelize', options, ['readTables']);
  const { readTables = true } = (options ?? {}) as WatchSequelizeOptions;
  checkBoolean('watchSequelize.readTables', readTables);
  const dialect = dialectOf(sequelize);
  const { watch, stop } = watches.watch(sequelize, settings, () =>
    open(sequelize as SequelizeInside, dialect, settings, readTables),
  );
  const ready = () => watch.reader.ready();
  return watchHandle(stop, { ready, counts: () => watch.counts() });
}

type Known = Parameters<OpenSource['know']>;

function open(sequelize: SequelizeInside, dialect: Dialect, settings: WatchSettings, readsTables: boolean): Watch {
  const opened: OpenSource = openSource(settings, {
    name: 'sequelize',
    dialect,
    statements: statementsOf(dialect),
    learns: true,
    reader: () => ({ isAsking: reader.isAsking, tablesChanged, readAgain: () => reader.readAgain() }),
  });
  // What the database has said; undefined until it has.
  let known: Known | undefined = readsTables ? undefined : [() => {}, pathOf(sequelize, dialect)];
  let isChanged = true;
  let counted: ReadonlyMap<string, string> = new Map();
  const learn = (): void => {
    if (known === undefined) return;
    const [fill, path, isCaseless] = known;
    opened.know(
      (map) => {
        map.describe(tablesOf(sequelize, dialect));
        // The database counts more: a model may have been left behind by a migration.
        fill(map);
      },
      path,
      isCaseless,
    );
    counted = countedKeys(sequelize, dialect);
    isChanged = false;
  };
  const hear: OpenSource['know'] = (...told) => {
    known = told;
    learn();
  };
  const asked = readsTables ? askedBy(sequelize) : undefined;
  const reader = new TableReader('watchSequelize', asked, hear, settings, CATALOGUES[dialect]);
  const tablesChanged = (): boolean => {
    if (!reader.tablesChanged()) return false;
    known = undefined;
    return true;
  };
  learn();
  const party = {
    source: opened.source,
    woken() {
      reader.wake();
      if (isChanged) learn();
    },
    countedKey: (table: string) => counted.get(table) ?? reader.countedKey(table),
    columnNames: reader.columnNames,
  };
  const detach = attach(sequelize, party, () => {
    isChanged = true;
  });
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

/** Outside any transaction, and not of a replica. */
function askedBy(sequelize: SequelizeInside): Asked {
  const options = { type: 'SELECT', raw: true, logging: false, transaction: null, useMaster: true };
  return { query: async (sql) => ({ rows: await sequelize.query(sql, options) }) };
}

function dialectOf(sequelize: unknown): Dialect {
  const { getDialect, addHook, models, connectionManager, config } = (sequelize ?? {}) as Partial<SequelizeInside>;
  const { getConnection } = (connectionManager ?? {}) as { readonly getConnection?: unknown };
  const isOne =
    typeof getDialect === 'function' && typeof addHook === 'function' && typeof getConnection === 'function' && models;
  if (!isOne) throw wrongTarget('watchSequelize', sequelize, 'a Sequelize of version 6');
  const name = getDialect.call(sequelize);
  const dialect = Object.hasOwn(DIALECTS, name) ? DIALECTS[name] : undefined;
  if (dialect === undefined)
    throw new ConfigError('watchSequelize', name, `a Sequelize whose dialect is ${Object.keys(DIALECTS).join(', ')}`);
  if (config?.native)
    throw new ConfigError(
      'watchSequelize',
      'native',
      'a Sequelize without native: pg-native has no hooks that tell enough',
    );
  return dialect;
}
