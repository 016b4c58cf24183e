import type { Cache } from '@viewcache/core';
import { ConfigError } from '@viewcache/core';
import type { ClientWatch } from '../source/client-watch.js';
import { knownFromElsewhere, type OpenSource, openSource } from '../source/open-source.js';
import { readWatchOptions, type WatchSettings } from '../source/read-options.js';
import { watchHandle } from '../source/watch-handle.js';
import type { WatchOptions } from '../source/watch-options.js';
import { WatchRegistry } from '../source/watch-registry.js';
import { wrongTarget } from '../source/wrong-target.js';
import { statementsOf } from '../statements/dialect-statements.js';
import type { DeliveryCounts } from '../writes/delivery.js';
import { attachToClient, attachToModule, attachToPool } from './attachments.js';
import type { PgClientLike, PgModuleLike, PgPoolLike } from './pg-types.js';
import { type Asked, TableReader } from './table-reader.js';
import type { PgSource } from './watched-query.js';

/** How {@link watchPg} watches. */
export interface WatchPgOptions extends WatchOptions {
  /**
   * Where tables, primary keys, foreign keys, partitions and views are read from the database's catalogue: a pool or a client
   * of it; `false`: nowhere, what `tables` and `views` say is all that is known.
   *
   * @defaultValue the pool or the client itself; `false` where the module is watched
   */
  readonly readTables?: boolean | PgPoolLike | PgClientLike | undefined;
}

/** What {@link watchPg} returns: a function that ends the watch, and puts everything back as it was. */
export interface PgWatch {
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

interface Watch extends Omit<OpenSource, 'know'> {
  readonly reader: TableReader;
}

const watches = new WatchRegistry<Watch>();

/**
 * Watches everything that runs on `pg`: what views, values and memoized functions read through it becomes their tags, and what
 * is written through it is invalidated after the commit, before the caller of the write goes on. Whatever sends the statements,
 * an ORM or the app.
 *
 * The same pool, client or module is watched once for a cache, however often it is asked for; the first options count.
 *
 * @param target - a pool or a client; or the module, for all of them that it makes, also those that an ORM makes
 * @param options - or a cache in their place
 * @returns ends it; `ready` resolves when the tables have been read
 * @throws `ConfigError` for options that are wrong, and for `pg.native`, which cannot be watched
 *
 * @example
 * ```ts
 * const pool = new pg.Pool({ connectionString: process.env.DATABASE_URL });
 * const stop = watchPg(pool);
 * await stop.ready;
 * ```
 */
export function watchPg(target: PgPoolLike | PgClientLike | PgModuleLike, options?: WatchPgOptions | Cache): PgWatch {
  const { stop, ready, counts } = holdPg('watchPg', target, options);
  return watchHandle(stop, { ready, counts });
}

/**
 * The same for what stands on `pg`: one watch of a client, whoever asks for it.
 *
 * @param name - of the function that the app has called, for errors and warnings
 */
export function holdPg(
  name: string,
  target: PgPoolLike | PgClientLike | PgModuleLike,
  options: WatchPgOptions | Cache | undefined,
): ClientWatch {
  const settings = readWatchOptions(name, options, ['readTables']);
  const kind = kindOf(name, target);
  const asked = readerOf(name, target, kind, (options as WatchPgOptions | undefined)?.readTables);
  const { watch, stop } = watches.watch(target, settings, () => open(name, target, kind, settings, asked));
  const ready = () => watch.reader.ready();
  return { source: watch.source, ready, counts: () => watch.counts(), stop };
}

type Kind = 'pool' | 'client' | 'module';

function open(
  name: string,
  target: PgPoolLike | PgClientLike | PgModuleLike,
  kind: Kind,
  settings: WatchSettings,
  asked: PgPoolLike | PgClientLike | undefined,
): Watch {
  const opened: OpenSource = openSource(settings, {
    name: 'pg',
    dialect: 'postgres',
    statements: statementsOf('postgres'),
    learns: asked !== undefined,
    reader: () => reader,
    path: { schemas: ['public'], isSure: false },
  });
  const know = (asked as object | undefined) === target ? opened.know : knownFromElsewhere(opened.know);
  const reader = new TableReader(name, asked as unknown as Asked | undefined, know, settings);
  const party: PgSource = { source: opened.source, columnNames: reader.columnNames, woken: () => reader.wake() };
  const detach =
    kind === 'pool'
      ? attachToPool(target as PgPoolLike, party)
      : kind === 'client'
        ? attachToClient(target as PgClientLike, party)
        : attachToModule(target as PgModuleLike, party);
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

const ALLOWED = "a pg.Pool, a pg.Client, or the module 'pg' itself";

function kindOf(name: string, target: unknown): Kind {
  const given = (typeof target === 'object' || typeof target === 'function' ? target : undefined) as
    | { readonly [name: string]: unknown }
    | null
    | undefined;
  if (given == null) throw wrongTarget(name, target, ALLOWED);
  const { Client } = given as { readonly Client?: { readonly prototype?: object } };
  const isPool = typeof given['connect'] === 'function' && typeof given['totalCount'] === 'number';
  const isModule = !isPool && typeof Client === 'function' && typeof given['Pool'] === 'function';
  const isClient =
    !isPool && !isModule && typeof given['query'] === 'function' && typeof given['connect'] === 'function';
  if (!isPool && !isModule && !isClient) throw wrongTarget(name, target, ALLOWED);
  // Only the client that is written in JavaScript can quote names by itself.
  const client = isClient ? given : Client?.prototype;
  if (client !== undefined && !('escapeIdentifier' in client))
    throw new ConfigError(name, target, `${ALLOWED}, and not pg.native: it has no hooks that tell enough`);
  return isPool ? 'pool' : isModule ? 'module' : 'client';
}

function readerOf(
  name: string,
  target: PgPoolLike | PgClientLike | PgModuleLike,
  kind: Kind,
  asked: WatchPgOptions['readTables'],
): PgPoolLike | PgClientLike | undefined {
  if (asked === undefined) return kind === 'module' ? undefined : (target as PgPoolLike | PgClientLike);
  if (asked === false) return undefined;
  if (asked === true) {
    if (kind !== 'module') return target as PgPoolLike | PgClientLike;
    throw new ConfigError(`${name}.readTables`, asked, 'a pool or a client to read them with: the module has none');
  }
  if (kindOf(name, asked) === 'module')
    throw new ConfigError(`${name}.readTables`, asked, 'a pool, a client, or false');
  return asked;
}
