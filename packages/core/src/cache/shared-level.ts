import type { CacheSettings } from '../config/cache-options.js';
import type { SharedLevel } from '../engine/engine.js';
import type { Clock } from '../ports/clock.js';
import type { EventSink } from '../ports/event-sink.js';

/** Opens the level behind L1, where the settings name a shared store. */
export function openShared(_settings: CacheSettings, _clock: Clock, _sink: EventSink): SharedLevel | undefined {
  return undefined;
}
