import type { Duration } from '../base/duration.js';
import type { Copying } from '../values/copying.js';
import type { StaleOptions } from './stale-options.js';

/** How a value is kept. Durations: seconds, or a string such as `'5m'`. */
export interface ValueOptions<T = unknown> extends Omit<StaleOptions, 'revalidate'> {
  /**
   * How long the value is fresh; `0` = do not store; `'forever'`: until it is invalidated or leaves for want of room. Of the value itself
   * where a function says.
   *
   * @defaultValue the cache's `ttl`; without one `'forever'` for a value with tags, and until it is invalidated where reads are
   * tracked; else 5 minutes, with a warning
   */
  readonly ttl?: Duration | ((value: T) => Duration) | undefined;
  /** What the value depends on: it is invalidated with any of these. @defaultValue none */
  readonly tags?: readonly string[] | ((value: T) => readonly string[]) | undefined;
  /**
   * What the producer reads of watched data sources becomes tags of the value, which is invalidated when that is written.
   *
   * @defaultValue the cache's `trackReads`: as soon as a data source is watched for it
   */
  readonly trackReads?: boolean | undefined;
  /** Tags beyond which rows coarsen to their group: `users#1` → `users`. @defaultValue 64 */
  readonly maxTags?: number | undefined;
  /**
   * Bytes of a value for a shared store, before they are compressed; a larger one answers whoever waits for it, and is not
   * stored. In memory alone `maxBytes` of the cache is the limit.
   *
   * @defaultValue the cache's `maxValueBytes`, else `'1mb'`
   */
  readonly maxValueBytes?: number | string | undefined;
  /** A value of another version is another value: a whole number from 0 up. @defaultValue none */
  readonly version?: number | undefined;
  /** Whether a value may be stored; `false`: it answers whoever waits for it, and is forgotten. @defaultValue always */
  readonly storeIf?: ((value: T) => boolean) | undefined;
  /** Whether a value that is found is not to be used: then the producer runs, once for all who ask. @defaultValue never */
  readonly isStale?: ((value: T) => boolean) | undefined;
  /** The producer runs whatever is stored, and what it makes is stored. @defaultValue false */
  readonly forceRefresh?: boolean | undefined;
  /**
   * For how long an error of the producer is kept, in this process, and thrown again rather than asked for. Of the error
   * itself where a function says.
   *
   * @defaultValue 0: not at all
   */
  readonly cacheErrors?: Duration | ((error: unknown) => Duration) | undefined;
  /**
   * How callers are kept from changing each other's value: `'structured'`, each gets a copy that keeps its classes;
   * `'freeze'`, all get the same, frozen as deep as it goes; `false`, all get the same, and nobody may change it.
   *
   * @defaultValue the cache's `clone`, else `'structured'`
   */
  readonly clone?: Copying | undefined;
  /** What it is counted under in `stats()` and named in warnings. @defaultValue `'(values)'` */
  readonly name?: string | undefined;
}

/** What a cache says of its values, where a call says nothing. */
export interface ValueDefaults {
  readonly lifetimeMs: number | undefined;
  readonly maxBytes: number;
  readonly copying: Copying;
}
