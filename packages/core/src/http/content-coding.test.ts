import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { codedEntityTag, parseAcceptEncoding, preferredCoding } from './content-coding.js';

describe('parseAcceptEncoding (RFC 9110 §12.5.3)', () => {
  it.each<[string, [string, number][]]>([
    ['', []],
    ['gzip', [['gzip', 1]]],
    [
      'GZip;Q=0.5 , br',
      [
        ['gzip', 0.5],
        ['br', 1],
      ],
    ],
    ['x-gzip', [['gzip', 1]]],
    ['*;q=0', [['*', 0]]],
    ['br;q=1.000', [['br', 1]]],
    ['br;q=1.001', []],
    ['br;q=', []],
    ['br;level=5', []],
    ['br;q=0.1234', []],
    ['b r, gzip', [['gzip', 1]]],
    [',,\tbr\t,', [['br', 1]]],
  ])('reads %j', (field, weights) => {
    expect([...parseAcceptEncoding(field)]).toEqual(weights);
  });

  it('takes any text', () => {
    fc.assert(fc.property(fc.string(), (field) => parseAcceptEncoding(field).size >= 0));
  });
});

describe('preferredCoding', () => {
  const prefer = (field: string, atHand: readonly string[]) => preferredCoding(parseAcceptEncoding(field), atHand);

  it.each<[string, string[], string | undefined]>([
    ['gzip, br', ['br', 'gzip'], 'br'],
    ['gzip, br', ['gzip', 'br'], 'gzip'],
    ['gzip, br;q=0.9', ['br', 'gzip'], 'gzip'],
    ['*', ['zstd'], 'zstd'],
    ['*;q=0.1, gzip;q=0', ['gzip', 'br'], 'br'],
    ['br', [], undefined],
    ['identity, br;q=0.9', ['br'], undefined],
    ['identity;q=0, br;q=0.001', ['br'], 'br'],
    ['identity;q=0', ['br'], undefined],
  ])('with %j and %j at hand is %s', (field, atHand, coding) => {
    expect(prefer(field, atHand)).toBe(coding);
  });
});

describe('codedEntityTag (RFC 9110 §8.8.3.3)', () => {
  it('is another for other bytes, and the same where it says only what they mean', () => {
    expect(codedEntityTag('"x"', 'br')).toBe('"x-br"');
    expect(codedEntityTag('""', 'br')).toBe('"-br"');
    expect(codedEntityTag('W/"x"', 'br')).toBe('W/"x"');
  });
});
