import type { ViewHost } from '@viewcache/core/node';
import { paramsBeside } from '@viewcache/core/node';
import { contextOf, type ViewRequest } from './request-context.js';

/** What Fastify knows of a request, by its own trust-proxy setting. */
interface FastifyRequest {
  readonly protocol: string;
  /** With its port, as the client sent it. */
  readonly host: string;
  readonly params?: Readonly<Record<string, unknown>>;
  readonly routeOptions?: { readonly url?: string };
}

/** How requests of Fastify are read: by what stands before the one of Node. */
export const fastifyHost: ViewHost<ViewRequest> = {
  scheme: (req) => requestOf(req).protocol,
  host: (req) => requestOf(req).host,
  beside(req) {
    const { host, params, routeOptions } = requestOf(req);
    const beside = paramsBeside({ url: req.url, route: { path: routeOptions?.url }, params: params ?? {} });
    return beside === undefined ? undefined : hostBeside(req, host) + beside;
  },
  route: (req) => requestOf(req).routeOptions?.url ?? '(no route)',
};

/** `Host` itself, which handlers may read as well, where another host is forwarded. */
function hostBeside(req: ViewRequest, host: string): string {
  const own = req.headers.host ?? '';
  return own === host || req.headers['x-forwarded-host'] === undefined ? '' : `@${own}`;
}

function requestOf(req: ViewRequest): FastifyRequest {
  return contextOf(req).switchToHttp().getRequest<FastifyRequest>();
}
