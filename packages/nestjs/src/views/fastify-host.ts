import type { IncomingMessage } from 'node:http';
import { paramsBeside, type ViewHost } from '@viewcache/core/node';
import { isWritten } from './declared-config.js';
import { coverOrigin, originOf } from './fastify-origin.js';
import { isPlainOnFastify } from './fastify-plain.js';
import { contextOf, requestIn, responseIn, type ViewRequest } from './request-context.js';

/** What Fastify knows of a request, by its own trust-proxy setting. */
interface FastifyRequest {
  readonly raw: IncomingMessage;
  readonly params?: Readonly<Record<string, unknown>>;
  /** Made anew each time it is asked for; its `config` is one and the same object for a route. */
  readonly routeOptions?: { readonly url?: string; readonly config?: object };
}

/** How requests of Fastify are read: by what stands before the one of Node. */
export const fastifyHost: ViewHost<ViewRequest> = {
  scheme: (req) => String(originOf(requestOf(req), 'protocol')),
  host: hostOf,
  beside(req) {
    const request = requestOf(req);
    const { params } = request;
    const beside = paramsBeside({ url: req.url, route: routeOf(optionsOf(request)), params: params ?? {} });
    if (beside === undefined) return undefined;
    return (Object.hasOwn(request, ADDED_FIELDS) ? '+' : '') + hostBeside(req, hostOf(req)) + beside;
  },
  route: (req) => optionsOf(requestOf(req))?.url ?? '(no route)',
  prepare(req) {
    const request = requestOf(req);
    coverOrigin(request);
    const { config } = optionsOf(request) ?? {};
    if (config === undefined || Object.hasOwn(request, 'routeOptions')) return;
    const isUrl = (pattern: unknown) => isPatternOf(pattern, req.url ?? '', request.params ?? {});
    if (isWritten(config, contextOf(req).getHandler(), isUrl)) coverOptions(request);
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

/** With its port, as the client sent it. */
function hostOf(req: ViewRequest): string {
  return String(originOf(requestOf(req), 'host'));
}

function requestOf(req: ViewRequest): FastifyRequest {
  return requestIn(contextOf(req));
}

type RouteOptions = FastifyRequest['routeOptions'];

/** Fastify's own, whatever watches it: to ask for it is no use of what is in there. */
function optionsOf(request: FastifyRequest): RouteOptions {
  return Reflect.get(Object.getPrototypeOf(request), 'routeOptions', request);
}

/** A segment of a plain pattern, and what may be in its place. */
const SEGMENT = /^(?::(\w+)|([\w.~-]*))$/;

/** Whether a pattern says nothing but what the URL and the names of its parameters do. */
function isPatternOf(pattern: unknown, url: string, params: object): boolean {
  if (typeof pattern !== 'string') return false;
  const path = /^[^?;#]*/.exec(url)?.[0] ?? '';
  const [segments, found] = [pattern, path].map((it) => it.replace(/\/$/, '').split('/'));
  const names = new Set(Reflect.ownKeys(params));
  const isFound = (segment: string, at: number) => {
    const [match, name, text] = SEGMENT.exec(segment) ?? [];
    if (name !== undefined) return names.delete(name);
    return match !== undefined && text?.toLowerCase() === found?.[at]?.toLowerCase();
  };
  return segments?.length === found?.length && segments?.every(isFound) === true && names.size === 0;
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
