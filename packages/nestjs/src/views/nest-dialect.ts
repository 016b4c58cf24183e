import type { Dialect, ViewHost } from '@viewcache/core/node';
import { contextOf, type ViewRequest } from './request-context.js';

/** A function that is given Nest's context, of an expression of the request. */
function inContext(expression: string): string {
  if (!/\breq\b/.test(expression)) return `() => ${expression}`;
  const text = expression
    .replaceAll(/\breq\.get\(('[^']+')\)/g, 'req.headers[$1]')
    .replaceAll(/\breq\.res\?/g, 'ctx.switchToHttp().getResponse()')
    .replaceAll(/\breq\b/g, 'ctx.switchToHttp().getRequest()');
  return `(ctx) => ${text}`;
}

const NEST: Dialect = {
  key: (expression) => `key: ${inContext(expression)}`,
  option: (text) => text,
  never: '@NeverCache()',
  before: 'in a guard, or in middleware',
};

/** Of routes under the interceptor of `compat`, which has none of these options. */
const COMPAT: Dialect = {
  ...NEST,
  key: (expression) => `@CacheKey(${inContext(expression)}), or the same in trackBy()`,
  option: (text) => `@CacheView({ ttl, ${text} }) in place of CacheInterceptor`,
};

function handlerOf(req: ViewRequest): string {
  const context = contextOf(req);
  return `${context.getClass().name}.${context.getHandler().name}`;
}

/** A host whose warnings speak of controllers, in the words of Nest. */
export function inNest(host: ViewHost<ViewRequest>): ViewHost<ViewRequest> {
  return { ...host, dialect: NEST, handler: handlerOf };
}

/** The same of routes under the interceptor of `compat`. */
export function inCompat(host: ViewHost<ViewRequest>): ViewHost<ViewRequest> {
  return { ...host, dialect: COMPAT };
}
