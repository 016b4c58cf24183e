import type { Cache, CacheOptions } from '@viewcache/core';
import type { FakeClock } from '@viewcache/core/testing';
import { openCache } from '../../../packages/core/dist/cache/create-cache.js';
import { openShared } from '../../../packages/core/dist/cache/shared-level.js';
import { readCacheOptions } from '../../../packages/core/dist/config/cache-options.js';

/** A cache whose deadlines and connections, too, go by a clock that the test leads. */
export function createCacheOn(clock: FakeClock, options: Omit<CacheOptions, 'clock'>): Cache {
  return openCache(readCacheOptions({ ...options, clock }), (settings, its, sink) =>
    openShared(settings, its, sink, clock),
  );
}
