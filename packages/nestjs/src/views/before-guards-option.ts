import type { Type } from '@nestjs/common';
import { ConfigError } from '@viewcache/core';
import { type BeforeOption, readBefore } from '@viewcache/core/node';
import type { CacheViewOptions } from './cache-view-options.js';
import { type Handler, noted, OF_NEST, viewOptionsAt } from './route-metadata.js';

const NAME = 'beforeGuards';

/** Functions that may ask for what guards leave on the request. */
const OF_REQUESTS = ['key', 'when', 'placeholders'] as const;

/**
 * Reads the option `beforeGuards` of a route.
 *
 * @param where - the route, for errors
 * @throws {@link ConfigError} where what is answered may depend on guards: with a function of the request beside it, a
 * property that guards set among what selects, or a guard that stands as near to the handler as the option does
 */
export function readBeforeGuards(
  where: string,
  options: CacheViewOptions,
  controller: Type,
  handler: Handler,
): BeforeOption {
  const option = readBefore(where, NAME, options as Record<string, unknown>, OF_REQUESTS);
  if (option === false) return option;
  const { inputs } = options;
  for (const [input, action] of Object.entries(typeof inputs === 'object' && inputs !== null ? inputs : {})) {
    if (action !== 'vary' || !input.startsWith('req.')) continue;
    throw new ConfigError(`${where}.inputs.${input}`, action, `no 'vary' with ${NAME}: guards may set it`);
  }
  const place = viewOptionsAt(handler)?.beforeGuards === undefined ? [controller, handler] : [handler];
  const [guard] = place.flatMap((it) => noted<readonly unknown[]>(OF_NEST.guards, it) ?? []);
  if (guard === undefined) return option;
  const allowed = `no @UseGuards() as near to the handler as ${NAME}: ${nameOf(guard)} would not run on hits`;
  throw new ConfigError(`${where}.${NAME}`, option, allowed);
}

/** @throws {@link ConfigError} where it is said of all routes: those of tomorrow would go without guards, too */
export function refuseBeforeGuards(setting: string, options: CacheViewOptions): void {
  if (options.beforeGuards === undefined) return;
  const allowed = 'it at handlers and controllers, each of which is public by its own word';
  throw new ConfigError(`${setting}.${NAME}`, options.beforeGuards, allowed);
}

function nameOf(guard: unknown): string {
  return typeof guard === 'function' ? guard.name : String((guard as object | null)?.constructor?.name);
}
