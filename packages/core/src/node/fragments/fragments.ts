import type { IncomingMessage, ServerResponse } from 'node:http';
import type { FragmentsOptions } from './fragment-options.js';
import { attachFragments, FragmentRequest } from './fragment-request.js';
import { FragmentsHome } from './fragments-home.js';

/** Express middleware, as Nest takes it as well. */
export type FragmentsMiddleware = (req: IncomingMessage, res: ServerResponse, next: (error?: unknown) => void) => void;

/**
 * Lets templates keep parts of a page: `cache(name, { ttl, tags, vary, visitor, shared }, render)`, as each engine writes it. To be mounted
 * in front of whatever renders: what was read for a request before it is taken for newer than it is.
 *
 * @param options - the cache, and what is part of each key
 * @throws {@link ConfigError} at once for a setting that is wrong or unknown, naming it
 *
 * @example
 * ```ts
 * app.engine('ejs', ejsFragments(ejs));
 * app.use(fragments());
 * ```
 */
export function fragments(options: FragmentsOptions = {}): FragmentsMiddleware {
  const all = new FragmentsHome(options);
  return function viewcacheFragments(req, res, next) {
    attachFragments(res, new FragmentRequest(all, req, res));
    next();
  };
}
