import { ignoreRejection } from '../base/answer.js';
import { warnOnce } from '../base/process-warning.js';
import type { CacheEvent, EventSink, Forward, Refusal, RouteCounters } from '../ports/event-sink.js';

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
  /** Requests that went past the cache, as an option told it or a bound was reached. */
  readonly bypassed: number;
  /** Requests answered by the response of another visitor's handler. */
  readonly collapsed: number;
  readonly stored: number;
  /** Responses that were not stored, by reason. */
  readonly refused: Readonly<Partial<Record<Refusal, number>>>;
  readonly invalidations: number;
  /** Stored responses that left L1 for space. */
  readonly evicted: number;
  readonly storeErrors: number;
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
  readonly #listeners = new Set<CacheListener>();
  readonly #routes = new Map<string, RouteCounters>();
  readonly #refused = new Map<Refusal, number>();
  #hits = 0;
  #misses = 0;
  #stale = 0;
  #bypassed = 0;
  #collapsed = 0;
  #stored = 0;
  #invalidations = 0;
  #evicted = 0;
  #storeErrors = 0;
  #timeSavedMs = 0;

  listen(listener: CacheListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  route(pattern: string): RouteCounters {
    const known = this.#routes.get(pattern);
    if (known !== undefined) return known;
    if (this.#routes.size >= ROUTES && pattern !== OTHER) return this.route(OTHER);
    const counters = { hits: 0, misses: 0, stored: 0, refused: 0, collapsed: 0, timeSavedMs: 0 };
    this.#routes.set(pattern, counters);
    return counters;
  }

  hit(key: string, route: RouteCounters, pattern: string, collapsed: boolean, savedMs: number): void {
    if (collapsed) {
      this.#collapsed++;
      route.collapsed++;
    } else {
      this.#hits++;
      route.hits++;
    }
    this.#timeSavedMs += savedMs;
    route.timeSavedMs += savedMs;
    if (this.#listeners.size > 0) this.emit({ type: 'hit', key, route: pattern, collapsed });
  }

  miss(key: string, fwd: Forward): void {
    this.#misses++;
    if (fwd === 'stale') this.#stale++;
    if (this.#listeners.size > 0) this.emit({ type: 'miss', key, fwd });
  }

  withdrawn(): void {
    this.#misses--;
  }

  bypass(key: string, reason: string): void {
    this.#bypassed++;
    if (this.#listeners.size > 0) this.emit({ type: 'bypass', key, reason });
  }

  stored(key: string, pattern: string, bytes: number, tags: readonly string[]): void {
    this.#stored++;
    const route = this.route(pattern);
    route.stored++;
    route.misses++;
    if (this.#listeners.size > 0) this.emit({ type: 'stored', key, route: pattern, bytes, tags });
  }

  refused(key: string, pattern: string, reason: Refusal): void {
    this.#refused.set(reason, (this.#refused.get(reason) ?? 0) + 1);
    const route = this.route(pattern);
    route.refused++;
    route.misses++;
    if (this.#listeners.size > 0) this.emit({ type: 'refused', key, route: pattern, reason });
  }

  emit(event: CacheEvent): void {
    if (event.type === 'invalidated') this.#invalidations++;
    else if (event.type === 'store-error') this.#storeErrors++;
    else if (event.type === 'removed' && event.reason !== 'expired') this.#evicted++;
    else if (event.type === 'warning') warnOnce(event.message);
    for (const listener of this.#listeners) {
      try {
        ignoreRejection(listener(event));
      } catch {
        // A listener's bug is the listener's: the request it was told about goes on.
      }
    }
  }

  read(entries: number, bytes: number): CacheStats {
    const served = this.#hits + this.#collapsed;
    const asked = served + this.#misses;
    return {
      hits: this.#hits,
      misses: this.#misses,
      stale: this.#stale,
      bypassed: this.#bypassed,
      collapsed: this.#collapsed,
      stored: this.#stored,
      refused: Object.fromEntries(this.#refused),
      invalidations: this.#invalidations,
      evicted: this.#evicted,
      storeErrors: this.#storeErrors,
      bytes,
      entries,
      hitRatio: asked === 0 ? 0 : served / asked,
      timeSavedMs: this.#timeSavedMs,
      routes: Object.fromEntries([...this.#routes].map(([pattern, counters]) => [pattern, { ...counters }])),
    };
  }
}
