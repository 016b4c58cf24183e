import { type DynamicModule, Inject, Module, type NestModule, type OnApplicationShutdown } from '@nestjs/common';
import { CacheRegistry } from '../module/cache-registry.js';
import { checkAsyncImport, checkImport } from '../module/check-import.js';
import { Cache } from './cache.js';
import { CachedRoutes } from './cached-routes.js';
import { CACHE_MANAGER } from './constants.js';
import { makeManager } from './make-manager.js';
import type { ManagedCache } from './managed-cache.js';
import { MANAGER } from './manager-token.js';
import { CACHE_MODULE_OPTIONS, ConfigurableCacheModule } from './module-definition.js';
import type { CacheModuleAsyncOptions, CacheModuleOptions } from './module-options.js';

/**
 * `CacheModule` of `@nestjs/cache-manager`, on a cache of ours: an app moves by the name that it imports from.
 *
 * @example
 * ```ts
 * import { CacheModule } from '@viewcache/nestjs/compat';
 *
 * @Module({ imports: [CacheModule.register({ ttl: 5_000 })] })
 * class AppModule {}
 * ```
 */
@Module({
  providers: [
    {
      provide: MANAGER,
      inject: [CACHE_MODULE_OPTIONS, { token: CacheRegistry, optional: true }],
      useFactory: makeManager,
    },
    // By a token of its own, so that a test may put something else in the place of the public one.
    { provide: CACHE_MANAGER, useExisting: MANAGER },
    { provide: Cache, useExisting: CACHE_MANAGER },
    CachedRoutes,
  ],
  exports: [CACHE_MANAGER, Cache],
})
export class CacheModule extends ConfigurableCacheModule implements NestModule, OnApplicationShutdown {
  readonly #routes: CachedRoutes;
  readonly #manager: ManagedCache;

  constructor(routes: CachedRoutes, @Inject(MANAGER) manager: ManagedCache) {
    super();
    this.#routes = routes;
    this.#manager = manager;
  }

  /** Nest calls it when the app has its global interceptors, and not its routes yet. */
  configure(): void {
    this.#routes.prepare();
  }

  /** After the server has answered its last request. */
  async onApplicationShutdown(): Promise<void> {
    await this.#manager.settings.close();
  }

  /**
   * @param options - `stores`, `ttl` and `refreshThreshold` (**milliseconds**), `namespace`, `isGlobal`
   * @returns the module; where a setting is wrong, the app's start throws a `ConfigError` that names it
   * @throws `ConfigError` at once for what is no object of settings, and for a wrong `isGlobal`
   */
  static override register<StoreConfig extends object = object>(
    options: CacheModuleOptions<StoreConfig> = {} as CacheModuleOptions<StoreConfig>,
  ): DynamicModule {
    checkImport('CacheModule', 'register', options);
    return { global: options.isGlobal === true, ...super.register(options) };
  }

  /**
   * The same, with options that need other providers.
   *
   * @param options - `useFactory` with `inject`, `useClass` or `useExisting` (see {@link CacheOptionsFactory}), `imports`,
   * `extraProviders`, `isGlobal`
   */
  static override registerAsync<StoreConfig extends object = object>(
    options: CacheModuleAsyncOptions<StoreConfig>,
  ): DynamicModule {
    checkAsyncImport('CacheModule', 'registerAsync', options);
    const definition = super.registerAsync(options as CacheModuleAsyncOptions);
    const providers = [...(definition.providers ?? []), ...(options.extraProviders ?? [])];
    return { global: options.isGlobal === true, ...definition, providers };
  }
}
