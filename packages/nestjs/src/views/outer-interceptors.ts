import 'reflect-metadata';
import {
  type CallHandler,
  ClassSerializerInterceptor,
  type ExecutionContext,
  type NestInterceptor,
  type Type,
} from '@nestjs/common';
import type { ApplicationConfig } from '@nestjs/core';
import { earlyWatchOf, isCloneError, neverStore, watchEarly } from '@viewcache/core/node';
import { catchError, defer, mergeAll, type Observable, throwError } from 'rxjs';
import { isObserver, isPassingAsMade, isView } from './observer.js';
import { classWithin, isWrappedBy, NOTHING, OuterWrapper } from './outer-wrapper.js';
import { platformOf } from './platforms.js';
import { keepContext } from './request-context.js';
import { type Handler, INTERCEPTORS } from './route-metadata.js';

/** Handlers of cached routes around which somebody may ask who it is: a mark for all apps of the process. */
const watched = new WeakSet<Handler>();

/** Where the interceptor stands by which a view is asked. */
export interface ViewPlace {
  /** How many of the app's interceptors stand further out, with itself. @defaultValue all */
  readonly globals?: number;
  /** The same of those that are made for each request, which stand behind the others. @defaultValue all */
  readonly scoped?: number;
  /** Tells it at the controller or at the handler; without it, it is one of the app's. */
  readonly isHere?: (interceptor: unknown) => boolean;
}

/**
 * Has watched what the interceptors further out than a view read before it is asked: they shape what is stored, and a hit
 * would skip nothing of them but show everybody what they made for one. To be called before Nest makes the routes.
 */
export function watchOuter(config: ApplicationConfig, controller: Type, handler: Handler, place: ViewPlace): void {
  const globals = config.getGlobalInterceptors();
  const first = globals.slice(0, place.globals).findIndex((one) => !isHarmless(one));
  const scoped = config.getGlobalRequestInterceptors().slice(0, place.scoped);
  const hasScoped = scoped.some(({ metatype }) => !isHarmless(metatype));
  const { isHere } = place;
  const places =
    isHere === undefined
      ? []
      : [controller, handler].filter((it) => outerAt(it, controller, handler, isHere).some((one) => !isHarmless(one)));
  if (first < 0 && !hasScoped && places.length === 0) return;
  watched.add(handler);
  if (first >= 0) {
    const one = globals[first] as NestInterceptor;
    if (!isWrappedBy(one, Watching)) globals[first] = new Watching(one);
  } else if (hasScoped) {
    if (!globals.some((it) => isWrappedBy(it, Watching))) globals.push(new Watching(NOTHING));
  } else for (const place of places.slice(0, 1)) putFirst(place);
}

/** Interceptors at one place that stand further out than the view. */
export function outerAt(
  place: object,
  controller: Type,
  handler: Handler,
  isHere: (interceptor: unknown) => boolean,
): readonly unknown[] {
  const of = (it: object): readonly unknown[] => Reflect.getMetadata(INTERCEPTORS, it) ?? [];
  const own = of(place);
  const at = own.findIndex(isHere);
  // With what stands there: it may do more than ask the view.
  if (at >= 0) return own.slice(0, at + 1);
  // The view is the controller's: what stands at the handler is further in.
  return place === handler && of(controller).some(isHere) ? [] : own;
}

function putFirst(place: object): void {
  const own: readonly unknown[] = Reflect.getMetadata(INTERCEPTORS, place) ?? [];
  if (!own.includes(WATCH)) Reflect.defineMetadata(INTERCEPTORS, [WATCH, ...own], place);
}

/** It asks for nothing of the request, or is known to shape nothing by it. */
function isHarmless(interceptor: unknown): boolean {
  const type = classWithin(interceptor);
  if (type === undefined || type === ClassSerializerInterceptor) return true;
  return typeof type === 'function' && (isObserver(type) || isView(type) || isPassingAsMade(type));
}

/** An interceptor, with all that it and those further in read of a request of a cached route. */
class Watching extends OuterWrapper {
  intercept(context: ExecutionContext, next: CallHandler): ReturnType<NestInterceptor['intercept']> {
    if (context.getType() !== 'http' || !watched.has(context.getHandler() as Handler)) {
      return this.inner.intercept(context, next);
    }
    return this.#watch(context, next);
  }

  #watch(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    const http = context.switchToHttp();
    const platform = platformOf(http.getResponse());
    const req = platform.requestOf(http.getRequest());
    keepContext(req, context);
    watchEarly(req, platform.responseOf(http.getResponse()), platform.host);
    const run = (): Observable<unknown> =>
      defer(async () => await this.inner.intercept(context, next)).pipe(mergeAll());
    return run().pipe(
      catchError((error: unknown) => {
        const early = earlyWatchOf(req);
        if (early?.isListening !== true || !isCloneError(error)) return throwError(() => error);
        // It cannot do with what is watched: from now on nothing is, and nothing is stored of this route.
        early.release();
        const handler = context.getHandler() as Handler;
        watched.delete(handler);
        neverStore(handler);
        return run();
      }),
    );
  }
}

/** For the lists of decorators, which all apps of the process share. */
const WATCH = new Watching(NOTHING);
