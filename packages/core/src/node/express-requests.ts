import type { IncomingMessage } from 'node:http';
import { guardOf } from './guarding.js';
import { paramsBeside, type RoutedRequest } from './route-params.js';
import type { ViewHost } from './view-host.js';

type TrustProxy = (address: string | undefined, hop: number) => boolean;

/** An app of Express 4 or 5, as far as requests are read through it. */
export interface ExpressApp {
  get(setting: string): unknown;
}

/** A request of Express 4 or 5, as far as a view reads it. */
export interface ExpressRequest extends IncomingMessage, RoutedRequest {
  readonly app: ExpressApp;
  readonly url: string;
  readonly originalUrl: string;
  readonly baseUrl: string;
}

type Forwarded = Pick<IncomingMessage, 'socket' | 'headers'>;

/** How requests of Express are read, with Express itself or beneath another framework. */
export const expressRequests = {
  scheme: (req) => schemeOf(req, req.app),
  host: (req) => hostOf(req, req.app),
  beside: besideOf,
  route: routeOf,
  etag: etagOf,
  prepare(req) {
    coverOrigin((req.app as ExpressApp & { readonly request: object }).request);
    // The trust-proxy function by which the scheme and host are in the key.
    return trustOf(req.app);
  },
} satisfies ViewHost<ExpressRequest>;

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
      get(this: ExpressRequest) {
        const guard = guardOf(this);
        // An app within the app may trust others than the one whose view this is.
        const isKeyed = guard !== undefined && guard.keyedBy === trustOf(this.app);
        return isKeyed ? guard.unwatched(() => get.call(this)) : get.call(this);
      },
    });
  }
}

function getterOf(prototype: object, name: string): ((this: ExpressRequest) => unknown) | undefined {
  for (let owner: object | null = prototype; owner !== null; owner = Object.getPrototypeOf(owner)) {
    const descriptor = Object.getOwnPropertyDescriptor(owner, name);
    if (descriptor !== undefined) return descriptor.get;
  }
  return undefined;
}

/** The scheme, through the app's own trust-proxy function, as for `req.protocol`; also for a request that the app has not seen yet. */
export function schemeOf(req: Forwarded, app: ExpressApp): string {
  const own = 'encrypted' in req.socket && req.socket.encrypted === true ? 'https' : 'http';
  const forwarded = req.headers['x-forwarded-proto'];
  if (forwarded === undefined || forwarded === '' || !isTrusted(req, app)) return own;
  return firstOf(String(forwarded)).trim();
}

/** The host, through the app's trust-proxy function, as for `req.host`; empty when the client named none. */
export function hostOf(req: Forwarded, app: ExpressApp): string {
  const own = req.headers.host ?? '';
  const forwarded = req.headers['x-forwarded-host'];
  if (forwarded === undefined || forwarded === '' || !isTrusted(req, app)) return own;
  return firstOf(String(forwarded));
}

/** `Host` itself, which handlers may read as well, where another host is forwarded. */
export function hostBeside(req: Forwarded, app: ExpressApp): string {
  if (req.headers['x-forwarded-host'] === undefined) return '';
  const own = req.headers.host ?? '';
  return hostOf(req, app) === own ? '' : `@${own}`;
}

function besideOf(req: ExpressRequest): string | undefined {
  const params = paramsBeside(req);
  return params === undefined ? undefined : hostBeside(req, req.app) + params;
}

function isTrusted(req: Pick<IncomingMessage, 'socket'>, app: ExpressApp): boolean {
  return trustOf(app)(req.socket.remoteAddress, 0);
}

function trustOf(app: ExpressApp): TrustProxy {
  return app.get('trust proxy fn') as TrustProxy;
}

/** The first of several hops is the one the client spoke to; empty where it is, as for Express. */
function firstOf(field: string): string {
  const comma = field.indexOf(',');
  return comma < 0 ? field : field.slice(0, comma).trimEnd();
}

/** As `res.send` would make it: by the app's setting `etag`, which may be off, weak, strong or a function. */
function etagOf(req: ExpressRequest, body: Buffer): string | undefined {
  const make: unknown = req.app.get('etag fn');
  return typeof make === 'function' ? make(body) : undefined;
}

/** The pattern of the matched route with the path its router is mounted at; the mount path alone where none matched. */
function routeOf(req: ExpressRequest): string {
  const pattern: unknown = req.route?.path;
  // Once no route has matched, Express has taken `baseUrl` away again.
  const mount = (req.baseUrl as string | undefined) ?? '';
  if (pattern !== undefined) return mount + String(pattern);
  return mount === '' ? '(no route)' : `${mount}/*`;
}
