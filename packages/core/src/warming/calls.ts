import { ConfigError } from '../base/errors.js';
import { memoOf } from '../cache/memoized-function.js';
import type { AnyFunction } from '../values/any-function.js';
import type { WarmCalls } from './warm-types.js';

const slot = Symbol.for('viewcache.warm-calls');

/**
 * Calls of a memoized function, for `cache.warm`.
 *
 * @param fn - what `cache.memoize()` has returned, or a method under `@memoized()` or `@Cacheable()`
 * @param args - the arguments of each call
 * @param instance - of a method: on what it is called
 * @throws {@link ConfigError} for a function that is not memoized, and for arguments that are no lists
 *
 * @example
 * ```ts
 * await cache.warm(calls(statsOf, [['de'], ['fr']]));
 * await cache.warm(calls(users.find, ids.map((id) => [id]), users), { concurrency: 100 });
 * ```
 */
export function calls<F extends AnyFunction>(fn: F, args: readonly Parameters<F>[], instance?: object): WarmCalls {
  checkMemoized(fn);
  if (!Array.isArray(args) || !args.every((list) => Array.isArray(list)))
    throw new ConfigError('calls.args', args, 'a list with the arguments of each call', '[[7], [8]]');
  const source: WarmCalls = { fn, args, instance };
  return Object.defineProperty(source, slot, { value: true });
}

function checkMemoized(fn: AnyFunction): void {
  try {
    memoOf(fn);
  } catch (error) {
    throw error instanceof ConfigError ? error.named('calls.fn') : error;
  }
}

/** Whether a source is of calls, from any copy of this package. */
export function isCalls(source: unknown): source is WarmCalls {
  return typeof source === 'object' && source !== null && slot in source;
}
