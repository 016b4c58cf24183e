import type { Type } from '@nestjs/common';
import { ExecutionContextHost } from '@nestjs/core/helpers/execution-context-host.js';
import { RouterExecutionContext } from '@nestjs/core/router/router-execution-context.js';
import type { Handler } from './route-metadata.js';
import type { ServedRoute } from './served-route.js';

type RouteOf = (controller: Type, handler: Handler) => ServedRoute | undefined;
type Entry = (request: unknown, reply: unknown, next?: unknown) => unknown;
type Create = (this: Maker, instance: object, handler: Handler, ...more: unknown[]) => Entry;

/** What Nest has for an app's routes: the adapter is that of the app. */
interface Maker {
  readonly applicationRef?: object;
}

/** The routes of each app, by its HTTP adapter. */
const apps = new WeakMap<object, RouteOf>();
const patched: unique symbol = Symbol('viewcache.entry');

/**
 * Has the routes of an app asked before their guards. To be called before Nest makes the routes.
 *
 * Nest has no place for that: middleware does not know which handler it is for, nor whether a version or a host is the right
 * one. So the function with which Nest enters a route, guards first, is made with one of ours in front, for routes that want it.
 */
export function enterBefore(adapter: object, routeOf: RouteOf): void {
  apps.set(adapter, routeOf);
  const prototype = RouterExecutionContext.prototype as unknown as { create: Create; [patched]?: true };
  if (prototype[patched] === true) return;
  prototype[patched] = true;
  const { create } = prototype;
  prototype.create = function (instance, handler, ...more) {
    const enter = create.call(this, instance, handler, ...more);
    const controller = instance.constructor as Type;
    const route = this.applicationRef === undefined ? undefined : apps.get(this.applicationRef)?.(controller, handler);
    return route?.isBeforeGuards === true ? entryOf(route, controller, handler, enter) : enter;
  };
}

function entryOf(route: ServedRoute, controller: Type, handler: Handler, enter: Entry): Entry {
  return async (request, reply, next) => {
    const context = new ExecutionContextHost([request, reply, next], controller, handler);
    const entered = route.enter(context);
    if (entered === 'answered') return;
    try {
      await enter(request, reply, next);
    } catch (error) {
      if (entered === 'asked') route.fail(context);
      throw error;
    }
  };
}
