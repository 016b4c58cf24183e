import { printable } from '../base/printable.js';
import { warnOnce } from '../base/process-warning.js';
import { BodyCoder } from '../codecs/coded-bodies.js';
import { valueCodec } from '../codecs/value-codec.js';
import { type CacheOptions, type CacheSettings, readCacheOptions } from '../config/cache-options.js';
import { needFunction } from '../config/check.js';
import { isIgnoredByDefault } from '../config/ignored-query.js';
import { Engine } from '../engine/engine.js';
import type { Keyed } from '../engine/keyed.js';
import type { LocalItem } from '../engine/local-item.js';
import type { SharedLevel } from '../engine/shared-level.js';
import { Trust } from '../engine/trust.js';
import { VariantIndex } from '../engine/variants.js';
import { selectingValue } from '../http/vary.js';
import { namedBy } from '../invalidation/named.js';
import type { RetryQueue } from '../invalidation/retry-queue.js';
import { TagTable } from '../invalidation/tag-table.js';
import { ALL_TAG } from '../invalidation/tags.js';
import { type InvalidationTarget, tagsInAll, type UrlReading } from '../invalidation/target.js';
import type { BusListener } from '../ports/bus.js';
import type { Clock } from '../ports/clock.js';
import type { LocalStore, RemovalReason } from '../ports/local-store.js';
import { MemoryStore } from '../stores/memory.js';
import { NullStore } from '../stores/null.js';
import { EvictionWatch } from '../telemetry/eviction-watch.js';
import { Telemetry } from '../telemetry/telemetry.js';
import { KeptErrors } from '../values/kept-errors.js';
import { MemoNames } from '../values/memo-names.js';
import { Values } from '../values/values.js';
import { RewarmQueue } from '../warming/rewarm-queue.js';
import { WarmAfter } from '../warming/warm-after.js';
import { Warming } from '../warming/warming.js';
import { adviceLine } from './advice-line.js';
import type { Cache } from './cache.js';
import { droppedBy } from './dropped.js';
import { earlyEndOf, isOfUse } from './early-end.js';
import { explainUrl } from './explain.js';
import { explainedKey, explainValue } from './explain-value.js';
import type { Explanation, ValueExplanation, ValueTarget } from './explanation.js';
import { invalidateOn } from './invalidate-on.js';
import { Invalidator } from './invalidator.js';
import { keepProcess, keepProcessFor } from './keep-process.js';
import { openLocalBus } from './local-bus.js';
import { needListener } from './need-listener.js';
import { OpenStrategies } from './open-strategies.js';
import { Pauses } from './pauses.js';
import { policyFactory } from './policy-factory.js';
import { readOrders } from './read-orders.js';
import { Rewarmer } from './rewarmer.js';
import { attachRuntime } from './runtime.js';
import { openShared } from './shared-level.js';
import { noteNamespace } from './shared-namespaces.js';
import { SystemClock } from './system-clock.js';
import { ValueCalls } from './value-calls.js';
import { valueMethods } from './value-methods.js';
import { WarmedCalls } from './warmed-calls.js';
import { isWatched } from './watched-sources.js';

const WAITERS_PER_KEY = 1_000;
const HIT_FOR_MISS_MS = 2_000;

/** One for all caches of the process. */
const bodyCoder = new BodyCoder();
/** One for all caches of the process. */
const machineClock = new SystemClock();

/**
 * Makes a cache. Synchronous: a shared store connects in the background, and until it answers, handlers do.
 *
 * @throws {@link ConfigError} for a setting that is wrong, naming it
 *
 * @example
 * ```ts
 * const cache = createCache({ store: 'memory:?maxBytes=256mb' });
 * app.use(cachePage({ ttl: '5m', cache }));
 * ```
 */
export function createCache(options: CacheOptions = {}): Cache {
  return openCache(readCacheOptions(options));
}

/**
 * Makes a cache of settings that were read.
 *
 * @param open - opens the level behind L1; for tests, another one
 */
