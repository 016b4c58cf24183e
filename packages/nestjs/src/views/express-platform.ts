import type { OutgoingHttpHeader, ServerResponse } from 'node:http';
import { expressRequests, type ViewHost } from '@viewcache/core/node';
import { inNest } from './nest-dialect.js';
import { type Field, keep, type Platform } from './platform.js';
import type { ViewRequest } from './request-context.js';

/** What Express adds to a response, by which Nest ends it. */
interface Ending {
  send: unknown;
  json: unknown;
  render: unknown;
  redirect: unknown;
}

/** Nest on Express, whose requests and responses are those of Node. */
export const expressPlatform: Platform<ViewRequest, ServerResponse> = {
  host: inNest(expressRequests as ViewHost<never> as ViewHost<ViewRequest>),
  requestOf: (req) => req,
  responseOf: (res) => res,
  gather: () => undefined,
  ready: () => undefined,
  fieldsOf: (res) => res.getHeaders(),
  takeField(res: ServerResponse, name: string): OutgoingHttpHeader | undefined {
    const value = res.getHeader(name);
    if (value !== undefined) res.removeHeader(name);
    return value;
  },
  setField: (res: ServerResponse, [name, value]: Field) => void res.setHeader(name, value as string),
  // One by one: it is done on every hit, and a loop over names costs several times as much.
  mute(res: ServerResponse & Partial<Ending>): void {
    res.send = keep;
    res.json = keep;
    res.render = keep;
    res.redirect = keep;
  },
};
