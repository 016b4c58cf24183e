import { type DynamicModule, type InjectionToken, Module, type NestModule } from '@nestjs/common';
import { isRecord } from '@viewcache/core/node';
import { EventSources } from '../events/event-sources.js';
import { ViewCacheHealthIndicator } from '../health/view-cache-health-indicator.js';
import { CachedMethods } from '../methods/cached-methods.js';
import { Views } from '../views/views.js';
import { RouteUrls } from '../warming/route-urls.js';
import { WarmStart } from '../warming/warm-start.js';
import { type Attach, type WatchOptions, watchModule } from '../watch/watch-source.js';
import { DEFAULT_CACHE, injectedNames } from './cache-tokens.js';
import { ASYNC_OPTIONS, checkAsyncImport, checkImport, withCheckedFactory } from './check-import.js';
import { MadeCaches } from './made-caches.js';
import {
  type ASYNC_OPTIONS_TYPE,
  ConfigurableViewCacheModule,
  FACTORY_METHOD,
  MODULE_OPTIONS,
  type OPTIONS_TYPE,
} from './module-definition.js';
import { providersOf } from './named-providers.js';
import { markCall } from './one-import.js';

/**
 * Gives an app its caches: one of its own, and more by name. Imported once, by the root module; every module may inject
 * them. They close with the app.
 *
 * @example
 * ```ts
 * @Module({ imports: [ViewCacheModule.forRoot({ store: 'redis://localhost' })], controllers: [CitiesController] })
 * class AppModule {}
 * ```
 */
@Module({})
export class ViewCacheModule extends ConfigurableViewCacheModule implements NestModule {
  readonly #views: Views;

  constructor(views: Views) {
    super();
    this.#views = views;
  }

  /** Nest calls it when the app has its global interceptors, and not its routes yet. */
  configure(): void {
    this.#views.prepare();
  }

  /**
   * @param options - those of `createCache`, and `cache`, `caches`, `isGlobal`; without any, `CACHE_URL` says which store
   * @returns the module; where a setting is wrong, the app's start throws a `ConfigError` that names it
   * @throws `ConfigError` at once for what is no object of settings, and for a wrong `isGlobal`
   *
   * @example
   * ```ts
   * ViewCacheModule.forRoot({ maxBytes: '256mb', caches: { pages: { store: 'redis://localhost' } } });
   * ```
   */
  static override forRoot(options: typeof OPTIONS_TYPE = {}): DynamicModule {
    checkImport(MODULE, 'forRoot', options);
    // One that is no name is refused when the app starts, with everything else.
    const names = isRecord(options.caches) ? Object.keys(options.caches).filter((name) => name !== '') : [];
    return withCaches(super.forRoot(options), names);
  }

  /**
   * As {@link ViewCacheModule.forRoot}, with options that need other providers, such as those of a configuration.
   *
   * @param options - `useFactory` with `inject`, `useClass` or `useExisting` (see {@link ViewCacheOptionsFactory}),
   * `imports`, `isGlobal`
   * @throws `ConfigError` at once for what is none of that
   *
   * @example
   * ```ts
   * ViewCacheModule.forRootAsync({
   *   inject: [ConfigService],
   *   useFactory: (config: ConfigService) => ({ store: config.getOrThrow('CACHE_URL') }),
   * });
   * ```
   */
  static override forRootAsync(options: typeof ASYNC_OPTIONS_TYPE): DynamicModule {
    checkAsyncImport(MODULE, 'forRootAsync', options, ASYNC_OPTIONS);
    const definition = super.forRootAsync(options);
    if (options.useFactory !== undefined) return withCaches(definition, []);
    const way = options.useClass === undefined ? 'useExisting' : 'useClass';
    const of = { setting: `${MODULE}.forRootAsync.${way}`, given: options[way] };
    return withCaches(withCheckedFactory(definition, { token: MODULE_OPTIONS, method: FACTORY_METHOD, ...of }), []);
  }

  /**
   * Ties a data source to a cache, from before the app's own hooks until it has closed. Imported beside the module itself;
   * as often as there are data sources.
   *
   * @param token - of a provider of any module, which is asked for once
   * @param attach - as the adapters of ORMs are: is told the client and the cache, and returns what stops it
   * @param options - `cache`, where that is not the app's own
   * @returns the module; where there is no such provider, the app's start throws a `ConfigError`
   *
   * @example
   * ```ts
   * @Module({ imports: [ViewCacheModule.forRoot(), ViewCacheModule.watch(DataSource, watchTypeOrm)] })
   * class AppModule {}
   * ```
   */
  static watch<Client>(
    token: InjectionToken<Client>,
    attach: Attach<Client>,
    options: WatchOptions = {},
  ): DynamicModule {
    return watchModule(token, attach, options);
  }
}

const MODULE = 'ViewCacheModule';

/** What the classes of an app have injected, by our decorators or by themselves. */
const SHARED = [CachedMethods, ViewCacheHealthIndicator, Views, RouteUrls, WarmStart];

function withCaches(definition: DynamicModule, names: readonly string[]): DynamicModule {
  const marked = markCall(definition);
  const providers = () => providersOf([...new Set([DEFAULT_CACHE, ...names, ...injectedNames()])]);
  // Read when the app starts: by then every class with a decorator is there, which it may not be yet.
  return {
    ...marked,
    get providers() {
      return [...(marked.providers ?? []), ...SHARED, MadeCaches, EventSources, ...providers()];
    },
    get exports() {
      return [...SHARED, ...providers().map(({ provide }) => provide)];
    },
  };
}
