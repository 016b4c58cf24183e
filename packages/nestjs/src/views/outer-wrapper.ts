import type { CallHandler, ExecutionContext, NestInterceptor } from '@nestjs/common';

/** An interceptor of ours that stands around another one. */
export abstract class OuterWrapper implements NestInterceptor {
  readonly inner: NestInterceptor;

  constructor(inner: NestInterceptor) {
    this.inner = inner;
  }

  abstract intercept(context: ExecutionContext, next: CallHandler): ReturnType<NestInterceptor['intercept']>;
}

/** Where ours stands alone, in front of others. */
export const NOTHING: NestInterceptor = { intercept: (_context, next) => next.handle() };

/** The class of what stands inside of ours; `undefined` where that is nothing. */
export function classWithin(interceptor: unknown): unknown {
  let one = interceptor;
  while (one instanceof OuterWrapper) one = one.inner;
  if (one === NOTHING) return undefined;
  return typeof one === 'function' ? one : (one as object | null)?.constructor;
}

/** Whether one of this class stands around an interceptor already. */
export function isWrappedBy(interceptor: unknown, type: abstract new (...args: never[]) => OuterWrapper): boolean {
  if (!(interceptor instanceof OuterWrapper)) return false;
  return interceptor instanceof type || isWrappedBy((interceptor as OuterWrapper).inner, type);
}
