import { type Cache, type CacheOptions, ConfigError, createCaches } from '@viewcache/core';
import { CACHE_OPTIONS, cacheUrl, checkOptions, isCache, isRecord, maskUrl } from '@viewcache/core/node';
import { DEFAULT_CACHE } from './cache-tokens.js';
import { checkSettings } from './check-import.js';
import type { ViewCacheModuleOptions } from './module-options.js';

const MODULE = 'ViewCacheModule';
const OWN = ['cache', 'caches', 'views', 'warmOnStart'] as const;

/** The caches of one app. */
export interface AppCaches {
  readonly byName: ReadonlyMap<string, Cache>;
  /** Closes those that were made here. */
  close(): Promise<void>;
}

/**
 * Makes the caches of one app.
 *
 * @throws {@link ConfigError} that names the setting as it was written: `ViewCacheModule.caches.pages.maxBytes`
 */
export function makeCaches(options: ViewCacheModuleOptions): AppCaches {
  checkSettings(MODULE, options);
  checkOptions(MODULE, options, [...OWN, ...CACHE_OPTIONS]);
  const { cache, caches = {}, views: _, warmOnStart: __, ...settings } = options;
  if (!isRecord(caches)) {
    const given: unknown = caches;
    const shown = typeof given === 'string' ? maskUrl(given) : given;
    throw new ConfigError(`${MODULE}.caches`, shown, 'an object of settings, or a cache, for each name: { pages: {} }');
  }
  if (Object.hasOwn(caches, DEFAULT_CACHE)) {
    const allowed = 'the settings beside caches, or cache, for the cache without a name';
    throw new ConfigError(`${MODULE}.caches.${DEFAULT_CACHE}`, caches[DEFAULT_CACHE], allowed);
  }
  try {
    const all: Readonly<Record<string, CacheOptions | Cache>> = {
      [DEFAULT_CACHE]: defaultOf(cache, settings),
      ...caches,
    };
    const made = createCaches(all);
    return { byName: new Map(Object.entries<Cache>({ ...made })), close: () => made.close() };
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    const setting = error.setting === 'createCaches' ? 'caches' : error.setting.replace(`caches.${DEFAULT_CACHE}.`, '');
    throw error.named(`${MODULE}.${setting}`);
  }
}

function defaultOf(cache: Cache | undefined, settings: CacheOptions): Cache | CacheOptions {
  if (cache === undefined) return settings.store === undefined ? { ...settings, store: cacheUrl() } : settings;
  if (!isCache(cache)) throw new ConfigError('cache', cache, 'a cache made by createCache()');
  const [name] = Object.entries(settings).find(([, value]) => value !== undefined) ?? [];
  if (name === undefined) return cache;
  throw new ConfigError(name, settings[name as keyof CacheOptions], 'no settings beside a cache that was made already');
}
