/**
 * Why a response was not stored: one closed set for events, statistics and Cache-Status.
 */
export type Refusal =
  | 'private'
  | 'no-store'
  | 'no-cache'
  | 'vary-star'
  | 'set-cookie'
  | 'authorization'
  | 'status'
  | 'partial'
  | 'ttl'
  | 'must-understand'
  | 'method'
  | 'freshness'
  | 'trailers'
  | 'too-large'
  | 'content-length'
  | 'aborted'
  | 'nonce'
  | 'input'
  | 'view'
  | 'tag'
  | 'too-many-tags'
  | 'store-if'
  | 'variants'
  | 'invalidated'
  | 'null-store'
  | 'error';

/** Why a request went to the handler (`fwd`, RFC 9211 §2.2), or past the cache altogether. */
export type Forward = 'uri-miss' | 'vary-miss' | 'stale' | 'request' | 'bypass' | 'method' | 'partial' | 'miss';

/** Counters of one route pattern. Counted in place: nothing is called on a hit. */
export interface RouteCounters {
  hits: number;
  misses: number;
  stored: number;
  refused: number;
  collapsed: number;
  timeSavedMs: number;
}

/** One thing that happened, in the words of RFC 9211 and RFC 9111. */
export type CacheEvent =
  | { readonly type: 'hit'; readonly key: string; readonly route: string; readonly collapsed: boolean }
  | { readonly type: 'miss'; readonly key: string; readonly fwd: Forward }
  | { readonly type: 'bypass'; readonly key: string; readonly reason: string }
  | {
      readonly type: 'stored';
      readonly key: string;
      readonly route: string;
      readonly bytes: number;
      readonly tags: readonly string[];
    }
  | { readonly type: 'refused'; readonly key: string; readonly route: string; readonly reason: Refusal }
  | { readonly type: 'removed'; readonly key: string; readonly reason: 'evicted' | 'expired' }
  | {
      readonly type: 'invalidated';
      readonly tags: readonly string[];
      readonly mode: 'soft' | 'hard';
      readonly durable: boolean;
    }
  | { readonly type: 'invalidations-drained'; readonly tags: number }
  | { readonly type: 'store-error'; readonly store: string; readonly error: Error }
  | { readonly type: 'warning'; readonly message: string };

/** Where the engine reports to. Cheap when nobody listens. */
export interface EventSink {
  /** The counters of a route pattern; beyond 200 patterns, those of `(other)`. */
  route(pattern: string): RouteCounters;
  hit(key: string, route: RouteCounters, pattern: string, collapsed: boolean, savedMs: number): void;
  miss(key: string, fwd: Forward): void;
  bypass(key: string, reason: string): void;
  stored(key: string, pattern: string, bytes: number, tags: readonly string[]): void;
  refused(key: string, pattern: string, reason: Refusal): void;
  emit(event: CacheEvent): void;
}
