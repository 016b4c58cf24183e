import { Inject, Injectable, type OnApplicationBootstrap, type OnApplicationShutdown, type Type } from '@nestjs/common';
import { ApplicationConfig, HttpAdapterHost, ModulesContainer } from '@nestjs/core';
import { ViewServer } from '@viewcache/core/node';
import type { CacheViewOptions } from '../views/cache-view-options.js';
import { noteDeclared } from '../views/declared-config.js';
import { inCompat } from '../views/nest-dialect.js';
import { isPassing } from '../views/observer.js';
import { prepareOuter } from '../views/outer-errors.js';
import { platformOfApp } from '../views/platforms.js';
import { RequestInjectors } from '../views/request-injection.js';
import { type Handler, INTERCEPTORS, noted, type RouteMetadata, readRoute } from '../views/route-metadata.js';
import { RouteSpaces } from '../views/route-spaces.js';
import { routesOf } from '../views/routes-of.js';
import { ServedRoute } from '../views/served-route.js';
import { readPolicy } from '../views/view-policy.js';
import { askAgain, keyOf } from './asked-keys.js';
import { CACHE_TTL_METADATA } from './constants.js';
import type { CacheTTLFactory } from './decorators.js';
import { tagOf, tagOfAll } from './key-tags.js';
import { checkLifetime } from './lifetimes.js';
import { ManagedCache } from './managed-cache.js';
import { MANAGER } from './manager-token.js';

/** How a route is cached, as the interceptor finds it. */
export interface CachedRoute {
  readonly served: ServedRoute;
  /** Where `@CacheTTL()` is a function. */
  readonly ttl: CacheTTLFactory | undefined;
}

/** What decorators say of a route. */
interface ReadRoute {
  readonly where: string;
  readonly metadata: RouteMetadata;
  readonly options: CacheViewOptions;
  readonly ttl: CacheTTLFactory | undefined;
}

/** The routes of the managers that are there, for interceptors, which know their manager alone. */
const byManager = new WeakMap<object, CachedRoutes>();

/** The routes that are cached by a manager; `undefined` for one that is not ours, such as a test's. */
export function cachedRoutesOf(manager: unknown): CachedRoutes | undefined {
  return typeof manager === 'object' && manager !== null ? byManager.get(manager) : undefined;
}

/** The routes of one app under `CacheInterceptor`. */
@Injectable()
export class CachedRoutes implements OnApplicationBootstrap, OnApplicationShutdown {
  readonly #adapters: HttpAdapterHost;
  readonly #modules: ModulesContainer;
  readonly #config: ApplicationConfig;
  readonly #manager: ManagedCache;
  readonly #spaces: RouteSpaces;
  readonly #injectors = new RequestInjectors({
    key: '@CacheView({ ttl, key: (ctx) => … }) in place of CacheInterceptor',
    guard: "@CacheView({ ttl, inputs: 'guard' }) in place of CacheInterceptor",
  });
  /** Those whose keys come from the URL and a name, and those with a function of the app's. */
  readonly #routes = [new Map<Type, Map<Handler, CachedRoute | undefined>>(), new Map()] as const;

  constructor(
    adapters: HttpAdapterHost,
    modules: ModulesContainer,
    config: ApplicationConfig,
    @Inject(MANAGER) manager: ManagedCache,
  ) {
    this.#adapters = adapters;
    this.#modules = modules;
    this.#spaces = new RouteSpaces(modules);
    this.#config = config;
    this.#manager = manager;
    byManager.set(manager, this);
  }

  onApplicationBootstrap(): void {
    this.#spaces.begin();
  }

  onApplicationShutdown(): void {
    this.#spaces.end();
  }

  /** To be called when the app has its global interceptors, and not its routes yet. */
  prepare(): void {
    const config = this.#config;
    this.#injectors.find(this.#modules);
    const globals = config.getGlobalInterceptors().findIndex(isCaching);
    const scoped = config.getGlobalRequestInterceptors().findIndex(({ metatype }) => isCaching(metatype));
    for (const [controller, handler] of routesOf(this.#modules)) {
      noteDeclared(handler);
      const isOwn = [controller, handler].some((it) => (noted<unknown[]>(INTERCEPTORS, it) ?? []).some(isCaching));
      if (globals < 0 && scoped < 0 && !isOwn) continue;
      const read = this.#read(controller, handler);
      if (read === undefined) continue;
      // What is wrong is said when the app starts.
      readPolicy(read.where, read.options, this.#spaces.of(this.#manager.cache, { controller, handler }, read.where));
      if (globals >= 0) prepareOuter(config, controller, handler, { globals: globals + 1, scoped: 0 });
      else if (scoped >= 0) prepareOuter(config, controller, handler, { scoped: scoped + 1 });
      else prepareOuter(config, controller, handler, { isHere: isCaching });
    }
  }

  /**
   * How a route is cached; `undefined`: not at all, or by a decorator of ours that stands there, which wins.
   *
   * @param isKeyed - a function of the app's says what its answers are found by
   */
  routeOf(controller: Type, handler: Handler, isKeyed: boolean): CachedRoute | undefined {
    const routes = this.#routes[isKeyed ? 1 : 0];
    let known = routes.get(controller);
    if (known === undefined) {
      known = new Map();
      routes.set(controller, known);
    }
    if (!known.has(handler)) known.set(handler, this.#make(controller, handler, isKeyed));
    return known.get(handler);
  }

  #make(controller: Type, handler: Handler, isKeyed: boolean): CachedRoute | undefined {
    const read = this.#read(controller, handler);
    if (read === undefined) return undefined;
    const { where, metadata, ttl } = read;
    const { cache } = this.#manager;
    const options: CacheViewOptions = isKeyed ? { ...read.options, key: askAgain } : read.options;
    // What finds an answer may be the URL alone: trackBy() is no word about what the controller has of the request.
    if (this.#injectors.storing(controller, undefined, cache) === 'never') return undefined;
    const platform = platformOfApp(this.#adapters);
    const { policy } = readPolicy(where, options, this.#spaces.of(cache, { controller, handler }, where));
    const server = new ViewServer(policy, () => cache, inCompat(platform.host));
    return { served: new ServedRoute(platform, metadata, { server, setLifetime: undefined, ahead: undefined }), ttl };
  }

  #read(controller: Type, handler: Handler): ReadRoute | undefined {
    const metadata = readRoute(controller, handler);
    if (metadata.isDecorated || metadata.isSse) return undefined;
    const where = `${controller.name}.${handler.name}: CacheInterceptor`;
    const { settings } = this.#manager;
    const given = noted(CACHE_TTL_METADATA, handler) ?? noted(CACHE_TTL_METADATA, controller) ?? settings.ttl;
    const ttl = typeof given === 'function' ? (given as CacheTTLFactory) : undefined;
    const { namespace } = settings;
    const options: CacheViewOptions = {
      ttl: ttl === undefined ? checkLifetime(`${where}: @CacheTTL`, given) : 'forever',
      tags: (context) => [tagOfAll(namespace), tagOf(namespace, keyOf(context) ?? '')],
    };
    return { where, metadata, options, ttl };
  }
}

function isCaching(interceptor: unknown): boolean {
  return isPassing(typeof interceptor === 'function' ? interceptor : (interceptor as object | null)?.constructor);
}
