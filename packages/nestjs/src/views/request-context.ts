import type { IncomingMessage } from 'node:http';
import type { ExecutionContext } from '@nestjs/common';

/** A request of Node's, as a view is asked for it: on Express that is the app's own, on Fastify the one beneath. */
export type ViewRequest = IncomingMessage & { originalUrl?: string; baseUrl?: string; [slot]?: ExecutionContext };

const slot: unique symbol = Symbol.for('viewcache.context') as never;

/** Keeps what the functions in options are given. */
export function keepContext(req: ViewRequest, context: ExecutionContext): void {
  req[slot] = context;
}

/** What {@link keepContext} has kept. */
export function contextOf(req: ViewRequest): ExecutionContext {
  return req[slot] as ExecutionContext;
}
