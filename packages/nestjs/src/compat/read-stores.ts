import { ConfigError } from '@viewcache/core';
import { isRecord } from '@viewcache/core/node';
import type { CacheStore } from './module-options.js';

/** Adapters of Keyv that keep everything in the process, by the names of their classes. */
const IN_MEMORY: ReadonlySet<string> = new Set([
  'Map',
  'CacheableMemory',
  'KeyvCacheableMemory',
  'LRUCache',
  'QuickLRU',
  'BigMap',
]);

/** What `stores` comes to. */
export interface ReadStores {
  /** `undefined`: memory. */
  readonly store: CacheStore | undefined;
  /** What the store says of how long values are kept, in milliseconds. */
  readonly ttl: number | undefined;
  /** Disconnects what was handed in, as `@nestjs/cache-manager` does when the app closes: a cache of ours leaves that to its maker. */
  disconnect(): Promise<void>;
}

/**
 * The one store behind the memory, of a list where the first one mostly is memory.
 *
 * @throws {@link ConfigError} for several, and for what is none
 */
export function readStores(stores: CacheStore | readonly CacheStore[] | undefined): ReadStores {
  const list = (Array.isArray(stores) ? stores : stores === undefined ? [] : [stores]) as readonly CacheStore[];
  const missing = Array.from<unknown>(list).findIndex((store) => store === undefined || store === null);
  if (missing >= 0)
    throw new ConfigError(`CacheModule.stores.${missing}`, list[missing], 'a store; an empty list, or none: memory');
  const shared = list.filter((store) => !isInMemory(store));
  if (shared.length > 1) {
    const allowed = 'one store that is not memory, which stands in front of it by itself';
    throw new ConfigError('CacheModule.stores', `${shared.length} of them`, allowed);
  }
  const [store] = shared;
  if (isRecord(store) && 'primary' in store && 'getOrSet' in store)
    throw new ConfigError('CacheModule.stores', 'a Cacheable', 'its secondary store, a Keyv, or the URL of that');
  return { store, ttl: ttlOf(store ?? list[0]), disconnect: () => disconnectAll(list) };
}

async function disconnectAll(stores: readonly unknown[]): Promise<void> {
  for (const store of stores) {
    // A client of node-redis may be in use elsewhere, and there it cannot be handed in at all.
    if (isKeyv(store)) await store.disconnect();
  }
}

function isKeyv(store: unknown): store is { disconnect(): unknown } {
  return isRecord(store) && ['get', 'set', 'delete', 'disconnect'].every((name) => typeof store[name] === 'function');
}

function isInMemory(store: unknown): boolean {
  for (let inner = store, depth = 0; depth < 3; depth++) {
    if (typeof inner !== 'object' || inner === null) return false;
    if (IN_MEMORY.has(inner.constructor?.name)) return true;
    inner = (inner as { readonly store?: unknown }).store;
  }
  return false;
}

function ttlOf(store: unknown): number | undefined {
  for (let inner = store, depth = 0; depth < 3; depth++) {
    if (typeof inner !== 'object' || inner === null) return undefined;
    const { ttl, opts, store: next } = inner as { ttl?: unknown; opts?: { ttl?: unknown }; store?: unknown };
    const found = ttl ?? opts?.ttl;
    if (typeof found === 'number') return found;
    inner = next;
  }
  return undefined;
}
