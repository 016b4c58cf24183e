import { ignoreRejection } from '../base/answer.js';
import { warnOnce } from '../base/process-warning.js';
import { spelledKey } from '../base/spelled-key.js';
import { declaredOf } from '../invalidation/tags.js';
import type {
  Bypass,
  CacheEvent,
  EventSink,
  Forward,
  NewlyStored,
  Outcome,
  Refusal,
  RouteCounters,
} from '../ports/event-sink.js';
import { AdviceWatch } from './advice-watch.js';
import type { EvictionStats } from './eviction-watch.js';
import { Quiet } from './quiet.js';
import { RefusalMemory } from './refusal-memory.js';

/** Hears of everything that happens in a cache. Called synchronously; what it throws is dropped. */
export type CacheListener = (event: CacheEvent) => void;

/** Route patterns that get counters of their own; further ones share those of `(other)`. */
const ROUTES = 200;
const OTHER = '(other)';

/** What a cache has done since it was made. Counts are since start; `bytes` and `entries` are now. */
export interface CacheStats {
  /** Answers from a stored response, conditional ones included. */
  readonly hits: number;
  /** Requests that ran a handler. */
  readonly misses: number;
  /** Of the misses, those that found a response past its lifetime or invalidated. */
  readonly stale: number;
  /** Every answered request once, by what became of it: `hit`, `collapsed`, or `fwd` of Cache-Status. */
  readonly outcomes: Readonly<Partial<Record<Outcome, number>>>;
  /** Requests that went past the cache, as an option told it or a bound was reached. */
  readonly bypassed: number;
  /** The same by reason. */
  readonly bypasses: Readonly<Partial<Record<Bypass, number>>>;
  /** Requests answered by the response of another visitor's handler. */
  readonly collapsed: number;
  readonly stored: number;
  /** Responses that were not stored, by reason. */
  readonly refused: Readonly<Partial<Record<Refusal, number>>>;
  readonly invalidations: number;
  /** Stored responses that left L1 for space. */
  readonly evicted: number;
  /** How those are chosen; `undefined` where nothing is stored. */
  readonly eviction: EvictionStats | undefined;
  readonly storeErrors: number;
  /** What was found in a shared store and could not be used: damaged, forged, or of another version of this library. */
  readonly unreadable: number;
  readonly bytes: number;
  readonly entries: number;
  /** Hits and collapsed requests over all that were looked up; 0 before the first. */
  readonly hitRatio: number;
  /** Handler time that hits and collapsed requests did not spend, in milliseconds. */
  readonly timeSavedMs: number;
  /** By route pattern, such as `/cities/:id`. */
  readonly routes: Readonly<Record<string, Readonly<RouteCounters>>>;
}

/** Counts and tells: the counters are plain numbers that `stats()` reads, events are made only while somebody listens. */
export class Telemetry implements EventSink {
  isHeard = false;
  readonly #listeners = new Set<CacheListener>();
  readonly #routes = new Map<string, RouteCounters>();
  readonly #refused = new Map<Refusal, number>();
  readonly #bypasses = new Map<Bypass, number>();
  /** Requests that went on, by `fwd`. */
  readonly #forwarded = new Map<Forward, number>();
  /** Why what was asked for lately was not stored. */
  readonly refusals: RefusalMemory;
  /** What could be better. */
  readonly advice: AdviceWatch;
  readonly #quiet: Quiet;
  readonly #exceptions = new Set<() => boolean>();
  #misses = 0;
  #stale = 0;
  #bypassed = 0;
  #stored = 0;
  #invalidations = 0;
  #evicted = 0;
  #storeErrors = 0;
  #unreadable = 0;

  /** @param now - milliseconds since the epoch */
  constructor(now: () => number = Date.now) {
    this.refusals = new RefusalMemory(now);
    this.advice = new AdviceWatch(now);
    this.#quiet = new Quiet(now);
  }

