import { Inject } from '@nestjs/common';
import { ConfigError } from '@viewcache/core';
import { ViewCache } from './view-cache.js';

/** The cache that is meant where no name is given. */
export const DEFAULT_CACHE = 'default';

// Two copies of the package in one process must know of each other's decorators.
const slot = Symbol.for('viewcache.injected-names');
const shared = globalThis as { [slot]?: Set<string> };
shared[slot] ??= new Set();
const injected = shared[slot];

/** The names that decorators have asked for: those of options made by a factory are not known when modules are wired. */
export function injectedNames(): readonly string[] {
  return [...injected];
}

/**
 * The token of one of the app's caches, for `app.get()` and for the `inject` of a factory.
 *
 * @param name - as in the module's `caches`; without one, the app's own, whose token is the class {@link ViewCache}
 * @throws {@link ConfigError} for anything that is no name
 *
 * @example
 * ```ts
 * const pages = app.get<ViewCache>(getCacheToken('pages'));
 * ```
 */
export function getCacheToken(name: string = DEFAULT_CACHE): typeof ViewCache | string {
  if (typeof name !== 'string' || name === '') {
    throw new ConfigError('getCacheToken', name, 'the name of a cache, as in forRoot({ caches: { pages: {} } })');
  }
  if (name === DEFAULT_CACHE) return ViewCache;
  injected.add(name);
  return `ViewCache(${name})`;
}

/**
 * Injects one of the app's caches.
 *
 * @param name - as in the module's `caches`; without one, the app's own
 * @throws {@link ConfigError} at once for anything that is no name; when the app starts, for a cache that it has not
 *
 * @example
 * ```ts
 * constructor(@InjectCache('pages') private readonly pages: ViewCache) {}
 * ```
 */
export function InjectCache(name?: string): PropertyDecorator & ParameterDecorator {
  return Inject(getCacheToken(name));
}
