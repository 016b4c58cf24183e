import { type CustomDecorator, type ExecutionContext, SetMetadata } from '@nestjs/common';
import { ConfigError } from '@viewcache/core';
import { CACHE_KEY_METADATA, CACHE_TTL_METADATA } from './constants.js';

/** Returns what the answer to one request or message is found by; `undefined`: it is not cached. */
export type CacheKeyFactory = (context: ExecutionContext) => string | Promise<string | undefined> | undefined;

/** Returns how long the answer to one request or message is kept, in milliseconds; `0`: until it is evicted. */
export type CacheTTLFactory = (context: ExecutionContext) => Promise<number> | number;

/**
 * Names what a handler under `CacheInterceptor` answers, for `cacheManager.del()` and `@CacheEvict()`; on handlers of messages
 * it is what makes them be cached.
 *
 * Other than in `@nestjs/cache-manager` it adds to the URL, and does not stand in its place: two URLs have two answers, which
 * one `del()` evicts.
 *
 * @param key - a name, or a function of the context
 * @throws `ConfigError` at once for anything else
 *
 * @example
 * ```ts
 * @CacheKey('events')
 * @SubscribeMessage('events')
 * events() { … }
 * ```
 */
export const CacheKey = (key: string | CacheKeyFactory): CustomDecorator => {
  if (typeof key !== 'function' && (typeof key !== 'string' || key === ''))
    throw new ConfigError('@CacheKey', key, 'a name, or a function of the context that returns one');
  return SetMetadata(CACHE_KEY_METADATA, key);
};

/**
 * Says how long answers under `CacheInterceptor` are kept, of a handler or of a whole controller: the handler's wins.
 *
 * @param ttl - **milliseconds**, or a function of the context; `0`: until they are evicted
 * @throws `ConfigError` at once for nothing; when the app starts, for anything else, naming class and method
 *
 * @example
 * ```ts
 * @CacheTTL(5_000)
 * @Get()
 * findAll() { … }
 * ```
 */
export const CacheTTL = (ttl: number | CacheTTLFactory): CustomDecorator => {
  // Whatever else is wrong is said when the app starts, with the handler's name: nothing is there to be read by then.
  if (ttl === undefined) throw new ConfigError('@CacheTTL', ttl, 'a number of milliseconds; 0: without an end');
  return SetMetadata(CACHE_TTL_METADATA, ttl);
};
