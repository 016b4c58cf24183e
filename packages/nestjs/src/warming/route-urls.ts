import { Injectable, RequestMethod, type Type, VERSION_NEUTRAL, VersioningType } from '@nestjs/common';
import { ApplicationConfig, ModulesContainer } from '@nestjs/core';
import { ConfigError } from '@viewcache/core';
import { type Handler, noted, OF_NEST, versionOf } from '../views/route-metadata.js';
import { fillPath, type RouteParams } from './fill-path.js';

/** As Nest has them where routes are left out of a prefix: -1 stands for all methods, too. */
const MEANT: ReadonlySet<number> = new Set([RequestMethod.GET, RequestMethod.ALL, -1]);

/** The names of the methods of a class. */
type MethodOf<C> = { [K in keyof C]: C[K] extends (...args: never[]) => unknown ? K : never }[keyof C] & string;

/**
 * Says the URL of a handler, by what its decorators say and the app was told: prefixes, modules of a router, versions in the path.
 *
 * @example
 * ```ts
 * const urls = ids.map((id) => app.get(RouteUrls).of(CitiesController, 'findOne', { id, lang: 'de' }));
 * await cache.warm(urls, { origin: 'https://www.example.com' }); // /cities/7?lang=de, …
 * ```
 */
@Injectable()
export class RouteUrls {
  readonly #config: ApplicationConfig;
  readonly #modules: ModulesContainer;

  constructor(config: ApplicationConfig, modules: ModulesContainer) {
    this.#config = config;
    this.#modules = modules;
  }

  /**
   * @param params - of the path, by name; what the path does not name goes into the query. Of several paths the first is taken,
   * and of several versions the first that is in one
   * @returns path and query
   * @throws {@link ConfigError} for a method that answers no GET, a parameter that is missing, and a path with more in it than
   * parameters
   */
  of<C>(controller: Type<C>, method: MethodOf<C>, params: RouteParams = {}): string {
    const setting = `${controller.name}.${method}`;
    const handler = (controller.prototype as Record<string, Handler> | undefined)?.[method];
    const verb = typeof handler === 'function' ? noted(OF_NEST.method, handler) : undefined;
    if (handler === undefined || (verb !== RequestMethod.GET && verb !== RequestMethod.ALL))
      throw new ConfigError(setting, method, 'a method of a controller with @Get()');
    const own = [this.#modulePath(controller), noted(OF_NEST.path, controller), noted(OF_NEST.path, handler)];
    const path = joined([this.#versionPath(controller, handler), ...own]);
    return fillPath(
      setting,
      this.#isOutsidePrefix(path) ? path : joined([this.#config.getGlobalPrefix(), path]),
      params,
    );
  }

  #versionPath(controller: Type, handler: Handler): string {
    const versioning = this.#config.getVersioning();
    if (versioning?.type !== VersioningType.URI) return '';
    const version = first(versionOf(controller, handler) ?? versioning.defaultVersion);
    if (version === undefined || version === VERSION_NEUTRAL) return '';
    return `${versioning.prefix === false ? '' : (versioning.prefix ?? 'v')}${String(version)}`;
  }

  /** As `RouterModule` has been told. */
  #modulePath(controller: Type): unknown {
    for (const { controllers, metatype } of this.#modules.values()) {
      if (![...controllers.values()].some((it) => it.metatype === controller)) continue;
      const { modulePath } = OF_NEST;
      return noted(modulePath + this.#modules.applicationId, metatype) ?? noted(modulePath, metatype);
    }
    throw new ConfigError('RouteUrls.of', controller, 'a controller of this app');
  }

  #isOutsidePrefix(path: string): boolean {
    const { exclude = [] } = this.#config.getGlobalPrefixOptions();
    return exclude.some(({ pathRegex, requestMethod }) => MEANT.has(requestMethod) && pathRegex.test(path));
  }
}

/** Each part once, whatever slashes it begins and ends with; of a list the first. */
function joined(parts: readonly unknown[]): string {
  const texts = parts.map((part) => String(first(part) ?? '').replace(/^\/+|\/+$/g, ''));
  return `/${texts.filter((text) => text !== '').join('/')}`;
}

function first(value: unknown): unknown {
  return Array.isArray(value) ? value[0] : value;
}
