// What all processes of a fleet have in common: a cache, a data source, orders by IPC, and a report at the end.
import KeyvRedis from '@keyv/redis';
import { type Cache, createCache } from '@viewcache/core';
import Keyv from 'keyv';
import { openCache } from '../../../packages/core/dist/cache/create-cache.js';
import { SystemClock } from '../../../packages/core/dist/cache/system-clock.js';
import { frameCodec } from '../../../packages/core/dist/codecs/frame.js';
import { readCacheOptions } from '../../../packages/core/dist/config/cache-options.js';
import { RetryQueue } from '../../../packages/core/dist/invalidation/retry-queue.js';
import { DataFile } from './data-file.js';
import { doubleStore } from './doubles.js';
import type { Orders, Report } from './orders.js';

/** The clock that all processes of a machine share. */
export const machineMs = (): number => Number(process.hrtime.bigint() / 1000n) / 1000;

/** One process of a fleet. */
export interface Member {
  readonly orders: Orders;
  readonly data: DataFile;
  readonly cache: Cache;
  /** What it has seen so far. */
  readonly report: {
    readonly reads: number[];
    readonly writes: number[];
    hits: number;
    failures: number;
    unheard: number;
  };
  /** It was told to stop. */
  readonly isOver: boolean;
}

/**
 * Makes this process one of a fleet.
 *
 * @param begin - prepares for its work, which what it returns does until it is over
 */
export function serveInFleet(begin: (member: Member) => Promise<() => Promise<unknown>>): void {
  const rejections: string[] = [];
  process.on('unhandledRejection', (reason) => rejections.push(String(reason)));
  process.once('message', (orders: Orders) => void serve(orders, begin, rejections));
}

async function serve(
  orders: Orders,
  begin: (member: Member) => Promise<() => Promise<unknown>>,
  rejections: string[],
): Promise<void> {
  const data = new DataFile(orders.data, orders.rows);
  const clock = new SystemClock({ wall: () => Date.now() + orders.skewMs, steady: () => performance.now() });
  const cache = orders.double === undefined ? ownCache(orders, clock) : doubleCache(orders, clock);
  const report = { reads: [] as number[], writes: [] as number[], hits: 0, failures: 0, unheard: 0 };
  let isOver = false;
  const member: Member = {
    ...{ orders, data, cache, report },
    get isOver() {
      return isOver;
    },
  };
  const work = await begin(member);
  let working: Promise<unknown> = Promise.resolve();
  const told = new Promise<void>((resolve) => {
    process.on('message', (message) => {
      // What goes wrong with it is told, and keeps nobody from hearing what came of the rest.
      if (message === 'go') working = work().catch((error: unknown) => rejections.push(String(error)));
      if (message === 'stop') resolve();
    });
  });
  await cache.ready();
  process.send?.({ isReady: true });
  await told;
  isOver = true;
  await working;
  const { outcomes, refused, stored } = cache.stats();
  const said: Report = { ...report, rejections, outcomes: { ...outcomes, ...refused, stored } };
  process.send?.(said, () => process.exit(0));
}

function ownCache({ cache, plainKeyv }: Orders, clock: SystemClock): Cache {
  if (plainKeyv === undefined) return createCache({ ...cache, clock });
  const keyv = new Keyv({ store: new KeyvRedis(plainKeyv) });
  const store = {
    get: (key: string) => keyv.get(key),
    set: (key: string, value: unknown, ttl?: number) => keyv.set(key, value, ttl),
    delete: (key: string) => keyv.delete(key),
  };
  return createCache({ ...cache, store, clock });
}

/** A cache whose shared store goes by another protocol. */
function doubleCache({ cache, double = '', redisPort = 0 }: Orders, clock: SystemClock): Cache {
  const settings = readCacheOptions({ ...cache, store: new Map(), clock });
  const store = doubleStore(double, redisPort, () => clock.now());
  const codec = frameCodec({ context: '' });
  return openCache(settings, () => ({
    store,
    codec,
    unheard: new RetryQueue((tags) => store.invalidate(tags, 'soft'), clock),
  }));
}
