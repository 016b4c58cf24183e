import { type FieldValue, isOws, parseDigits } from './syntax.js';

/** A part of a representation, in bytes: `start` and `end` belong to it. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

/**
 * Reads the Range field of a GET request against a representation of a known length (RFC 9110 §14.2).
 *
 * Answer 206 with the slice, 416 for `'unsatisfiable'`, and 200 in full for `'ignore'`: another unit, bad syntax, or
 * several ranges, which a server may decline (§14.2) and which cost more than they save. On any other method Range means
 * nothing.
 *
 * @param length - of the representation, in bytes
 *
 * @example
 * ```ts
 * parseRange('bytes=0-499', 1000); // { start: 0, end: 499 }
 * parseRange('bytes=-500', 1000);  // { start: 500, end: 999 }
 * parseRange('bytes=1000-', 1000); // 'unsatisfiable'
 * ```
 */
export function parseRange(field: FieldValue, length: number): ByteRange | 'unsatisfiable' | 'ignore' {
  if (typeof field !== 'string' || field.slice(0, 6).toLowerCase() !== 'bytes=') return 'ignore';
  const spec = onlyMember(field.slice(6));
  const dash = spec.indexOf('-');
  if (dash === -1) return 'ignore';
  const last = parseDigits(spec, dash + 1, spec.length);

  if (dash === 0) {
    // suffix-range (§14.1.2): the last so many bytes, or all of them.
    if (last === undefined) return 'ignore';
    if (last === 0) return 'unsatisfiable';
    // No Content-Range can speak of a part of nothing, though the range is satisfiable.
    return length === 0 ? 'ignore' : { start: Math.max(0, length - last), end: length - 1 };
  }

  // int-range (§14.1.1); one whose end lies before its beginning is no range at all.
  const start = parseDigits(spec, 0, dash);
  if (start === undefined) return 'ignore';
  const open = dash === spec.length - 1;
  if (!open && (last === undefined || last < start)) return 'ignore';
  if (start >= length) return 'unsatisfiable';
  return { start, end: open ? length - 1 : Math.min(last ?? 0, length - 1) };
}

/** Writes the Content-Range of a 206 answer (RFC 9110 §14.4). */
export function formatContentRange(range: ByteRange, length: number): string {
  return `bytes ${range.start}-${range.end}/${length}`;
}

/** Writes the Content-Range of a 416 answer (RFC 9110 §15.5.17). */
export function formatUnsatisfiedRange(length: number): string {
  return `bytes */${length}`;
}

/** The one member of a list that may have empty ones beside it; several come back as what is no range. */
function onlyMember(list: string): string {
  let start = 0;
  while (start < list.length && isGap(list.charCodeAt(start))) start++;
  let end = list.length;
  while (end > start && isGap(list.charCodeAt(end - 1))) end--;
  const member = list.slice(start, end);
  return member.includes(',') ? '' : member;
}

function isGap(code: number): boolean {
  return code === 0x2c || isOws(code);
}
