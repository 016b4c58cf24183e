import { ignoreRejection, isThenable } from '../base/answer.js';
import type { Duration } from '../base/duration.js';
import { ConfigError } from '../base/errors.js';
import { checkNoMore } from '../config/check.js';
import { type MemoOptions, withMemoTtl } from '../config/memo-options.js';
import type { AnyFunction } from '../values/any-function.js';
import { checkInstanceKey, checkMemoOptions, type Leaving, ownOf } from './memoize.js';
import { attachMemo, attachPut, type MemoCalls, type Memoized, putResult } from './memoized-function.js';
import { callsOf } from './runtime.js';
import type { ValueCache } from './value-cache.js';
import type { ValueCalls } from './value-calls.js';

/** Namespaces of a cache in which a function is memoized at a time: requests may name them. */
const MOST_SPACES = 1_000;

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
  const caches = new WeakMap<ValueCache, Memoized<F>>();
  const inCache = (cache: ValueCache): Memoized<F> => {
    let found = caches.get(cache);
    if (found === undefined) {
      prepare();
      found = cache.memoize(fn, options);
      caches.set(cache, found);
    }
    return found;
  };
  const follower = {};
  const spaces = new WeakMap<object, Map<string, Leaving<F>>>();
  const inSpace = (calls: ValueCalls): Memoized<F> => {
    const known = spaces.get(calls.home) ?? new Map<string, Leaving<F>>();
    spaces.set(calls.home, known);
    let found = known.get(calls.prefix);
    if (found === undefined) {
      prepare();
      found = calls.memoizeFor(follower, fn, options);
    } else known.delete(calls.prefix);
    known.set(calls.prefix, found);
    if (known.size > MOST_SPACES) leaveFirst(known);
    return found.memoized;
  };
  let last: ValueCache | ValueCalls | undefined;
  let memo: Memoized<F> | undefined;
  // A namespace may be another object each time it is asked for, or one that stands for those of several caches.
  return () => {
    const cache = where();
    if (cache === last && memo !== undefined) return memo;
    checkIsCache(cache);
    const calls = callsOf(cache);
    const space = calls === undefined || calls.prefix === '' ? undefined : calls;
    if (memo === undefined || space === undefined || space !== last) {
      memo = space === undefined ? inCache(cache) : inSpace(space);
      last = space ?? cache;
    }
    return memo;
  };
}

/** It may come again, and is memoized anew then: what is stored stays where it is. */
function leaveFirst(known: Map<string, Leaving<AnyFunction>>): void {
  const [first] = known;
  if (first === undefined) return;
  known.delete(first[0]);
  first[1].leave();
}

/**
 * A function whose results are kept in whichever cache is asked for when it is called.
 *
 * @throws {@link ConfigError} for a wrong setting
 */
export function memoizeIn<F extends AnyFunction>(
  where: () => ValueCache,
  fn: F,
  options?: Duration | MemoOptions<F>,
  ...more: never[]
): Memoized<F> {
  checkNoMore('memoize', more, 'a function and options');
  if (typeof fn !== 'function') throw new ConfigError('memoize.fn', fn, 'a function');
  const given = checkMemoOptions('memoize', withMemoTtl(options));
  checkInstanceKey(fn, given);
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
  attachPut(memoized as F, (...put) => putResult(memo(), ...put));
  return Object.assign(memoized as F, calls);
}

/** What a function of the user's has returned in the place of one. */
function checkIsCache(cache: unknown): void {
  if (typeof cache === 'object' && cache !== null && typeof (cache as ValueCache).memoize === 'function') return;
  if (isThenable(cache)) ignoreRejection(cache);
  throw new ConfigError('memoized.cache', cache, 'a function that returns a cache, and no promise of one');
}
