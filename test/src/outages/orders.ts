import type { CacheOptions } from '@viewcache/core';

/** What an app's process is asked, by {@link AppProcess}. */
export type Order =
  /** The data behind a page is another version from now on: nobody is told. */
  | { readonly kind: 'write'; readonly page: string; readonly version: number }
  | { readonly kind: 'invalidate'; readonly pages: readonly string[] }
  /** Lets the gated handlers that wait go on, and with `isForGood` those to come. */
  | { readonly kind: 'open'; readonly isForGood: boolean }
  | { readonly kind: 'report' };

export interface Asked {
  readonly id: number;
  readonly order: Order;
}

/** What comes from the process: an answer, or something that has happened. */
export type Said =
  | { readonly kind: 'answer'; readonly id: number; readonly value: unknown }
  | { readonly kind: 'listening'; readonly port: number }
  /** The cache's stores can be used. */
  | { readonly kind: 'ready' }
  | { readonly kind: 'arrived'; readonly path: string }
  /** A gated handler runs. */
  | { readonly kind: 'ran'; readonly path: string }
  /** The shared store has heard of all invalidations. */
  | { readonly kind: 'drained' };

/** How a process is doing. */
export interface Report {
  /** Handlers that were run. */
  readonly runs: number;
  /** Most operations of the store that were under way when a request came or a handler ran. */
  readonly peakOutstanding: number;
  readonly shared: 'up' | 'down' | undefined;
  readonly unheard: number;
  readonly storeErrors: number;
  /** Of these, operations that were waited for until their deadline. */
  readonly timeouts: number;
  /** After a collection. */
  readonly heapBytes: number;
  readonly rejections: readonly string[];
}

/** The first message to a process. */
export type AppOptions = CacheOptions;
