import { type FieldValue, isOws, trimOws } from './syntax.js';

/** An entity tag taken apart (RFC 9110 §8.8.3). */
export interface EntityTag {
  readonly weak: boolean;
  /** What stands between the quotes. */
  readonly opaque: string;
}

/**
 * Reads an ETag field: `"x"` or `W/"x"`, with the `W` in upper case.
 *
 * @returns `undefined` for anything else, a tag without quotes included
 */
export function parseEntityTag(field: FieldValue): EntityTag | undefined {
  if (typeof field !== 'string') return undefined;
  const text = trimOws(field);
  if (!isEntityTag(text)) return undefined;
  const weak = text.startsWith('W/');
  return { weak, opaque: text.slice(weak ? 3 : 1, -1) };
}

/** Whether the text is one entity tag and nothing else. */
export function isEntityTag(text: string): boolean {
  const open = text.startsWith('W/') ? 2 : 0;
  const close = text.length - 1;
  if (close <= open || text.charCodeAt(open) !== 0x22 || text.charCodeAt(close) !== 0x22) return false;
  for (let i = open + 1; i < close; i++) if (!isEtagc(text.charCodeAt(i))) return false;
  return true;
}

/** etagc of RFC 9110 §8.8.3: visible characters without the quote, and obs-text. */
function isEtagc(code: number): boolean {
  return code === 0x21 || (code >= 0x23 && code <= 0x7e) || code >= 0x80;
}

/** Whether two entity tags are equal and neither is weak (RFC 9110 §8.8.3.2). */
export function strongMatch(a: string, b: string): boolean {
  return a === b && !a.startsWith('W/') && isEntityTag(a);
}

/** Whether two entity tags have the same opaque text, weak or not (RFC 9110 §8.8.3.2). */
export function weakMatch(a: string, b: string): boolean {
  const from = a.startsWith('W/') ? 2 : 0;
  const length = a.length - from;
  const other = b.startsWith('W/') ? 2 : 0;
  return length === b.length - other && a.endsWith(b.slice(other)) && isEntityTag(a);
}

/** True when the whole field is `*`: any current representation will do (RFC 9110 §13.1.1, §13.1.2). */
export function isAnyTag(field: FieldValue): boolean {
  if (typeof field === 'string') return field === '*' || trimOws(field) === '*';
  return typeof field === 'object' && field.length === 1 && trimOws(field[0] ?? '') === '*';
}

/**
 * Whether an If-Match or If-None-Match list names the stored response's entity tag.
 *
 * Nothing is allocated when the field is the tag itself, as browsers send it; for a weak comparison that is enough, even
 * of a tag that its handler forgot to quote. A member that is no entity tag is passed over, and `*` is not looked at: it
 * asks another question ({@link isAnyTag}).
 *
 * @param etag - the stored response's, as it was sent
 * @param comparison - strong for If-Match and If-Range, weak for If-None-Match (RFC 9110 §13.1)
 */
export function listMatches(field: FieldValue, etag: string, comparison: 'strong' | 'weak'): boolean {
  if (typeof field === 'object') return field.some((line) => listMatches(line, etag, comparison));
  if (typeof field !== 'string' || etag === '') return false;
  if (comparison === 'weak' && field === etag) return true;
  const weak = etag.startsWith('W/');
  if ((comparison === 'strong' && weak) || !isEntityTag(etag)) return false;
  return field === etag || scanList(field, weak ? etag.slice(2) : etag, comparison === 'strong');
}

/** Looks for `quoted`, which has its quotes, among the members. Each character is visited once. */
function scanList(list: string, quoted: string, strong: boolean): boolean {
  for (let i = 0; i < list.length; ) {
    const code = list.charCodeAt(i);
    if (isOws(code) || code === 0x2c) {
      i++;
      continue;
    }
    const weak = code === 0x57 && list.charCodeAt(i + 1) === 0x2f;
    const open = weak ? i + 2 : i;
    const close = list.charCodeAt(open) === 0x22 ? list.indexOf('"', open + 1) : -1;
    const end = close === -1 ? nextComma(list, i) : endOfMember(list, close + 1);
    // `end` is negative when something other than whitespace follows the closing quote.
    if (close !== -1 && end >= 0 && !(strong && weak)) {
      // Both end at their second quote, so that the one cannot be a mere beginning of the other.
      if (list.startsWith(quoted, open)) return true;
    }
    i = end >= 0 ? end : nextComma(list, close + 1);
  }
  return false;
}

function endOfMember(list: string, start: number): number {
  let i = start;
  while (i < list.length && isOws(list.charCodeAt(i))) i++;
  return i === list.length || list.charCodeAt(i) === 0x2c ? i : -1;
}

function nextComma(list: string, start: number): number {
  const comma = list.indexOf(',', start);
  return comma === -1 ? list.length : comma;
}
