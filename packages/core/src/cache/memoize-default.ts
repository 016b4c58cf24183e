import type { Duration } from '../base/duration.js';
import type { MemoOptions } from '../config/memo-options.js';
import type { AnyFunction } from '../values/any-function.js';
import { currentCache } from './default-cache.js';
import { memoizeIn } from './memoize-following.js';
import type { Memoized } from './memoized-function.js';

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
export function memoize<F extends AnyFunction>(
  fn: F,
  options?: Duration | MemoOptions<F>,
  ...further: never[]
): Memoized<F> {
  return memoizeIn(currentCache, fn, options, ...further);
}
