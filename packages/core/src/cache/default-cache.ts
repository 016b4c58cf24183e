import { ConfigError } from '../base/errors.js';
import { readCacheOptions } from '../config/cache-options.js';
import type { Cache } from './cache.js';
import { createCache } from './create-cache.js';
import { checkDriver } from './driver-package.js';
import { runtimeOf } from './runtime.js';

// Two copies of the package in one process share one default cache.
const slot = Symbol.for('viewcache.default-cache');
const shared = globalThis as { [slot]?: Cache | undefined };

/**
 * The process's cache, used wherever none is named: made on first use, from the environment variable `CACHE_URL`, else
 * in memory.
 *
 * @throws {@link ConfigError} when `CACHE_URL` is wrong
 *
 * @example
 * ```ts
 * await defaultCache().invalidate({ tags: 'prices' });
 * ```
 */
export function defaultCache(): Cache {
  const known = shared[slot];
  if (known !== undefined) return known;
  const made = createCache({ store: cacheUrl() });
  shared[slot] = made;
  return made;
}

/** The process's cache if there is one; makes none. */
export function currentDefaultCache(): Cache | undefined {
  return shared[slot];
}

/** Puts back what {@link currentDefaultCache} has told; nothing: the next who asks for one has it made. */
export function restoreDefaultCache(cache: Cache | undefined): void {
  shared[slot] = cache;
}

/**
 * Refuses a wrong `CACHE_URL` before the first request does: for adapters, where a route is made that names no cache.
 *
 * @throws {@link ConfigError} that names `CACHE_URL`
 */
export function checkDefaultCache(): void {
  if (shared[slot] === undefined) cacheUrl();
}

function cacheUrl(): string {
  const url = process.env['CACHE_URL'] || 'memory:';
  try {
    checkDriver(readCacheOptions({ store: url }).store);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    throw error.named(`CACHE_URL (${error.setting})`);
  }
  return url;
}

/**
 * Makes a cache the process's own, for views that have answered already, too. Call it before the first request; what was
 * stored in another stays there.
 *
 * @throws {@link ConfigError} for anything that {@link createCache} did not make
 *
 * @example
 * ```ts
 * setDefaultCache(createCache({ maxBytes: '256mb' }));
 * ```
 */
export function setDefaultCache(cache: Cache): void {
  if (runtimeOf(cache) === undefined) throw new ConfigError('setDefaultCache', cache, 'a cache made by createCache()');
  shared[slot] = cache;
}
