import 'reflect-metadata';
import {
  type CallHandler,
  ClassSerializerInterceptor,
  type ExecutionContext,
  type NestInterceptor,
  type Type,
} from '@nestjs/common';
import type { ApplicationConfig } from '@nestjs/core';
import { textOf } from '@viewcache/core/node';
import { catchError, type Observable, of, throwError } from 'rxjs';
import { answeredBy } from './answered.js';
import { isPassingAsMade, isView } from './observer.js';
import { outerAt, type ViewPlace, watchOuter } from './outer-interceptors.js';
import { classWithin, isWrappedBy, NOTHING, OuterWrapper } from './outer-wrapper.js';
import { platformOf } from './platforms.js';
import { responseIn } from './request-context.js';
import { type Handler, INTERCEPTORS } from './route-metadata.js';

/** Handlers of cached routes around which somebody may throw on hits: a mark for all apps of the process. */
const quieted = new WeakSet<Handler>();

/** Prepares the interceptors around a view: {@link watchOuter}, and {@link quiet}. To be called before Nest makes the routes. */
export function prepareOuter(config: ApplicationConfig, controller: Type, handler: Handler, place: ViewPlace): void {
  watchOuter(config, controller, handler, place);
  quiet(config, controller, handler, place);
}

/**
 * Keeps what interceptors further out than a view throw on hits from exception filters and logs, such as a `map()` of what the
 * handler has returned: it has returned nothing, and the answer is out.
 *
 * One stands around those of the app, of the controller and of the handler each: only within one of these an error is seen.
 */
function quiet(config: ApplicationConfig, controller: Type, handler: Handler, place: ViewPlace): void {
  const globals = config.getGlobalInterceptors();
  const first = globals.slice(0, place.globals).findIndex(mayThrow);
  const scoped = config.getGlobalRequestInterceptors().slice(0, place.scoped);
  if (first >= 0) {
    quieted.add(handler);
    const one = globals[first] as NestInterceptor;
    if (!isWrappedBy(one, Quieting)) globals[first] = new Quieting(one, `${nameOf(one)} or further in`);
  } else if (scoped.some(({ metatype }) => mayThrow(metatype))) {
    quieted.add(handler);
    const names = scoped.map(({ metatype }) => nameOf(metatype)).join(', ');
    if (!globals.some((it) => isWrappedBy(it, Quieting))) globals.push(new Quieting(NOTHING, names));
  }
  const { isHere } = place;
  if (isHere === undefined) return;
  for (const it of [controller, handler]) {
    const outer = outerAt(it, controller, handler, isHere).filter(mayThrow);
    if (outer.length === 0) continue;
    quieted.add(handler);
    const own: readonly unknown[] = Reflect.getMetadata(INTERCEPTORS, it) ?? [];
    const names = outer.map(nameOf).join(', ');
    if (!own.some((one) => isWrappedBy(one, Quieting)))
      Reflect.defineMetadata(INTERCEPTORS, [new Quieting(NOTHING, names), ...own], it);
  }
}

/** Nobody knows that it can do with nothing. */
function mayThrow(interceptor: unknown): boolean {
  const type = classWithin(interceptor);
  return type !== undefined && type !== ClassSerializerInterceptor && !isView(type) && !isPassingAsMade(type);
}

function nameOf(interceptor: unknown): string {
  return (classWithin(interceptor) as { readonly name?: string } | undefined)?.name || 'an interceptor';
}

/** Interceptors of one place, whose errors count only where the handler answers. */
class Quieting extends OuterWrapper {
  readonly #names: string;
  #hasTold = false;

  /** @param names - of those that stand there, for the warning */
  constructor(inner: NestInterceptor, names: string) {
    super(inner);
    this.#names = names;
  }

  intercept(context: ExecutionContext, next: CallHandler): ReturnType<NestInterceptor['intercept']> {
    const result = this.inner.intercept(context, next);
    if (context.getType() !== 'http' || !quieted.has(context.getHandler() as Handler)) return result;
    if (result instanceof Promise) {
      // One that waits for the value before it hands out a chain has none to throw in.
      const failed = (error: unknown) =>
        this.#quiet(
          context,
          throwError(() => error),
        );
      return result.then((chain) => this.#quiet(context, chain), failed);
    }
    return this.#quiet(context, result);
  }

  #quiet(context: ExecutionContext, chain: Observable<unknown>): Observable<unknown> {
    return chain.pipe(
      catchError((error: unknown) => {
        const reply = responseIn<object>(context);
        const server = answeredBy(platformOf(reply).responseOf(reply));
        if (server === undefined) return throwError(() => error);
        if (!this.#hasTold) {
          this.#hasTold = true;
          const message = messageOf(this.#names, `${context.getClass().name}.${context.getHandler().name}`, error);
          server.runtime.telemetry.emit({ type: 'warning', message });
        }
        return of(undefined);
      }),
    );
  }
}

function messageOf(names: string, handler: string, error: unknown): string {
  return [
    `viewcache: an interceptor further out than the cache (${names}) threw on a hit of ${handler}, where it gets undefined: ${textOf(error)}`,
    '  if it shapes the answer   put it further in, by @UseInterceptors() above @CacheView() on the handler: what it makes is stored',
    '  or                        let undefined through, as what it makes is stored here, too: map((rows) => rows && { data: rows })',
    '  why: docs/guides/nestjs-views.md#what-runs-on-a-hit',
  ].join('\n');
}
