import type { Type } from '@nestjs/common';
import { MetadataScanner, type ModulesContainer } from '@nestjs/core';
import { type Handler, isRoute } from './route-metadata.js';

const scanner = new MetadataScanner();

/** The routes of an app, as soon as its modules are wired: each handler with its controller. */
export function* routesOf(modules: ModulesContainer): Generator<readonly [controller: Type, handler: Handler]> {
  for (const module of modules.values()) {
    for (const { metatype } of module.controllers.values()) {
      if (typeof metatype !== 'function') continue;
      for (const [, method] of methodsOf(metatype as Type)) if (isRoute(method)) yield [metatype as Type, method];
    }
  }
}

/** The methods of a class, those it inherits included. */
export function methodsOf(type: Type): (readonly [name: string, method: Handler])[] {
  const prototype: Record<string, Handler> | undefined = type.prototype;
  if (prototype === undefined) return [];
  return scanner.getAllMethodNames(prototype).map((name) => [name, prototype[name] as Handler] as const);
}
