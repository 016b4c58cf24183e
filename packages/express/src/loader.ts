import { ConfigError } from '@viewcache/core';
import { declareLoader } from '@viewcache/core/node';
import type { RequestHandler } from 'express';

/**
 * Declares that a middleware inside a cached part only loads: it takes in what the request says, and goes on to the next
 * one whatever that is. Then its reads keep no response from being stored; reading what it leaves does.
 *
 * Never put it around a middleware that may answer or refuse a request: a hit skips it.
 *
 * @throws {@link ConfigError} at once for anything but a middleware of (req, res, next)
 *
 * @example
 * ```ts
 * app.use(cachePage(300));
 * app.use(loader(loadUser));
 * ```
 */
export function loader<M extends RequestHandler>(middleware: M): M {
  if (typeof middleware !== 'function' || middleware.length > 3) {
    throw new ConfigError('loader', middleware, 'a middleware of (req, res, next)');
  }
  // A function of its own: where the same middleware is mounted without this, nothing is declared of it.
  const loading: RequestHandler = (req, res, next) => middleware(req, res, next);
  Object.defineProperty(loading, 'name', { value: middleware.name });
  declareLoader(loading);
  return loading as M;
}
