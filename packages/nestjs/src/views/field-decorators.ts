import type { CacheControlDirectives } from '@viewcache/core';
import { checkVaryNames, readDirectives } from '@viewcache/core/node';
import { type RouteDecorator, routeDecorator } from './route-decorator.js';
import { NOTED } from './route-metadata.js';

/**
 * Keeps the responses of a route, or of a whole controller, out of every cache: of this one, whatever the controller or the
 * module says, and by Cache-Control of all others. A handler's own `@CacheView()` stands against its controller's.
 *
 * @example
 * ```ts
 * @NeverCache()
 * @Get('account')
 * account(@User() user: User) { … }
 * ```
 */
export function NeverCache(): RouteDecorator {
  return routeDecorator(NOTED.never, () => true);
}

/**
 * Says that the responses of a route, or of all routes of a controller, vary by these request fields: each value gets a
 * stored response of its own, and `Vary` says so, also where nothing is cached here.
 *
 * @throws {@link ConfigError} at once for anything but names of fields
 *
 * @example
 * ```ts
 * @VaryOn('Accept-Language')
 * @CacheView(300)
 * @Get('greeting')
 * greeting() { … }
 * ```
 */
export function VaryOn(...names: string[]): RouteDecorator {
  checkVaryNames('@VaryOn', names);
  return routeDecorator(NOTED.vary, (before) => [...((before as string[] | undefined) ?? []), ...names]);
}

/**
 * Sets Cache-Control for browsers and proxies (RFC 9111 §5.2.2, RFC 5861, RFC 8246), in whole seconds; a handler's own
 * stands in place of its controller's. Nobody can take a response back from a browser before its `maxAge` ends.
 *
 * @throws {@link ConfigError} at once for directives that contradict one another
 *
 * @example
 * ```ts
 * @CacheControl({ public: true, maxAge: 3600, immutable: true })
 * @Get('logo.svg')
 * logo() { … }
 * ```
 */
export function CacheControl(directives: CacheControlDirectives): RouteDecorator {
  const value = readDirectives('@CacheControl', directives);
  return routeDecorator(NOTED.cacheControl, () => value);
}
