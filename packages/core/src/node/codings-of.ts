import type { CacheControl } from '../http/cache-control.js';
import { isCompressible } from '../http/compressible.js';
import type { ContentCoding } from '../http/content-coding.js';
import { isEntityTag } from '../http/entity-tag.js';
import type { ResponseHead } from './response-head.js';

/** Smaller bodies gain less than the field takes that tells of the coding, and a packet is sent all the same. */
export const LEAST_CODED = 1024;

/**
 * The codings that a response may be kept in, by its head; `undefined` for as it is alone.
 *
 * Only a plain 200 of text: what its handler has coded, or forbids to change (`no-transform`), what depends on
 * Accept-Encoding in a way of its own, and what sets a cookie or is a part, is sent as it is.
 */
export function codingsOf(
  wanted: readonly ContentCoding[],
  head: ResponseHead,
  method: string | undefined,
  cacheControl: CacheControl,
  vary: readonly string[] | '*',
): readonly ContentCoding[] | undefined {
  if (wanted.length === 0 || head.status !== 200 || method !== 'GET') return undefined;
  if (cacheControl.noTransform === true || vary === '*' || vary.includes('accept-encoding')) return undefined;
  if (!isCompressible(textOf(head.field('content-type')))) return undefined;
  for (const name of ['content-encoding', 'content-range', 'set-cookie'])
    if (head.ownField(name) !== undefined) return undefined;
  const etag = head.ownField('etag');
  return etag === undefined || isEntityTag(etag) ? wanted : undefined;
}

function textOf(field: unknown): string | undefined {
  return field === undefined ? undefined : String(field);
}
