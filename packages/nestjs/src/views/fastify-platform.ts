import type { IncomingMessage, OutgoingHttpHeader, ServerResponse } from 'node:http';
import { putCookies } from './fastify-cookies.js';
import { fastifyHost } from './fastify-host.js';
import { holdHead } from './held-head.js';
import { inNest } from './nest-dialect.js';
import { type Field, keep, type Platform } from './platform.js';
import type { ViewRequest } from './request-context.js';

/** What Fastify gives its handlers for a request, as far as a view uses it. */
export interface FastifyRequest {
  readonly raw: IncomingMessage;
}

/** What Fastify gives its handlers for a response, as far as a view uses it. It keeps fields of its own until it sends them. */
interface FastifyReply {
  readonly raw: ServerResponse;
  getHeader(name: string): OutgoingHttpHeader | undefined;
  getHeaders(): Readonly<Record<string, OutgoingHttpHeader | undefined>>;
  header(name: string, value: OutgoingHttpHeader): unknown;
  removeHeader(name: string): unknown;
  send: unknown;
  /** A plugin's. */
  view?: unknown;
}

/** Nest on Fastify, whose requests and responses stand before those of Node. */
export const fastifyPlatform: Platform<FastifyRequest, FastifyReply> = {
  host: inNest(fastifyHost),
  requestOf: (req) => req.raw as ViewRequest,
  responseOf: (reply) => reply.raw,
  gather(reply) {
    putCookies(reply);
    const { raw } = reply;
    const fields = reply.getHeaders();
    let written: readonly string[] | undefined;
    for (const name in fields) {
      const value = fields[name];
      if (value === undefined || value === null) continue;
      // Some are in both places, and then Fastify would write its own over what is set later. It adds to the cookies that
      // it has, and only to those.
      written ??= rawNames(raw);
      if (name !== 'set-cookie') reply.removeHeader(name);
      raw.setHeader(written.find((one) => one.toLowerCase() === name) ?? name, value as string);
    }
  },
  fieldsOf: (reply) => reply.getHeaders(),
  takeField(reply, name) {
    const value = reply.getHeader(name);
    if (value !== undefined) reply.removeHeader(name);
    return value;
  },
  setField: (reply, [name, value]: Field) => void reply.header(name, value),
  ready: (reply) => holdHead(reply.raw),
  mute(reply) {
    reply.send = keep;
    if ('view' in reply) reply.view = keep;
  },
};

/** In the letter case that middleware has set them in; on every Node there is, though not in its types. */
function rawNames(res: ServerResponse): readonly string[] {
  return (res as ServerResponse & { getRawHeaderNames(): string[] }).getRawHeaderNames();
}
