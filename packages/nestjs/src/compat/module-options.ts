import type { ConfigurableModuleAsyncOptions, Provider, Type } from '@nestjs/common';
import type { CacheOptions as OwnOptions, Cache as ViewCache } from '@viewcache/core';

/** A Keyv, an adapter of one, a client of node-redis, or a URL such as `'redis://localhost'`. */
export type CacheStore = NonNullable<OwnOptions['store']>;

/** How a cache manager is made. Durations are **milliseconds**, as in `@nestjs/cache-manager`. */
export interface CacheManagerOptions {
  /**
   * Where values and answers are stored. Memory stands in front of any other store by itself, so a Keyv in memory beside
   * another one is left out, and there is one other at most.
   *
   * @defaultValue memory, 64 MB
   */
  stores?: CacheStore | readonly CacheStore[] | undefined;
  /** How long what says nothing else is kept; `0`: until it is evicted. @defaultValue `ttl` of the Keyv, else 0 */
  ttl?: number | undefined;
  /** Within this time of its end, `wrap` makes a value anew behind whoever asks. @defaultValue never */
  refreshThreshold?: number | undefined;
  /** Keeps the keys apart from those of other managers on the same store. @defaultValue `'cache-manager'` */
  namespace?: string | undefined;
  /** What `cacheId()` says. @defaultValue a random one */
  cacheId?: string | undefined;
  /** Nothing waits for a shared store to write, whatever is said here. */
  nonBlocking?: boolean | undefined;
  /** All stores are written to, whatever is said here. */
  refreshAllStores?: boolean | undefined;
  /**
   * Only here: a cache of the app in place of one of the manager's own, by its name in `ViewCacheModule.forRoot({ caches })`
   * (`'default'`: the one without a name), or one that was made already. Then it is the one that `@CacheView()` stores in.
   */
  cache?: string | ViewCache | undefined;
}

/** The same, with options of a store of yours, which are not read. */
export type CacheOptions<StoreConfig extends object = object> = CacheManagerOptions & StoreConfig;

/** How `CacheModule.register` is told of a manager. */
export type CacheModuleOptions<StoreConfig extends object = object> = CacheOptions<StoreConfig> & {
  /** Whether every module may inject the manager. @defaultValue false */
  isGlobal?: boolean | undefined;
};

/** What a class has for `registerAsync({ useClass })` and `{ useExisting }`. */
export interface CacheOptionsFactory<StoreConfig extends object = object> {
  createCacheOptions(): Promise<CacheOptions<StoreConfig>> | CacheOptions<StoreConfig>;
}

/** How `CacheModule.registerAsync` comes by the options. */
export interface CacheModuleAsyncOptions<StoreConfig extends object = object>
  extends ConfigurableModuleAsyncOptions<CacheOptions<StoreConfig>, keyof CacheOptionsFactory> {
  useExisting?: Type<CacheOptionsFactory<StoreConfig>>;
  useClass?: Type<CacheOptionsFactory<StoreConfig>>;
  /** Providers for the factory to inject. */
  extraProviders?: Provider[];
  /** Whether every module may inject the manager. @defaultValue false */
  isGlobal?: boolean;
}

/** The names that are read. */
export const KNOWN: readonly string[] = [
  'stores',
  'ttl',
  'refreshThreshold',
  'namespace',
  'cacheId',
  'nonBlocking',
  'refreshAllStores',
  'cache',
  'isGlobal',
] satisfies (keyof CacheModuleOptions)[];
