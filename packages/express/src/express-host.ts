import { guardOf, type ViewHost } from '@viewcache/core/node';
import type { Application } from 'express';
import { watchLayers } from './layers.js';
import type { Request } from './middleware.js';

type TrustProxy = (address: string | undefined, hop: number) => boolean;

/** How Express requests are read. */
export const expressHost: ViewHost<Request> = {
  scheme: (req) => schemeOf(req, req.app),
  host: (req) => hostOf(req, req.app),
  route: routeOf,
  etag: etagOf,
  prepare(req) {
    coverOrigin((req.app as unknown as { request: object }).request);
    watchLayers(req.app);
  },
};

/** What Express works out of scheme and host, which are in every key: asking for it is no use of X-Forwarded-Host. */
const ORIGIN = ['protocol', 'secure', 'host', 'hostname', 'subdomains'] as const;
const covered = new WeakSet<object>();

function coverOrigin(prototype: object): void {
  if (covered.has(prototype)) return;
  covered.add(prototype);
  for (const name of ORIGIN) {
    const get = getterOf(prototype, name);
    if (get === undefined) continue;
    Object.defineProperty(prototype, name, {
      configurable: true,
      enumerable: true,
      get(this: Request) {
        const guard = guardOf(this);
        return guard === undefined ? get.call(this) : guard.unwatched(() => get.call(this));
      },
    });
  }
}

function getterOf(prototype: object, name: string): ((this: Request) => unknown) | undefined {
  for (let owner: object | null = prototype; owner !== null; owner = Object.getPrototypeOf(owner)) {
    const descriptor = Object.getOwnPropertyDescriptor(owner, name);
    if (descriptor !== undefined) return descriptor.get;
  }
  return undefined;
}

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

/** As `res.send` would make it: by the app's setting `etag`, which may be off, weak, strong or a function. */
function etagOf(req: Request, body: Buffer): string | undefined {
  const make: unknown = req.app.get('etag fn');
  return typeof make === 'function' ? make(body) : undefined;
}

/** The pattern of the matched route with the path its router is mounted at; the mount path alone where none matched. */
function routeOf(req: Request): string {
  const pattern: unknown = req.route?.path;
  // Once no route has matched, Express has taken `baseUrl` away again.
  const mount: string = (req.baseUrl as string | undefined) ?? '';
  if (pattern !== undefined) return mount + String(pattern);
  return mount === '' ? '(no route)' : `${mount}/*`;
}
