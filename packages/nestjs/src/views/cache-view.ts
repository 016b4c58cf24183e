import type { Duration } from '@viewcache/core';
import type { CacheViewOptions } from './cache-view-options.js';
import { type RouteDecorator, routeDecorator } from './route-decorator.js';
import { NOTED } from './route-metadata.js';

/**
 * Caches the responses of a route, or of all GET routes of a controller: bytes, as they were sent.
 *
 * Guards run on every request. On a hit the handler does not, nor do its pipes and the interceptors that stand further in;
 * those further out get `undefined`, and what they return is not sent. The handler's options win over the controller's, one by
 * one. What is private is never stored: see `docs/guides/what-to-cache.md`.
 *
 * For routes alone, as nothing else has a response of HTTP: on a resolver, a gateway or a handler of messages it is refused.
 * Where a controller, or one of its methods, answers messages as well, it does nothing for these.
 *
 * @param options - a ttl (seconds, or `'5m'`), or an object with it and more
 * @throws {@link ConfigError} when the app starts, for a setting that is wrong or unknown, naming class, method and setting
 *
 * @example
 * ```ts
 * @Controller('cities')
 * class CitiesController {
 *   @Get(':id')
 *   @CacheView({ ttl: '5m', tags: (ctx) => [`cities#${ctx.switchToHttp().getRequest().params.id}`] })
 *   show(@Param('id') id: string) {
 *     return this.cities.find(id);
 *   }
 * }
 * ```
 */
export function CacheView(options?: Duration | CacheViewOptions): RouteDecorator {
  return routeDecorator(NOTED.view, () => (options === undefined ? {} : options));
}
