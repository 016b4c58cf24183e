import type { OutgoingHttpHeader, ServerResponse } from 'node:http';
import { parseCacheControl } from '../http/cache-control.js';
import { whyNotStored } from '../http/storable.js';
import { parseVary } from '../http/vary.js';
import type { Refusal } from '../ports/event-sink.js';

/** What an answer says of storing it. */
export interface Word {
  readonly cacheControl: OutgoingHttpHeader | undefined;
  readonly vary: OutgoingHttpHeader | undefined;
}

/**
 * Whether what outer middleware has said of storing, as the head was written, forbids it.
 *
 * @param before - what was said when its hooks began to run: by the handler, or by the cache itself; `undefined` before that
 */
export function forbiddenSince(before: Word | undefined, res: ServerResponse): Refusal | undefined {
  if (before === undefined) return undefined;
  // What has stayed is no word of theirs: the cache itself may have said that a stale response is not to be kept.
  const control = changed(before.cacheControl, res.getHeader('cache-control'));
  const vary = changed(before.vary, res.getHeader('vary'));
  if (control === undefined && vary === undefined) return undefined;
  const exchange = { method: 'GET', status: 200, hasSetCookie: false, hasAuthorization: false, hasContentRange: false };
  const word = { cacheControl: parseCacheControl(control), vary: parseVary(vary) };
  return whyNotStored({ ...exchange, ...word }, { ttlMs: 1 });
}

/**
 * Takes down what an answer says when its head is about to be written, by a method of the response's own.
 *
 * @returns tells what has been forbidden since
 */
export function listenForWord(res: ServerResponse): () => Refusal | undefined {
  const { writeHead } = res;
  let before: Word | undefined;
  res.writeHead = function (this: ServerResponse, ...args: unknown[]) {
    before ??= { cacheControl: this.getHeader('cache-control'), vary: this.getHeader('vary') };
    return (writeHead as (...given: unknown[]) => ServerResponse).apply(this, args);
  } as typeof writeHead;
  return () => forbiddenSince(before, res);
}

function changed(before: OutgoingHttpHeader | undefined, now: OutgoingHttpHeader | undefined): string | undefined {
  return now === undefined || String(now) === String(before) ? undefined : String(now);
}
