import { isAnyTag, listMatches } from './entity-tag.js';
import { parseHttpDate } from './http-date.js';
import type { FieldValue } from './syntax.js';

/** The request fields that state a precondition, as they stand in `req.headers`. */
export interface PreconditionFields {
  readonly 'if-match'?: FieldValue;
  readonly 'if-unmodified-since'?: FieldValue;
  readonly 'if-none-match'?: FieldValue;
  readonly 'if-modified-since'?: FieldValue;
}

/** What a stored response brings to a precondition. */
export interface Validators {
  /** As it was sent, quotes included. */
  readonly etag: string | undefined;
  /** Last-Modified in milliseconds since the epoch. */
  readonly lastModified: number | undefined;
}

/** What is to be answered: the response as it stands, 304 (Not Modified), or 412 (Precondition Failed). */
export type PreconditionResult = 'proceed' | 'not-modified' | 'failed';

/** True when a request states any precondition of RFC 9110 §13.1, If-Range aside. */
export function isConditional(fields: PreconditionFields): boolean {
  return (
    fields['if-none-match'] !== undefined ||
    fields['if-modified-since'] !== undefined ||
    fields['if-match'] !== undefined ||
    fields['if-unmodified-since'] !== undefined
  );
}

/** Whether preconditions count for a response of this status at all (RFC 9110 §13.2.1). */
export function isSuccessful(status: number): boolean {
  return status >= 200 && status <= 299;
}

/**
 * Evaluates the preconditions of a GET or HEAD request against a stored response, in the order of RFC 9110 §13.2.2.
 *
 * Only for a stored response with a 2xx status: with any other, preconditions are to be ignored (§13.2.1). If-Match and
 * If-Unmodified-Since are for the origin server alone (RFC 9111 §4.3.2), whose place an in-process cache takes.
 *
 * @param now - milliseconds since the epoch, for dates with a two-digit year
 *
 * @example
 * ```ts
 * evaluatePreconditions({ 'if-none-match': '"a", W/"b"' }, { etag: '"b"', lastModified: undefined }, now); // 'not-modified'
 * ```
 */
export function evaluatePreconditions(fields: PreconditionFields, stored: Validators, now: number): PreconditionResult {
  const ifMatch = fields['if-match'];
  if (ifMatch !== undefined) {
    // Step 1, strong comparison (§13.1.1). A stored response is a current representation, so `*` holds.
    if (!isAnyTag(ifMatch) && !(stored.etag !== undefined && listMatches(ifMatch, stored.etag, 'strong'))) {
      return 'failed';
    }
  } else if (fields['if-unmodified-since'] !== undefined && stored.lastModified !== undefined) {
    // Step 2 (§13.1.4): ignored unless it is a date and the representation has one.
    const limit = dateOf(fields['if-unmodified-since'], now);
    if (limit !== undefined && stored.lastModified > limit) return 'failed';
  }

  const ifNoneMatch = fields['if-none-match'];
  if (ifNoneMatch !== undefined) {
    // Step 3, weak comparison (§13.1.2); If-Modified-Since is then not looked at, match or not.
    if (isAnyTag(ifNoneMatch)) return 'not-modified';
    return stored.etag !== undefined && listMatches(ifNoneMatch, stored.etag, 'weak') ? 'not-modified' : 'proceed';
  }
  if (fields['if-modified-since'] !== undefined && stored.lastModified !== undefined) {
    // Step 4 (§13.1.3): likewise ignored unless it is one date.
    const since = dateOf(fields['if-modified-since'], now);
    if (since !== undefined && stored.lastModified <= since) return 'not-modified';
  }
  return 'proceed';
}

/**
 * Whether an If-Range condition holds, so that the Range beside it may be answered in part (RFC 9110 §13.1.5).
 *
 * Entity tags are compared strongly. A date holds only if it is exactly Last-Modified and that is a strong validator,
 * which it is when the response was generated a second or more after it (§8.8.2.2).
 *
 * @param generatedAt - the stored response's Date in milliseconds since the epoch
 * @param now - milliseconds since the epoch, for dates with a two-digit year
 */
export function ifRangeHolds(field: FieldValue, stored: Validators, generatedAt: number, now: number): boolean {
  if (typeof field !== 'string') return field === undefined;
  if (field.includes('"')) {
    // Exactly one tag: unlike If-Match, the field is no list.
    return stored.etag !== undefined && field === stored.etag && listMatches(field, stored.etag, 'strong');
  }
  const date = parseHttpDate(field, now);
  return date !== undefined && date === stored.lastModified && generatedAt - date >= 1000;
}

function dateOf(field: FieldValue, now: number): number | undefined {
  if (typeof field === 'string') return parseHttpDate(field, now);
  // Several lines are more than one member, which is to be ignored.
  return typeof field === 'object' && field.length === 1 ? parseHttpDate(field[0] ?? '', now) : undefined;
}
