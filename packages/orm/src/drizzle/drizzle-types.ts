import type { WatchOptions } from '../source/watch-options.js';

/** Any function, whatever it takes: what is called is called as it was. */
type AnyFunction = (...given: never[]) => unknown;

/** A database of Drizzle, as `drizzle()` or `withReplicas()` returns it. */
export interface DrizzleDatabase {
  transaction: AnyFunction;
  select: AnyFunction;
}

/** What a watch reaches into: `$client`, `$cache`, `$primary` and `$replicas` are public, `session` is not. */
export interface DatabaseLike extends DrizzleDatabase {
  readonly $client?: unknown;
  readonly $cache?: unknown;
  /** Of `withReplicas()`. */
  readonly $primary?: DatabaseLike;
  readonly $replicas?: readonly DatabaseLike[];
  readonly session?: SessionLike;
}

/** What sends the statements of a database, or of a transaction. */
export interface SessionLike {
  /** What it sends them by: in a transaction the one connection. */
  readonly client?: unknown;
}

/** How `watchDrizzle` watches. */
export interface WatchDrizzleOptions extends WatchOptions {
  /**
   * Whether the database is asked for its catalogue: tables, keys, foreign keys and views as they are. Where it is not, what
   * `tables` and `views` say is all that is known.
   *
   * @defaultValue true
   */
  readonly readTables?: boolean | undefined;
}
