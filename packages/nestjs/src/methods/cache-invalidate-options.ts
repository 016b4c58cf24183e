import type { Cache, Duration } from '@viewcache/core';
import type { Asked, Told } from './cacheable-options.js';
import type { AnyClass } from './method-rule.js';

/** A value, or a function that is told the result of the method and then its arguments. */
type OrTold<T> = T | Told<T>;

/**
 * What a method that has succeeded invalidates: name exactly one of `tags`, `key`, `keys`, `url`, `path`, `namespace`, `all`
 * (as of `cache.invalidate`) and `method`. An empty list names nothing, and that is all right. A function that throws, returns a
 * promise, or names nothing that can be named leaves nobody knowing what is stale: then all of the cache is purged, or all
 * results of `method`.
 */
export interface CacheInvalidateOptions {
  /** Tags. @defaultValue none */
  readonly tags?: OrTold<string | readonly string[]>;
  /** The key of a value, or what a `key` option has returned. @defaultValue none */
  readonly key?: OrTold<string | number>;
  /** The beginning of keys: `'user:7:*'`. @defaultValue none */
  readonly keys?: OrTold<string>;
  /** A URL with its query. @defaultValue none */
  readonly url?: OrTold<string>;
  /** A path, whatever the query: `'/users/*'`. @defaultValue none */
  readonly path?: OrTold<string>;
  /** A namespace. @defaultValue none */
  readonly namespace?: OrTold<string>;
  /** All of the cache. @defaultValue false */
  readonly all?: true;
  /** The name of a method under `@Cacheable()`, whose results end. @defaultValue none */
  readonly method?: string;
  /** The class that has `method`, a provider or controller of the app. @defaultValue the method's own */
  readonly of?: AnyClass;
  /** With which arguments `method` was called. @defaultValue whichever: all its results end */
  readonly args?: Told<readonly unknown[]>;
  /**
   * Also before the method runs, told `undefined` for its result; it runs when the store has heard of that.
   *
   * @defaultValue false: only after it has succeeded
   */
  readonly before?: boolean;
  /** Whether a call invalidates at all; told the arguments. What is not `false` is yes. @defaultValue always */
  readonly when?: Asked<boolean>;
  /** Which cache: its name, or a cache. @defaultValue the app's own; with `method` the one of that */
  readonly cache?: string | Cache;
  /** When an invalidation is over, as of `cache.invalidate`. @defaultValue `'store'` */
  readonly confirm?: 'store' | 'all';
  /** For how long the data source may lag, as of `cache.invalidate`. @defaultValue 0 */
  readonly hold?: Duration;
}
