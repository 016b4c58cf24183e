import { SystemClock } from '../cache/system-clock.js';
import { KeyvMemoryStore } from './keyv-memory-store.js';
import { Memory } from './memory.js';
import { type KeyvMemoryOptions, readKeyvMemoryOptions } from './options.js';

/**
 * A store for Keyv 5 and 6, and so for cache-manager and Nest's `CacheModule`, in this process's memory: bounded by bytes and by
 * number, with an eviction policy of your choice.
 *
 * @throws {@link ConfigError} that names the setting, the value given and what is allowed
 *
 * @example
 * ```ts
 * const store = memoryStore({ maxBytes: '256mb', policy: 's3fifo', onEvict: (key, _value, reason) => log(key, reason) });
 * const keyv = new Keyv({ store });
 * ```
 */
export function memoryStore(options: KeyvMemoryOptions = {}): KeyvMemoryStore {
  const settings = readKeyvMemoryOptions(options);
  return new KeyvMemoryStore(new Memory(settings, settings.clock ?? new SystemClock()));
}
