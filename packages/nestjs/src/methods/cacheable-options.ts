import type { Cache, MemoizedOptions } from '@viewcache/core';

/**
 * How the results of a method are kept: as of `cache.memoize`. Functions are told the result and then the arguments, `when`
 * and `key` the arguments alone; what an Observable comes to is its last value. They stand before the method, so that their
 * parameters have to be given types.
 */
export interface CacheableOptions extends Omit<MemoizedOptions, 'cache' | 'instances'> {
  /** Where results are kept: the name of one of the app's caches, or a cache. @defaultValue the app's own */
  readonly cache?: string | Cache;
  /**
   * Whether the instances of a class have the same results: those of all modules that provide it, and of a transient one. A
   * class that extends another one has results of its own. `'apart'`: each instance has its own.
   *
   * @defaultValue `'shared'`, or by `instanceKey`; it has to be said where instances stand on the request, or are
   * request-scoped, and where the app has several that are made of different things
   */
  readonly instances?: 'shared' | 'apart';
}

/** A function that may say of which types its arguments are: those of the method. */
export type Asked<T> = { asked(...args: readonly unknown[]): T }['asked'];

/** The same of a function that is told the result first. */
export type Told<T> = { told(result: unknown, ...args: readonly unknown[]): T }['told'];
