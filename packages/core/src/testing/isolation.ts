import { AssertionError } from 'node:assert';
import { randomBytes } from 'node:crypto';
import { setTimeout as sleep, setImmediate as turn } from 'node:timers/promises';
import { type Duration, parseDuration } from '../base/duration.js';
import { ConfigError } from '../base/errors.js';
import type { Cache } from '../cache/cache.js';
import { createCache } from '../cache/create-cache.js';
import { currentDefaultCache, defaultCache, restoreDefaultCache, setDefaultCache } from '../cache/default-cache.js';
import { type CacheRuntime, runtimeOf } from '../cache/runtime.js';
import type { CacheOptions } from '../config/cache-options.js';
import { FakeClock } from './fake-clock.js';

/** A machine that runs tests has other work: that a store takes its time is not what they are about. */
const PATIENT = '5s';

/** How the cache of a test is made. */
export interface FreshCacheOptions extends Omit<CacheOptions, 'clock'> {
  /** @defaultValue one that begins at the present */
  readonly clock?: FakeClock | undefined;
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
 * time do not meet, and a `deadline` of 5 s unless it says otherwise. What goes on between it and the store takes the
 * machine's own time: the fake clock moves no deadline, and nothing that the store lets expire by itself.
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
  const cache = createCache({
    namespace: `test-${randomBytes(8).toString('hex')}`,
    deadline: PATIENT,
    ...options,
    clock,
  });
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

/**
 * Waits until nothing of a cache is under way any more: handlers and producers, what is stored behind an answer, refreshes,
 * leases that are given back. With a shared store call it before what is stored is asked for, before something is
 * invalidated of which a test wants to see that it was stored, and before the clock is moved.
 *
 * It does not move the clock: what waits for that goes on waiting.
 *
 * @param cache - `defaultCache()` where none is named
 * @param atMost - seconds, or a string such as `'30s'`, by the machine's own clock
 * @throws `AssertionError` (by rejection) where something is under way for longer
 * @throws {@link ConfigError} (by rejection) for anything that {@link createCache} did not make
 *
 * @example
 * ```ts
 * expectStale(await fetch(url));
 * await settled();
 * expectHit(await fetch(url)); // what was made behind the answer
 * ```
 */
export async function settled(cache: Cache = defaultCache(), atMost: Duration = '10s'): Promise<void> {
  const runtime = known('settled', cache);
  const atMostMs = parseDuration('settled.atMost', atMost);
  const end = performance.now() + atMostMs;
  // One thing leads to the next by promises and turns of the event loop.
  for (let quiet = 0; quiet < QUIET_TURNS; quiet = runtime.isIdle ? quiet + 1 : 0) {
    await (quiet > 0 ? turn() : sleep(1));
    if (performance.now() > end) throw unsettled(atMostMs);
  }
}

const QUIET_TURNS = 3;

function unsettled(ms: number): AssertionError {
  const message = `something of the cache is still under way after ${ms} ms: a handler or a producer that does not end, or waits for a clock that nobody moves`;
  return new AssertionError({ message, operator: 'settled', stackStartFn: settled });
}

function known(what: string, cache: Cache): CacheRuntime {
  const runtime = runtimeOf(cache);
  if (runtime === undefined) throw new ConfigError(what, cache, 'a cache made by createCache()');
  return runtime;
}
