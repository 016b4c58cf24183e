import type { ForwardReason } from '../http/cache-status.js';
import type { NotStoredReason } from '../http/storable.js';
import type { FrameDefect } from './codec.js';
import type { StoredResponse } from './stored-response.js';

/** Why a response was not stored: one closed set for events, statistics and Cache-Status. */
export type Refusal =
  | NotStoredReason
  /** A stream of events: it never ends, and nobody is to wait for it. */
  | 'event-stream'
  /** It carried trailers. */
  | 'trailers'
  /** Larger than `maxBodyBytes`, for a value `maxValueBytes`, or than the store may hold. */
  | 'too-large'
  /** Its body is not as long as its Content-Length says. */
  | 'content-length'
  /** Its head is not one that can be written again: a reason phrase of its own, a field twice in `writeHead`. */
  | 'head'
  /** The client went, or the handler stopped, before it was whole. */
  | 'aborted'
  /** Its body repeats a nonce of its own Content-Security-Policy. */
  | 'nonce'
  /** The handler read something of the request that is not in the key. */
  | 'input'
  /** `view().doNotStore()`. */
  | 'view'
  /** A tag that was declared cannot be one. */
  | 'tag'
  /** Something that went into it was answered with in spite of having been invalidated. */
  | 'stale-part'
  /** It read in a transaction that had written: what nobody else sees, perhaps ever. */
  | 'uncommitted-read'
  /** It read in a transaction that had begun before it: what was written since is not in there. */
  | 'older-snapshot'
  /** It has no ttl that ends, and nothing of it is known by which it could be invalidated. */
  | 'nothing-tracked'
  /** It has no ttl that ends, and is made of something that no watch sees. */
  | 'untracked'
  /** More tags than a response may have, even by group. */
  | 'too-many-tags'
  /** The `storeIf` option said no, or threw. */
  | 'store-if'
  /** One of its tags was invalidated while it was made. */
  | 'invalidated'
  /** A run that began later has been stored by now. */
  | 'overtaken'
  /** A refresh whose request has another key, or selects another variant, by now. */
  | 'key-changed'
  /** A value of a class that cannot be told from its bytes. */
  | 'class'
  /** A value whose producer has failed. */
  | 'failed'
  /** The shared store has not taken it in time: no other process has it. */
  | 'store-unavailable'
  /** The store stores nothing. */
  | 'null-store';

/** Why a request went to the handler (`fwd`, RFC 9211 §2.2), or past the cache altogether. */
export type Forward = ForwardReason;

/** Why a request went past the cache: one closed set for events, statistics and Cache-Status. */
export type Bypass =
  /** The `when` option did not say yes. */
  | 'when'
  /** `neverCache()` in front. */
  | 'never-cache'
  /** Middleware in front has begun to answer. */
  | 'headers-sent'
  /** The store is `off:`. */
  | 'off'
  /** A GET or HEAD with a body. */
  | 'body'
  /** It has no key: the `key` function failed, or the request target is no path. */
  | 'key'
  /** A method that is not cached here; or a HEAD, and nothing was stored. */
  | 'method'
  /** A request with Range, and nothing was stored. */
  | 'partial'
  /** The request asked for it, and is heard. */
  | 'request'
  /** Too many wait for the same key already. */
  | 'waiters'
  /** A value whose producer asks for that value itself. */
  | 'recursion'
  /** A call of a memoized function with an argument, or on an instance, that can be no part of a key. */
  | 'arguments'
  /** A call of a memoized function that is not known to return a promise, with a shared store. */
  | 'not-async'
  /** A memoized function of a name that another one has, in a shared store. */
  | 'name'
  /** Another visitor's handler took too long. */
  | 'collapse-timeout';

/** What became of a request, in the words of RFC 9211: the same in Cache-Status, events and statistics. */
export type Outcome = 'hit' | 'collapsed' | Forward;

/** Counters of one route pattern. Counted in place: nothing is called on a hit. */
export interface RouteCounters {
  hits: number;
  misses: number;
  stored: number;
  refused: number;
  collapsed: number;
  timeSavedMs: number;
}

/** What an invalidation comes from. */
export interface WriteOrigin {
  /** What the data source was called where it was watched. */
  readonly source: string;
  /** The statement that wrote, as it was sent; of several, the first. */
  readonly statement: string;
  /** Why nobody knows what it has written, so that everything was invalidated; only where that is so. */
  readonly why?: string;
}

/** What an invalidation has dropped of what this process holds. */
export interface Dropped {
  /** So many responses and values that were good until then. */
  readonly count: number;
  /** `false`: at least so many. More is stored than is gone through to count: 10,000 things, in production 1,000. */
  readonly exact: boolean;
  /** Keys of some of them, where this is no production: up to 10. */
  readonly keys: readonly string[];
}

/** That another eviction policy decides, and why. */
export interface PolicySwitch {
  readonly from: string;
  readonly to: string;
  /** `hit-ratio`: by `auto`'s simulations it answers more. `failed`: a policy of the user's own threw, or answered nonsense. */
  readonly reason: 'hit-ratio' | 'failed';
  /** What each candidate of `auto` answers of what is asked for, 0 to 1; empty where the reason is another. */
  readonly hitRatios: Readonly<Record<string, number>>;
  /** What was thrown, where a policy has failed. */
  readonly error?: unknown;
}

