import { ConfigError } from '../base/errors.js';
import { warnOnce } from '../base/process-warning.js';
import { readCacheOptions } from '../config/cache-options.js';
import type { CacheListener } from '../telemetry/telemetry.js';
import type { Cache } from './cache.js';
import { createCache } from './create-cache.js';
import { checkDriver } from './driver-package.js';
import { followingCache } from './following-cache.js';
import { isCache, isFollowing } from './runtime.js';

// Two copies of the package in one process share one default cache.
const slot = Symbol.for('viewcache.default-cache');
const shared = globalThis as { [slot]?: Holder };

/** The default cache, and who listens to it, whichever it is. */
interface Holder {
  cache: Cache | undefined;
  readonly listeners: Map<CacheListener, () => void>;
  /** What is said where one is made; each of whoever has a cache of its own. Another copy may have made this, without. */
  beside?: Set<() => string>;
}

shared[slot] ??= { cache: undefined, listeners: new Map() };
const holder: Holder = shared[slot];

const following = followingCache(currentCache, {
  known: currentDefaultCache,
  listen(listener) {
    holder.listeners.get(listener)?.();
    holder.listeners.set(listener, listenOn(holder.cache, listener));
    return () => {
      holder.listeners.get(listener)?.();
      holder.listeners.delete(listener);
    };
  },
});

/**
 * The process's cache, used wherever none is named. What is returned is always the same, and does each thing in the cache
 * that is the default one at that moment: it may be kept by a module that is loaded before {@link setDefaultCache} is
 * called, or before a test begins with `freshCache()`. Where none was set, one is made when it is first used, from the
 * environment variable `CACHE_URL`, else in memory.
 *
 * @throws {@link ConfigError} when `CACHE_URL` is wrong, and no cache was set
 *
 * @example
 * ```ts
 * await defaultCache().invalidate({ tags: 'prices' });
 * ```
 */
export function defaultCache(): Cache {
  checkDefaultCache();
  return following;
}

/** The cache itself for which {@link defaultCache} stands now: made, if there is none. */
export function currentCache(): Cache {
  return holder.cache ?? make();
}

function make(): Cache {
  const made = createCache({ store: cacheUrl() });
  restoreDefaultCache(made);
  for (const say of holder.beside ?? []) warnOnce(say());
  return made;
}

/**
 * Tells of a cache that an app has for itself: where a default one is made as well, it may have been taken for that.
 *
 * @param say - what is said then
 * @returns what takes it back, when the app has closed
 */
export function besideDefaultCache(say: () => string): () => void {
  holder.beside ??= new Set();
  holder.beside.add(say);
  return () => void holder.beside?.delete(say);
}

/** The process's cache if there is one; makes none. */
export function currentDefaultCache(): Cache | undefined {
  return holder.cache;
}

/** Puts back what {@link currentDefaultCache} has told; nothing: the next who asks for one has it made. */
export function restoreDefaultCache(cache: Cache | undefined): void {
  for (const leave of holder.listeners.values()) leave();
  holder.cache = cache;
  for (const listener of holder.listeners.keys()) holder.listeners.set(listener, listenOn(cache, listener));
}

/** As somebody else than whoever hands the same function to the cache itself. */
function listenOn(cache: Cache | undefined, listener: CacheListener): () => void {
  return cache?.on((event) => listener(event)) ?? (() => {});
}

/**
 * Refuses a wrong `CACHE_URL` before the first request does: for adapters, where a route is made that names no cache.
 *
 * @throws {@link ConfigError} that names `CACHE_URL`
 */
export function checkDefaultCache(): void {
  if (holder.cache === undefined) cacheUrl();
}

/**
 * The store that the environment names: `CACHE_URL`, else memory.
 *
 * @throws {@link ConfigError} that names `CACHE_URL`
 */
export function cacheUrl(): string {
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
 * Makes a cache the process's own, also for views that have answered already, and for whoever has called
 * {@link defaultCache} before. Call it before the first request; what was stored in another stays there.
 *
 * @throws {@link ConfigError} for anything that {@link createCache} did not make
 *
 * @example
 * ```ts
 * setDefaultCache(createCache({ maxBytes: '256mb' }));
 * ```
 */
export function setDefaultCache(cache: Cache): void {
  const allowed = 'a cache made by createCache()';
  if (isFollowing(cache))
    throw new ConfigError('setDefaultCache', 'defaultCache()', `${allowed}: this one stands for whichever is set`);
  if (!isCache(cache)) throw new ConfigError('setDefaultCache', cache, allowed);
  restoreDefaultCache(cache);
}
