export { Cache, type SetManyItem, type StoredDataRaw, type WrapOptions, type WrapOptionsRaw } from './compat/cache.js';
export type { Events } from './compat/cache-events.js';
export { CacheEvict, type EvictedKeys } from './compat/cache-evict.js';
export { CacheInterceptor } from './compat/cache-interceptor.js';
export { CacheModule } from './compat/cache-module.js';
export { CACHE_KEY_METADATA, CACHE_MANAGER, CACHE_TTL_METADATA } from './compat/constants.js';
export { CacheKey, type CacheKeyFactory, CacheTTL, type CacheTTLFactory } from './compat/decorators.js';
export { CACHE_MODULE_OPTIONS } from './compat/module-definition.js';
export type {
  CacheManagerOptions,
  CacheModuleAsyncOptions,
  CacheModuleOptions,
  CacheOptions,
  CacheOptionsFactory,
  CacheStore,
} from './compat/module-options.js';
