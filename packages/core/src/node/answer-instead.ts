import type { IncomingMessage, ServerResponse } from 'node:http';
import {
  evaluatePreconditions,
  isSuccessful,
  type PreconditionFields,
  type Validators,
} from '../http/preconditions.js';

/**
 * What a request's preconditions have it answered with in place of a response, stored or just made; `undefined` for the
 * response itself (RFC 9110 §13.2).
 *
 * @param now - milliseconds since the epoch
 */
export function answerInstead(
  method: string | undefined,
  fields: PreconditionFields,
  response: Validators & { readonly status: number },
  now: number,
): 304 | 412 | undefined {
  if (!isSuccessful(response.status)) return undefined;
  const outcome = evaluatePreconditions(fields, response, now);
  if (outcome === 'proceed') return undefined;
  // Not Modified is an answer to GET and HEAD alone (§13.2.2).
  return outcome === 'not-modified' && (method === 'GET' || method === 'HEAD') ? 304 : 412;
}

/** Fields by which caches on the way are told what they may keep; targeted ones too (RFC 9213). */
const KEEPING = /^(?:.*cache-control|expires|etag|last-modified|surrogate-control|pragma)$/;

/** Keeps an answer to one request's own conditions from being kept for others: it is no answer to theirs. */
export function forbidStoring(res: ServerResponse<IncomingMessage>): void {
  for (const name of res.getHeaderNames()) if (KEEPING.test(name)) res.removeHeader(name);
  res.setHeader('Cache-Control', 'no-store');
}
