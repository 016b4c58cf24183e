import { Inject, Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import { type Cache, ConfigError } from '@viewcache/core';
import { besideDefaultCache, isFollowing, nearest } from '@viewcache/core/node';
import { DEFAULT_CACHE } from './cache-tokens.js';
import { type AppCaches, makeCaches } from './make-caches.js';
import { MODULE_OPTIONS } from './module-definition.js';
import type { ViewCacheModuleOptions } from './module-options.js';
import { refuseSecond } from './one-import.js';

const TWO = [
  'viewcache: defaultCache() was made, beside the cache that an app of NestJS has for itself: what is invalidated in one stays in the other.',
  '  to have that of the app     inject ViewCache; in ViewCacheModule.watch, (client, cache) => watchPrisma(client, { cache })',
  '  for parts of templates      fragments({ cache: app.get(ViewCache) })',
  '  to have one and the same    ViewCacheModule.forRoot({ cache: defaultCache() })',
].join('\n');

/** The caches of one app that its options ask for. */
@Injectable()
export class MadeCaches implements OnApplicationBootstrap, OnApplicationShutdown {
  readonly #caches: AppCaches;
  #leave: (() => void) | undefined;

  constructor(@Inject(MODULE_OPTIONS) options: ViewCacheModuleOptions, modules: ModulesContainer) {
    refuseSecond(modules);
    this.#caches = makeCaches(options);
  }

  get names(): readonly string[] {
    return [...this.#caches.byName.keys()];
  }

  /**
   * One of them.
   *
   * @param setting - who asks for it, for the error
   * @throws {@link ConfigError} for a name that the app has no cache of
   */
  get(name: string = DEFAULT_CACHE, setting = 'ViewCacheModule.caches'): Cache {
    const cache = this.#caches.byName.get(name);
    if (cache !== undefined) return cache;
    const allowed = `one of ${this.names.join(', ')}, or add it to ViewCacheModule.caches`;
    throw new ConfigError(setting, name, allowed, nearest(name, this.names));
  }

  /** Of an app that does not start nobody says when it has gone. */
  onApplicationBootstrap(): void {
    if (!isFollowing(this.get())) this.#leave = besideDefaultCache(() => TWO);
  }

  /** After the server has answered its last request: until then the app's own hooks may use the caches. */
  async onApplicationShutdown(): Promise<void> {
    this.#leave?.();
    await this.#caches.close();
  }
}
