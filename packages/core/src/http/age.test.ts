import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { formatAge, parseAge } from './age.js';

describe('Age (RFC 9111 §5.1)', () => {
  it.each([
    ['0', 0],
    ['7200', 7200],
    ['007200', 7200],
    [7200, 7200],
    [' 7200 ', 7200],
    ['7200,0', 7200],
    ['0, 7200', 0],
    [['7200', '0'], 7200],
    [['0', '7200'], 0],
    ['2147483647', 2_147_483_647],
    ['2147483648', 2_147_483_648],
    ['99999999999999999999', 2_147_483_648],
    ['abc', undefined],
    ['-7200', undefined],
    ['+7200', undefined],
    ['7200.0', undefined],
    ['"7200"', undefined],
    ['7200 s', undefined],
    ['7200;foo=bar', 7200],
    ['0 ; foo=7200, 1', 0],
    [';foo=1', undefined],
    ['abc, 7200', undefined],
    [-5, undefined],
    [7.5, undefined],
    ['', undefined],
    [[], undefined],
    [undefined, undefined],
  ])('reads %j as %p', (field, seconds) => {
    expect(parseAge(field)).toBe(seconds);
  });

  it.each([
    [0, '0'],
    [999, '0'],
    [1000, '1'],
    [1999, '1'],
    [-5000, '0'],
    [Number.NaN, '0'],
    [Number.POSITIVE_INFINITY, '2147483648'],
  ])('writes %p ms as %s', (ms, field) => {
    expect(formatAge(ms)).toBe(field);
  });

  it('reads back what it wrote', () => {
    fc.assert(fc.property(fc.nat(), (seconds) => expect(parseAge(formatAge(seconds * 1000 + 999))).toBe(seconds)));
  });
});
