import type { CacheControlDirectives } from '@viewcache/core';
import { checkVaryNames, markNever, NEVER_CONTROL, readDirectives } from '@viewcache/core/node';
import type { Response } from 'express';
import type { Middleware } from './middleware.js';

/**
 * Keeps responses out of every cache: of this one, wherever it is mounted, and by Cache-Control of all others. In front
 * of a cached part it also saves the look-up.
 *
 * @example
 * ```ts
 * app.get('/account', neverCache(), showAccount);
 * ```
 */
export function neverCache(): Middleware {
  return (_req, res, next) => {
    markNever(res);
    res.setHeader('Cache-Control', NEVER_CONTROL);
    next();
  };
}

/**
 * Sets Cache-Control for browsers and proxies (RFC 9111 §5.2.2, RFC 5861, RFC 8246), in whole seconds. Nobody can take
 * a response back from a browser before its `maxAge` ends.
 *
 * @throws {@link ConfigError} at once for directives that contradict one another
 *
 * @example
 * ```ts
 * app.get('/logo.svg', cacheControl({ public: true, maxAge: 3600, immutable: true }), sendLogo);
 * ```
 */
export function cacheControl(directives: CacheControlDirectives): Middleware {
  const value = readDirectives('cacheControl', directives);
  return (_req, res, next) => {
    res.setHeader('Cache-Control', value);
    next();
  };
}

/**
 * Says that responses vary by these request fields: each value gets a stored response of its own, and `Vary` says so.
 *
 * @throws {@link ConfigError} at once for anything but names of fields
 *
 * @example
 * ```ts
 * app.get('/greeting', varyOn('Accept-Language'), greet);
 * ```
 */
export function varyOn(...names: string[]): Middleware {
  checkVaryNames('varyOn', names);
  return (_req, res, next) => {
    (res as Response).vary(names.join(', '));
    next();
  };
}