  listen(listener: CacheListener): () => void {
    this.#listeners.add(listener);
    this.isHeard = true;
    return () => {
      this.#listeners.delete(listener);
      this.isHeard = this.#listeners.size > 0;
    };
  }

  route(pattern: string): RouteCounters {
    const known = this.#routes.get(pattern);
    if (known !== undefined) return known;
    if (this.#routes.size >= ROUTES && pattern !== OTHER) return this.route(OTHER);
    const counters = { hits: 0, misses: 0, stored: 0, refused: 0, collapsed: 0, timeSavedMs: 0 };
    this.#routes.set(pattern, counters);
    this.advice.watch(pattern, counters);
    return counters;
  }

  hit(key: string, route: RouteCounters, pattern: string, collapsed: boolean, savedMs: number): void {
    // Counted once: over all it is what the routes come to.
    if (collapsed) route.collapsed++;
    else route.hits++;
    route.timeSavedMs += savedMs;
    if (this.isHeard) this.emit({ type: 'hit', key, route: pattern, collapsed });
  }

  miss(key: string, fwd: Forward): void {
    this.#misses++;
    if (fwd === 'stale') this.#stale++;
    count(this.#forwarded, fwd, 1);
    if (this.isHeard) this.emit({ type: 'miss', key, fwd });
  }

  withdrawn(fwd: Forward): void {
    this.#misses--;
    count(this.#forwarded, fwd, -1);
  }

  bypass(key: string, reason: Bypass): void {
    this.#bypassed++;
    count(this.#bypasses, reason, 1);
    const fwd = forwardOf(reason);
    if (fwd !== undefined) count(this.#forwarded, fwd, 1);
    // That a POST is not cached is no riddle.
    if (reason !== 'method') this.refusals.note(key, reason, '', undefined);
    if (this.isHeard) this.emit({ type: 'bypass', key, reason });
  }

  /**
   * Lets what happens be no visitor's miss to its route, and nothing to give advice on, as long as this says so: while a cache is
   * warmed, every key is new.
   *
   * @returns what takes it back
   */
  except(isUnasked: () => boolean): () => void {
    this.#exceptions.add(isUnasked);
    return () => void this.#exceptions.delete(isUnasked);
  }

  /** Whether what happens now is such. */
  isUnasked(): boolean {
    for (const isUnasked of this.#exceptions) if (isUnasked()) return true;
    return false;
  }

  stored(stored: NewlyStored, bytes: number, tags: readonly string[], wasWritten = false): void {
    const isWritten = wasWritten || this.isUnasked();
    this.#stored++;
    const route = this.route(stored.route);
    route.stored++;
    if (!isWritten) route.misses++;
    this.advice.stored(route, stored, tags, isWritten);
    if (this.isHeard)
      this.emit({ type: 'stored', key: stored.key, route: stored.route, bytes, tags: declaredOf(tags) });
  }

  refused(key: string, pattern: string, reason: Refusal, detail?: string, wasWritten = false): void {
    const isWritten = wasWritten || this.isUnasked();
    count(this.#refused, reason, 1);
    this.refusals.note(key, reason, pattern, detail);
    const route = this.route(pattern);
    route.refused++;
    if (!isWritten) {
      route.misses++;
      this.advice.refused(route, reason, key);
    }
    if (!this.isHeard) return;
    this.emit({ type: 'refused', key, route: pattern, reason, ...(detail === undefined ? {} : { detail }) });
  }

  lookedUp(pattern: string, ms: number): void {
    this.advice.lookedUp(this.route(pattern), ms);
  }

  emit(event: CacheEvent): void {
    if (event.type === 'store-error') {
      this.#fail(event);
      return;
    }
    if (event.type === 'invalidated') this.#invalidations++;
    else if (event.type === 'unreadable') this.#unreadable++;
    else if (event.type === 'removed' && event.reason !== 'expired') this.#evicted++;
    else if (event.type === 'warning') warnOnce(event.message);
    this.#tell(event);
  }

  #fail(event: CacheEvent & { readonly type: 'store-error' }): void {
    this.#storeErrors++;
    const unsaid = this.#quiet.admit(kindOf(event.store, event.error));
    if (unsaid !== undefined) this.#tell(unsaid === 0 ? event : { ...event, unsaid });
  }

  #tell(happened: CacheEvent): void {
    if (!this.isHeard) return;
    const event = 'key' in happened ? { ...happened, key: spelledKey(happened.key) } : happened;
    for (const listener of this.#listeners) {
      try {
        ignoreRejection(listener(event));
      } catch {
        // A listener's bug is the listener's: the request it was told about goes on.
      }
    }
  }

  /** Counts from nothing again; who listens goes on listening. */
  reset(): void {
    this.#routes.clear();
    this.#refused.clear();
    this.#bypasses.clear();
    this.#forwarded.clear();
    this.refusals.clear();
    this.advice.reset();
    this.#misses = 0;
    this.#stale = 0;
    this.#bypassed = 0;
    this.#stored = 0;
    this.#invalidations = 0;
    this.#evicted = 0;
    this.#storeErrors = 0;
    this.#unreadable = 0;
  }

  read(entries: number, bytes: number, eviction?: EvictionStats): CacheStats {
    const { hits, collapsed, timeSavedMs } = this.#served();
    const served = hits + collapsed;
    const asked = served + this.#misses;
    return {
      hits,
      misses: this.#misses,
      stale: this.#stale,
      outcomes: this.#outcomes(hits, collapsed),
      bypassed: this.#bypassed,
      bypasses: Object.fromEntries(this.#bypasses),
      collapsed,
      stored: this.#stored,
      refused: Object.fromEntries(this.#refused),
      invalidations: this.#invalidations,
      evicted: this.#evicted,
      eviction,
      storeErrors: this.#storeErrors,
      unreadable: this.#unreadable,
      bytes,
      entries,
      hitRatio: asked === 0 ? 0 : served / asked,
      timeSavedMs,
      routes: Object.fromEntries([...this.#routes].map(([pattern, counters]) => [pattern, { ...counters }])),
    };
  }

  #served(): Pick<CacheStats, 'hits' | 'collapsed' | 'timeSavedMs'> {
    const sums = { hits: 0, collapsed: 0, timeSavedMs: 0 };
    for (const route of this.#routes.values()) {
      sums.hits += route.hits;
      sums.collapsed += route.collapsed;
      sums.timeSavedMs += route.timeSavedMs;
    }
    return sums;
  }

  #outcomes(hits: number, collapsed: number): CacheStats['outcomes'] {
    const outcomes: Partial<Record<Outcome, number>> = {};
    if (hits > 0) outcomes.hit = hits;
    if (collapsed > 0) outcomes.collapsed = collapsed;
    for (const [fwd, times] of this.#forwarded) if (times > 0) outcomes[fwd] = times;
    return outcomes;
  }
}

/** What our own errors say beside their message; `store` is one server, where there are several. */
type Told = Error & { readonly code?: string; readonly operation?: string; readonly store?: string };

/** Failures that would be told in the same words, were it not for their numbers. */
function kindOf(store: string, error: Told): string {
  return `${error.store ?? store} ${error.operation ?? ''} ${error.code ?? error.name}`;
}

function count<Word>(counts: Map<Word, number>, word: Word, by: number): void {
  counts.set(word, (counts.get(word) ?? 0) + by);
}

/** As in Cache-Status; `undefined` for a request that goes on as a miss, and is counted as one. */
export function forwardOf(reason: Bypass): Forward | undefined {
  if (reason === 'waiters' || reason === 'collapse-timeout') return undefined;
  return reason === 'method' || reason === 'partial' || reason === 'request' ? reason : 'bypass';
}
