import type { Cache, CacheOptions } from '@viewcache/core';
import type { CacheViewOptions } from '../views/cache-view-options.js';
import type { WarmAppOnStart } from '../warming/warm-app-on-start.js';

/**
 * How an app's caches are made: the settings of its own cache, as for `createCache`, and beside them what only Nest has.
 *
 * @example
 * ```ts
 * ViewCacheModule.forRoot({ store: 'redis://localhost', caches: { sessions: { maxBytes: '16mb' } } });
 * ```
 */
export interface ViewCacheModuleOptions extends CacheOptions {
  /**
   * Where responses are stored.
   *
   * @defaultValue what the environment variable `CACHE_URL` says, else `'memory:'`
   */
  readonly store?: NonNullable<CacheOptions['store']>;
  /**
   * A cache that was made already, in place of settings for one; `defaultCache()` for whichever is the process's own at each
   * moment. Closing it stays your business.
   *
   * @defaultValue one is made of the settings, and closed with the app
   */
  readonly cache?: Cache;
  /**
   * More caches, each by its name for `@InjectCache('pages')` and `cache: 'pages'`: settings for one, or one that was made
   * already. Each has the namespace `viewcache.<name>` unless it says otherwise.
   *
   * @defaultValue none
   */
  readonly caches?: Readonly<Record<string, CacheOptions | Cache>>;
  /**
   * What `@CacheView()` starts from, everywhere. With a `ttl` in it, every GET route of the app is cached, with a decorator
   * or without, except under `@NeverCache()` and `@Sse()`.
   *
   * @defaultValue `{}`
   */
  readonly views?: Omit<CacheViewOptions, 'beforeGuards'>;
  /**
   * What visitors will ask for: a source and options of `cache.warm`. Begins once the app listens, which does not wait for it; what
   * goes wrong is a warning.
   *
   * @defaultValue none
   */
  readonly warmOnStart?: WarmAppOnStart | undefined;
}

/** What a class has for `forRootAsync({ useClass })` and `{ useExisting }`. */
export interface ViewCacheOptionsFactory {
  /** The options, or a promise of them; asked for once, when the app starts. */
  createViewCacheOptions(): ViewCacheModuleOptions | Promise<ViewCacheModuleOptions>;
}
