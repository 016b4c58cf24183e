import type { IncomingMessage } from 'node:http';
import type { ExecutionContext } from '@nestjs/common';

/** A request of Node's, as a view is asked for it: on Express that is the app's own, on Fastify the one beneath. */
export type ViewRequest = IncomingMessage & { originalUrl?: string; baseUrl?: string; [slot]?: ExecutionContext };

const slot: unique symbol = Symbol.for('viewcache.context') as never;

/** Keeps what the functions in options are given. */
export function keepContext(req: ViewRequest, context: ExecutionContext): void {
  req[slot] = context;
}

/**
 * The request as its handler gets it.
 *
 * As `context.switchToHttp()` would give it, which makes a new object and three functions each time it is asked.
 */
export function requestIn<Req>(context: ExecutionContext): Req {
  return context.getArgByIndex<Req>(0);
}

/** The response as its handler gets it. */
export function responseIn<Res>(context: ExecutionContext): Res {
  return context.getArgByIndex<Res>(1);
}

/** What {@link keepContext} has kept. */
export function contextOf(req: ViewRequest): ExecutionContext {
  return req[slot] as ExecutionContext;
}
