import type { CallHandler, ExecutionContext, NestInterceptor, Type } from '@nestjs/common';
import type { Observable } from 'rxjs';
import { ViewInterceptor } from './observer.js';
import type { Handler } from './route-metadata.js';
import type { ServedRoute } from './served-route.js';

type RouteOf = (controller: Type, handler: Handler) => ServedRoute | undefined;

/** The same for the routes without a decorator of ours, where the module says that all are cached. */
@ViewInterceptor()
export class EveryViewInterceptor implements NestInterceptor {
  readonly #routeOf: RouteOf;

  constructor(routeOf: RouteOf) {
    this.#routeOf = routeOf;
  }

  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    if (context.getType() !== 'http') return next.handle();
    const route = this.#routeOf(context.getClass(), context.getHandler() as Handler);
    return route === undefined || route.isDecorated ? next.handle() : route.serve(context, next);
  }
}
