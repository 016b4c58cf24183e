import type { Type } from '@nestjs/common';
import type { ModulesContainer } from '@nestjs/core';
import { ConfigError } from '@viewcache/core';
import { classOfWrapper } from '../module/nest-containers.js';
import { decoratorOn, isRoute } from './route-metadata.js';
import { methodsOf } from './routes-of.js';

const ALLOWED = 'it on controllers that have routes, and on methods of theirs that answer one';
const INSTEAD = '; the results of other methods can be kept, too, by @Cacheable()';

/**
 * Refuses decorators of routes where no response of HTTP is made: on resolvers, gateways, handlers of messages and services.
 *
 * @throws {@link ConfigError} that names the class and the method
 */
export function checkPlaces(modules: ModulesContainer): void {
  const all = [...modules.values()];
  const controllers = new Set(all.flatMap((module) => [...module.controllers.values()].map(classOfWrapper)));
  const providers = all.flatMap((module) => [...module.providers.values()].map(classOfWrapper));
  // A controller may be provided as well, so that others have it injected.
  for (const type of new Set([...controllers, ...providers])) {
    // What a factory has made may say of itself that it has any class.
    if (typeof type === 'function') check(type as Type, controllers.has(type));
  }
}

function check(type: Type, isController: boolean): void {
  const methods = methodsOf(type);
  const isPlace = (method: object): boolean => isController && isRoute(method);
  // Of a controller that answers routes and messages it stands for the routes.
  if (!methods.some(([, method]) => isPlace(method))) refuse(type.name, type);
  for (const [name, method] of methods) if (!isPlace(method)) refuse(`${type.name}.${name}`, method);
}

function refuse(where: string, target: object): void {
  const decorator = decoratorOn(target);
  if (decorator === undefined) return;
  throw new ConfigError(`${where}: ${decorator}`, target, decorator === '@CacheView' ? ALLOWED + INSTEAD : ALLOWED);
}
