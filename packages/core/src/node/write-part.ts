import type { IncomingMessage, ServerResponse } from 'node:http';
import { ifRangeHolds } from '../http/preconditions.js';
import { type ByteRange, parseRange } from '../http/range.js';
import type { StoredResponse } from '../ports/stored-response.js';

/**
 * The part of a stored response that a request asks for; `undefined` when it gets all of it (RFC 9110 §14.2).
 *
 * Only of a complete 200, and only for GET. Several ranges, another unit and bad syntax are answered in full.
 *
 * @param now - milliseconds since the epoch
 */
export function partOf(
  req: IncomingMessage,
  res: ServerResponse,
  stored: StoredResponse,
  now: number,
): ByteRange | 'unsatisfiable' | undefined {
  const { headers } = req;
  if (req.method !== 'GET' || stored.status !== 200 || mayBeRecoded(req, res, stored)) return undefined;
  if (!ifRangeHolds(headers['if-range'], stored, stored.storedAt, now)) return undefined;
  const part = parseRange(headers.range, stored.body.length);
  return part === 'ignore' ? undefined : part;
}

/**
 * Whether middleware in front may encode the body on its way: a part of it would then be a part of something else.
 *
 * Whoever does so takes `write` over, and looks at what the client accepts.
 */
function mayBeRecoded(req: IncomingMessage, res: ServerResponse, stored: StoredResponse): boolean {
  if (!Object.hasOwn(res, 'write') || isIdentityOnly(req.headers['accept-encoding'])) return false;
  return !stored.headers.some((name, at) => at % 2 === 0 && name.toLowerCase() === 'content-encoding');
}

/** `identity;q=1, *;q=0` is what browsers send for media. */
function isIdentityOnly(accepted: string | string[] | undefined): boolean {
  if (accepted === undefined) return true;
  const codings = String(accepted).split(',');
  return codings.every((coding) => /^\s*(?:identity(?:\s*;.*)?|[^;]*;\s*q=0(?:\.0*)?|)\s*$/i.test(coding));
}
