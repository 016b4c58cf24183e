import { type Cache, ConfigError } from '@viewcache/core';
import { isCache } from '@viewcache/core/node';
import { DEFAULT_CACHE } from './cache-tokens.js';
import type { MadeCaches } from './made-caches.js';

/** The caches of one app by their names. Each app has one, also where several share a process. */
export class CacheRegistry {
  readonly #made: MadeCaches;
  readonly #injected: ReadonlyMap<string, unknown>;

  /** @param injected - what the tokens stand for: something else than was made, where a test has put it there */
  constructor(made: MadeCaches, injected: ReadonlyMap<string, unknown>) {
    this.#made = made;
    this.#injected = injected;
  }

  /**
   * One of the app's caches.
   *
   * @param setting - who asks for it, for the error
   * @throws {@link ConfigError} for a name that the app has no cache of
   */
  get(name: string = DEFAULT_CACHE, setting?: string): Cache {
    const injected = this.#injected.get(name);
    // A mock is for those who inject it: no view can be kept in one.
    return isCache(injected) ? injected : this.#made.get(name, setting);
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
}
