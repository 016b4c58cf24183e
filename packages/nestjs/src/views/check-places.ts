import type { Type } from '@nestjs/common';
import type { ModulesContainer } from '@nestjs/core';
import { ConfigError } from '@viewcache/core';
import { hasView, isRoute } from './route-metadata.js';
import { methodsOf } from './routes-of.js';

const ALLOWED =
  'it on controllers, and on methods of theirs that answer routes; the results of other methods can be kept, too, by @Cacheable()';

/**
 * Refuses `@CacheView()` where no response of HTTP is made: on resolvers, gateways, handlers of messages and services.
 *
 * @throws {@link ConfigError} that names the class and the method
 */
export function checkPlaces(modules: ModulesContainer): void {
  for (const module of modules.values()) {
    const controllers = new Set<unknown>([...module.controllers.values()].map(({ metatype }) => metatype));
    for (const { metatype, inject } of [...module.providers.values(), ...module.controllers.values()]) {
      // A factory is a function, and no class.
      if (typeof metatype !== 'function' || (inject !== undefined && inject !== null)) continue;
      check(metatype as Type, controllers.has(metatype));
    }
  }
}

function check(type: Type, isController: boolean): void {
  if (!isController && hasView(type)) throw new ConfigError(`${type.name}: @CacheView`, type, ALLOWED);
  for (const [name, method] of methodsOf(type)) {
    if (!hasView(method) || (isController && isRoute(method))) continue;
    throw new ConfigError(`${type.name}.${name}: @CacheView`, method, ALLOWED);
  }
}
