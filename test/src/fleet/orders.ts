import type { CacheOptions } from '@viewcache/core';

/** What one process of a fleet is to do. */
export interface Orders {
  /** The cache's options, its store by URL. */
  readonly cache: CacheOptions;
  /** The data source's file, and how many rows it has. */
  readonly data: string;
  readonly rows: number;
  /** The rows this process writes: each has one writer, so that its versions have an order. */
  readonly writes: readonly number[];
  readonly writesPerSecond: number;
  /** Requests that are under way at once. */
  readonly readers: number;
  /** How far the wall clock of this process is off. */
  readonly skewMs: number;
  /** How long a handler may take after it has read. */
  readonly handlerMs: number;
  readonly confirm: 'store' | 'all';
  /** The URL of a Redis behind a Keyv of which nothing is known but that it gets, sets and deletes. */
  readonly plainKeyv?: string;
  /** A protocol that is known to be wrong, in place of the cache's own. */
  readonly double?: string;
  /** Where that has its store. */
  readonly redisPort?: number;
}

/** What a process has seen; times on the machine's own monotonic clock, which all its processes share, in milliseconds. */
export interface Report {
  /** Row, when the request began, what it was answered with: one after the other. */
  readonly reads: readonly number[];
  /** Row, the version that was written, when its invalidation resolved as durable. */
  readonly writes: readonly number[];
  readonly hits: number;
  /** Answers by no handler and from no store: errors. */
  readonly failures: number;
  readonly unheard: number;
  readonly rejections: readonly string[];
  /** What became of its requests, and why responses were not stored. */
  readonly outcomes: Readonly<Record<string, number>>;
}
