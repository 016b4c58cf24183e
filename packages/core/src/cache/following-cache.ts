import { type Key, type KeyOptions, readNamespace } from '../config/value-call-options.js';
import { tagsInAll } from '../invalidation/target.js';
import type { CacheListener } from '../telemetry/telemetry.js';
import type { Cache } from './cache.js';
import { invalidateOn } from './invalidate-on.js';
import { memoizeIn, ofEach } from './memoize-following.js';
import { needListener } from './need-listener.js';
import { attachCalls, type CacheRuntime, callsOf, followRuntime, runtimeOf } from './runtime.js';
import { openThrough } from './through.js';
import type { ValueCache, ValueNamespace } from './value-cache.js';
import type { ValueCalls } from './value-calls.js';

/** How it is found out for which cache another one stands. */
export interface Following {
  /** The cache, if there is one already. */
  known(): Cache | undefined;
  /** Hears of what happens in whichever is the one, until what is returned is called. */
  listen(listener: CacheListener): () => void;
}

/**
 * A cache that stands for another one: whichever is the one when it is called.
 *
 * @param now - makes one, if there is none
 */
export function followingCache(now: () => Cache, { known, listen }: Following): Cache {
  const cache: Cache = {
    ...followingValues(now, ''),
    invalidate: (...given) => now().invalidate(...given),
    purge: (...given) => now().purge(...given),
    batch: (work) => now().batch(work),
    // Asked for when something is emitted: until then there may be none, and another one afterwards.
    invalidateOn: (emitter, event, target) =>
      invalidateOn(
        emitter,
        event,
        target,
        (named) => {
          const { invalidateNow, urlReadings } = runtimeNow();
          invalidateNow(tagsInAll(named, urlReadings));
        },
        { emit: (said) => runtimeNow().telemetry.emit(said) },
      ),
    explain: ((...given: [never]) => now().explain(...given)) as Cache['explain'],
    warm: async (...given) => await now().warm(...given),
    warmAfter: (...given) => now().warmAfter(...given),
    stats: () => now().stats(),
    advise: () => now().advise(),
    on: (listener) => listen(needListener(listener)),
    health: () => now().health(),
    ready: () => now().ready(),
    close: async () => await known()?.close(),
  };
  const runtimeNow = (): CacheRuntime => runtimeOf(now()) as CacheRuntime;
  followRuntime(cache, now, known);
  return cache;
}

/** @param prefix - of its namespace; empty for the cache itself */
function followingValues(now: () => ValueCache, prefix: string): ValueCache {
  return {
    getOrSet: (...given) => now().getOrSet(...given),
    getOrSetMany: <K>(
      ...given: [keys: readonly K[] & readonly Key[], loadMissing: (missing: readonly K[]) => never, options?: never]
    ) => now().getOrSetMany<K>(...given),
    get: (...given) => now().get(...given),
    getMany: <T, K extends Key>(...given: [keys: readonly K[], options?: KeyOptions]) => now().getMany<T, K>(...given),
    has: (...given) => now().has(...given),
    set: (...given) => now().set(...given),
    setMany: (...given) => now().setMany(...given),
    add: (...given) => now().add(...given),
    delete: (...given) => now().delete(...given),
    deleteMany: (...given) => now().deleteMany(...given),
    touch: (...given) => now().touch(...given),
    ttl: (...given) => now().ttl(...given),
    increment: (...given) => now().increment(...given),
    decrement: (...given) => now().decrement(...given),
    incrementVersion: (...given) => now().incrementVersion(...given),
    memoize: (...given) => memoizeIn(now, ...given),
    namespace: (name) => followingNamespace(now, prefix, readNamespace(name)),
    token: () => now().token(),
    through: ((...given: [object]) =>
      openThrough(() => callsOf(now()) as ValueCalls, { when: 'soon', prefix }, ...given)) as ValueCache['through'],
  };
}

function followingNamespace(outer: () => ValueCache, prefix: string, name: string): ValueNamespace {
  const now = ofEach(outer, (cache) => cache.namespace(name));
  const space: ValueNamespace = {
    ...followingValues(now, `${prefix}${name}:`),
    clear: () => now().clear(),
    invalidate: (target) => now().invalidate(target),
  };
  return attachCalls(space, () => callsOf(now()));
}
