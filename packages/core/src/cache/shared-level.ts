import { ConfigError } from '../base/errors.js';
import { frameCodec } from '../codecs/frame.js';
import type { CacheSettings } from '../config/cache-options.js';
import type { SharedLevel } from '../engine/shared-exchange.js';
import { RetryQueue } from '../invalidation/retry-queue.js';
import type { Clock } from '../ports/clock.js';
import type { EventSink } from '../ports/event-sink.js';
import type { TaggedStore } from '../ports/tagged-store.js';
import { guarded } from '../stores/guarded.js';
import { keyvStore } from '../stores/keyv.js';
import { nonceProtocol } from '../stores/nonce-protocol.js';
import { versioned } from '../stores/versioned.js';
import { checkDriver } from './driver-package.js';

/** Opens the level behind L1, where the settings name a shared store: its driver, its guard, its protocol. */
export function openShared(settings: CacheSettings, clock: Clock, sink: EventSink): SharedLevel | undefined {
  const { namespace, version, secrets, compression, maxBytes } = settings;
  const driver = openDriver(settings, clock, sink);
  if (driver === undefined) return undefined;
  const store = versioned(driver, version);
  const unheard = new RetryQueue(
    (tags, mode, holdMs) => store.invalidate(tags, mode, holdMs),
    clock,
    (tags) => sink.emit({ type: 'invalidations-drained', tags }),
  );
  const codec = frameCodec({
    secrets,
    // A frame that was signed for another cache, or another release, says nothing here.
    context: `${namespace} ${version}`,
    compression,
    maxBodyBytes: maxBytes,
    onDefect: (key, reason) => sink.emit({ type: 'unreadable', key, reason }),
  });
  return { store, codec, unheard };
}

function openDriver(settings: CacheSettings, clock: Clock, sink: EventSink): TaggedStore | undefined {
  const { store, namespace, deadlineMs } = settings;
  checkDriver(store);
  if (!('target' in store || 'keyv' in store)) return undefined;
  if (store.keyv === undefined) throw new ConfigError('store', `${store.kind}:`, 'a Keyv');
  const driver = keyvStore(store.keyv);
  const guard = guarded(driver, {
    clock,
    deadlineMs,
    onFailure: (error) => sink.emit({ type: 'store-error', store: driver.name, error }),
  });
  return nonceProtocol(guard, namespace);
}