export function openCache(settings: CacheSettings, open: typeof openShared = openShared): Cache {
  const clock = settings.clock ?? machineClock;
  const tags = new TagTable();
  const telemetry = new Telemetry(() => clock.now());
  const variants = new VariantIndex(settings.maxVariants);
  const eviction = new EvictionWatch(telemetry, () => clock.now());
  const local = openLocal(settings, clock, eviction, (key, item, reason) => {
    telemetry.advice.left(item.counters, earlyEndOf(item, reason, tags, clock));
    if (reason === 'evicted') telemetry.advice.evicted(item.counters, key, isOfUse(item, tags, clock));
    tags.release(item.records);
    item.records = [];
    item.shortcut?.leave();
    item.counted?.counter.left(item, item.counted);
    // A variant that was replaced is still there, and counts.
    if (item.stored.selecting.length > 0 && reason !== 'replaced') variants.forget(item.target, key);
    if (reason === 'evicted' || reason === 'expired') telemetry.emit({ type: 'removed', key, reason });
  });
  const shared = open(settings, clock, telemetry, machineClock);
  const forgetNamespace = noteNamespace(settings);
  const lagMs = shared === undefined ? Number.POSITIVE_INFINITY : settings.l1MaxLagMs;
  const trust = new Trust(clock, lagMs, settings.consistency, () => tags.tick());
  const localBus = openLocalBus(settings, clock, telemetry, trust);
  const engine = new Engine({
    local,
    tags,
    variants,
    shared,
    trust,
    clock,
    sink: telemetry,
    limits: {
      waitersPerKey: WAITERS_PER_KEY,
      collapseTimeoutMs: settings.collapseTimeoutMs,
      hitForMissMs: HIT_FOR_MISS_MS,
    },
    storesNothing: settings.store.kind === 'null' || settings.store.kind === 'off',
    normalizeSelecting: selectingValue,
    codeBody: (stored) => bodyCoder.code(stored),
    tellOthers: localBus && ((names, at) => localBus.unheard.deliver(names, 'soft', at)),
  });
  const warn = (said: string): void => {
    // Names and keys may have come from anywhere.
    const message = printable(said);
    telemetry.emit({ type: 'warning', message });
    warnOnce(message);
  };
  const tracksReads = (): boolean => settings.trackReads ?? isWatched(tags);
  const pauses = new Pauses(settings.store.kind === 'off', () => tags.tick());
  const values = new Values({
    engine,
    tags,
    clock,
    sink: telemetry,
    codec: valueCodec,
    errors: new KeptErrors(tags, clock, trust),
    get isOff() {
      return pauses.isOff;
    },
    purge: (names) => invalidator.purgeNow(names),
    keep: keepProcess,
    warn,
    get tracksReads() {
      return tracksReads();
    },
  });
  const unheard = shared?.unheard ?? localBus?.unheard;
  const invalidator = new Invalidator({
    tags,
    unheard,
    sink: telemetry,
    clock,
    lagMs: shared === undefined && localBus === undefined ? undefined : settings.l1MaxLagMs,
    throwsUnheard: settings.onInvalidateFailure === 'throw',
    purgesOnly: shared?.store.purgesOnly === true,
    droppedBy: (names) => droppedBy(names, tags, local),
    invalidated: (names, isRewarmed) => {
      rewarms.invalidated(names, isRewarmed);
      warmAfter.invalidated(names);
    },
  });
  const bus = shared?.store.bus ?? localBus?.bus;
  const stopListening = bus?.listen(listener(tags, trust, telemetry));
  const urlReadings = new Set([isIgnoredByDefault]);
  const sources = { local, tags, clock, refusals: telemetry.refusals };
  function explain(url: string): Explanation;
  function explain(value: ValueTarget): Promise<ValueExplanation>;
  function explain(target: string | ValueTarget): Explanation | Promise<ValueExplanation> {
    return typeof target === 'object' && target !== null
      ? explainKey(() => explainedKey(target))
      : explainUrl(target, [...urlReadings], sources);
  }
  const explainKey = (keyOf: () => Keyed): Promise<ValueExplanation> =>
    keeperFor(shared)((async () => await explainValue(keyOf(), sources, engine.values))());
  const ready = async (): Promise<void> => {
    if (shared?.ready !== undefined) await keepProcessFor(shared.ready());
  };
  const warming = new Warming({
    clock,
    leaseClock: machineClock,
    leases: shared?.store.leases,
    ready,
    listen: (listener, isUnasked) => {
      const stops = [telemetry.listen(listener), telemetry.except(isUnasked)];
      return () => {
        for (const stop of stops) stop();
      };
    },
    isWarming: () => telemetry.isUnasked(),
    warn,
  });
  const rewarmer = new Rewarmer(sources, (views) => warming.rewarm(views), warn);
  const rewarms = new RewarmQueue({ clock, always: settings.rewarm, rewarm: (names) => rewarmer.rewarm(names) });
  const warmAfter = new WarmAfter({
    clock,
    warm: (source, how) => cache.warm(source, how),
    isWarming: () => telemetry.isUnasked(),
    putOff: (say) => new WarmedCalls(sources, say),
    warn,
  });
  const openStrategies = new OpenStrategies();
  const calls = new ValueCalls({
    open: openStrategies,
    values,
    defaults: settings.values,
    memoNames: new MemoNames(warn),
    purge: (names) => invalidator.purgeNow(names),
    invalidate: (names) => invalidator.run(names, 'soft'),
    explain: explainKey,
    warn,
  });
  const stopListeningToAll = (): void => {
    forgetNamespace();
    rewarms.close();
    warmAfter.close();
    stopListening?.();
    invalidator.close();
    unheard?.close();
  };
  const cache = assemble({
    local,
    shared,
    unheard,
    telemetry,
    eviction,
    invalidator,
    urlReadings,
    calls,
    explain,
    strategies: openStrategies,
    warming,
    warmAfter,
    ready,
    stopListening: stopListeningToAll,
  });
  attachRuntime(cache, {
    engine,
    tags,
    clock,
    telemetry,
    get isOff() {
      return pauses.isOff;
    },
    storesNothing: settings.store.kind === 'null',
    urlReadings,
    values,
    valueDefaults: settings.values,
    calls,
    get isIdle() {
      return engine.isIdle && (shared?.store.health().outstanding ?? 0) === 0;
    },
    pause: () => pauses.begin(),
    reset: async () => {
      await invalidator.run([ALL_TAG], 'hard');
      local.clear();
      engine.forget();
      values.forget();
      telemetry.reset();
    },
    invalidateNow: (names) => invalidator.runBehind(names, 'soft'),
    invalidateFrom: (target, mode, origin, holdMs) =>
      invalidator.runFrom(tagsInAll(target, urlReadings), mode, origin, holdMs),
    get tracksReads() {
      return tracksReads();
    },
  });
  telemetry.advice.onDue = adviceLine(cache.advise, telemetry);
  return cache;
}

