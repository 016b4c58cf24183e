import { type Cache, ConfigError } from '@viewcache/core';
import { checkBoolean } from '@viewcache/core/node';
import type { Asked } from '../pg/table-reader.js';
import type { OpenSource } from '../source/open-source.js';
import { readWatchOptions, type WatchSettings } from '../source/read-options.js';
import { Replaced } from '../source/replaced.js';
import { watchHandle } from '../source/watch-handle.js';
import type { WatchOptions } from '../source/watch-options.js';
import { WatchRegistry } from '../source/watch-registry.js';
import { wrongTarget } from '../source/wrong-target.js';
import { type EntitySource, openEntitySource, type SaidByEntities } from '../sql/entity-source.js';
import { knownInTime } from '../sql/known-in-time.js';
import { statementsOf } from '../statements/dialect-statements.js';
import type { Dialect } from '../statements/footprint-types.js';
import type { DeliveryCounts } from '../writes/delivery.js';
import { type ConnectedParty, watchManager } from './connections.js';
import { watchDataLoaders } from './data-loaders.js';
import { watchIdentityMap } from './identity-map.js';
import type { ConnectionLike, MikroOrmClient, OrmLike } from './mikro-orm-types.js';
import { watchResultCache } from './result-cache.js';
import { countedKeys, describeEntities, pathOf } from './tables-of.js';

/** How {@link watchMikroOrm} watches. */
export interface WatchMikroOrmOptions extends WatchOptions {
  /**
   * Whether the database is asked for its catalogue: views and tables without an entity, functions, triggers, and foreign keys
   * that only a migration has written. Where it is not, the entities are all that is known.
   *
   * @defaultValue true
   */
  readonly readTables?: boolean | undefined;
}

/** What {@link watchMikroOrm} returns: a function that ends the watch, and puts everything back as it was. */
export interface MikroOrmWatch {
  (): void;
  /**
   * Resolves when the tables are known, as they are when it is asked for: await it again after a migration. Rejects where the
   * database does not tell them, which is tried again with the next statement, and where an ORM of version 6 is not connected.
   * Until then nothing that reads the database is stored, and a write invalidates everything.
   */
  readonly ready: Promise<void>;
  /** What was invalidated since the watch began. */
  counts(): DeliveryCounts;
}

interface Watch extends Pick<OpenSource, 'counts' | 'close'> {
  isConnected(): boolean;
  ready(): Promise<void>;
}

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

/** What a watch does when its ORM has been connected. */
interface Beginning extends Pick<EntitySource, 'forget'> {
  known(): Promise<void>;
}

/** Whoever awaits it may rely on the tables being known. */
const beginnings = (['connect', 'reconnect'] as const).map((name) => {
  const replaced: Replaced<Beginning> = new Replaced(name, (original, parties) => {
    return async function begin(...given) {
      const connected = await original.apply(this, given);
      // To another database, maybe.
      if (name === 'reconnect') for (const { forget } of parties) forget();
      await Promise.all([...parties].map(({ known }) => known()));
      return connected;
    };
  });
  return [name, replaced] as const;
});

/**
 * Watches an ORM of MikroORM: what views, values and memoized functions read through it becomes their tags, and what is
 * written through it is invalidated after the commit, before the caller of the write goes on. By whatever path: units of work,
 * `nativeUpdate()`, query builders, raw statements, Kysely or Knex.
 *
 * Tables, keys, foreign keys and views are what the database says, and what the entities say. Called before `connect()`, it has
 * that resolve when the tables have been read, within five seconds at most. It is enough to watch `orm`: all EntityManagers that
 * are forked of its own are watched with it. The same one is watched once for a cache, however often it is asked for; the first
 * options count.
 *
 * @param orm - of MikroORM 6 or 7, on PostgreSQL, MySQL, MariaDB or SQLite, connected or not
 * @param options - or a cache in their place
 * @returns ends it; `ready` resolves when the tables have been read
 * @throws `ConfigError` for options that are wrong, and for databases that are not watched
 *
 * @example
 * ```ts
 * const orm = await MikroORM.init({ entities, clientUrl });
 * const stop = watchMikroOrm(orm);
 * await stop.ready;
 * ```
 */
export function watchMikroOrm(orm: MikroOrmClient, options?: WatchMikroOrmOptions | Cache): MikroOrmWatch {
  const settings = readWatchOptions('watchMikroOrm', options, ['readTables']);
  const { readTables = true } = (options ?? {}) as WatchMikroOrmOptions;
  checkBoolean('watchMikroOrm.readTables', readTables);
  const dialect = dialectOf(orm);
  const { watch, stop } = watches.watch(orm, settings, () => open(orm as OrmLike, dialect, settings, readTables));
  // What has no connection is given one for nobody but who waits for it.
  let ready = async (): Promise<void> => (watch.isConnected() ? await watch.ready() : undefined);
  const handle = watchHandle(stop, { ready: () => ready(), counts: () => watch.counts() });
  ready = () => watch.ready();
  return handle;
}

function open(orm: OrmLike, dialect: Dialect, settings: WatchSettings, readsTables: boolean): Watch {
  const { config, em } = orm;
  const statements = statementsOf(dialect);
  const said: SaidByEntities = {
    fill: (map) => describeEntities(map, orm, dialect, statements),
    path: () => pathOf(config, dialect),
    countedKeys: () => countedKeys(orm, dialect),
  };
  const names = { source: 'mikro-orm', watch: 'watchMikroOrm' };
  const connection = em.getDriver().getConnection('write');
  const asked = readsTables ? askedBy(connection) : undefined;
  const opened = openEntitySource(names, dialect, settings, said, asked);
  const { source, reader, learn, countedKey } = opened;
  learn();
  const beginning = { forget: opened.forget, known: () => knownInTime(reader, settings.cache) };
  const stops = new Set([discoveries.on(orm, learn)]);
  for (const [name, replaced] of beginnings) if (name in orm) stops.add(replaced.on(orm, beginning));
  const party: ConnectedParty = {
    source,
    lookup: { dialect, statements, countedKey, columnNames: reader.columnNames },
    config,
    stops,
    tracksReads: settings.trackReads,
    woken() {
      if (connection.connected) reader.wake();
    },
  };
  watchManager(em, party);
  watchIdentityMap(em, party);
  watchDataLoaders(em, party);
  watchResultCache(config, party);
  return {
    counts: opened.counts,
    isConnected: () => connection.connected,
    async ready() {
      // Version 7 connects by itself, with the first statement; 6 would be left with a pool that nobody closes.
      if (reader.isAsking && !connection.connected && 'getKnex' in connection)
        throw new ConfigError(
          'watchMikroOrm.ready',
          'the ORM',
          'await its connect(), which resolves when the tables are known',
          undefined,
          'is not connected',
        );
      if (reader.isAsking) await connection.ensureConnection();
      await reader.ready();
    },
    close() {
      for (const stop of stops) stop();
      opened.close();
    },
  };
}

/** Outside any transaction, not of a replica, and without a line in the log. */
function askedBy(connection: ConnectionLike): Asked {
  return {
    async query(sql) {
      // It would be connected anew, with nobody to close it.
      if (!connection.connected) throw new Error('the ORM is not connected');
      try {
        return { rows: await connection.execute(sql, [], 'all', undefined, { enabled: false }) };
      } catch (error) {
        // Knex has the whole statement in front of it.
        throw new Error(String((error as Error).message).replace(`${sql} - `, ''), { cause: error });
      }
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
