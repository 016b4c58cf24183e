import { type Cache, ConfigError } from '@viewcache/core';
import { type OpenSource, openSource } from '../source/open-source.js';
import { readWatchOptions, type WatchSettings } from '../source/read-options.js';
import { meet } from '../source/registry.js';
import type { WatchOptions } from '../source/watch-options.js';
import { WatchRegistry } from '../source/watch-registry.js';
import { wrongTarget } from '../source/wrong-target.js';
import { statementsOf } from '../statements/dialect-statements.js';
import type { DeliveryCounts } from '../writes/delivery.js';
import { awaitCalls } from './awaited-calls.js';
import { CommandWatch } from './command-watch.js';
import { KnownViews } from './known-views.js';
import type { DbLike, MongoClientLike } from './mongodb-types.js';
import { attachSessions, Sessions } from './sessions.js';

/** What {@link watchMongo} returns: a function that ends the watch, and puts everything back as it was. */
export interface MongoWatch {
  (): void;
  /** What was invalidated since the watch began. */
  counts(): DeliveryCounts;
}

/** A client that is watched. */
export type WatchedClient = Omit<OpenSource, 'know'>;

const watches = new WatchRegistry<WatchedClient>();

/**
 * Watches a client of MongoDB: what views, values and memoized functions read through it becomes their tags, and what is written
 * through it is invalidated when the server has acknowledged it, in a transaction after its commit, before the caller of the
 * write goes on.
 *
 * A collection is a table, and `_id` its primary key: `users`, `users#507f1f77bcf86cd799439011`. Collections of other databases
 * than the client's own have the database in front. It is called before the client connects; one that is connected already
 * must have been made with `monitorCommands: true`. The same client is watched once for a cache, however often it is asked for;
 * the first options count.
 *
 * @param client - of the driver 6 or 7
 * @param options - or a cache in their place
 * @returns ends it
 * @throws `ConfigError` for options that are wrong, and for a client that tells nobody of its commands
 *
 * @example
 * ```ts
 * const client = new MongoClient(process.env.MONGO_URL, { monitorCommands: true });
 * const stop = watchMongo(client);
 * ```
 */
export function watchMongo(client: MongoClientLike, options?: WatchOptions | Cache): MongoWatch {
  const settings = readWatchOptions('watchMongo', options);
  const { watch, stop } = watchClient('watchMongo', client, settings);
  return Object.assign(() => stop(), { counts: () => watch.counts() });
}

/**
 * Watches a client, by whatever way somebody has it.
 *
 * @param watch - the function's name, for errors
 * @param database - the one whose collections have nothing in front of their tags
 */
export function watchClient(
  watch: string,
  client: MongoClientLike,
  settings: WatchSettings,
  database?: string,
): { readonly watch: WatchedClient; stop(): void } {
  checkClient(watch, client);
  return watches.watch(client, settings, () => open(client, settings, database));
}

function open(client: MongoClientLike, settings: WatchSettings, database: string | undefined): WatchedClient {
  const opened = openSource(settings, {
    name: 'mongodb',
    // Nothing of what is told here is a statement.
    dialect: 'postgres',
    statements: statementsOf('postgres'),
    learns: false,
    speaks: 'mongodb',
    path: { schemas: [database ?? (client.db() as DbLike).databaseName], isSure: true },
    pk: ['_id'],
  });
  const sessions = new Sessions(opened.source);
  const views = new KnownViews(
    client,
    (view) => settings.views.some(([name]) => name.table === view),
    () => opened.know((map) => views.fill(map)),
  );
  const commands = new CommandWatch(opened.source, sessions, views, settings.trackReads);
  const stops = [attachSessions(client, sessions), awaitCalls(client, commands), listen(client, commands)];
  meet(client, opened.source);
  return {
    source: opened.source,
    counts: opened.counts,
    close() {
      for (const stop of stops) stop();
      opened.close();
    },
  };
}

function listen(client: MongoClientLike, { started, succeeded, failed }: CommandWatch): () => void {
  const listeners = [
    ['commandStarted', started],
    ['commandSucceeded', succeeded],
    ['commandFailed', failed],
  ] as const;
  for (const [event, listener] of listeners) client.on(event, listener);
  return () => {
    for (const [event, listener] of listeners) client.off(event, listener);
  };
}

function checkClient(watch: string, client: unknown): void {
  const { options, db, startSession, on, topology } = (client ?? {}) as Partial<MongoClientLike> & {
    readonly topology?: unknown;
  };
  if ([db, startSession, on].some((each) => typeof each !== 'function') || typeof options !== 'object')
    throw wrongTarget(watch, client, 'a MongoClient of the driver 6 or 7');
  if (options.monitorCommands === true) return;
  // Its connections are made with it: those that are there already would say nothing.
  if (topology !== undefined)
    throw new ConfigError(
      `${watch}.monitorCommands`,
      options.monitorCommands,
      'true in the options of a client that is connected',
    );
  (options as { monitorCommands: boolean }).monitorCommands = true;
}
