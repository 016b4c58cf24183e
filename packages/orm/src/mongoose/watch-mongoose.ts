import type { Cache } from '@viewcache/core';
import { refuseRunning } from '@viewcache/core/tracking';
import type { MongoClientLike } from '../mongodb/mongodb-types.js';
import { watchClient } from '../mongodb/watch-mongo.js';
import { readWatchOptions, type WatchSettings } from '../source/read-options.js';
import { meet } from '../source/registry.js';
import { Replaced } from '../source/replaced.js';
import type { WatchOptions } from '../source/watch-options.js';
import { WatchRegistry } from '../source/watch-registry.js';
import { wrongTarget } from '../source/wrong-target.js';
import type { DeliveryCounts } from '../writes/delivery.js';
import type { ConnectionLike, MongooseConnectionLike, MongooseLike } from './mongoose-types.js';

/** What {@link watchMongoose} returns: a function that ends the watch, and puts everything back as it was. */
export interface MongooseWatch {
  (): void;
  /** What was invalidated since the watch began, by the client that the connection has now. */
  counts(): DeliveryCounts;
}

interface Watch {
  counts(): DeliveryCounts;
  close(): void;
}

const watches = new WatchRegistry<Watch>();

/**
 * Watches a connection of Mongoose: what views, values and memoized functions read through its models becomes their tags, and
 * what is written through it is invalidated when the server has acknowledged it, in a transaction after its commit, before the
 * caller of the write goes on. By whatever path: documents, queries, `bulkWrite()`, `insertMany()`, aggregations,
 * `Model.collection`.
 *
 * It is called before the connection is opened; one that is open already must have been made with `monitorCommands: true`. The
 * same connection is watched once for a cache, however often it is asked for; the first options count.
 *
 * @param target - Mongoose 8 or 9, for its default connection; or a connection
 * @param options - or a cache in their place
 * @returns ends it
 * @throws `ConfigError` for options that are wrong, and for a connection that tells nobody of its commands
 *
 * @example
 * ```ts
 * const stop = watchMongoose(mongoose);
 * await mongoose.connect(process.env.MONGO_URL);
 * ```
 */
export function watchMongoose(
  target: MongooseLike | MongooseConnectionLike,
  options?: WatchOptions | Cache,
): MongooseWatch {
  const settings = readWatchOptions('watchMongoose', options);
  const connection = connectionOf(target);
  const { watch, stop } = watches.watch(connection, settings, () => open(connection, settings));
  return Object.assign(() => stop(), { counts: () => watch.counts() });
}

/** Hears that a connection has got a client, and which database is its own. */
type Heard = (client: MongoClientLike, database: string | undefined) => void;

/** The commands of a client that is made from now on are told. */
const openings: Replaced<Heard> = new Replaced('openUri', (original, parties) => {
  return function openUri(...given) {
    if (parties.size === 0) return original.apply(this, given);
    const [uri, options] = given as [string, { readonly dbName?: string } | undefined];
    const opened = original.apply(this, [uri, { ...options, monitorCommands: true }]);
    tell(this as ConnectionLike, parties, options?.dbName);
    return opened;
  };
});

const handings: Replaced<Heard> = new Replaced('setClient', (original, parties) => {
  return function setClient(...given) {
    const result = original.apply(this, given);
    tell(this as ConnectionLike, parties, (this as ConnectionLike).db?.databaseName);
    return result;
  };
});

function tell(connection: ConnectionLike, parties: ReadonlySet<Heard>, database: string | undefined): void {
  const client = connection.getClient() as MongoClientLike | undefined | null;
  if (client !== undefined && client !== null) for (const heard of parties) heard(client, database);
}

function open(connection: ConnectionLike, options: WatchSettings): Watch {
  let current: { readonly client: object; readonly watched: ReturnType<typeof watchClient> } | undefined;
  const heard: Heard = (client, database) => {
    if (current?.client === client) return;
    const watched = watchClient('watchMongoose', client, options, database);
    current?.watched.stop();
    current = { client, watched };
    meet(connection, watched.watch.source);
  };
  tell(connection, new Set([heard]), connection.db?.databaseName);
  // What is asked for before there is a connection is sent from where that is made: nobody knows who has read it.
  const buffered = (): void => refuseRunning('older-snapshot');
  if (options.trackReads) connection.on('buffer', buffered);
  const stops = [openings.on(connection, heard), handings.on(connection, heard)];
  return {
    counts: () => current?.watched.watch.counts() ?? NOTHING,
    close() {
      for (const stop of stops) stop();
      connection.off('buffer', buffered);
      current?.watched.stop();
    },
  };
}

const NOTHING: DeliveryCounts = { commits: 0, tags: 0, unacknowledged: 0, uncertain: 0, failures: 0 };

function connectionOf(target: unknown): ConnectionLike {
  const { connection = target } = (target ?? {}) as { readonly connection?: unknown };
  const { getClient, openUri, on } = (connection ?? {}) as Partial<ConnectionLike>;
  if ([getClient, openUri, on].some((each) => typeof each !== 'function'))
    throw wrongTarget('watchMongoose', target, 'Mongoose 8 or 9, or a connection of it');
  return connection as ConnectionLike;
}
