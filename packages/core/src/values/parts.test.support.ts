import { createCache } from '../cache/create-cache.js';
import { runtimeOf } from '../cache/runtime.js';
import type { CacheEvent } from '../ports/event-sink.js';
import { FakeClock } from '../testing/fake-clock.js';
import type { ValuePolicy } from './value-policy.js';
import type { Values } from './values.js';

/** The values of a cache in memory, its clock, and what it tells. */
export function openValues(): { values: Values; clock: FakeClock; events: CacheEvent[]; warnings: () => string[] } {
  const clock = new FakeClock();
  const cache = createCache({ clock });
  const events: CacheEvent[] = [];
  cache.on((event) => events.push(event));
  const values = runtimeOf(cache)?.values as Values;
  const warnings = (): string[] => events.flatMap((event) => (event.type === 'warning' ? [event.message] : []));
  return { values, clock, events, warnings };
}

/** A minute, and nothing else. */
export const PLAIN: ValuePolicy = {
  lifetimeMs: 60_000,
  isUnsaid: false,
  trackReads: undefined,
  tags: [],
  maxTags: 64,
  whileRevalidateMs: 0,
  ifErrorMs: 0,
  jitterMs: 0,
  earlyRefreshMs: 0,
  maxRefreshes: 32,
  refreshTimeoutMs: 30_000,
  softTimeoutMs: undefined,
  hardTimeoutMs: undefined,
  storeIf: undefined,
  isStale: undefined,
  isForced: false,
  errorLifetimeMs: () => 0,
  copying: 'structured',
  maxBytes: 1_000_000,
  route: 'route',
};
