import type { Refusal } from '../ports/event-sink.js';
import type { EvictionStats } from './eviction-watch.js';

/** What the memory store is and holds. */
export interface StoreFacts {
  readonly entries: number;
  readonly bytes: number;
  readonly eviction: EvictionStats | undefined;
}

/** What became of something stored that has answered nobody. */
export type EarlyEnd = 'invalidated' | 'expired' | 'evicted';

/** Why few requests of a route are answered from what is stored. */
export type FewHitsReason =
  /** Hardly any key is asked for twice. */
  | 'every-key-new'
  /** What is answered is not stored. */
  | 'refused'
  /** What is stored is invalidated before anybody asks for it again, or while it is made. */
  | 'invalidated-early'
  /** Its lifetime ends before anybody asks for it again. */
  | 'expired-early'
  /** It leaves memory for space before anybody asks for it again. */
  | 'evicted-early'
  /** None of these stands out. */
  | 'several';

/** Less than a fifth of a route's requests was answered from what is stored. */
export interface FewHits {
  readonly kind: 'few-hits';
  /** The route's pattern, or the name of values: as in `stats().routes`. */
  readonly route: string;
  readonly reason: FewHitsReason;
  /** How much of the misses the reason stands for, 0 to 1; 0 for `several`. */
  readonly share: number;
  readonly requests: number;
  readonly hitRatio: number;
  /** Why answers were not stored, and how often. */
  readonly refusals: Readonly<Partial<Record<Refusal, number>>>;
  /**
   * Up to three of the last keys that were stored, each cut at 100 characters. What clients sent in a query or a header, and what a
   * `key` function has returned, is not shown: it is `<differs>`, or `…` where it is the same in all of them. Parameters of a query
   * whose names are not usual ones are counted: `(2 others)`.
   */
  readonly examples: readonly string[];
}

/** To ask the shared store costs a route more time than it saves its handler. */
export interface DearLookup {
  readonly kind: 'dear-lookup';
  readonly route: string;
  readonly requests: number;
  /** Times the shared store was asked, and has answered. */
  readonly lookups: number;
  /** Milliseconds, on average. */
  readonly lookupMs: number;
  /** Milliseconds that the handler takes, on average. */
  readonly handlerMs: number;
}

/** Memory is full, and less than four fifths of all requests were answered from what is stored. */
export interface FullStore {
  readonly kind: 'full-store';
  readonly requests: number;
  readonly hitRatio: number;
  /** What left for space. */
  readonly evicted: number;
  /**
   * How much of what was stored had left for space before, 0 to 1, what was made again for any other reason not counted: what more
   * space could answer, at most.
   */
  readonly again: number;
  /** `store-less`: most keys are asked for once, and more space would hold more of what nobody asks for. */
  readonly remedy: 'more-space' | 'store-less';
  /** The eviction policy that was asked for. */
  readonly policy: string;
  readonly entries: number;
  readonly bytes: number;
}

/** Values are stored that never end, and have no tags by which they could be invalidated. */
export interface NoTtl {
  readonly kind: 'no-ttl';
  /** The name of the values. */
  readonly route: string;
  /** How often such a one was stored since the cache was made. */
  readonly stored: number;
}

/** One thing that could be better, and what to do about it. */
export type Finding = (FewHits | DearLookup | FullStore | NoTtl) & {
  /** Seconds that the counts go back. */
  readonly over: number;
  /** The same for people, with what to do. */
  readonly message: string;
  /** Where that is explained: a path in the repository of this package, with the heading. */
  readonly docs: string;
};
