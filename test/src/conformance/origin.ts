import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import type { Clock } from '@viewcache/core';
import type { Middleware } from '@viewcache/express';
import type { Express, RequestHandler, Response } from 'express';
import { fixupHeader } from 'http-cache-tests/lib/header-fixup.mjs';

/** How the handler ends its response. */
export type Ending = 'res.end' | 'res.send';

/** What the handler of one test has seen so far, for the suite to look at. */
interface Seen {
  readonly request_num: number;
  readonly request_method: string;
  readonly request_headers: IncomingHttpHeaders;
  readonly response_headers: readonly (readonly [name: string, value: unknown])[];
}

const CONDITIONS = ['if-none-match', 'if-modified-since', 'if-match', 'if-unmodified-since', 'if-range'] as const;
const NO_BODY: ReadonlySet<number> = new Set([204, 304]);

/**
 * Puts on an app what the suite's own server does, as a handler behind a cached view.
 *
 * A test tells the handler with each request what to answer. So it reads of the request what is in no key, before the
 * cached view begins: the input guard would rightly refuse to store any of it.
 */
export function mountOrigin(app: Express, cached: Middleware, clock: Clock, ending: Ending): void {
  const tests = new Map<string, readonly SuiteRequest[]>();
  const states = new Map<string, Seen[]>();
  const sent = new WeakMap<IncomingMessage, IncomingHttpHeaders>();

  app.put('/config/:uuid', async (req, res) => {
    const chunks: Buffer[] = [];
    for await (const chunk of req) chunks.push(chunk as Buffer);
    tests.set(String(req.params['uuid']), JSON.parse(Buffer.concat(chunks).toString()));
    res.status(201).end('OK');
  });
  app.get('/state/:uuid', (req, res) => void res.json(states.get(String(req.params['uuid'])) ?? []));
  app.use((req, _res, next) => {
    sent.set(req, { ...req.headers });
    next();
  });

  const handle: RequestHandler = (req, res) => {
    const uuid = /^\/test\/([^/?]*)/.exec(req.originalUrl)?.[1] ?? '';
    const fields = fieldsOf(req, sent.get(req) ?? {});
    const requests = tests.get(uuid) ?? [];
    const state = states.get(uuid) ?? [];
    states.set(uuid, state);
    const count = state.length + 1;
    const number = Number(fields['req-num']);
    const wanted = requests[number - 1];
    if (wanted === undefined) throw new Error(`no request ${number} in test ${uuid}`);

    res.statusCode = statusOf(wanted, requests[number - 2], fields);
    res.setHeader('Server-Base-Url', req.originalUrl);
    res.setHeader('Server-Request-Count', count);
    res.setHeader('Client-Request-Count', number);
    res.setHeader('Server-Now', clock.now());
    const saved = setFields(res, wanted);
    if (!res.hasHeader('content-type')) res.setHeader('Content-Type', 'text/plain');
    const seen = { request_num: number, request_method: req.method, request_headers: fields, response_headers: saved };
    state.push(seen);
    res.setHeader('Request-Numbers', state.map((it) => it.request_num).join(' '));

    if (wanted.disconnect === true) throw new Error('the handler fails where another origin would hang up');
    const body = NO_BODY.has(res.statusCode) ? '' : (wanted.response_body ?? uuid);
    // Not a string: Express would add a charset in Content-Type, and Node would write the head in the body's encoding.
    const bytes = Buffer.from(body);
    // Without content res.send would take Content-Type away, of which the suite asks what becomes of it.
    if (ending === 'res.send' && !NO_BODY.has(res.statusCode)) res.send(bytes);
    else res.end(bytes);
  };
  app.use('/test', cached as RequestHandler, handle);
}

/** What the client sent, with the preconditions that the cache has put in place of the client's own. */
function fieldsOf(req: IncomingMessage, sent: IncomingHttpHeaders): IncomingHttpHeaders {
  const fields = { ...sent };
  for (const name of CONDITIONS) {
    const value = req.headers[name];
    if (value === undefined) delete fields[name];
    else fields[name] = String(value);
  }
  return fields;
}

function statusOf(wanted: SuiteRequest, before: SuiteRequest | undefined, fields: IncomingHttpHeaders): number {
  if (wanted.expected_type?.endsWith('validated') !== true) return wanted.response_status?.[0] ?? 200;
  const lastModified = fieldOf(before, 'last-modified');
  if (lastModified !== undefined && fields['if-modified-since'] === lastModified) return 304;
  const etag = fieldOf(before, 'etag');
  if (etag !== undefined && fields['if-none-match'] === etag) return 304;
  // The suite's word for "should have been conditional".
  return 999;
}

function fieldOf(request: SuiteRequest | undefined, name: string): string | undefined {
  const found = request?.response_headers?.findLast(([field]) => field.toLowerCase() === name)?.[1];
  return found === undefined ? undefined : String(found);
}

/** Sets the response's fields; returns those that the client has to find again. */
function setFields(res: Response, wanted: SuiteRequest): Seen['response_headers'] {
  const saved = new Map<string, unknown>();
  for (const header of wanted.response_headers ?? []) {
    const [name, value, isChecked = true] = fixupHeader(header, res.getHeaders(), wanted);
    res.appendHeader(name, String(value));
    if (isChecked) saved.set(name, res.getHeader(name));
  }
  return [...saved];
}
