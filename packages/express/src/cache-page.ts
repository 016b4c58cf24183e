import { type Cache, ConfigError, type Duration, defaultCache, type ViewOptions } from '@viewcache/core';
import {
  checkDefaultCache,
  isCache,
  isFollowing,
  nextSpace,
  readBefore,
  readViewOptions,
  ViewServer,
} from '@viewcache/core/node';
import type { Response } from 'express';
import { type BeforeMiddleware, EarlyRoute } from './early.js';
import { expressHost } from './express-host.js';
import type { Middleware, Request } from './middleware.js';

/** How `cachePage` caches what is mounted after it. */
export interface CachePageOptions extends ViewOptions<Request, Response> {
  /** @defaultValue the process's own, `defaultCache()` */
  readonly cache?: Cache | undefined;
  /**
   * Answers hits of this route before Express is entered, under {@link createServer}: for public pages. No middleware
   * runs for such a hit, no request with a cookie or credentials gets one; cookies that say nothing can be named.
   *
   * @defaultValue false
   */
  readonly beforeMiddleware?: BeforeMiddleware | undefined;
}

const EXTRA = ['cache', 'beforeMiddleware'] as const;
/** What cannot be asked for before the answer, where no middleware has run. */
const NOT_EARLY = ['key', 'when', 'placeholders', 'honourRequest'] as const;

/**
 * Caches the responses of everything mounted after it: for a whole app, a router or one route.
 *
 * Each call makes a view of its own, which is answered from what it stored itself. A hit is answered with the bytes of the first answer; equal requests that meet run the handler once. What
 * is private is never stored: see `docs/guides/what-to-cache.md`. Responses carry `Cache-Status` (RFC 9211) and, from
 * the cache, `Age`.
 *
 * Where a data source is watched for its cache (`docs/guides/automatic-invalidation.md`), it needs no ttl: what a handler reads
 * there invalidates its response when it is written.
 *
 * @param passed - a ttl (seconds, or `'5m'`), or an object with it and more; or nothing
 * @throws {@link ConfigError} at once for a setting that is wrong or unknown, naming it
 *
 * @example
 * ```ts
 * app.use(cachePage(300));
 * app.get('/cities/:id', cachePage({ ttl: '1h', tags: (req) => [`cities#${req.params['id']}`] }), showCity);
 * ```
 */
export function cachePage(...passed: [options?: Duration | CachePageOptions, ...further: never[]]): Middleware {
  const [first, ...further] = passed;
  // What was passed and is undefined was meant to be something, and is refused with the rest.
  const options = passed.length === 0 ? {} : (first as Duration | CachePageOptions);
  // Left unread, a cache given this way would be the default one: in the memory of this process, where Redis was meant.
  if (further.length > 0) throw new ConfigError('cachePage', further[0], 'one argument, such as { ttl: 300, cache }');
  const given: Partial<CachePageOptions> = typeof options === 'object' && options !== null ? options : {};
  const early = readBefore('cachePage', 'beforeMiddleware', given as Record<string, unknown>, NOT_EARLY);
  const cache = isFollowing(given.cache) ? undefined : given.cache;
  if (cache !== undefined && !isCache(cache)) {
    throw new ConfigError('cachePage.cache', cache, 'a cache made by createCache()');
  }
  if (cache === undefined) checkDefaultCache();
  const policy = readViewOptions<Request, Response>('cachePage', options, EXTRA, () => space());
  const space = nextSpace(cache, early === false ? 'view' : 'early', options);
  let route: EarlyRoute | undefined;
  const host =
    early === false
      ? expressHost
      : {
          ...expressHost,
          observeOuter: (...passed: Parameters<EarlyRoute['observe']>) => route?.observe(...passed),
        };
  const server = new ViewServer<Request, Response>(policy, () => cache ?? defaultCache(), host);
  if (early !== false) {
    route = new EarlyRoute(server, early, (message) => server.runtime.telemetry.emit({ type: 'warning', message }));
  }
  return function viewcache(req, res, next) {
    server.handle(req as Request, res as Response, next);
  };
}