/** One thing that happened, in the words of RFC 9211 and RFC 9111. */
export type CacheEvent =
  | { readonly type: 'hit'; readonly key: string; readonly route: string; readonly collapsed: boolean }
  | { readonly type: 'miss'; readonly key: string; readonly fwd: Forward }
  | { readonly type: 'bypass'; readonly key: string; readonly reason: Bypass }
  | {
      readonly type: 'stored';
      readonly key: string;
      readonly route: string;
      readonly bytes: number;
      readonly tags: readonly string[];
    }
  | {
      readonly type: 'refused';
      readonly key: string;
      readonly route: string;
      readonly reason: Refusal;
      /** What more there is to say of some: of `input` what was read, of `failed` the error. */
      readonly detail?: string;
    }
  | {
      /** A handler is about to run behind an answer, to make new what that was answered with. */
      readonly type: 'refresh';
      readonly key: string;
    }
  | {
      /** A stored response that is not fresh has answered in its handler's stead. */
      readonly type: 'stale';
      readonly key: string;
      readonly route: string;
      readonly reason: 'error' | 'timeout' | 'aborted';
    }
  | { readonly type: 'removed'; readonly key: string; readonly reason: 'evicted' | 'expired' | 'variants' }
  | {
      readonly type: 'invalidated';
      /** As they were named. */
      readonly tags: readonly string[];
      /** What was named otherwise than by tag: `url: /cities/7`, `all`. */
      readonly targets: readonly string[];
      /** What was done: a store that can only purge has purged. */
      readonly mode: 'soft' | 'hard';
      readonly durable: boolean;
      /** The write that it comes from, where a data source is watched. */
      readonly origin?: WriteOrigin;
      /** What that has dropped here; only where there is an origin. */
      readonly dropped?: Dropped;
    }
  | {
      /** Another process has invalidated tags. */
      readonly type: 'heard';
      readonly tags: readonly string[];
      readonly targets: readonly string[];
      readonly mode: 'soft' | 'hard';
    }
  | ({
      /** Another eviction policy decides in memory from now on. */
      readonly type: 'policy-switched';
    } & PolicySwitch)
  | { readonly type: 'invalidations-drained'; readonly tags: number }
  | {
      readonly type: 'store-error';
      readonly store: string;
      readonly error: Error;
      /** How many like it there were since the last one that was told: once a second is often enough. */
      readonly unsaid?: number;
    }
  | {
      /** A shared store had something under a response's key that cannot be used: a miss. */
      readonly type: 'unreadable';
      readonly key: string;
      /** `class`: a value with an instance of a class that this process has not registered. */
      readonly reason: FrameDefect | 'class';
    }
  | {
      /**
       * A handler, or middleware inside a cached part, read something outside the key; or the request had Authorization, and
       * nothing in the key covers that. Told once for each route.
       */
      readonly type: 'input';
      readonly route: string;
      readonly input: string;
      readonly stored: boolean;
      /** What to do about it. */
      readonly message: string;
    }
  | {
      /** Writes of a strategy that writes behind were refused by the database, and will be tried again. */
      readonly type: 'save-failed';
      /** The `name` of the strategy. */
      readonly strategy: string;
      readonly count: number;
      /** Up to 10 of their keys. */
      readonly keys: readonly (string | number)[];
      /** What the database, or `save`, has thrown for the first of them. */
      readonly error: unknown;
    }
  | {
      /** A write of a strategy that writes behind was given up: the database will not have it. */
      readonly type: 'dead-letter';
      readonly strategy: string;
      readonly keys: readonly (string | number)[];
      readonly error: unknown;
      /** So often it was tried by itself. */
      readonly attempts: number;
    }
  | { readonly type: 'warning'; readonly message: string };

/** What is counted of a stored response. */
export type NewlyStored = Pick<StoredResponse, 'key' | 'route' | 'lifetimeMs' | 'producerMs'>;

/** Where the engine reports to. Cheap when nobody listens. */
export interface EventSink {
  /** Somebody listens: who counts by himself tells events, too. */
  readonly isHeard: boolean;
  /** The counters of a route pattern; beyond 200 patterns, those of `(other)`. */
  route(pattern: string): RouteCounters;
  hit(key: string, route: RouteCounters, pattern: string, collapsed: boolean, savedMs: number): void;
  miss(key: string, fwd: Forward): void;
  /** What was counted as a miss was none: a cached view further inside answers. */
  withdrawn(fwd: Forward): void;
  bypass(key: string, reason: Bypass): void;
  /** @param isWritten - by no run that somebody's miss has begun: it was set, touched, or copied from a shared store */
  stored(stored: NewlyStored, bytes: number, tags: readonly string[], isWritten?: boolean): void;
  /**
   * @param detail - what more there is to say, such as what was read
   * @param isWritten - as above; or the run has been counted already
   */
  refused(key: string, pattern: string, reason: Refusal, detail?: string, isWritten?: boolean): void;
  /** A shared store has answered what it was asked for one request of a route, and that took so many milliseconds. */
  lookedUp(pattern: string, ms: number): void;
  emit(event: CacheEvent): void;
}
