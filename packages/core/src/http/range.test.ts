import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { formatContentRange, formatUnsatisfiedRange, parseRange } from './range.js';

describe('Range (RFC 9110 §14.1.1, §14.1.2, §14.2)', () => {
  it.each([
    ['bytes=0-0', { start: 0, end: 0 }],
    ['bytes=0-499', { start: 0, end: 499 }],
    ['bytes=500-', { start: 500, end: 999 }],
    ['bytes=999-', { start: 999, end: 999 }],
    ['bytes=500-5000', { start: 500, end: 999 }],
    [`bytes=1-${'9'.repeat(400)}`, { start: 1, end: 999 }],
    ['bytes=-500', { start: 500, end: 999 }],
    ['bytes=-5000', { start: 0, end: 999 }],
    ['Bytes=0-1', { start: 0, end: 1 }],
    ['bytes= 0-1 ', { start: 0, end: 1 }],
    ['bytes=,0-1,', { start: 0, end: 1 }],
    ['bytes=1000-', 'unsatisfiable'],
    ['bytes=1000-2000', 'unsatisfiable'],
    [`bytes=${'9'.repeat(400)}-`, 'unsatisfiable'],
    ['bytes=-0', 'unsatisfiable'],
    ['bytes=0-1,2-3', 'ignore'],
    ['bytes=0-1, -1', 'ignore'],
    ['bytes=5-4', 'ignore'],
    ['bytes=-', 'ignore'],
    ['bytes=', 'ignore'],
    ['bytes=5', 'ignore'],
    ['bytes=a-b', 'ignore'],
    ['bytes=0-1x', 'ignore'],
    ['bytes=0--1', 'ignore'],
    ['bytes=--1', 'ignore'],
    ['bytes=+0-1', 'ignore'],
    ['bytes=0 -1', 'ignore'],
    ['bytes 0-1', 'ignore'],
    ['lines=0-1', 'ignore'],
    ['', 'ignore'],
    [undefined, 'ignore'],
    [['bytes=0-1', 'bytes=2-3'], 'ignore'],
  ])('reads %j of 1000 bytes', (field, expected) => {
    expect(parseRange(field, 1000)).toEqual(expected);
  });

  it.each([
    ['bytes=0-', 'unsatisfiable'],
    ['bytes=-5', 'ignore'],
  ])('reads %j of nothing', (field, expected) => {
    expect(parseRange(field, 0)).toBe(expected);
  });

  it('never leaves the representation', () => {
    const spec = fc.string({ unit: fc.constantFrom('0', '1', '9', '-', ',', ' '), maxLength: 12 });
    fc.assert(
      fc.property(spec, fc.nat(100), (text, length) => {
        const range = parseRange(`bytes=${text}`, length);
        if (typeof range === 'string') return;
        expect(range.start >= 0 && range.start <= range.end && range.end < length).toBe(true);
      }),
    );
  });

  it('reads any range inside the representation as it was meant', () => {
    fc.assert(
      fc.property(fc.nat(999), fc.nat(999), (a, b) => {
        const range = { start: Math.min(a, b), end: Math.max(a, b) };
        expect(parseRange(`bytes=${range.start}-${range.end}`, 1000)).toEqual(range);
        expect(parseRange(`bytes=-${a + 1}`, 1000)).toEqual({ start: 999 - a, end: 999 });
      }),
    );
  });
});

describe('Content-Range (RFC 9110 §14.4)', () => {
  it('is written for 206 and 416', () => {
    expect(formatContentRange({ start: 0, end: 499 }, 1000)).toBe('bytes 0-499/1000');
    expect(formatUnsatisfiedRange(1000)).toBe('bytes */1000');
  });
});
