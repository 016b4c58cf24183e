import { declaredOf } from '../invalidation/tags.js';
import type { NewlyStored, Refusal, RouteCounters } from '../ports/event-sink.js';
import type { EarlyEnd, Finding, StoreFacts } from './findings.js';
import { judge } from './judge.js';
import { RouteWatch } from './route-watch.js';

/** What is said is of one to two windows: long enough for a key to be asked for again, and not of what was mended since. */
const WINDOW_MS = 30 * 60_000;
/** So often is looked whether there is anything to say. */
const DUE = 100;

/**
 * What advice is made of, by route. Hits are not noted here: their counters are compared with what they were, so that to
 * answer from memory costs nothing more.
 */
export class AdviceWatch {
  /** Hears each time that so much has happened that there may be something new to say. */
  onDue: (() => void) | undefined;
  /** As many as there are counters, which are bounded. */
  readonly #routes = new Map<RouteCounters, RouteWatch>();
  readonly #now: () => number;
  #openedAt: number;
  #since: number;
  readonly #evicted = { before: 0, open: 0 };
  #noted = 0;

  /** @param now - milliseconds since the epoch */
  constructor(now: () => number) {
    this.#now = now;
    this.#openedAt = now();
    this.#since = this.#openedAt;
  }

  /** How much is held, for tests of boundedness. */
  get size(): { readonly routes: number; readonly hashes: number; readonly characters: number } {
    const sizes = [...this.#routes.values()].map(({ size }) => size);
    const sum = (name: 'hashes' | 'characters'): number => sizes.reduce((all, size) => all + size[name], 0);
    return { routes: sizes.length, hashes: sum('hashes'), characters: sum('characters') };
  }

  watch(route: string, counters: RouteCounters): void {
    this.#routes.set(counters, new RouteWatch(route, counters));
  }

  stored(
    counters: RouteCounters,
    { key, lifetimeMs, producerMs }: NewlyStored,
    tags: readonly string[],
    isWritten: boolean,
  ): void {
    const route = this.#routes.get(counters);
    if (route === undefined) return;
    if (lifetimeMs === Number.POSITIVE_INFINITY && declaredOf(tags).length === 0) route.endless++;
    if (!isWritten) route.made(key, producerMs);
    this.#note();
  }

  refused(counters: RouteCounters, reason: Refusal, key: string): void {
    this.#routes.get(counters)?.refused(reason, key);
    this.#note();
  }

  /** A shared store has answered what it was asked for one request. */
  lookedUp(counters: RouteCounters, ms: number): void {
    const notes = this.#routes.get(counters)?.notes;
    if (notes === undefined) return;
    notes.lookups++;
    notes.lookupMs += ms;
  }

  /** What was stored has left for space. */
  evicted(counters: RouteCounters, key: string, isOfUse: boolean): void {
    this.#evicted.open++;
    if (isOfUse) this.#routes.get(counters)?.evicted(key);
  }

  /** @param end - of what has answered nobody */
  left(counters: RouteCounters, end: EarlyEnd | undefined): void {
    const notes = end === undefined ? undefined : this.#routes.get(counters)?.notes;
    if (notes !== undefined && end !== undefined) notes[end]++;
  }

  /** Forgets what has happened. */
  reset(): void {
    this.#routes.clear();
    this.#openedAt = this.#now();
    this.#since = this.#openedAt;
    this.#evicted.before = 0;
    this.#evicted.open = 0;
  }

  /** What could be better, what concerns the most requests first. */
  read(store: StoreFacts): readonly Finding[] {
    this.#roll();
    const over = Math.max(0, Math.round((this.#now() - this.#since) / 1000));
    return judge([...this.#routes.values()], this.#evicted.before + this.#evicted.open, store, over);
  }

  #note(): void {
    if (++this.#noted % DUE !== 0) return;
    this.#roll();
    this.onDue?.();
  }

  #roll(): void {
    const now = this.#now();
    const passed = Math.min(2, Math.floor((now - this.#openedAt) / WINDOW_MS));
    if (passed < 1) return;
    for (const route of this.#routes.values()) for (let i = 0; i < passed; i++) route.roll();
    this.#since = passed === 1 ? this.#openedAt : now;
    this.#openedAt = now;
    this.#evicted.before = passed === 1 ? this.#evicted.open : 0;
    this.#evicted.open = 0;
  }
}
