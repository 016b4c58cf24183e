import { frameCodec } from '../codecs/frame.js';
import type { CacheSettings } from '../config/cache-options.js';
import type { KeyvLike } from '../config/keyv-like.js';
import type { StoreSettings } from '../config/store-settings.js';
import type { SharedLevel } from '../engine/shared-level.js';
import { RetryQueue } from '../invalidation/retry-queue.js';
import type { Clock } from '../ports/clock.js';
import type { EventSink } from '../ports/event-sink.js';
import type { TaggedStore } from '../ports/tagged-store.js';
import { firstAnswer } from '../stores/first-answer.js';
import { guarded } from '../stores/guarded.js';
import { keyvStore } from '../stores/keyv.js';
import { openMemcached } from '../stores/memcached/open-memcached.js';
import { nonceProtocol } from '../stores/nonce-protocol.js';
import { loadRedisLibrary, type RedisLibrary } from '../stores/redis/library.js';
import { openRedis, type SharedParts } from '../stores/redis/open-redis.js';
import { versioned } from '../stores/versioned.js';
import { within } from '../values/within.js';
import { checkDriver, importFromApp } from './driver-package.js';
import { startWarning } from './start-warning.js';

/**
 * Opens the level behind L1, where the settings name a shared store: its driver, its guard, its protocol.
 *
 * @param clock - the cache's
 * @param machine - what the store itself lives by, and so do deadlines, connections and leases: a test leads the cache's
 */
export function openShared(
  settings: CacheSettings,
  clock: Clock,
  sink: EventSink,
  machine: Clock,
): SharedLevel | undefined {
  const { namespace, version, secrets, compression } = settings;
  const driver = openDriver(settings, clock, sink, machine);
  if (driver === undefined) return undefined;
  const store = versioned(driver, version);
  const unheard = new RetryQueue(
    (tags, mode, holdMs) => store.invalidate(tags, mode, holdMs),
    machine,
    (tags) => sink.emit({ type: 'invalidations-drained', tags }),
  );
  const codec = frameCodec({
    secrets,
    // A frame that was signed for another cache, or another release, says nothing here.
    context: `${namespace} ${version}`,
    compression,
    onDefect: (key, reason) => sink.emit({ type: 'unreadable', key, reason }),
  });
  return { store, codec, unheard, clock: machine, ready: () => readyWithin(store, machine) };
}

function openDriver(settings: CacheSettings, clock: Clock, sink: EventSink, machine: Clock): TaggedStore | undefined {
  const { store, namespace, deadlineMs, l1MaxLagMs } = settings;
  checkDriver(store);
  let driver: TaggedStore | undefined;
  const warnAtStart = startWarning(store, machine, sink, () => driver?.health());
  const parts = {
    namespace,
    clock: machine,
    cacheClock: clock,
    deadlineMs,
    l1MaxLagMs,
    onFailure: (error: Error) => {
      sink.emit({ type: 'store-error', store: store.kind, error });
      warnAtStart(error);
    },
  };
  driver = openWith(store, parts);
  return driver;
}

function openWith(store: StoreSettings, parts: SharedParts): TaggedStore | undefined {
  switch (store.kind) {
    case 'memory':
    case 'off':
    case 'null':
      return undefined;
    case 'redis':
      return openRedis(store.target, parts, redisLibrary);
    case 'memcached':
      return openMemcached(store.target, parts);
    case 'keyv':
      return openKeyv(store.keyv, parts);
  }
}

/** Ours if there is one, else the app's. */
export async function redisLibrary(): Promise<RedisLibrary> {
  try {
    return await loadRedisLibrary();
  } catch (error) {
    const found = await importFromApp('@keyv/redis').catch(() => undefined);
    if (found === undefined) throw error;
    return found as RedisLibrary;
  }
}

/** Any other Keyv: its driver, its guard, its protocol. */
function openKeyv(keyv: KeyvLike, { namespace, clock, deadlineMs, onFailure }: SharedParts): TaggedStore {
  const driver = keyvStore(keyv);
  const store = guarded(driver, { clock, deadlineMs, onFailure });
  return nonceProtocol(store, namespace, firstAnswer(driver, namespace, clock));
}

/** Longest time that an app which waits for its stores is kept from starting without them. */
const READY_MS = 10_000;

async function readyWithin(store: TaggedStore, clock: Clock): Promise<void> {
  const ready = store.ready?.(READY_MS);
  if (ready === undefined) return;
  await within(ready, READY_MS, clock);
}
