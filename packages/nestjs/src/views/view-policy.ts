import type { ServerResponse } from 'node:http';
import type { ExecutionContext } from '@nestjs/common';
import { ConfigError, type Duration, type ViewOptions, view } from '@viewcache/core';
import { guardOf, readViewOptions, type ViewPolicy } from '@viewcache/core/node';
import type { CacheViewOptions } from './cache-view-options.js';
import { contextOf, type ViewRequest } from './request-context.js';

/** The policy of a view, and what of it is asked anew for each response. */
export interface NestPolicy {
  readonly policy: ViewPolicy<ViewRequest, ServerResponse>;
  /** Sets the lifetime of the response that is being made; for a `ttl` that is a function. */
  readonly setLifetime: ((req: ViewRequest) => void) | undefined;
}

type ForContext = (context: ExecutionContext) => unknown;

/**
 * Reads the options of a route, whose functions are given Nest's context.
 *
 * @param where - the route, for errors
 * @param space - keeps what it stores out of reach of other routes
 * @throws {@link ConfigError} that names the route, the setting, the value given and what is allowed
 */
export function readPolicy(where: string, options: CacheViewOptions, space: string): NestPolicy {
  const { ttl, key, tags, when, placeholders } = options;
  // One that was left out on purpose is not `undefined`, and what is read may say when the response changes.
  const isLeftOut = !('ttl' in options) && options.trackReads !== false;
  if (ttl === undefined && !isLeftOut) {
    const allowed = "a ttl, such as 300 or '5m', here, on the controller, or in ViewCacheModule.forRoot({ views })";
    throw new ConfigError(`${where}.ttl`, ttl, allowed);
  }
  const translated = {
    ...options,
    // The function's answer stands in its place; nothing is stored where there is none.
    ...(isLeftOut ? {} : { ttl: typeof ttl === 'function' ? 'forever' : ttl }),
    key: forRequest(key),
    tags: forRequest(tags),
    when: forRequest(when),
    placeholders: placeholders && mapped(placeholders),
  };
  return {
    policy: readViewOptions(
      where,
      translated as ViewOptions<ViewRequest, ServerResponse>,
      ['cache', 'beforeGuards'],
      () => space,
    ),
    setLifetime: typeof ttl === 'function' ? (req) => setLifetime(req, ttl) : undefined,
  };
}

/** Anything but a function is there to be read, or refused, as it is. */
function forRequest(given: unknown): unknown {
  if (typeof given !== 'function') return given;
  return (req: ViewRequest) => (given as ForContext)(contextOf(req));
}

function mapped(given: object): unknown {
  if (typeof given !== 'object') return given;
  return Object.fromEntries(Object.entries(given).map(([name, fill]) => [name, forRequest(fill)]));
}

/** What the function reads of the request says how long a response is kept, and shapes nothing of it. */
function setLifetime(req: ViewRequest, ttl: (context: ExecutionContext) => Duration): void {
  const ask = () => ttl(contextOf(req));
  try {
    view().ttl(guardOf(req)?.unwatched(ask) ?? ask());
  } catch {
    view().doNotStore();
  }
}
