import type { Duration } from '../base/duration.js';
import { ConfigError } from '../base/errors.js';
import { type MemoOptions, withMemoTtl } from '../config/memo-options.js';
import type { AnyFunction } from '../values/any-function.js';
import { defaultCache } from './default-cache.js';
import { checkMemoOptions, ownOf } from './memoize.js';
import { attachMemo, type MemoCalls, type Memoized } from './memoized-function.js';
import type { ValueCache } from './value-cache.js';

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
  const memos = new WeakMap<ValueCache, Memoized<F>>();
  return () => {
    const cache = where();
    let found = memos.get(cache);
    if (found === undefined) {
      prepare();
      found = cache.memoize(fn, options);
      memos.set(cache, found);
    }
    return found;
  };
}

/**
 * A function whose results are kept in the process's own cache, whichever that is when it is called: for functions of a
 * module, which is loaded before anybody calls {@link setDefaultCache}, or a test its `freshCache()`.
 *
 * @param options - as of {@link ValueCache.memoize}: a ttl (seconds, or `'5m'`), or an object with it and more
 * @throws {@link ConfigError} for a wrong setting
 *
 * @example
 * ```ts
 * export const userOf = memoize(async (id: number) => await users.find(id), { name: 'userOf', ttl: '10m' });
 * ```
 */
export function memoize<F extends AnyFunction>(fn: F, options?: Duration | MemoOptions<F>): Memoized<F> {
  if (typeof fn !== 'function') throw new ConfigError('memoize.fn', fn, 'a function');
  const given = withMemoTtl(options);
  checkMemoOptions('memoize', given);
  const memo = memoIn(fn, given, defaultCache);
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
