import { randomBytes } from 'node:crypto';
import { ConfigError } from '../base/errors.js';
import type { Cache } from '../cache/cache.js';
import { createCache } from '../cache/create-cache.js';
import { currentDefaultCache, defaultCache, restoreDefaultCache, setDefaultCache } from '../cache/default-cache.js';
import { type CacheRuntime, runtimeOf } from '../cache/runtime.js';
import type { CacheOptions } from '../config/cache-options.js';
import { FakeClock } from './fake-clock.js';

/** How the cache of a test is made. */
export interface FreshCacheOptions extends Omit<CacheOptions, 'clock'> {
  /** @defaultValue one that begins at the present */
  readonly clock?: FakeClock;
}

/** A cache for one test. */
export interface FreshCache {
  readonly cache: Cache;
  /** The time that the cache believes it is: move it to have something expire. */
  readonly clock: FakeClock;
  /** Purges and closes the cache, and lets the default cache be the one that was before. */
  end(): Promise<void>;
}

/**
 * Makes an empty cache the default one, for the length of a test: views that name no cache use it from their next request
 * on, also where they were made long before.
 *
 * In memory unless a `store` is given; on a shared store it has a namespace of its own, so that tests that run at the same
 * time do not meet. The fake clock does not move what a shared store itself lets expire.
 *
 * @throws {@link ConfigError} for a setting that is wrong, as {@link createCache}
 *
 * @example
 * ```ts
 * let fresh: FreshCache;
 * beforeEach(() => { fresh = freshCache(); });
 * afterEach(() => fresh.end());
 * ```
 */
export function freshCache(options: FreshCacheOptions = {}): FreshCache {
  const clock = options.clock ?? new FakeClock(Date.now());
  const cache = createCache({ namespace: `test-${randomBytes(8).toString('hex')}`, ...options, clock });
  const before = currentDefaultCache();
  setDefaultCache(cache);
  return {
    cache,
    clock,
    async end() {
      if (currentDefaultCache() === cache) restoreDefaultCache(before);
      if (options.store !== undefined) await cache.purge({ all: true });
      await cache.close();
    },
  };
}

/**
 * Makes a cache as empty as it was when it was made: for an app whose cache is made where no test can reach. Nothing that is
 * under way is stored any more, the counters of `stats()` are at 0, and nothing is remembered of what could not be stored.
 * On a shared store its whole namespace is purged.
 *
 * Listeners stay. So does what the views themselves have learned; an app that is made anew for each test has nothing of that.
 *
 * @param cache - `defaultCache()` where none is named
 * @throws {@link ConfigError} (by rejection) for anything that {@link createCache} did not make
 *
 * @example
 * ```ts
 * beforeEach(() => resetCache());
 * ```
 */
export async function resetCache(cache: Cache = defaultCache()): Promise<void> {
  await known('resetCache', cache).reset();
}

/**
 * Lets everything run as if there were no cache, until it is resumed: handlers and producers run, `get` finds nothing,
 * nobody waits for another, and nothing of what is made is stored. `Cache-Status` says `fwd=bypass`.
 *
 * What is written or invalidated by name meanwhile still is, so that nothing is out of date when it goes on.
 *
 * @param cache - `defaultCache()` where none is named
 * @returns a function that resumes; where it was paused several times, the last one does
 * @throws {@link ConfigError} for anything that {@link createCache} did not make
 *
 * @example
 * ```ts
 * const resume = pauseCache();
 * expectBypass(await request(server).get('/cities/7'));
 * resume();
 * ```
 */
export function pauseCache(cache: Cache = defaultCache()): () => void {
  return known('pauseCache', cache).pause();
}

function known(what: string, cache: Cache): CacheRuntime {
  const runtime = runtimeOf(cache);
  if (runtime === undefined) throw new ConfigError(what, cache, 'a cache made by createCache()');
  return runtime;
}