function openLocal(
  settings: CacheSettings,
  clock: Clock,
  eviction: EvictionWatch,
  onRemove: (key: string, item: LocalItem, reason: RemovalReason) => void,
): LocalStore<LocalItem> {
  if (settings.store.kind === 'null' || settings.store.kind === 'off') return new NullStore();
  const { maxBytes, maxEntries } = settings;
  const policy = policyFactory(settings.policy, clock, eviction);
  return new MemoryStore({ maxBytes, maxEntries, policy, clock, onRemove });
}

/** What a cache's own calls stand on. */
interface CacheParts {
  readonly local: LocalStore<LocalItem>;
  readonly shared: SharedLevel | undefined;
  readonly unheard: RetryQueue | undefined;
  readonly telemetry: Telemetry;
  readonly eviction: EvictionWatch;
  readonly invalidator: Invalidator;
  readonly urlReadings: ReadonlySet<UrlReading['isIgnored']>;
  readonly calls: ValueCalls;
  readonly explain: Cache['explain'];
  readonly strategies: OpenStrategies;
  readonly warming: Warming;
  readonly warmAfter: WarmAfter;
  ready(): Promise<void>;
  stopListening(): void;
}

function assemble(parts: CacheParts): Cache {
  const { local, shared, unheard, telemetry, eviction, invalidator, urlReadings, calls, explain } = parts;
  const tagsFor = (target: InvalidationTarget): readonly string[] => tagsInAll(target, urlReadings);
  return {
    ...valueMethods(calls, keeperFor(shared)),
    invalidate: async (target, how) => await invalidator.run(tagsFor(target), 'soft', readOrders('invalidate', how)),
    purge: async (target, how) => await invalidator.run(tagsFor(target), 'hard', readOrders('purge', how)),
    batch: async (work) => await invalidator.batch(needFunction('batch', work)),
    invalidateOn: (emitter, event, target) =>
      invalidateOn(emitter, event, target, (named) => invalidator.runBehind(tagsFor(named), 'soft'), telemetry),
    explain,
    stats: () => telemetry.read(local.size, local.bytes, eviction.read()),
    advise: () => telemetry.advice.read({ entries: local.size, bytes: local.bytes, eviction: eviction.read() }),
    on: (listener) => telemetry.listen(needListener(listener)),
    health: () => ({
      local: 'up',
      shared: shared?.store.health(),
      unheardInvalidations: unheard?.size ?? 0,
    }),
    warm: async (source, options) => await keepProcessFor(parts.warming.warm(source, options)),
    warmAfter: (tags, source, options) => parts.warmAfter.add(tags, source, options),
    ready: parts.ready,
    close: async () => {
      // It asks the app, which asks the stores.
      await parts.warming.close();
      // What they have yet to save they tell the cache of.
      await parts.strategies.close();
      parts.stopListening();
      local.close();
      if (shared !== undefined) await keepProcessFor(shared.store.close());
    },
  };
}

function keeperFor(shared: SharedLevel | undefined): <T>(work: Promise<T>) => Promise<T> {
  return shared === undefined ? (work) => work : keepProcessFor;
}

/** What other processes have invalidated is invalid here, too, and how far that is known is how far L1 is believed. */
function listener(tags: TagTable, trust: Trust, sink: Telemetry): BusListener {
  return {
    invalidated(names, mode) {
      tags.invalidate(names, mode);
      sink.emit({ type: 'heard', ...namedBy(names), mode });
    },
    missed: () => trust.missed(),
    heardUpTo: (at) => trust.heardUpTo(at),
  };
}
