const DAYS = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'];
const LONG_DAYS = ['monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday', 'sunday'];
const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];

/** The last second that fits the four-digit year of IMF-fixdate. */
const LAST_MS = 253_402_300_799_000;

/**
 * Reads an HTTP-date in any of its three forms (RFC 9110 §5.6.7), and nothing else.
 *
 * `Sun, 06 Nov 1994 08:49:37 GMT`, `Sunday, 06-Nov-94 08:49:37 GMT` and `Sun Nov  6 08:49:37 1994`. Names may have any
 * letter case; another zone, another spacing, a missing digit or a day that does not exist make it no date at all, because
 * a date that was guessed would make a response fresh (RFC 9111 §5.3).
 *
 * @param now - milliseconds since the epoch: a two-digit year is never taken for one more than 50 years ahead of it
 * @returns milliseconds since the epoch, or `undefined`
 *
 * @example
 * ```ts
 * parseHttpDate('Sun, 06 Nov 1994 08:49:37 GMT', Date.now()); // 784_111_777_000
 * parseHttpDate('1994-11-06T08:49:37Z', Date.now());          // undefined
 * ```
 */
export function parseHttpDate(text: string, now: number): number | undefined {
  // The longest is 33 characters: whatever was sent, no more than that is ever read.
  if (text.length === 29) return parseImfFixdate(text);
  if (text.length === 24) return parseAsctime(text);
  if (text.length >= 30 && text.length <= 33) return parseRfc850(text, now);
  return undefined;
}

/**
 * Writes an IMF-fixdate (RFC 9110 §5.6.7), whole seconds, rounded down.
 *
 * @param ms - milliseconds since the epoch; what lies outside the years 1970–9999 is moved to their nearer end
 */
export function formatHttpDate(ms: number): string {
  const second = Math.floor((ms >= 0 ? Math.min(ms, LAST_MS) : 0) / 1000);
  if (second !== writtenSecond) {
    written = new Date(second * 1000).toUTCString();
    writtenSecond = second;
  }
  return written;
}

/** The last second that was written: a busy server stores many responses within one. */
let writtenSecond = 0;
let written = new Date(0).toUTCString();

function parseImfFixdate(text: string): number | undefined {
  if (text.charCodeAt(3) !== 0x2c || text.charCodeAt(4) !== 0x20) return undefined;
  if (text.charCodeAt(7) !== 0x20 || text.charCodeAt(11) !== 0x20 || text.charCodeAt(16) !== 0x20) return undefined;
  if (!DAYS.includes(text.slice(0, 3).toLowerCase()) || !endsInGmt(text)) return undefined;
  return instant(digits(text, 12, 4), month(text, 8), digits(text, 5, 2), text, 17);
}

function parseAsctime(text: string): number | undefined {
  if (text.charCodeAt(3) !== 0x20 || text.charCodeAt(7) !== 0x20) return undefined;
  if (text.charCodeAt(10) !== 0x20 || text.charCodeAt(19) !== 0x20) return undefined;
  if (!DAYS.includes(text.slice(0, 3).toLowerCase())) return undefined;
  // The day is two digits, or a space and one digit.
  const day = text.charCodeAt(8) === 0x20 ? digits(text, 9, 1) : digits(text, 8, 2);
  return instant(digits(text, 20, 4), month(text, 4), day, text, 11);
}

function parseRfc850(text: string, now: number): number | undefined {
  const comma = text.length - 24;
  if (text.charCodeAt(comma) !== 0x2c || text.charCodeAt(comma + 1) !== 0x20) return undefined;
  if (text.charCodeAt(comma + 4) !== 0x2d || text.charCodeAt(comma + 8) !== 0x2d) return undefined;
  if (text.charCodeAt(comma + 11) !== 0x20) return undefined;
  if (!LONG_DAYS.includes(text.slice(0, comma).toLowerCase()) || !endsInGmt(text)) return undefined;
  const twoDigits = digits(text, comma + 9, 2);
  const at = (year: number) => instant(year, month(text, comma + 5), digits(text, comma + 2, 2), text, comma + 12);
  // The latest year with these digits that is not more than 50 years ahead (RFC 9110 §5.6.7).
  const horizon = new Date(now);
  horizon.setUTCFullYear(horizon.getUTCFullYear() + 50);
  const century = Math.floor(horizon.getUTCFullYear() / 100) * 100;
  const ms = at(century + twoDigits);
  // 29 February may exist in one century and not in the other.
  return ms !== undefined && ms <= horizon.getTime() ? ms : at(century - 100 + twoDigits);
}

function endsInGmt(text: string): boolean {
  return text.slice(-4).toLowerCase() === ' gmt';
}

function month(text: string, start: number): number {
  return MONTHS.indexOf(text.slice(start, start + 3).toLowerCase());
}

/** NaN unless every character is a digit. */
function digits(text: string, start: number, count: number): number {
  let value = 0;
  for (let i = start; i < start + count; i++) {
    const digit = text.charCodeAt(i) - 0x30;
    value = digit >= 0 && digit <= 9 ? value * 10 + digit : Number.NaN;
  }
  return value;
}

/** Year, month and day, with the `hh:mm:ss` that begins at `time`. */
function instant(year: number, monthIndex: number, day: number, text: string, time: number): number | undefined {
  if (text.charCodeAt(time + 2) !== 0x3a || text.charCodeAt(time + 5) !== 0x3a) return undefined;
  const hour = digits(text, time, 2);
  const minute = digits(text, time + 3, 2);
  const second = digits(text, time + 6, 2);
  // 60 is a leap second and allowed by the grammar.
  if (!(monthIndex >= 0 && hour <= 23 && minute <= 59 && second <= 60 && day >= 1)) return undefined;
  const midnight = new Date(0);
  midnight.setUTCFullYear(year, monthIndex, day);
  if (midnight.getUTCDate() !== day) return undefined;
  return midnight.getTime() + ((hour * 60 + minute) * 60 + second) * 1000;
}
