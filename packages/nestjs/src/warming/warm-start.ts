import { Server } from 'node:net';
import { Inject, Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { ConfigError } from '@viewcache/core';
import { isRecord, knowServer, warmOnStart } from '@viewcache/core/node';
import { CacheRegistry } from '../module/cache-registry.js';
import { MODULE_OPTIONS } from '../module/module-definition.js';
import type { ViewCacheModuleOptions } from '../module/module-options.js';
import { RouteUrls } from './route-urls.js';
import type { WarmAppOnStart } from './warm-app-on-start.js';

const SETTING = 'ViewCacheModule.warmOnStart';

/** Lets `cache.warm` find the server of an app, and warms when that listens. */
@Injectable()
export class WarmStart implements OnApplicationBootstrap {
  readonly #registry: CacheRegistry;
  readonly #adapters: HttpAdapterHost;
  readonly #routes: RouteUrls;
  readonly #given: WarmAppOnStart | undefined;

  constructor(
    registry: CacheRegistry,
    adapters: HttpAdapterHost,
    routes: RouteUrls,
    @Inject(MODULE_OPTIONS) { warmOnStart: given }: ViewCacheModuleOptions,
  ) {
    this.#registry = registry;
    this.#adapters = adapters;
    this.#routes = routes;
    this.#given = given;
  }

  /** Before it listens. */
  onApplicationBootstrap(): void {
    // A microservice alone has none.
    const server: unknown = this.#adapters.httpAdapter?.getHttpServer();
    // Of HTTP/1 or HTTP/2.
    const isServer = server instanceof Server;
    if (isServer) {
      const app = this.#adapters.httpAdapter.getInstance<object>();
      knowServer(server, { app, trustsNoProxy: trustsNoProxyOf(app) });
    }
    const given = this.#given;
    if (given === undefined) return;
    if (!isRecord(given)) throw new ConfigError(SETTING, given, 'an object with a source and an origin');
    if (!isServer)
      throw new ConfigError(SETTING, given, 'an app with a server of HTTP', undefined, 'has nothing to ask');
    const { cache: named, source, ...options } = given as WarmAppOnStart;
    const cache = this.#registry.resolve(named, `${SETTING}.cache`);
    const of = typeof source === 'function' ? () => source(this.#routes) : source;
    warmOnStart(SETTING, { ...options, source: of }, server, () => cache);
  }
}

/** Of Fastify, which keeps its setting to itself: the class of its requests has addresses of proxies only where it trusts some. */
function trustsNoProxyOf(app: object): (() => boolean) | undefined {
  const slot = Object.getOwnPropertySymbols(app).find(({ description }) => description === 'fastify.Request');
  const requests: unknown = slot === undefined ? undefined : Reflect.get(app, slot);
  if (typeof requests !== 'function') return undefined;
  return () => !Object.hasOwn(requests.prototype, 'ips');
}
