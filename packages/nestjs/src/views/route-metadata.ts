import 'reflect-metadata';
import type { Type } from '@nestjs/common';
import type { Duration } from '@viewcache/core';
import { isRecord } from '@viewcache/core/node';
import type { CacheViewOptions } from './cache-view-options.js';

/** The method of a controller that answers a route. */
export type Handler = (...args: never[]) => unknown;

/** What decorators of ours have noted, each under a key of its own. */
export const NOTED = {
  /** {@link CacheViewOptions}, or a ttl, or nothing. */
  view: 'viewcache:view',
  never: 'viewcache:never',
  /** Names of request fields. */
  vary: 'viewcache:vary',
  /** The value of Cache-Control. */
  cacheControl: 'viewcache:cache-control',
} as const;

/** What Nest's own decorators have noted of a route; the names are the same in Nest 11 and 12. */
export const OF_NEST = {
  headers: '__headers__',
  sse: '__sse__',
  method: 'method',
  path: 'path',
  version: '__version__',
  host: 'host',
  modulePath: '__module_path__',
  guards: '__guards__',
} as const;

/** Where Nest notes interceptors. */
export const INTERCEPTORS = '__interceptors__';

/** All that decorators say of one route: the handler's word before its controller's. */
export interface RouteMetadata {
  /** `undefined` where neither has `@CacheView()`. */
  readonly view: CacheViewOptions | undefined;
  readonly isNever: boolean;
  readonly vary: readonly string[];
  readonly cacheControl: string | undefined;
  /** Names of fields that `@Header()` sets, lower case. */
  readonly headers: readonly string[];
  readonly isSse: boolean;
  /** Whether any decorator of ours stands there: then there is an interceptor, too. */
  readonly isDecorated: boolean;
}

/** Reads what was decorated. */
export function readRoute(controller: Type, handler: Handler): RouteMetadata {
  const own = viewOptionsAt(handler);
  const shared = viewOptionsAt(controller);
  const headers = noted<readonly { readonly name: string }[]>(OF_NEST.headers, handler) ?? [];
  // The handler's own word stands against its controller's, whichever of the two it is.
  const isNever = noted(NOTED.never, handler) ?? (own === undefined && noted(NOTED.never, controller));
  return {
    view: own === undefined && shared === undefined ? undefined : { ...shared, ...own },
    isNever: isNever === true,
    vary: [
      ...new Set([...(noted<string[]>(NOTED.vary, controller) ?? []), ...(noted<string[]>(NOTED.vary, handler) ?? [])]),
    ],
    cacheControl: noted<string>(NOTED.cacheControl, handler) ?? noted<string>(NOTED.cacheControl, controller),
    headers: headers.map(({ name }) => name.toLowerCase()),
    isSse: noted(OF_NEST.sse, handler) === true,
    isDecorated: Object.values(NOTED).some((key) => [controller, handler].some((it) => noted(key, it) !== undefined)),
  };
}

/** The version that a route is for; `undefined` where it is for none. */
export function versionOf(controller: Type, handler: Handler): unknown {
  return noted(OF_NEST.version, handler) ?? noted(OF_NEST.version, controller);
}

/** Whether a method of a class answers a route. */
export function isRoute(handler: object): boolean {
  return noted(OF_NEST.method, handler) !== undefined && noted(OF_NEST.path, handler) !== undefined;
}

/** The decorators by what they note. */
const DECORATORS = {
  view: '@CacheView',
  never: '@NeverCache',
  vary: '@VaryOn',
  cacheControl: '@CacheControl',
} as const;

/** The decorator of ours that stands on a class or a method. */
export function decoratorOn(target: object): (typeof DECORATORS)[keyof typeof DECORATORS] | undefined {
  const names = Object.keys(NOTED) as (keyof typeof NOTED)[];
  const name = names.find((each) => noted(NOTED[each], target) !== undefined);
  return name === undefined ? undefined : DECORATORS[name];
}

/** What was noted of a class, or of one that it extends, or of a method. */
export function noted<T = unknown>(key: string, target: object): T | undefined {
  return Reflect.getMetadata(key, target);
}

/** What `@CacheView()` says on a class or a method; `undefined` where it does not stand there. */
export function viewOptionsAt(target: object): CacheViewOptions | undefined {
  const given = noted<Duration | CacheViewOptions>(NOTED.view, target);
  // A list, or a Map, would pass for options that leave all of them out.
  return given === undefined || isRecord(given) ? given : { ttl: given as Duration };
}
