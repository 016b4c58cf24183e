import type { ValueDefaults } from '../config/value-option-types.js';
import type { Engine } from '../engine/engine.js';
import type { TagTable } from '../invalidation/tag-table.js';
import type { InvalidationTarget, UrlReading } from '../invalidation/target.js';
import type { Clock } from '../ports/clock.js';
import type { WriteOrigin } from '../ports/event-sink.js';
import type { Telemetry } from '../telemetry/telemetry.js';
import type { Values } from '../values/values.js';
import type { Cache } from './cache.js';
import type { InvalidationReceipt } from './receipts.js';
import type { ValueCache } from './value-cache.js';
import type { ValueCalls } from './value-calls.js';

/** What an adapter to a web framework needs of a cache, and its users do not. */
export interface CacheRuntime {
  readonly engine: Engine;
  readonly tags: TagTable;
  readonly clock: Clock;
  readonly telemetry: Telemetry;
  /** `off:`, or paused: every look-up is a bypass. */
  readonly isOff: boolean;
  /** How the views of this cache read queries: an invalidated URL is read in each of these ways. */
  readonly urlReadings: Set<UrlReading['isIgnored']>;
  /** `null:`: nothing is kept. */
  readonly storesNothing: boolean;
  /** Values by key, and the calls that read options for them. */
  readonly values: Values;
  /** What the cache says of its values, where a call says nothing. */
  readonly valueDefaults: ValueDefaults;
  readonly calls: ValueCalls;
  /** Nothing that it has begun is under way any more, behind answers either; invalidations that wait for a store apart. */
  readonly isIdle: boolean;
  /** Lets every look-up be a bypass until what it returns is called, once for each time. */
  pause(): () => void;
  /** Makes the cache be as if it had just been made: for tests. */
  reset(): Promise<void>;
  /** Marks tags invalid in this process at once; the shared store hears of it in the background. */
  invalidateNow(tags: readonly string[]): void;
  /** Carries out what a write to a watched data source comes to. */
  invalidateFrom(
    target: InvalidationTarget,
    mode: 'soft' | 'hard',
    origin: WriteOrigin,
    holdMs: number,
  ): Promise<InvalidationReceipt>;
  /** Whether what is made for this cache tracks reads, where no option of its own says. */
  readonly tracksReads: boolean;
}

const slot = Symbol.for('viewcache.runtime');

/** Puts the runtime where {@link runtimeOf} finds it, also from another copy of the package. */
export function attachRuntime(cache: Cache, runtime: CacheRuntime): void {
  Object.defineProperty(cache, slot, { value: runtime });
}

const knownSlot = Symbol.for('viewcache.known-runtime');

/**
 * Lets {@link runtimeOf} find that of another cache, whichever is the one at that moment.
 *
 * @param known - the same, if there is one already
 */
export function followRuntime(cache: Cache, now: () => Cache, known: () => Cache | undefined): void {
  Object.defineProperty(cache, slot, { get: () => runtimeOf(now()) });
  Object.defineProperty(cache, knownSlot, { get: () => runtimeOf(known()) });
}

/** The tag table of a cache, by which its views and values are told from those of another one; makes no cache. */
export function homeOf(cache: Cache): object | undefined {
  const known = knownSlot in cache ? (cache as { [knownSlot]?: CacheRuntime })[knownSlot] : runtimeOf(cache);
  return known?.tags;
}

/**
 * The inner parts of a cache, for adapters to web frameworks.
 *
 * @returns `undefined` for anything that is not a cache made by {@link createCache}
 */
export function runtimeOf(cache: unknown): CacheRuntime | undefined {
  return typeof cache === 'object' && cache !== null ? (cache as { [slot]?: CacheRuntime })[slot] : undefined;
}

/** Whether something is a cache; where it stands for another one, that is not made for it. */
export function isCache(cache: unknown): cache is Cache {
  return typeof cache === 'object' && cache !== null && slot in cache;
}

/** Whether a cache is what `defaultCache()` has returned, in this copy of the package or in another: it stands for another one. */
export function isFollowing(cache: unknown): boolean {
  return isCache(cache) && Object.getOwnPropertyDescriptor(cache, slot)?.get !== undefined;
}

const callsSlot = Symbol.for('viewcache.calls');

/** Puts the calls of a namespace where {@link callsOf} finds them; they may be those of another one each time. */
export function attachCalls<T extends ValueCache>(namespace: T, calls: () => ValueCalls | undefined): T {
  return Object.defineProperty(namespace, callsSlot, { get: calls });
}

/** The calls of a cache or a namespace, whatever object stands for it; `undefined` for what is neither. */
export function callsOf(cache: ValueCache): ValueCalls | undefined {
  return (cache as { [callsSlot]?: ValueCalls })[callsSlot] ?? runtimeOf(cache)?.calls;
}
