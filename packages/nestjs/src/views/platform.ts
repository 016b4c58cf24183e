import type { OutgoingHttpHeader, ServerResponse } from 'node:http';
import type { ViewHost } from '@viewcache/core/node';
import type { ViewRequest } from './request-context.js';

/** A field of a response that is not sent yet. */
export type Field = readonly [name: string, value: OutgoingHttpHeader];

/** One of Nest's HTTP adapters, as a view sees it. `Req` and `Res` are what its handlers get. */
export interface Platform<Req = unknown, Res = unknown> {
  /** How its requests are read. */
  readonly host: ViewHost<ViewRequest>;
  requestOf(req: Req): ViewRequest;
  responseOf(res: Res): ServerResponse;
  /** Puts what hooks have set so far onto the response of Node, where whoever answers finds it. */
  gather(res: Res): void;
  /** The handler is about to answer, and may be recorded. */
  ready(res: Res): void;
  /** All fields that were set so far, by their names in lower case. */
  fieldsOf(res: Res): Readonly<Record<string, OutgoingHttpHeader | undefined>>;
  /** Takes a field away. */
  takeField(res: Res, name: string): OutgoingHttpHeader | undefined;
  setField(res: Res, field: Field): void;
  /** The response has been answered: what Nest makes of the end of the chain is not sent. */
  mute(res: Res): void;
}

/** Stands in place of a method by which a response is ended, and does nothing. */
export function keep<T>(this: T): T {
  return this;
}
