import { type Cache, type Clock, ConfigError, type Duration, parseDuration } from '@viewcache/core';
import { checkBoolean, checkOptions, isCache, runtimeOf } from '@viewcache/core/node';
import { openSource } from '../source/open-source.js';
import { namesGiven, readWatchOptions, type WatchSettings } from '../source/read-options.js';
import type { WatchOptions } from '../source/watch-options.js';
import { type Asked, WatchRegistry } from '../source/watch-registry.js';
import { statementsOf } from '../statements/dialect-statements.js';
import type { DeliveryCounts } from '../writes/delivery.js';
import { Listener } from './listener.js';
import { readChannel } from './notify-options.js';
import type { NotifyClient, NotifyPool } from './notify-types.js';
import { clientsOf } from './own-client.js';
import { Told } from './told.js';

/** How {@link watchPostgresNotify} listens. */
export interface WatchNotifyOptions extends Pick<WatchOptions, 'cache' | 'namespace' | 'onWrite' | 'maxRows' | 'log'> {
  /** The one that `installPostgresNotify` was given. @defaultValue `'viewcache'` */
  readonly channel?: string | undefined;
  /**
   * How often the connection is tried, and the tables are compared with those that are known; also how long any answer may
   * take. A connection that has broken silently is found after twice as long at most. At least 10 ms.
   *
   * @defaultValue `'10s'`
   */
  readonly checkEvery?: Duration | undefined;
  /**
   * Whether everything of these tables is let go of when it begins to listen for the first time: a shared store may have what
   * was written to while nobody listened. `false` where another process always does.
   *
   * @defaultValue true
   */
  readonly flushOnStart?: boolean | undefined;
}

/** What was told, and what came of it, since the watch began. */
export interface NotifyCounts extends DeliveryCounts {
  /** Notifications: one for each statement that has written, and fewer of large transactions. */
  notifications: number;
  /** How often the connection has broken; when it is there again, everything of these tables is let go of. */
  breaks: number;
}

/** What {@link watchPostgresNotify} returns: a function that ends it, and its connection. */
export interface NotifyWatch {
  (): void;
  /**
   * Resolves when everything that is committed from now on is heard. Rejects where the first connection comes to nothing, with
   * the reason: a `PostgresNotifyError` where no triggers are installed. It is tried again all the same.
   */
  readonly ready: Promise<void>;
  /** Whether it listens at the moment. */
  isListening(): boolean;
  counts(): NotifyCounts;
}

interface Watch {
  readonly ready: Promise<void>;
  isListening(): boolean;
  counts(): NotifyCounts;
  close(): void;
}

const WHAT = 'watchPostgresNotify';
const watches = new WatchRegistry<Watch>();

/**
 * Listens for what is written to a PostgreSQL by whomever: other services, `psql`, migrations, cascades and triggers of the
 * database; and for what a process has committed that ended before it could tell. After `installPostgresNotify` has been called
 * for the database, each commit invalidates the tags of the rows and tables that it wrote, some milliseconds later.
 *
 * Stands alone, for views that name such tags, or beside the watch of the same database, with the same `namespace`. It makes a
 * connection of its own, and a new one when that breaks; then everything of these tables is let go of, since nobody knows what was
 * written meanwhile.
 *
 * @param pool - its settings are used, none of its connections; it may be one that is used for nothing else
 * @param options - or a cache in their place
 * @throws `ConfigError` for options that are wrong, and for anything that is no pool
 *
 * @example
 * ```ts
 * const stop = watchPostgresNotify(pool);
 * await stop.ready;
 * ```
 */
export function watchPostgresNotify(pool: NotifyPool, options?: WatchNotifyOptions | Cache): NotifyWatch {
  const settings = readOptions(options);
  const make = clientsOf(WHAT, pool, settings.checkEveryMs);
  const { watch, stop } = watches.watch(pool, { cache: settings.watch.cache, asked: askedOf(settings, options) }, () =>
    open(make, settings),
  );
  const { ready, isListening, counts } = watch;
  return Object.assign(() => stop(), { ready, isListening, counts });
}

function askedOf({ watch, channel, checkEveryMs, flushOnStart }: Settings, options: object = {}): Asked {
  const given = isCache(options) ? [] : namesGiven(options);
  return { ...watch.asked, given, values: { ...watch.asked.values, channel, checkEvery: checkEveryMs, flushOnStart } };
}

interface Settings {
  readonly watch: WatchSettings;
  readonly channel: string;
  readonly checkEveryMs: number;
  readonly flushOnStart: boolean;
}

const OPTIONS = ['cache', 'namespace', 'onWrite', 'maxRows', 'log', 'channel', 'checkEvery', 'flushOnStart'] as const;
const SHORTEST_MS = 10;

function readOptions(given: WatchNotifyOptions | Cache | undefined): Settings {
  const options: WatchNotifyOptions = isCache(given) ? { cache: given } : given === undefined ? {} : given;
  checkOptions(WHAT, options, OPTIONS, 'a cache, or ');
  const { channel, checkEvery = '10s', flushOnStart = true, ...rest } = options;
  return {
    watch: readWatchOptions(WHAT, rest),
    channel: readChannel(WHAT, channel),
    checkEveryMs: readInterval(`${WHAT}.checkEvery`, checkEvery),
    flushOnStart: checkBoolean(`${WHAT}.flushOnStart`, flushOnStart),
  };
}

function readInterval(setting: string, given: Duration): number {
  const ms = parseDuration(setting, given);
  if (ms < SHORTEST_MS) throw new ConfigError(setting, given, `${SHORTEST_MS} ms or more`);
  return ms;
}

function open(make: () => NotifyClient, settings: Settings): Watch {
  const opened = openSource(settings.watch, {
    name: 'postgres-notify',
    dialect: 'postgres',
    statements: statementsOf('postgres'),
    learns: true,
    tellsWritesOnly: true,
  });
  const told = new Told(opened, settings);
  const { channel, checkEveryMs, watch } = settings;
  const listener = new Listener({
    channel,
    make,
    clock: () => clockOf(watch.cache),
    checkEveryMs,
    heard: (payloads, ask) => told.heard(payloads, ask),
    listening: (ask) => told.listening(ask),
    check: (ask) => told.check(ask),
    broke: (error, wasListening) => told.broke(error, wasListening),
  });
  const ready = listener.start();
  // Nobody has to wait for it.
  ready.catch(() => {});
  return {
    ready,
    isListening: () => listener.isListening,
    counts: () => ({ ...opened.counts(), ...told.counts }),
    close() {
      listener.stop();
      opened.close();
    },
  };
}

function clockOf(cache: Cache): Clock {
  const runtime = runtimeOf(cache);
  if (runtime === undefined) throw new TypeError('not a cache made by createCache()');
  return runtime.clock;
}
