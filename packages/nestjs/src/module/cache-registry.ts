import { Inject, Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { type Cache, ConfigError } from '@viewcache/core';
import { isCache, nearest } from '@viewcache/core/node';
import { DEFAULT_CACHE } from './cache-tokens.js';
import { type AppCaches, makeCaches } from './make-caches.js';
import { MODULE_OPTIONS } from './module-definition.js';
import type { ViewCacheModuleOptions } from './module-options.js';

/** The caches of one app by their names. Each app has one, also where several share a process. */
@Injectable()
export class CacheRegistry implements OnApplicationShutdown {
  readonly #caches: AppCaches;

  constructor(@Inject(MODULE_OPTIONS) options: ViewCacheModuleOptions) {
    this.#caches = makeCaches(options);
  }

  /** Whether the app has a cache of that name. */
  has(name: string): boolean {
    return this.#caches.byName.has(name);
  }

  /**
   * One of the app's caches.
   *
   * @param setting - who asks for it, for the error
   * @throws {@link ConfigError} for a name that the app has no cache of
   */
  get(name: string = DEFAULT_CACHE, setting = 'ViewCacheModule.caches'): Cache {
    const cache = this.#caches.byName.get(name);
    if (cache !== undefined) return cache;
    const names = [...this.#caches.byName.keys()];
    throw new ConfigError(
      setting,
      name,
      `one of ${names.join(', ')}, or add it to ViewCacheModule.caches`,
      nearest(name, names),
    );
  }

  /**
   * The cache that an option asks for.
   *
   * @param named - its name, or a cache that was made already; `undefined`: the app's own
   * @throws {@link ConfigError} for a name that the app has no cache of, and for anything else
   */
  resolve(named: string | Cache | undefined, setting: string): Cache {
    if (named === undefined || typeof named === 'string') return this.get(named, setting);
    if (isCache(named)) return named;
    throw new ConfigError(setting, named, 'the name of a cache of the app, or a cache made by createCache()');
  }

  /** After the server has answered its last request: until then the app's own hooks may use the caches. */
  async onApplicationShutdown(): Promise<void> {
    await this.#caches.close();
  }
}
