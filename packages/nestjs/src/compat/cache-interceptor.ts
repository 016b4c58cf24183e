import {
  type CallHandler,
  type ExecutionContext,
  Inject,
  Injectable,
  Logger,
  type NestInterceptor,
  Optional,
} from '@nestjs/common';
import { HttpAdapterHost, Reflector } from '@nestjs/core';
import { view } from '@viewcache/core';
import { earlyWatchOf, guardOf, isThenable } from '@viewcache/core/node';
import { from, mergeMap, type Observable, tap } from 'rxjs';
import { PassingInterceptor } from '../views/observer.js';
import { platformOf } from '../views/platforms.js';
import type { Handler } from '../views/route-metadata.js';
import { keepKey, type Tracked } from './asked-keys.js';
import { servedMessage } from './cached-messages.js';
import { type CachedRoute, cachedRoutesOf } from './cached-routes.js';
import { CACHE_KEY_METADATA, CACHE_MANAGER, CACHE_TTL_METADATA } from './constants.js';
import type { CacheKeyFactory, CacheTTLFactory } from './decorators.js';
import { lifetimeOf } from './lifetimes.js';
import { ManagedCache } from './managed-cache.js';

/** What both adapters' requests have. */
interface AnyRequest {
  readonly method: string;
  readonly url: string;
  readonly originalUrl?: string;
}

/**
 * `CacheInterceptor` of `@nestjs/cache-manager`: caches what the GET routes under it answer, and what handlers of messages
 * return that have a `@CacheKey()`. A class that extends it may override `trackBy` and `isRequestCacheable`.
 *
 * Of routes it is the bytes that are stored, with their status and fields, and not what the handler returned; the rules are
 * those of `@CacheView()`: no answer of a handler that reads who is asking, none that sets a cookie.
 *
 * @example
 * ```ts
 * @UseInterceptors(CacheInterceptor)
 * @Controller()
 * class CatsController { … }
 * ```
 */
@PassingInterceptor()
@Injectable()
export class CacheInterceptor implements NestInterceptor {
  /** For classes that extend this one, which may ask it for the URL and the method. */
  @Optional()
  @Inject(HttpAdapterHost)
  protected readonly httpAdapterHost!: HttpAdapterHost;

  /** Methods whose answers are cached. POST is not, also where it stands here. */
  protected allowedMethods: string[] = ['GET'];

  constructor(
    // biome-ignore lint/suspicious/noExplicitAny: as it is there, so that classes that extend it compile.
    @Inject(CACHE_MANAGER) protected readonly cacheManager: any,
    protected readonly reflector: Reflector,
  ) {}

  async intercept(context: ExecutionContext, next: CallHandler): Promise<Observable<unknown>> {
    const type = context.getType<string>();
    const routes = cachedRoutesOf(this.cacheManager);
    // Resolvers run for each field, and have no answer of their own.
    if (routes === undefined || (type !== 'http' && type !== 'rpc' && type !== 'ws')) return next.handle();
    if (type !== 'http') return await this.#message(context, next);
    const route = routes.routeOf(context.getClass(), context.getHandler() as Handler, this.#isKeyed(context));
    return route === undefined ? next.handle() : await this.#route(route, context, next);
  }

  /**
   * What an answer is found by; `undefined`: it is not cached. Asked for GET and HEAD
   * only, and more than once where it answers at once: what it reads of the request is covered by the key then.
   */
  protected trackBy(context: ExecutionContext): Tracked {
    const named = this.#named(context);
    if (context.getType() !== 'http' || named) return typeof named === 'function' ? named(context) : named;
    if (!this.isRequestCacheable(context)) return undefined;
    const request = context.switchToHttp().getRequest<AnyRequest>();
    return request.originalUrl ?? request.url;
  }

  /** Whether the answer to a request may be cached. */
  protected isRequestCacheable(context: ExecutionContext): boolean {
    const { method } = context.switchToHttp().getRequest<AnyRequest>();
    // It is answered by what a GET has stored.
    return this.allowedMethods.includes(method === 'HEAD' ? 'GET' : method);
  }

  async #route(
    { served, ttl }: CachedRoute,
    context: ExecutionContext,
    next: CallHandler,
  ): Promise<Observable<unknown>> {
    const http = context.switchToHttp();
    const request = http.getRequest<AnyRequest>();
    // Their success makes what a GET has stored be gone.
    if (request.method !== 'GET' && request.method !== 'HEAD') return served.serve(context, next);
    // What is read for a key shapes nothing.
    earlyWatchOf(platformOf(http.getResponse()).requestOf(request))?.end();
    const tracked = this.trackBy(context);
    const key = await tracked;
    if (!key) return next.handle();
    keepKey(context, key, isThenable(tracked) ? undefined : () => this.trackBy(context));
    return served.serve(context, { handle: () => storedWell(context, ttl, next) });
  }

  async #message(context: ExecutionContext, next: CallHandler): Promise<Observable<unknown>> {
    const manager = this.cacheManager as ManagedCache;
    const key = await this.trackBy(context);
    if (!key) return next.handle();
    return await servedMessage(manager, key, () => this.#ttl(context), next);
  }

  #ttl(context: ExecutionContext): number | undefined | Promise<number | undefined> {
    const places = [context.getHandler(), context.getClass()];
    const ttl = this.reflector.getAllAndOverride<number | CacheTTLFactory | undefined>(CACHE_TTL_METADATA, places);
    return typeof ttl === 'function' ? ttl(context) : ttl;
  }

  #named(context: ExecutionContext): string | CacheKeyFactory | undefined {
    return this.reflector.get<string | CacheKeyFactory | undefined>(CACHE_KEY_METADATA, context.getHandler());
  }

  /** Whether it is a function of the app's that says what answers are found by. */
  #isKeyed(context: ExecutionContext): boolean {
    return this.trackBy !== CacheInterceptor.prototype.trackBy || typeof this.#named(context) === 'function';
  }
}

/** The handler's part of the chain, inside the view: what `@CacheTTL()` says of it, and that nothing is no answer to keep. */
function storedWell(
  context: ExecutionContext,
  factory: CacheTTLFactory | undefined,
  next: CallHandler,
): Observable<unknown> {
  const current = view();
  const values = (): Observable<unknown> =>
    next.handle().pipe(
      tap((value) => {
        // A visitor who finds nothing must not keep the next one from finding something.
        if (value === undefined || value === null) current.doNotStore();
      }),
    );
  if (factory === undefined) return values();
  const say = (ttl: unknown): void => void current.ttl(lifetimeOf('@CacheTTL', ttl));
  const http = context.switchToHttp();
  const guard = guardOf(platformOf(http.getResponse()).requestOf(http.getRequest()));
  const fail = (error: unknown): void => {
    current.doNotStore();
    Logger.error(error, 'CacheInterceptor');
  };
  try {
    // What it reads of the request shapes nothing, either.
    const ttl = guard?.unwatched(() => factory(context)) ?? factory(context);
    if (isThenable(ttl)) return from(Promise.resolve(ttl).then(say).catch(fail)).pipe(mergeMap(values));
    say(ttl);
  } catch (error) {
    fail(error);
  }
  return values();
}
