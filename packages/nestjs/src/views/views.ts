import {
  Inject,
  Injectable,
  type OnApplicationBootstrap,
  type OnApplicationShutdown,
  type OnModuleInit,
  type Type,
} from '@nestjs/common';
import { ApplicationConfig, HttpAdapterHost, ModulesContainer } from '@nestjs/core';
import type { Cache } from '@viewcache/core';
import { checkOptions, runtimeOf, VIEW_OPTIONS, ViewServer } from '@viewcache/core/node';
import { CacheRegistry } from '../module/cache-registry.js';
import { MODULE_OPTIONS } from '../module/module-definition.js';
import type { ViewCacheModuleOptions } from '../module/module-options.js';
import { BeforeGuards, messageOfGuards } from './before-guards.js';
import { readBeforeGuards, refuseBeforeGuards } from './before-guards-option.js';
import type { CacheViewOptions } from './cache-view-options.js';
import { checkPlaces } from './check-places.js';
import { noteDeclared } from './declared-config.js';
import { EveryViewInterceptor } from './every-view-interceptor.js';
import { KeyedAnswers } from './keyed-answers.js';
import { isView } from './observer.js';
import { prepareOuter } from './outer-errors.js';
import type { Platform } from './platform.js';
import { platformOfApp } from './platforms.js';
import { RequestInjectors } from './request-injection.js';
import { enterBefore } from './route-entry.js';
import { type Handler, type RouteMetadata, readRoute, versionOf } from './route-metadata.js';
import { RouteSpaces } from './route-spaces.js';
import { routesOf } from './routes-of.js';
import { type RouteView, ServedRoute } from './served-route.js';
import { versionFieldOf } from './version-field.js';
import { readPolicy } from './view-policy.js';

const DEFAULTS = 'ViewCacheModule.views';

/** The routes of one app that have decorators of ours, made when it starts. */
@Injectable()
export class Views implements OnModuleInit, OnApplicationBootstrap, OnApplicationShutdown {
  /** What Nest's own error calls it, in an app that has a view and has not imported this. */
  static get name(): string {
    return 'ViewCacheModule.forRoot()';
  }
  readonly #registry: CacheRegistry;
  readonly #adapters: HttpAdapterHost;
  readonly #modules: ModulesContainer;
  readonly #config: ApplicationConfig;
  /** What every view starts from; with a ttl, every GET route is one. */
  readonly #defaults: CacheViewOptions;
  readonly #routes = new Map<Type, Map<Handler, ServedRoute | undefined>>();
  readonly #spaces: RouteSpaces;
  readonly #injectors = new RequestInjectors();

  constructor(
    registry: CacheRegistry,
    adapters: HttpAdapterHost,
    modules: ModulesContainer,
    config: ApplicationConfig,
    @Inject(MODULE_OPTIONS) { views = {} }: ViewCacheModuleOptions,
  ) {
    this.#registry = registry;
    this.#adapters = adapters;
    this.#modules = modules;
    this.#spaces = new RouteSpaces(modules);
    this.#config = config;
    this.#defaults = views;
    // By themselves first, so that what is wrong there is not said of a route.
    checkOptions(DEFAULTS, views, [...VIEW_OPTIONS, 'cache', 'beforeGuards']);
    refuseBeforeGuards(DEFAULTS, views);
    readPolicy(DEFAULTS, { ttl: 1, ...views }, '');
    this.#registry.resolve(views.cache, `${DEFAULTS}.cache`);
  }

  /** Refuses what is wrong in any decorator before the first request: also in an app that answers none. */
  onModuleInit(): void {
    checkPlaces(this.#modules);
  }

  onApplicationBootstrap(): void {
    this.#spaces.begin();
  }

  onApplicationShutdown(): void {
    this.#spaces.end();
  }

  /**
   * Makes the views of the app. To be called when it has its global interceptors, and not its routes yet.
   *
   * @throws {@link ConfigError} that names class, method and setting
   */
  prepare(): void {
    const config = this.#config;
    this.#injectors.find(this.#modules);
    const routes = [...routesOf(this.#modules)].map((route) => [...route, this.routeOf(...route)] as const);
    for (const [controller, handler, route] of routes)
      if (route?.isCached === true)
        prepareOuter(config, controller, handler, route.isDecorated ? { isHere: isView } : {});
    if (routes.some(([, , route]) => route?.isBeforeGuards === true))
      enterBefore(this.#adapters.httpAdapter, (...route) => this.routeOf(...route));
    // Behind those of the app, which see all that it answers.
    if (this.#defaults.ttl !== undefined)
      config.useGlobalInterceptors(new EveryViewInterceptor((...route) => this.routeOf(...route)));
  }

  /** What is to be done for a route; `undefined` where that is nothing. */
  routeOf(controller: Type, handler: Handler): ServedRoute | undefined {
    const known = this.#routes.get(controller);
    if (known?.has(handler)) return known.get(handler);
    const route = this.#make(controller, handler);
    if (known === undefined) this.#routes.set(controller, new Map([[handler, route]]));
    else known.set(handler, route);
    return route;
  }

  #make(controller: Type, handler: Handler): ServedRoute | undefined {
    noteDeclared(handler);
    const metadata = readRoute(controller, handler);
    const { view, isNever, isSse, isDecorated } = metadata;
    // Other methods than GET, too: their success invalidates what a GET has stored.
    const isCached = !isNever && !isSse && (view !== undefined || this.#defaults.ttl !== undefined);
    if (!isCached && !isDecorated) return undefined;
    const platform = platformOfApp(this.#adapters);
    return new ServedRoute(
      platform,
      metadata,
      isCached ? this.#view(platform, controller, handler, metadata) : undefined,
      versionFieldOf(this.#config, versionOf(controller, handler)),
    );
  }

  #view(platform: Platform, controller: Type, handler: Handler, metadata: RouteMetadata): RouteView | undefined {
    const { view } = metadata;
    const where = `${controller.name}.${handler.name}: @CacheView`;
    const options: CacheViewOptions = { ...this.#defaults, ...view };
    const cache = this.#registry.resolve(options.cache, `${where}.cache`);
    const storing = this.#injectors.storing(controller, view, cache);
    const keyed = storing === 'keyed' ? new KeyedAnswers() : undefined;
    const key = keyed === undefined ? options.key : keyed.hear(options.key);
    const space = this.#spaces.of(cache, { controller, handler }, where);
    const { policy, setLifetime } = readPolicy(where, { ...options, key }, space);
    const before = readBeforeGuards(where, options, controller, handler);
    if (storing === 'never') return undefined;
    const ahead =
      before === false
        ? undefined
        : new BeforeGuards(before, metadata.headers, (what) => warn(cache, messageOfGuards(where, what)));
    const host = ahead === undefined ? platform.host : ahead.watching(platform.host);
    return { server: new ViewServer(policy, () => cache, host), setLifetime, ahead, keyed };
  }
}

function warn(cache: Cache, message: string): void {
  runtimeOf(cache)?.telemetry.emit({ type: 'warning', message });
}
