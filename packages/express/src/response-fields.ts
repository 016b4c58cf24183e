import { type CacheControlDirectives, ConfigError, formatCacheControl } from '@viewcache/core';
import { markNever } from '@viewcache/core/node';
import type { Response } from 'express';
import type { Middleware } from './middleware.js';

/** What `never_cache` of Django sends: no cache keeps it, and a browser's own validates it anew. */
const NEVER = 'private, no-cache, no-store, must-revalidate, max-age=0';

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
    res.setHeader('Cache-Control', NEVER);
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
  const value = readDirectives(directives);
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
  const allowed = "names of request fields, such as 'Accept-Language'";
  if (names.length === 0) throw new ConfigError('varyOn', undefined, allowed);
  for (const name of names) {
    // `*` is a token too, and says that nobody knows what selects: nothing would ever be stored.
    if (typeof name !== 'string' || name === '*' || !/^[\w!#$%&'*+.^`|~-]+$/.test(name)) {
      throw new ConfigError('varyOn', name, allowed);
    }
  }
  return (_req, res, next) => {
    (res as Response).vary(names.join(', '));
    next();
  };
}

function readDirectives(directives: CacheControlDirectives): string {
  try {
    return formatCacheControl(directives);
  } catch (error) {
    throw new ConfigError(
      'cacheControl',
      directives,
      `directives of RFC 9111 §5.2.2 that agree${error instanceof Error ? ` (${error.message})` : ''}`,
    );
  }
}
