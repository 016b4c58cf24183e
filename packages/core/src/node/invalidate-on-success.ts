import type { IncomingMessage, ServerResponse } from 'node:http';
import type { CacheRuntime } from '../cache/runtime.js';
import type { KeyMaker } from '../engine/cache-key.js';
import { invalidatedBy } from '../http/unsafe-method.js';
import { readHead } from './response-head.js';
import type { ViewHost } from './view-visitor.js';

/**
 * Invalidates the target of an unsafe request, and same-origin Location and Content-Location, when it is answered without
 * an error (RFC 9111 §4.4).
 *
 * At the writing of the head, before the client can know of its success and ask again.
 */
export function invalidateOnSuccess<Req extends IncomingMessage & { originalUrl?: string }>(
  req: Req,
  res: ServerResponse,
  host: ViewHost<Req>,
  runtime: CacheRuntime,
  keys: KeyMaker,
): void {
  const { writeHead } = res;
  const origin = `${host.scheme(req)}://${host.host(req)}`;
  const method = req.method ?? '';
  const url = req.originalUrl ?? req.url ?? '/';
  let isDone = false;
  res.writeHead = function (this: ServerResponse, ...args: unknown[]) {
    const status = Number(args[0]);
    if (!isDone && status >= 200) {
      isDone = true;
      const head = readHead(this, args, undefined);
      const uris = invalidatedBy({
        method,
        targetUri: origin + pathOf(url),
        status,
        location: head.ownField('location'),
        contentLocation: head.ownField('content-location'),
      });
      const tags = uris.flatMap((uri) => tagsOfUri(uri, keys));
      if (tags.length > 0) runtime.invalidateNow(tags);
    }
    return (writeHead as (...given: unknown[]) => ServerResponse).apply(this, args);
  } as typeof res.writeHead;
}

function tagsOfUri(uri: string, keys: KeyMaker): readonly string[] {
  const parts = /^https?:\/\/([^/?#]*)([^#]*)/i.exec(uri);
  if (parts === null) return [];
  const target = parts[2] ?? '';
  return keys.plain('GET', 'http', parts[1] ?? '', target.startsWith('/') ? target : `/${target}`).urlTags;
}

/** The path and query of a request target, also of one in absolute form (RFC 9112 §3.2.2). */
function pathOf(target: string): string {
  if (target.startsWith('/')) return target;
  const path = /^[a-z][a-z0-9+.-]*:\/\/[^/?#]*([^#]*)/i.exec(target)?.[1] ?? '';
  return path.startsWith('/') ? path : `/${path}`;
}
