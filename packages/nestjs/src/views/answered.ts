import type { ServerResponse } from 'node:http';
import type { ViewServer } from '@viewcache/core/node';
import type { ViewRequest } from './request-context.js';

type Server = ViewServer<ViewRequest, ServerResponse>;
type Served = ServerResponse & { [slot]?: true | Server };

/** Is on a response once one of the interceptors has taken it on, and says by which view it was answered. */
const slot: unique symbol = Symbol.for('viewcache.served') as never;

/** Takes a response on; false where that was done before: a controller's and its handler's interceptor may both stand there. */
export function takeOn(res: ServerResponse): boolean {
  if ((res as Served)[slot] !== undefined) return false;
  (res as Served)[slot] = true;
  return true;
}

/** The response has been answered without its handler. */
export function markAnswered(res: ServerResponse, server: Server): void {
  (res as Served)[slot] = server;
}

/** The view that has answered without the handler; `undefined` where the handler answers. */
export function answeredBy(res: ServerResponse): Server | undefined {
  const server = (res as Served)[slot];
  return server === true ? undefined : server;
}
