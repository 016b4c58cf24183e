import { ConfigError } from '../base/errors.js';
import type { CacheToken } from '../config/value-call-options.js';
import type { AnyFunction } from '../values/any-function.js';
import type { ValueExplanation } from './explanation.js';
import type { InvalidationReceipt } from './receipts.js';

/** What became of a memoized function's calls in this process, as `functools.lru_cache` of Python has it. */
export interface MemoInfo {
  /** Calls that were answered without running the function for them, those that waited for another one's run among them. */
  readonly hits: number;
  /** Runs of the function that somebody waited for. */
  readonly misses: number;
  /** `Infinity` where `maxSize` says nothing. */
  readonly maxSize: number;
  /** Results in this process's memory that may answer. Counts them, so that it is not for each request. */
  readonly size: number;
}

/** What can be done about results of a memoized function. */
export interface MemoResults<F extends AnyFunction> {
  /** Makes all of them be gone, wherever they are stored. */
  cacheClear(): Promise<InvalidationReceipt>;
  /**
   * Invalidates the result of these arguments, and whatever was made of it. Arguments at the end that are `undefined` may be
   * left out.
   *
   * @throws {@link ConfigError} (by rejection) for arguments that can be no part of a key
   */
  invalidate(...args: Parameters<F>): Promise<InvalidationReceipt>;
  /**
   * Runs the function whatever is stored, and puts what it returns in its place: what it has thrown leaves that as it is.
   *
   * @returns what a call would
   */
  refresh(...args: Parameters<F>): ReturnType<F>;
  /**
   * Where the result of these arguments is stored, whether it may answer, and why not: as `cache.explain({ key })` of a value.
   *
   * @throws {@link ConfigError} (by rejection) for arguments that can be no part of a key
   */
  explain(...args: Parameters<F>): Promise<ValueExplanation>;
  /**
   * The key of these arguments as it is stored; events have it spelled for people. No key of `get` and `explain({ key })`.
   *
   * @throws {@link ConfigError} for arguments that can be no part of a key
   */
  keyFor(...args: Parameters<F>): string;
}

/** What a memoized function can do beside being called. */
export interface MemoCalls<F extends AnyFunction> extends MemoResults<F> {
  /** The function itself, past the cache. */
  readonly uncached: F;
  /** How often it was called and run since it was made, or since `cacheClear()`. */
  cacheInfo(): MemoInfo;
  /**
   * The results of one instance alone, of a function that is a method. What is called without it is about all instances.
   *
   * @example
   * ```ts
   * await service.load.of(service).cacheClear();
   * ```
   */
  of(instance: object): MemoResults<F>;
}

/** A function whose results are kept: called as before, and with {@link MemoCalls}. */
export type Memoized<F extends AnyFunction> = F & MemoCalls<F>;

/** Finds the calls of a function from any copy of this package. */
const slot = Symbol.for('viewcache.memo');

/** Puts calls where {@link memoOf} finds them. */
export function attachMemo<F extends AnyFunction>(fn: F, calls: () => MemoCalls<F>): void {
  // Configurable, as one that stands before another has what that has, and then its own.
  Object.defineProperty(fn, slot, { configurable: true, value: calls });
}

/**
 * What a memoized function can do beside being called, where its type does not say so: of a decorated method.
 *
 * @throws {@link ConfigError} for a function that is not memoized
 *
 * @example
 * ```ts
 * await memoOf(users.find).invalidate(7);
 * ```
 */
export function memoOf<F extends AnyFunction>(fn: F): MemoCalls<F> {
  const calls = typeof fn === 'function' ? (fn as { [slot]?: () => MemoCalls<F> })[slot] : undefined;
  if (calls === undefined)
    throw new ConfigError(
      'memoOf',
      fn,
      'what cache.memoize() has returned, or a method under @memoized() or @Cacheable()',
    );
  return calls();
}

/**
 * Stores what a memoized function would return; see {@link putResult}.
 *
 * @param since - of the function's own cache
 */
export type PutResult = (
  instance: object | undefined,
  args: readonly unknown[],
  value: unknown,
  since: CacheToken,
) => Promise<boolean>;

/** Finds how results are put, from any copy of this package. */
const putSlot = Symbol.for('viewcache.memo-put');

/** Puts it where {@link putResult} finds it. */
export function attachPut(memoized: AnyFunction, put: PutResult): void {
  Object.defineProperty(memoized, putSlot, { value: put });
}

/**
 * Stores what a memoized function would return for these arguments, in place of what it has: of what its options say of
 * tags and of a ttl, and of nothing else that it was made of.
 *
 * @param memoized - what `cache.memoize` has returned
 * @param since - what the cache knew before the value was made: what was invalidated since counts
 * @returns false where it was not stored
 * @throws {@link ConfigError} (by rejection) for arguments that can be no part of a key
 */
export async function putResult(memoized: AnyFunction, ...given: Parameters<PutResult>): Promise<boolean> {
  return (await (memoized as { [putSlot]?: PutResult })[putSlot]?.(...given)) === true;
}
