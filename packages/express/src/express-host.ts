import type { ViewHost } from '@viewcache/core/node';
import type { Application } from 'express';
import type { Request } from './middleware.js';

type TrustProxy = (address: string | undefined, hop: number) => boolean;

/** How Express requests are read. */
export const expressHost: ViewHost<Request> = {
  scheme: (req) => schemeOf(req, req.app),
  host: (req) => hostOf(req, req.app),
  route: routeOf,
};

/** The scheme, through the app's own trust-proxy function, as for `req.protocol`; also for a request that the app has not seen yet. */
export function schemeOf(req: Pick<Request, 'socket' | 'headers'>, app: Application): string {
  const own = 'encrypted' in req.socket && req.socket.encrypted === true ? 'https' : 'http';
  const forwarded = req.headers['x-forwarded-proto'];
  if (forwarded === undefined || !isTrusted(req, app)) return own;
  return firstOf(forwarded) || own;
}

/** The host, through the app's trust-proxy function; empty when the client named none. */
export function hostOf(req: Pick<Request, 'socket' | 'headers'>, app: Application): string {
  const own = req.headers.host ?? '';
  const forwarded = req.headers['x-forwarded-host'];
  if (forwarded === undefined || !isTrusted(req, app)) return own;
  return firstOf(forwarded) || own;
}

function isTrusted(req: Pick<Request, 'socket'>, app: Application): boolean {
  const trust: TrustProxy = app.get('trust proxy fn');
  return trust(req.socket.remoteAddress, 0);
}

/** The first of several hops is the one the client spoke to. */
function firstOf(field: string | string[]): string {
  const text = typeof field === 'string' ? field : (field[0] ?? '');
  const comma = text.indexOf(',');
  return (comma < 0 ? text : text.slice(0, comma)).trim();
}

/** The pattern of the matched route with the path its router is mounted at; the mount path alone where none matched. */
function routeOf(req: Request): string {
  const pattern: unknown = req.route?.path;
  // Once no route has matched, Express has taken `baseUrl` away again.
  const mount: string = (req.baseUrl as string | undefined) ?? '';
  if (pattern !== undefined) return mount + String(pattern);
  return mount === '' ? '(no route)' : `${mount}/*`;
}
