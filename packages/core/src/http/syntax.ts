/**
 * A field as Node hands it over: one line, several lines, or absent.
 *
 * `res.getHeader` may give a number, for a handler that wrote `res.setHeader('Age', 5)`.
 */
export type FieldValue = string | number | readonly string[] | undefined;

/** What a delta-seconds value too large to represent becomes: 2^31 (RFC 9111 §1.2.2). */
export const MAX_DELTA_SECONDS = 2_147_483_648;

/** Optional whitespace of RFC 9110 §5.6.3: a space or a tab. */
export function isOws(code: number): boolean {
  return code === 0x20 || code === 0x09;
}

/**
 * The text without optional whitespace at both ends (RFC 9110 §5.6.3).
 *
 * Not `String.prototype.trim`, which also removes characters that are data in HTTP, such as U+00A0.
 */
export function trimOws(text: string, start = 0, end: number = text.length): string {
  let from = start;
  let to = end;
  while (from < to && isOws(text.charCodeAt(from))) from++;
  while (to > from && isOws(text.charCodeAt(to - 1))) to--;
  return text.slice(from, to);
}

const tchar = new Uint8Array(128);
for (const char of "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")
  tchar[char.charCodeAt(0)] = 1;

/** True for a character that may stand in a token (RFC 9110 §5.6.2). */
export function isTchar(code: number): boolean {
  return tchar[code] === 1;
}

/** True for a non-empty token (RFC 9110 §5.6.2), which is what field names and methods are. */
export function isToken(text: string): boolean {
  if (text.length === 0) return false;
  for (let i = 0; i < text.length; i++) if (!isTchar(text.charCodeAt(i))) return false;
  return true;
}

/**
 * Reads delta-seconds (RFC 9111 §1.2.2): digits only, saturating at {@link MAX_DELTA_SECONDS}.
 *
 * @returns `undefined` for anything else, sign, fraction and whitespace included
 */
export function parseDeltaSeconds(text: string): number | undefined {
  const seconds = parseDigits(text, 0, text.length);
  return seconds === undefined ? undefined : Math.min(seconds, MAX_DELTA_SECONDS);
}

/**
 * Reads `text[start, end)` as decimal digits, saturating at `Number.MAX_SAFE_INTEGER`.
 *
 * @returns `undefined` when the slice is empty or holds anything but digits
 */
export function parseDigits(text: string, start: number, end: number): number | undefined {
  if (start >= end) return undefined;
  let value = 0;
  for (let i = start; i < end; i++) {
    const digit = text.charCodeAt(i) - 0x30;
    if (!(digit >= 0 && digit <= 9)) return undefined;
    if (value < Number.MAX_SAFE_INTEGER) value = Math.min(value * 10 + digit, Number.MAX_SAFE_INTEGER);
  }
  return value;
}

/** The first line of a field, where a repeated field counts only once. */
export function firstLine(field: FieldValue): string | undefined {
  if (typeof field === 'string' || field === undefined) return field;
  return typeof field === 'number' ? String(field) : field[0];
}

/**
 * The members of one line of a comma-separated list (RFC 9110 §5.6.1), trimmed, empty ones dropped.
 *
 * A comma inside a quoted string separates nothing. A quote that is never closed opens nothing (§5.6.4), so that a stray
 * `"` cannot hide the members after it.
 */
export function splitList(line: string): string[] {
  const members: string[] = [];
  let start = 0;
  // Sticky, so that each character is looked at no more than twice however many quotes stay open.
  let quotesClose = true;
  for (let i = 0; i <= line.length; i++) {
    const code = line.charCodeAt(i);
    if (code === 0x22 && quotesClose) {
      const close = closingQuote(line, i + 1);
      if (close === -1) quotesClose = false;
      else i = close;
    } else if (code === 0x2c || i === line.length) {
      const member = trimOws(line, start, i);
      if (member !== '') members.push(member);
      start = i + 1;
    }
  }
  return members;
}

/** Where the quoted string whose text begins at `start` is closed; -1 when it is not (RFC 9110 §5.6.4). */
export function closingQuote(line: string, start: number): number {
  for (let i = start; i < line.length; i++) {
    const code = line.charCodeAt(i);
    if (code === 0x22) return i;
    if (code === 0x5c) i++;
  }
  return -1;
}

/** The text of a quoted string without its quotes and quoted pairs; anything else comes back as it is (RFC 9110 §5.6.4). */
export function unquote(text: string): string {
  if (text.length < 2 || text.charCodeAt(0) !== 0x22 || text.charCodeAt(text.length - 1) !== 0x22) return text;
  const inner = text.slice(1, -1);
  return inner.includes('\\') ? inner.replace(/\\(.)/gs, '$1') : inner;
}
