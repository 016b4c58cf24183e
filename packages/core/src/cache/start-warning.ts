import type { StoreSettings } from '../config/store-settings.js';
import { maskUrl } from '../config/store-url.js';
import type { Clock } from '../ports/clock.js';
import type { EventSink } from '../ports/event-sink.js';
import type { StoreHealth } from '../ports/store-health.js';

/** What fails later than this after a cache was made is an outage, and told by events alone. */
const START_MS = 10_000;

/**
 * Warns, once, of a store that cannot be reached as a cache is made. Nothing else would show it: pages are answered all the
 * same, and are stored in this process. Most often its address has a slip.
 *
 * @param health - of the store by now
 * @returns hears of its failures
 */
export function startWarning(
  store: StoreSettings,
  clock: Clock,
  sink: Pick<EventSink, 'emit'>,
  health: () => StoreHealth | undefined,
): (error: Error) => void {
  const openedAt = clock.monotonic();
  let hasTold = false;
  return (error) => {
    if (hasTold || clock.monotonic() - openedAt > START_MS || health()?.state !== 'down') return;
    hasTold = true;
    const message = [
      `viewcache: ${addressOf(store)} could not be reached: ${whyOf(error)}`,
      '  The app runs without it, and it is tried again without end. Until then each process has only what it made itself, for l1MaxLag.',
      '  why: docs/guides/when-a-store-fails.md',
    ].join('\n');
    sink.emit({ type: 'warning', message });
  };
}

/** Where a store is, without credentials. */
function addressOf(store: StoreSettings): string {
  if (store.kind === 'memcached')
    return `memcached://${store.target.servers.map(({ host, port }) => `${host}:${port}`).join(',')}`;
  if (store.kind !== 'redis') return 'the store';
  const { target } = store;
  if (target.form === 'given') return 'the Redis of the client that was given';
  return target.form === 'single' ? maskUrl(target.url) : target.nodes.map(maskUrl).join(', ');
}

/** What the server, or the network, said. */
function whyOf(error: Error): string {
  const { cause } = error;
  if (!(cause instanceof Error)) return error.message;
  // Where a name has several addresses, and none of them answers, only the code is said.
  return cause.message || (cause as NodeJS.ErrnoException).code || cause.name;
}
