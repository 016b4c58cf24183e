/** The token of the cache manager: the text that `@nestjs/cache-manager` has, so that either finds what the other provides. */
export const CACHE_MANAGER = 'CACHE_MANAGER';

/** Where `@CacheKey()` notes what it is told; the same as there, too. */
export const CACHE_KEY_METADATA = 'cache_module:cache_key';
/** Where `@CacheTTL()` does. */
export const CACHE_TTL_METADATA = 'cache_module:cache_ttl';
