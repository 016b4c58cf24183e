import { Inject, Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import { type Cache, ConfigError } from '@viewcache/core';
import { nearest } from '@viewcache/core/node';
import { DEFAULT_CACHE } from './cache-tokens.js';
import { type AppCaches, makeCaches } from './make-caches.js';
import { MODULE_OPTIONS } from './module-definition.js';
import type { ViewCacheModuleOptions } from './module-options.js';
import { refuseSecond } from './one-import.js';

/** The caches of one app that its options ask for. */
@Injectable()
export class MadeCaches implements OnApplicationShutdown {
  readonly #caches: AppCaches;

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

  /** After the server has answered its last request: until then the app's own hooks may use the caches. */
  async onApplicationShutdown(): Promise<void> {
    await this.#caches.close();
  }
}
