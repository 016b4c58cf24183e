import { afterEach } from '@jest/globals';
import { type Cache, type CacheOptions, createCache } from '@viewcache/core';
import { closeAfterEach } from '../support/site.js';
import { heardBy } from './pg-world.js';
import { seedOf, tablesOf } from './schema.js';

/** What all libraries for SQLite are held to, by whatever name they call it. */
export interface SqliteCalls {
  /** One statement, by whatever way the library has for one with values. */
  run(sql: string, ...values: unknown[]): unknown;
  exec(sql: string): unknown;
  get(sql: string, ...values: unknown[]): unknown;
}

/** Caches of a test, and what each has heard. */
export class CacheWorld {
  readonly #caches: Cache[] = [];
  readonly #stops: (() => void)[] = [];

  constructor() {
    closeAfterEach();
    afterEach(async () => {
      for (const stop of this.#stops.splice(0)) stop();
      for (const cache of this.#caches.splice(0)) await cache.close();
    });
  }

  /** A watch that ends with the test. */
  stopping<T extends () => void>(watch: T): T {
    this.#stops.push(watch);
    return watch;
  }

  cache(options: CacheOptions = {}) {
    const cache = createCache(options);
    this.#caches.push(cache);
    return { cache, heard: heardBy(cache) };
  }
}

export const SETUP = [...tablesOf('sqlite'), ...seedOf('sqlite')].join(';\n');
