import type { Cache } from '@viewcache/core';
import { checkBoolean } from '@viewcache/core/node';
import { readWatchOptions } from '../source/read-options.js';
import { watchHandle } from '../source/watch-handle.js';
import type { WatchOptions } from '../source/watch-options.js';
import { WatchRegistry } from '../source/watch-registry.js';
import type { DeliveryCounts } from '../writes/delivery.js';
import { reach } from './client-core.js';
import { FactoryWatch } from './factory-watch.js';
import type { PrismaClientLike } from './prisma-types.js';

/** How {@link watchPrisma} watches. */
export interface WatchPrismaOptions extends WatchOptions {
  /**
   * Whether the database is asked for its catalogue: tables and keys as they are, and what the schema of Prisma does not say,
   * such as views, triggers and partitions. Where it is not, that schema is all that is known.
   *
   * @defaultValue true
   */
  readonly readTables?: boolean | undefined;
}

/** What {@link watchPrisma} returns: a function that ends the watch, and puts everything back as it was. */
export interface PrismaWatch {
  (): void;
  /**
   * Resolves when the client is connected and the tables are known; rejects where the database cannot be reached, which is
   * tried again with the next call, and where the client had been connected before it was watched. Until then nothing that is
   * read through it is stored, and a write invalidates everything.
   */
  readonly ready: Promise<void>;
  /** What was invalidated since the watch began. */
  counts(): DeliveryCounts;
}

interface ClientWatch {
  readonly factory: FactoryWatch;
  close(): void;
}

const factories = new WatchRegistry<FactoryWatch>();
const clients = new WatchRegistry<ClientWatch>();

/**
 * Watches a client of Prisma 7: what views, values and memoized functions read through it becomes their tags, and what is
 * written through it is invalidated after the commit, before the caller of the write goes on. Whatever `$extends` makes of the
 * client, and the clients of transactions, are watched with it.
 *
 * One call does both halves: it listens to the driver adapter for writes and transactions, and to the calls of models for
 * reads. It has to be made before the client is used for the first time.
 *
 * The same client is watched once for a cache, however often it is asked for; the first options count.
 *
 * @param client - made with a driver adapter
 * @param options - or a cache in their place
 * @returns ends it; `ready` resolves when the tables are known
 * @throws `ConfigError` for options that are wrong, and for a client that cannot be watched: one of an older Prisma, or of
 * Accelerate
 *
 * @example
 * ```ts
 * const prisma = new PrismaClient({ adapter: new PrismaPg({ connectionString: process.env.DATABASE_URL }) });
 * const stop = watchPrisma(prisma);
 * await stop.ready;
 * ```
 */
export function watchPrisma(client: PrismaClientLike, options?: WatchPrismaOptions | Cache): PrismaWatch {
  const settings = readWatchOptions('watchPrisma', options, ['readTables']);
  const { readTables = true } = (options ?? {}) as WatchPrismaOptions;
  checkBoolean('watchPrisma.readTables', readTables);
  const reached = reach(client);
  const { core, factory } = reached;
  const { watch, stop } = clients.watch(core, settings, () => {
    const shared = factories.watch(factory, settings, () => new FactoryWatch(reached, settings, readTables));
    const unhear = shared.watch.hear(reached, client);
    return {
      factory: shared.watch,
      close() {
        unhear();
        shared.stop();
      },
    };
  });
  // Not at once: what connects the client is the app's, and is to have its say first.
  const ready = () => Promise.resolve().then(() => watch.factory.ready(reached));
  return watchHandle(stop, { ready, counts: () => watch.factory.counts() });
}
