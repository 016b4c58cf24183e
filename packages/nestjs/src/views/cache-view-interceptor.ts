import { type CallHandler, type ExecutionContext, Injectable, type NestInterceptor } from '@nestjs/common';
import type { Observable } from 'rxjs';
import { ViewInterceptor } from './observer.js';
import type { Handler } from './route-metadata.js';
import { Views } from './views.js';

/** Carries out what the decorators of a route say. Guards have run by then, on hits too. */
@ViewInterceptor()
@Injectable()
export class CacheViewInterceptor implements NestInterceptor {
  readonly #views: Views;

  constructor(views: Views) {
    this.#views = views;
  }

  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    if (context.getType() !== 'http') return next.handle();
    const route = this.#views.routeOf(context.getClass(), context.getHandler() as Handler);
    return route === undefined ? next.handle() : route.serve(context, next);
  }
}
