import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { formatHttpDate, parseHttpDate } from './http-date.js';
import { anyText } from './text.test.support.js';

const now = Date.UTC(2026, 0, 1);
const example = Date.UTC(1994, 10, 6, 8, 49, 37);
const later = Date.UTC(2050, 7, 18, 2, 1, 18);

describe('HTTP-date (RFC 9110 §5.6.7)', () => {
  it.each([
    ['Sun, 06 Nov 1994 08:49:37 GMT', example],
    ['Sunday, 06-Nov-94 08:49:37 GMT', example],
    ['Sun Nov  6 08:49:37 1994', example],
    ['Sun Nov 16 08:49:37 1994', example + 10 * 86_400_000],
    ['Thu, 18 Aug 2050 02:01:18 GMT', later],
    ['Thursday, 18-Aug-50 02:01:18 GMT', later],
    ['Wednesday, 18-Aug-50 02:01:18 GMT', later],
    ['Thu Aug 18 02:01:18 2050', later],
    ['THU, 18 Aug 2050 02:01:18 GMT', later],
    ['Thu, 18 AUG 2050 02:01:18 GMT', later],
    ['Thu, 18 Aug 2050 02:01:18 gMT', later],
    ['Sat, 31 Dec 2016 23:59:60 GMT', Date.UTC(2017, 0, 1)],
    ['Thu, 29 Feb 2024 00:00:00 GMT', Date.UTC(2024, 1, 29)],
    ['Thu, 01 Jan 1970 00:00:00 GMT', 0],
  ])('reads %j', (text, ms) => {
    expect(parseHttpDate(text, now)).toBe(ms);
  });

  it.each([
    ['another zone', 'Thu, 18 Aug 2050 02:01:18 UTC'],
    ['an offset', 'Thu, 18 Aug 2050 02:01:18 +00'],
    ['a two-digit year', 'Thu, 18 Aug 50 02:01:18 GMT'],
    ['no comma', 'Thu 18 Aug 2050 02:01:18 GMT'],
    ['several spaces', 'Thu, 18  Aug  2050 02:01:18 GMT'],
    ['dashes', 'Thu, 18-Aug-2050 02:01:18 GMT'],
    ['periods in the time', 'Thu, 18 Aug 2050 02.01.18 GMT'],
    ['a one-digit hour', 'Thu, 18 Aug 2050 2:01:18 GMT'],
    ['a padded one-digit hour', 'Thu, 18 Aug 2050  2:01:18 GMT'],
    ['a day that does not exist', 'Thu, 31 Feb 2050 02:01:18 GMT'],
    ['day 0', 'Thu, 00 Aug 2050 02:01:18 GMT'],
    ['hour 24', 'Thu, 18 Aug 2050 24:00:00 GMT'],
    ['minute 60', 'Thu, 18 Aug 2050 02:60:18 GMT'],
    ['second 61', 'Thu, 18 Aug 2050 02:01:61 GMT'],
    ['no weekday', 'Xyz, 18 Aug 2050 02:01:18 GMT'],
    ['no month', 'Thu, 18 Xyz 2050 02:01:18 GMT'],
    ['a word after it', 'Thu, 18 Aug 2050 02:01:18 GMT x'],
    ['a signed year', 'Thu, 18 Aug -050 02:01:18 GMT'],
    ['ISO 8601', '2050-08-18T02:01:18Z'],
    ['ISO 8601 of the same length as IMF-fixdate', '2050-08-18T02:01:18.000+00:00'],
    ['a number', '0'],
    ['-1', '-1'],
    ['nothing', ''],
    ['a bad asctime day', 'Sun Nov 6  08:49:37 1994'],
    ['a bad RFC 850 day', 'Sunday, 06 Nov 94 08:49:37 GMT'],
    ['a short RFC 850 day name', 'Sundaa, 06-Nov-94 08:49:37 GMT'],
  ])('does not read %s', (_, text) => {
    expect(parseHttpDate(text, now)).toBeUndefined();
  });

  it.each([
    ['76', 2026, 1976 + 100],
    ['77', 2026, 1977],
    ['99', 2026, 1999],
    ['00', 2026, 2000],
    ['26', 1976, 2026],
    ['27', 1976, 1927],
    ['01', 1999, 2001],
    ['10', 2080, 2110],
  ])('takes the two-digit year %s in %p for %p: never more than 50 years ahead', (digits, thisYear, year) => {
    const text = `Thursday, 01-Jan-${digits} 00:00:00 GMT`;
    expect(parseHttpDate(text, Date.UTC(thisYear, 0, 1))).toBe(Date.UTC(year, 0, 1));
  });
});

describe('formatHttpDate', () => {
  it('reads back to the second', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 253_402_300_799 }), fc.nat(999), (seconds, ms) => {
        expect(parseHttpDate(formatHttpDate(seconds * 1000 + ms), now)).toBe(seconds * 1000);
      }),
    );
  });

  it.each([Number.NaN, -1, Number.POSITIVE_INFINITY, 1e20])('writes a date for %p too', (ms) => {
    expect(parseHttpDate(formatHttpDate(ms), now)).toBeDefined();
  });
});

describe('parseHttpDate, whatever it is given', () => {
  it('never throws', () => {
    const near = fc.tuple(fc.nat(28), anyText({ maxLength: 1 })).map(([at, piece]) => {
      const text = 'Sun, 06 Nov 1994 08:49:37 GMT';
      return text.slice(0, at) + piece + text.slice(at + 1);
    });
    fc.assert(
      fc.property(fc.oneof(near, anyText()), (text) => {
        const ms = parseHttpDate(text, now);
        expect(ms === undefined || Number.isInteger(ms)).toBe(true);
      }),
    );
  });
});
