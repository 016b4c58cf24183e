import type { IncomingMessage } from 'node:http';
import { guardOf, paramsBeside, type ViewHost } from '@viewcache/core/node';
import { isPlainOnFastify } from './fastify-plain.js';
import { contextOf, requestIn, responseIn, type ViewRequest } from './request-context.js';

/** What Fastify knows of a request, by its own trust-proxy setting. */
interface FastifyRequest {
  readonly raw: IncomingMessage;
  readonly protocol: string;
  /** With its port, as the client sent it. */
  readonly host: string;
  readonly params?: Readonly<Record<string, unknown>>;
  /** Made anew each time it is asked for; its `config` is one and the same object for a route. */
  readonly routeOptions?: { readonly url?: string; readonly config?: object };
}

/** How requests of Fastify are read: by what stands before the one of Node. */
export const fastifyHost: ViewHost<ViewRequest> = {
  scheme: (req) => requestOf(req).protocol,
  host: (req) => requestOf(req).host,
  beside(req) {
    const request = requestOf(req);
    const { host, params } = request;
    const beside = paramsBeside({ url: req.url, route: routeOf(optionsOf(request)), params: params ?? {} });
    if (beside === undefined) return undefined;
    return (Object.hasOwn(request, ADDED_FIELDS) ? '+' : '') + hostBeside(req, host) + beside;
  },
  route: (req) => optionsOf(requestOf(req))?.url ?? '(no route)',
  prepare(req) {
    const request = requestOf(req);
    coverOrigin(request);
    if (hasMore(optionsOf(request)?.config, contextOf(req).getHandler())) coverOptions(request);
  },
  front(req) {
    const context = contextOf(req);
    return { request: requestIn(context), response: responseIn(context), isPlain: isPlainOnFastify, keyed: KEYED };
  },
};

/** Where Fastify keeps what an app has assigned to the fields of a request, to show it among them whenever they are asked for. */
const ADDED_FIELDS = 'additionalHeaders';
const KEYED: ReadonlySet<string> = new Set([ADDED_FIELDS]);

/** `Host` itself, which handlers may read as well, where another host is forwarded. */
function hostBeside(req: ViewRequest, host: string): string {
  const own = req.headers.host ?? '';
  return own === host || req.headers['x-forwarded-host'] === undefined ? '' : `@${own}`;
}

function requestOf(req: ViewRequest): FastifyRequest {
  return requestIn(contextOf(req));
}

type RouteOptions = FastifyRequest['routeOptions'];

/** Fastify's own, whatever watches it: to ask for it is no use of what is in there. */
function optionsOf(request: FastifyRequest): RouteOptions {
  return Reflect.get(Object.getPrototypeOf(request), 'routeOptions', request);
}

/** What `@RouteConfig()` of Nest says of a handler. */
const ROUTE_CONFIG = '__fastify_route_config__';

/** Whether somebody has written on the `config` of a route: it is there for the next visitor, too. */
function hasMore(config: object | undefined, handler: object): boolean {
  if (config === undefined) return false;
  const declared: unknown = Reflect.getMetadata(ROUTE_CONFIG, handler);
  const isKnown = (name: string | symbol) =>
    name === 'url' || name === 'method' || Object.hasOwn(Object(declared), name);
  return !Reflect.ownKeys(config).every(isKnown);
}

/** As a property of the request itself, it is watched. */
function coverOptions(request: FastifyRequest): void {
  Object.defineProperty(request, 'routeOptions', { configurable: true, get: () => optionsOf(request) });
}

interface Route {
  readonly path: string | undefined;
}

/** By their `config`. */
const routes = new WeakMap<object, Route>();

/** One object for a route: what its pattern says is worked out once for each. */
function routeOf({ url, config }: NonNullable<RouteOptions> = {}): Route {
  if (config === undefined) return { path: url };
  const known = routes.get(config);
  if (known !== undefined && known.path === url) return known;
  const route = { path: url };
  routes.set(config, route);
  return route;
}

/** What Fastify works out of scheme and host, which are in every key: asking for it is no use of X-Forwarded-Host. */
const ORIGIN: PropertyDescriptorMap = Object.fromEntries(
  ['protocol', 'host', 'hostname', 'port'].map((name) => [
    name,
    {
      configurable: true,
      get(this: FastifyRequest): unknown {
        const ask = () => Reflect.get(Object.getPrototypeOf(this), name, this);
        return guardOf(this.raw)?.unwatched(ask) ?? ask();
      },
    },
  ]),
);

/** On the request itself: what it inherits is Fastify's, and fixed. */
function coverOrigin(request: FastifyRequest): void {
  Object.defineProperties(request, ORIGIN);
}
