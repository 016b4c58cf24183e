import { warnOnce } from '../base/process-warning.js';
import { clusterModule } from '../buses/cluster-module.js';
import { IpcBus } from '../buses/ipc-bus.js';
import type { CacheSettings } from '../config/cache-options.js';
import type { Trust } from '../engine/trust.js';
import { RetryQueue } from '../invalidation/retry-queue.js';
import type { Bus } from '../ports/bus.js';
import type { Clock } from '../ports/clock.js';
import type { EventSink } from '../ports/event-sink.js';

/** How a cache in memory hears of other processes, and what these have yet to hear of it. */
export interface LocalBus {
  readonly bus: Bus;
  readonly unheard: RetryQueue;
}

/** Opens the bus of a cache in memory, where this process is a worker of a `node:cluster`. */
export function openLocalBus(
  settings: CacheSettings,
  clock: Clock,
  sink: EventSink,
  trust: Trust,
): LocalBus | undefined {
  if (settings.store.kind !== 'memory' || process.send === undefined) return undefined;
  if (!clusterModule().isWorker) return undefined;
  const bus = new IpcBus({
    link: process,
    namespace: settings.namespace,
    clock,
    lagMs: settings.l1MaxLagMs,
    onRelay: () => trust.limitTo(settings.l1MaxLagMs),
    onSilence: () => warnOnce(NOBODY_RELAYS),
  });
  const drained = (tags: number): void => sink.emit({ type: 'invalidations-drained', tags });
  return { bus, unheard: new RetryQueue((tags, mode) => bus.publish(tags, mode), clock, drained) };
}

const NOBODY_RELAYS =
  'the cache is in memory, and this process is one of several: the others do not hear of its invalidations, whose receipts say durable: false. Call relayInvalidations() in the primary process, or share a store: redis://…';
