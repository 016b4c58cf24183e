import { ConfigError, createCache, type Cache as ViewCache } from '@viewcache/core';
import { isCache, nearest, runtimeOf } from '@viewcache/core/node';
import type { CacheRegistry } from '../module/cache-registry.js';
import { checkSettings } from '../module/check-import.js';
import { ManagedCache } from './managed-cache.js';
import { type CacheManagerOptions, KNOWN } from './module-options.js';
import { readStores } from './read-stores.js';

const NAMESPACE = 'cache-manager';
const PLACE = 'CacheModule';

/**
 * Makes the manager of one module.
 *
 * @param registry - the caches of the app, where `ViewCacheModule` is imported as well
 * @throws {@link ConfigError} that names the setting
 */
export function makeManager(options: CacheManagerOptions, registry: CacheRegistry | undefined): ManagedCache {
  checkSettings(PLACE, options);
  const { stores, namespace = NAMESPACE, refreshThreshold, cacheId } = options;
  if (options.cache !== undefined && stores !== undefined)
    throw new ConfigError(`${PLACE}.stores`, stores, 'none beside a cache that was made already');
  for (const [name, text] of Object.entries({ namespace, cacheId })) {
    if (text !== undefined && (typeof text !== 'string' || text === ''))
      throw new ConfigError(`${PLACE}.${name}`, text, 'a string that is not empty');
  }
  const { store, ttl, disconnect } = readStores(stores);
  const given = options.cache;
  const cache = given === undefined ? made(store) : cacheOf(given, registry);
  const close = async (): Promise<void> => {
    if (given === undefined) await cache.close();
    await disconnect();
  };
  warnOf(options, cache);
  return new ManagedCache(cache, { namespace, refreshThreshold, cacheId, ttl: options.ttl ?? ttl, close });
}

function made(store: NonNullable<Parameters<typeof createCache>[0]>['store']): ViewCache {
  try {
    return createCache(store === undefined ? {} : { store });
  } catch (error) {
    throw error instanceof ConfigError ? error.named(`${PLACE}.stores`) : error;
  }
}

function cacheOf(given: string | ViewCache, registry: CacheRegistry | undefined): ViewCache {
  const setting = `${PLACE}.cache`;
  if (registry !== undefined) return registry.resolve(given, setting);
  if (typeof given !== 'string' && isCache(given)) return given;
  throw new ConfigError(
    setting,
    given,
    'a cache made by createCache(), or a name with ViewCacheModule.forRoot() imported',
  );
}

/** Options of older versions, such as `store` and `max`, have had no effect there for years, and are told of here. */
function warnOf(options: object, cache: ViewCache): void {
  const unknown = Object.keys(options).filter((name) => !KNOWN.includes(name));
  if (unknown.length === 0) return;
  const meant = unknown.flatMap((name) => nearest(name, KNOWN) ?? []).map((name) => `; did you mean ${name}?`);
  const message = `viewcache: ${PLACE}.register() does not read ${unknown.join(', ')}${meant.join('')} (it reads ${KNOWN.join(', ')})`;
  runtimeOf(cache)?.telemetry.emit({ type: 'warning', message });
}
