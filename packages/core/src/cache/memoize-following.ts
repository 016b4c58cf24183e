import type { Duration } from '../base/duration.js';
import { ConfigError } from '../base/errors.js';
import { type MemoOptions, withMemoTtl } from '../config/memo-options.js';
import type { AnyFunction } from '../values/any-function.js';
import { checkMemoOptions, ownOf } from './memoize.js';
import { attachMemo, type MemoCalls, type Memoized } from './memoized-function.js';
import type { ValueCache } from './value-cache.js';

/**
 * What is made of a cache, of whichever is the one when it is asked for: once for each.
 *
 * @param make - told of a cache that was not asked about before
 */
export function ofEach<T>(where: () => ValueCache, make: (cache: ValueCache) => T): () => T {
  const known = new WeakMap<ValueCache, { readonly made: T }>();
  let last: ValueCache | undefined;
  let made: T | undefined;
  return () => {
    const cache = where();
    if (cache === last) return made as T;
    let found = known.get(cache);
    if (found === undefined) {
      found = { made: make(cache) };
      known.set(cache, found);
    }
    last = cache;
    made = found.made;
    return made;
  };
}

/**
 * Memoizes a function in whichever cache is asked for when it is called: each has a memo of its own.
 *
 * @param prepare - told of a cache before the function is memoized in it
 */
export function memoIn<F extends AnyFunction>(
  fn: F,
  options: MemoOptions<F>,
  where: () => ValueCache,
  prepare: () => void = () => {},
): () => Memoized<F> {
  return ofEach(where, (cache) => {
    prepare();
    return cache.memoize(fn, options);
  });
}

/**
 * A function whose results are kept in whichever cache is asked for when it is called.
 *
 * @throws {@link ConfigError} for a wrong setting
 */
export function memoizeIn<F extends AnyFunction>(
  where: () => ValueCache,
  fn: F,
  options: Duration | MemoOptions<F> | undefined,
): Memoized<F> {
  if (typeof fn !== 'function') throw new ConfigError('memoize.fn', fn, 'a function');
  const given = checkMemoOptions('memoize', withMemoTtl(options));
  const memo = memoIn(fn, given, where);
  const memoized = function (this: unknown, ...args: never[]): unknown {
    return memo().apply(this, args);
  };
  Object.defineProperties(memoized, ownOf(fn, given.name));
  const calls: MemoCalls<F> = {
    cacheInfo: () => memo().cacheInfo(),
    cacheClear: async () => await memo().cacheClear(),
    invalidate: async (...args) => await memo().invalidate(...args),
    refresh: (...args) => memo().refresh(...args),
    explain: async (...args) => await memo().explain(...args),
    keyFor: (...args) => memo().keyFor(...args),
    uncached: fn,
    of: (instance) => memo().of(instance),
  };
  attachMemo(memoized as F, () => calls);
  return Object.assign(memoized as F, calls);
}
