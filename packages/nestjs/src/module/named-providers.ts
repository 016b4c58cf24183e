import type { FactoryProvider } from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import type { Cache } from '@viewcache/core';
import { CacheRegistry } from './cache-registry.js';
import { getCacheToken } from './cache-tokens.js';
import { injectorOf } from './injector-of.js';

/**
 * The provider of one of the app's caches.
 *
 * A name that only decorators know may be another app's, where several share a process: then it is nothing here, and
 * wrong only where something of this app injects it.
 */
export function providerOf(name: string): FactoryProvider<Cache | undefined> {
  const token = getCacheToken(name);
  return {
    provide: token,
    inject: [CacheRegistry, ModulesContainer],
    useFactory: (registry: CacheRegistry, modules: ModulesContainer) => {
      if (registry.has(name)) return registry.get(name);
      const injector = injectorOf(token, modules);
      return injector === undefined ? undefined : registry.get(name, `@InjectCache() of ${injector}`);
    },
  };
}
