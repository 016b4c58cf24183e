import { type Cache, ConfigError } from '@viewcache/core';
import { type OpenSource, openSource } from '../source/open-source.js';
import { readWatchOptions, type WatchSettings } from '../source/read-options.js';
import { Replaced } from '../source/replaced.js';
import type { WatchOptions } from '../source/watch-options.js';
import { WatchRegistry } from '../source/watch-registry.js';
import { wrongTarget } from '../source/wrong-target.js';
import { statementsOf } from '../statements/dialect-statements.js';
import type { Dialect } from '../statements/footprint-types.js';
import type { DeliveryCounts } from '../writes/delivery.js';
import { type ConnectedParty, watchManager } from './connections.js';
import { watchDataLoaders } from './data-loaders.js';
import { watchIdentityMap } from './identity-map.js';
import type { MikroOrmClient, OrmLike } from './mikro-orm-types.js';
import type { OutcomeLookup } from './outcome-of.js';
import { watchResultCache } from './result-cache.js';
import { countedKeys, describeEntities, pathOf } from './tables-of.js';

/** What {@link watchMikroOrm} returns: a function that ends the watch, and puts everything back as it was. */
export interface MikroOrmWatch {
  (): void;
  /** What was invalidated since the watch began. */
  counts(): DeliveryCounts;
}

type Watch = Pick<OpenSource, 'counts' | 'close'>;
type Mutable<T> = { -readonly [K in keyof T]: T[K] };

const watches = new WatchRegistry<Watch>();

/** Entities may be told of one by one, at any time. */
const discoveries: Replaced<() => void> = new Replaced('discoverEntity', (original, parties) => {
  return function discoverEntity(...given) {
    const discovered = original.apply(this, given);
    for (const learn of parties) {
      try {
        learn();
      } catch {
        // What was known before counts: tables that nobody knows are read and written as a whole.
      }
    }
    return discovered;
  };
});

/**
 * Watches an ORM of MikroORM: what views, values and memoized functions read through it becomes their tags, and what is
 * written through it is invalidated after the commit, before the caller of the write goes on. By whatever path: units of work,
 * `nativeUpdate()`, query builders, raw statements, Kysely or Knex.
 *
 * Tables, keys, foreign keys, tables between two and views are what the entities say. It is enough to watch `orm`: all
 * EntityManagers that are forked of its own are watched with it. The same one is watched once for a cache, however often it is
 * asked for; the first options count.
 *
 * @param orm - of MikroORM 6 or 7, on PostgreSQL, MySQL, MariaDB or SQLite, connected or not
 * @param options - or a cache in their place
 * @returns ends it
 * @throws `ConfigError` for options that are wrong, and for databases that are not watched
 *
 * @example
 * ```ts
 * const orm = await MikroORM.init({ entities, clientUrl });
 * const stop = watchMikroOrm(orm);
 * ```
 */
export function watchMikroOrm(orm: MikroOrmClient, options?: WatchOptions | Cache): MikroOrmWatch {
  const settings = readWatchOptions('watchMikroOrm', options);
  const dialect = dialectOf(orm);
  const { watch, stop } = watches.watch(orm, settings, () => open(orm as OrmLike, dialect, settings));
  return Object.assign(() => stop(), { counts: () => watch.counts() });
}

function open(orm: OrmLike, dialect: Dialect, settings: WatchSettings): Watch {
  const { config, em } = orm;
  const statements = statementsOf(dialect);
  const path = pathOf(config, dialect);
  const opened = openSource(settings, { name: 'mikro-orm', dialect, statements, learns: true, path });
  const lookup: Mutable<OutcomeLookup> = { dialect, statements, map: undefined, countedKeys: new Map() };
  const learn = (): void => {
    opened.know((map) => {
      describeEntities(map, orm, dialect, statements);
      lookup.map = map;
    });
    lookup.countedKeys = countedKeys(orm, dialect);
  };
  learn();
  const { source } = opened;
  const stops = new Set([discoveries.on(orm, learn)]);
  const party: ConnectedParty = { source, lookup, config, stops, tracksReads: settings.trackReads };
  watchManager(em, party);
  watchIdentityMap(em, party);
  watchDataLoaders(em, party);
  watchResultCache(config, party);
  return {
    counts: opened.counts,
    close() {
      for (const stop of stops) stop();
      opened.close();
    },
  };
}

/** By the statement with which it lets foreign keys be: a class may have any name, and be somebody's own. */
const DIALECTS: readonly (readonly [RegExp, Dialect])[] = [
  [/session_replication_role/i, 'postgres'],
  [/foreign_key_checks/i, 'mysql'],
  [/pragma\s+foreign_keys/i, 'sqlite'],
];

function dialectOf(orm: unknown): Dialect {
  const { em, config, getMetadata } = (orm ?? {}) as Partial<OrmLike>;
  if (typeof em?.getDriver !== 'function' || typeof config?.getPlatform !== 'function' || getMetadata === undefined)
    throw wrongTarget('watchMikroOrm', orm, 'what MikroORM.init() resolves to');
  const platform = config.getPlatform();
  const sql = platform.getSchemaHelper()?.disableForeignKeysSQL?.() ?? '';
  const dialect = DIALECTS.find(([pattern]) => pattern.test(sql))?.[1];
  if (dialect === undefined)
    throw new ConfigError(
      'watchMikroOrm',
      platform.constructor.name,
      'an ORM on PostgreSQL, MySQL, MariaDB or SQLite; watchMongo watches the client of one on MongoDB',
    );
  return dialect;
}
