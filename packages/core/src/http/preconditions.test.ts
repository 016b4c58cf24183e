import { describe, expect, it } from '@jest/globals';
import { evaluatePreconditions, ifRangeHolds, isConditional, type PreconditionFields } from './preconditions.js';

const now = Date.UTC(2026, 0, 1);
const at = 'Sun, 06 Nov 1994 08:49:37 GMT';
const before = 'Sun, 06 Nov 1994 08:49:36 GMT';
const lastModified = Date.UTC(1994, 10, 6, 8, 49, 37);
const stored = { etag: '"a"', lastModified };

describe('preconditions in order (RFC 9110 §13.2.2)', () => {
  it.each<[string, PreconditionFields, string]>([
    ['nothing is asked', {}, 'proceed'],
    ['If-Match names the tag', { 'if-match': '"x", "a"' }, 'proceed'],
    ['If-Match names another', { 'if-match': '"x"' }, 'failed'],
    ['If-Match is weak: strong comparison', { 'if-match': 'W/"a"' }, 'failed'],
    ['If-Match is *', { 'if-match': '*' }, 'proceed'],
    [
      'If-Match holds: If-Unmodified-Since is not looked at',
      { 'if-match': '"a"', 'if-unmodified-since': before },
      'proceed',
    ],
    ['If-Match holds and If-None-Match matches', { 'if-match': '"a"', 'if-none-match': '"a"' }, 'not-modified'],
    ['If-Match fails before If-None-Match is looked at', { 'if-match': '"x"', 'if-none-match': '"a"' }, 'failed'],
    ['it was not modified since', { 'if-unmodified-since': at }, 'proceed'],
    ['it was modified since', { 'if-unmodified-since': before }, 'failed'],
    ['If-Unmodified-Since is no date', { 'if-unmodified-since': '0' }, 'proceed'],
    ['If-None-Match matches', { 'if-none-match': '"a"' }, 'not-modified'],
    ['If-None-Match matches weakly', { 'if-none-match': 'W/"a"' }, 'not-modified'],
    ['If-None-Match is *', { 'if-none-match': '*' }, 'not-modified'],
    ['If-None-Match names another', { 'if-none-match': '"x"' }, 'proceed'],
    ['If-None-Match beats If-Modified-Since', { 'if-none-match': '"x"', 'if-modified-since': at }, 'proceed'],
    [
      'If-None-Match matches, the date does not',
      { 'if-none-match': '"a"', 'if-modified-since': before },
      'not-modified',
    ],
    ['If-Modified-Since is the same second', { 'if-modified-since': at }, 'not-modified'],
    ['If-Modified-Since is earlier', { 'if-modified-since': before }, 'proceed'],
    ['If-Modified-Since is no date', { 'if-modified-since': '1994-11-06' }, 'proceed'],
    ['If-Modified-Since has two members', { 'if-modified-since': [at, at] }, 'proceed'],
    ['If-Modified-Since in another form', { 'if-modified-since': 'Sunday, 06-Nov-94 08:49:37 GMT' }, 'not-modified'],
  ])('%s', (_, fields, expected) => {
    expect(evaluatePreconditions(fields, stored, now)).toBe(expected);
    expect(isConditional(fields)).toBe(Object.keys(fields).length > 0);
  });

  it.each<[PreconditionFields, string]>([
    [{ 'if-match': '"a"' }, 'failed'],
    [{ 'if-match': '*' }, 'proceed'],
    [{ 'if-unmodified-since': before }, 'proceed'],
    [{ 'if-none-match': '"a"' }, 'proceed'],
    [{ 'if-none-match': '*' }, 'not-modified'],
    [{ 'if-modified-since': at }, 'proceed'],
  ])('evaluates %j against a response without validators', (fields, expected) => {
    expect(evaluatePreconditions(fields, { etag: undefined, lastModified: undefined }, now)).toBe(expected);
  });
});

describe('If-Range (RFC 9110 §13.1.5)', () => {
  it.each([
    ['absent', undefined, true],
    ['the tag', '"a"', true],
    ['another tag', '"x"', false],
    ['a weak tag', 'W/"a"', false],
    ['a list', '"a", "b"', false],
    ['the date', at, true],
    ['a later date', 'Sun, 06 Nov 1994 08:49:38 GMT', false],
    ['no date', 'yesterday', false],
    ['two lines', ['"a"', '"a"'], false],
  ])('%s', (_, field, expected) => {
    expect(ifRangeHolds(field, stored, lastModified + 1000, now)).toBe(expected);
  });

  it('does not hold by a weak validator', () => {
    expect(ifRangeHolds('W/"a"', { ...stored, etag: 'W/"a"' }, lastModified + 1000, now)).toBe(false);
    expect(ifRangeHolds(at, stored, lastModified + 999, now)).toBe(false);
  });
});
