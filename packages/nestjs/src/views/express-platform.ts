import type { OutgoingHttpHeader, ServerResponse } from 'node:http';
import { expressRequests, type ViewHost } from '@viewcache/core/node';
import { type Field, muteMethods, type Platform } from './platform.js';
import type { ViewRequest } from './request-context.js';

/** With these Nest ends a response of Express. */
const ENDING = ['send', 'json', 'render', 'redirect'] as const;

/** Nest on Express, whose requests and responses are those of Node. */
export const expressPlatform: Platform<ViewRequest, ServerResponse> = {
  host: expressRequests as ViewHost<never> as ViewHost<ViewRequest>,
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
  mute: (res: ServerResponse) => muteMethods(res, ENDING),
};
