import type { ExecutionContext } from '@nestjs/common';
import type { Cache, Duration, ViewOptions } from '@viewcache/core';

type Shared = ViewOptions<ExecutionContext, never>;

/**
 * How a route is cached. Functions are given Nest's execution context; each one that is called on a hit costs a call there.
 *
 * @example
 * ```ts
 * @CacheView({ ttl: '5m', tags: (ctx) => [`cities#${ctx.switchToHttp().getRequest().params.id}`] })
 * ```
 */
export interface CacheViewOptions extends Omit<Shared, 'ttl' | 'tags' | 'placeholders'> {
  /**
   * Freshness lifetime, as in `cachePage`: seconds, or `'5m'`, `'1h30m'`, `'250ms'`; `0` stores nothing; `'forever'` only with
   * tags; `'origin'`: the response's own headers decide (RFC 9111). Or a function that is called on each miss.
   *
   * @defaultValue that of the controller, else that of the module's `views`; without any until it is invalidated, where reads
   * are tracked, and elsewhere nothing is stored, with a warning
   */
  readonly ttl?: Duration | ((context: ExecutionContext) => Duration);
  /**
   * Tags of every response, or a function that is called as the head of a response is written, and again at the end of
   * a stream: strings of 1 to 256 characters without control characters.
   *
   * @defaultValue `[]`
   */
  readonly tags?: readonly string[] | ((context: ExecutionContext) => readonly string[]);
  /**
   * What is different in each answer, such as the nonce of a Content-Security-Policy: its value, by a name. Wherever the
   * body has that value, a hit has the value of its own visitor.
   *
   * @defaultValue none
   */
  readonly placeholders?: Readonly<Record<string, (context: ExecutionContext) => string>>;
  /**
   * Where responses are stored: one of the app's caches by its name in `ViewCacheModule.forRoot({ caches })`, or one that
   * was made already.
   *
   * @defaultValue the app's own
   */
  readonly cache?: string | Cache;
  /**
   * Answers hits of this route before its guards run, for pages that are everybody's: a decision about security, which is
   * taken at the route. No guard, filter or interceptor runs for such a hit; no request with a cookie or credentials gets
   * one. Cookies that say nothing can be named. Not in the module's `views`.
   *
   * @defaultValue false
   */
  readonly beforeGuards?: boolean | { readonly ignoreCookies: readonly string[] };
}
