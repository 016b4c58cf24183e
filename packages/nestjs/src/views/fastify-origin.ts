import type { IncomingMessage } from 'node:http';
import { guardOf } from '@viewcache/core/node';

interface FastifyRequest {
  readonly raw: IncomingMessage;
}

/** What Fastify works out of scheme and host, which are in every key: asking for it is no use of X-Forwarded-Host. */
const ORIGIN: PropertyDescriptorMap = Object.fromEntries(
  ['protocol', 'host', 'hostname', 'port'].map((name) => [
    name,
    {
      configurable: true,
      get(this: FastifyRequest): unknown {
        return originOf(this, name);
      },
    },
  ]),
);
const COVERED = Object.keys(ORIGIN);
/** What it is worked out of: an app that has put its own there is asked for that, too. */
const SOURCES = [...COVERED, 'socket', 'headers'];

/** Scheme or host as Fastify finds them, whatever an app has put on the request: to ask for it is no use. */
export function originOf(request: FastifyRequest, name: string): unknown {
  const ask = () => Reflect.get(Object.getPrototypeOf(request), name, request);
  return guardOf(request.raw)?.unwatched(ask) ?? ask();
}

/** On the request itself: what it inherits is Fastify's, and fixed. What an app has put there says whatever it likes. */
export function coverOrigin(request: FastifyRequest): void {
  const isReplaced = SOURCES.some((name) => Object.hasOwn(request, name) && !isCovered(request, name));
  if (!isReplaced) Object.defineProperties(request, ORIGIN);
  else for (const name of COVERED) if (isCovered(request, name)) Reflect.deleteProperty(request, name);
}

/** Whether a property of a request is one of those that stand for Fastify's. */
export function isCovered(request: object, name: string): boolean {
  const get = Object.getOwnPropertyDescriptor(request, name)?.get;
  return get !== undefined && get === ORIGIN[name]?.get;
}
