import type { IncomingMessage, ServerResponse } from 'node:http';
import type { CacheRuntime } from '../cache/runtime.js';
import type { KeyMaker } from '../engine/cache-key.js';
import { invalidatedBy } from '../http/unsafe-method.js';
import { ResponseHead } from './response-head.js';
import type { ViewHost } from './view-host.js';

/**
 * Invalidates the target of an unsafe request, and same-origin Location and Content-Location, when it is answered without
 * an error (RFC 9111 §4.4).
 *
 * At the writing of the head, before the client can know of its success and ask again; where its client has gone and no
 * head is written, at the end.
 */
export function invalidateOnSuccess<Req extends IncomingMessage & { originalUrl?: string }>(
  req: Req,
  res: ServerResponse,
  host: ViewHost<Req>,
  runtime: CacheRuntime,
  keys: KeyMaker,
): void {
  const { writeHead, end } = res;
  const authority = host.host(req);
  const target = pathOf(req.originalUrl ?? req.url ?? '/');
  const targetUri = `${host.scheme(req)}://${authority}${target}`;
  const method = req.method ?? '';
  let isDone = false;
  const judge = (res: ServerResponse, args: unknown[]): void => {
    const status = Number(args[0]) | 0;
    if (isDone || status < 200) return;
    const head = new ResponseHead(res, status, args, undefined, undefined);
    const uris = invalidatedBy({
      method,
      targetUri,
      status,
      location: head.ownField('location'),
      contentLocation: head.ownField('content-location'),
    });
    if (uris.length === 0) return;
    isDone = true;
    // All are of the request's own origin, and stored under its host as clients spell it.
    const paths = uris.map((uri) => (uri === targetUri ? target : pathOf(uri)));
    runtime.invalidateNow(paths.flatMap((path) => keys.plain('GET', 'http', authority, path).urlTags));
  };
  res.writeHead = function (this: ServerResponse, ...args: unknown[]) {
    judge(this, args);
    return (writeHead as (...given: unknown[]) => ServerResponse).apply(this, args);
  } as typeof res.writeHead;
  res.end = function (this: ServerResponse, ...args: unknown[]) {
    const result = (end as (...given: unknown[]) => ServerResponse).apply(this, args);
    if (!this.headersSent) judge(this, [this.statusCode]);
    return result;
  } as typeof res.end;
}

/** The path and query of a request target, also of one in absolute form or with a fragment (RFC 9112 §3.2). */
function pathOf(target: string): string {
  const path = target.startsWith('/') ? target : (/^[a-z][a-z0-9+.-]*:\/\/[^/?#]*(.*)/is.exec(target)?.[1] ?? '');
  const [sent = ''] = path.split('#', 1);
  return sent.startsWith('/') ? sent : `/${sent}`;
}
