import type { FactoryProvider } from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import type { Cache } from '@viewcache/core';
import { CacheRegistry } from './cache-registry.js';
import { getCacheToken } from './cache-tokens.js';
import { injectorOf } from './injector-of.js';
import { MadeCaches } from './made-caches.js';

/** The providers of an app's caches, each by its token, and of the registry that has them all. */
export function providersOf(names: readonly string[]): readonly FactoryProvider[] {
  return [...names.map(providerOf), registryOf(names)];
}

/**
 * The provider of one of the app's caches.
 *
 * A name that only decorators know may be another app's, where several share a process: then it is nothing here, and
 * wrong only where something of this app injects it.
 */
function providerOf(name: string): FactoryProvider<Cache | undefined> {
  const token = getCacheToken(name);
  return {
    provide: token,
    inject: [MadeCaches, ModulesContainer],
    useFactory: (made: MadeCaches, modules: ModulesContainer) => {
      if (made.names.includes(name)) return made.get(name);
      const injector = injectorOf(token, modules);
      return injector === undefined ? undefined : made.get(name, `@InjectCache() of ${injector}`);
    },
  };
}

/** Made of what the tokens stand for, so that `overrideProvider` of one of them is not for those alone who inject it. */
function registryOf(names: readonly string[]): FactoryProvider<CacheRegistry> {
  return {
    provide: CacheRegistry,
    inject: [MadeCaches, ModulesContainer, ...names.map(getCacheToken)],
    useFactory: (made: MadeCaches, modules: ModulesContainer, ...injected: unknown[]) => {
      offer(
        made.names.filter((name) => !names.includes(name)),
        made,
        modules,
      );
      return new CacheRegistry(made, new Map(names.map((name, index) => [name, injected[index]])));
    },
  };
}

/** Provides caches whose names were not known when the modules were wired: for `app.get`, and modules that are loaded later. */
function offer(names: readonly string[], made: MadeCaches, modules: ModulesContainer): void {
  const own = [...modules.values()].find(({ providers }) => providers.has(MadeCaches));
  for (const name of names) {
    const token = getCacheToken(name);
    own?.addProvider({ provide: token, useValue: made.get(name) });
    own?.exports.add(token);
  }
}
