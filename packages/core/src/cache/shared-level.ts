import { frameCodec } from '../codecs/frame.js';
import type { CacheSettings } from '../config/cache-options.js';
import type { SharedLevel } from '../engine/shared-exchange.js';
import { RetryQueue } from '../invalidation/retry-queue.js';
import type { Clock } from '../ports/clock.js';
import type { EventSink } from '../ports/event-sink.js';
import { guarded } from '../stores/guarded.js';
import { keyvStore } from '../stores/keyv.js';
import { nonceProtocol } from '../stores/nonce-protocol.js';

/** Opens the level behind L1, where the settings name a shared store: its driver, its guard, its protocol. */
export function openShared(settings: CacheSettings, clock: Clock, sink: EventSink): SharedLevel | undefined {
  if (settings.store.kind !== 'keyv') return undefined;
  const driver = keyvStore(settings.store.keyv);
  const guard = guarded(driver, {
    clock,
    deadlineMs: settings.deadlineMs,
    onFailure: (error) => sink.emit({ type: 'store-error', store: driver.name, error }),
  });
  const store = nonceProtocol(guard, settings.namespace);
  const unheard = new RetryQueue(
    (tags, mode, holdMs) => store.invalidate(tags, mode, holdMs),
    clock,
    (tags) => sink.emit({ type: 'invalidations-drained', tags }),
  );
  return { store, codec: frameCodec, unheard };
}
