// One module for all candidates that cache with viewcache, so that they name it in one place.
export { type CacheOptions, createCache } from '@viewcache/core';
export { cachePage, createServer } from '@viewcache/express';
