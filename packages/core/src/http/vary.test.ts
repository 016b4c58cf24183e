import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { parseVary, selectingValue } from './vary.js';

describe('Vary grammar (RFC 9110 §12.5.5)', () => {
  it.each([
    [undefined, []],
    ['', []],
    [' , ', []],
    ['Origin', ['origin']],
    ['Origin, accept-encoding ,ORIGIN', ['accept-encoding', 'origin']],
    [
      ['Foo', 'bar, baz'],
      ['bar', 'baz', 'foo'],
    ],
    ['*', '*'],
    ['*, *', '*'],
    [', *', '*'],
    ['*, Foo', '*'],
    ['Foo, *', '*'],
    [['', '*'], '*'],
    [['Foo', 'Bar, *'], '*'],
  ])('reads %j as %j', (field, expected) => {
    expect(parseVary(field)).toEqual(expected);
  });

  it.each(['Accept Encoding', 'foo;bar', '"origin"', 'x(y)'])('matches nothing when %j is no field name', (field) => {
    expect(parseVary(field)).toBe('*');
  });

  it('never throws, and yields sorted unique lower-case names', () => {
    const field = fc.string({ unit: fc.constantFrom('a', 'B', ',', ' ', '-', '*', '"', '\\', '\0') });
    fc.assert(
      fc.property(fc.array(field), (lines) => {
        const vary = parseVary(lines);
        if (vary === '*') return;
        expect(vary).toEqual([...new Set(vary.map((name) => name.toLowerCase()))].sort());
      }),
    );
  });
});

describe('selecting header values (RFC 9111 §4.1)', () => {
  it('keeps an absent field apart from an empty one', () => {
    expect(selectingValue('foo', undefined)).toBeUndefined();
    expect(selectingValue('foo', '')).toBe('');
    expect(selectingValue('foo', ' ')).toBe('');
  });

  it.each([
    ['foo', ' 1, 2 ', '1,2'],
    ['foo', '1 ,\t2', '1,2'],
    ['foo', 'a  b', 'a  b'],
    ['foo', 'A; b', 'A; b'],
    ['foo', '"a , b" , c', '"a , b",c'],
    ['foo', '"a\\" , b" , c', '"a\\" , b",c'],
    ['foo', '"a , b', '"a,b'],
    ['accept-encoding', 'gzip, deflate, br', 'gzip,deflate,br'],
    ['accept-encoding', 'GZIP ;q=0.5', 'gzip;q=0.5'],
    ['accept-language', 'de-DE, EN ; q=0.7', 'de-de,en;q=0.7'],
    ['accept-charset', 'UTF-8', 'utf-8'],
    ['accept', 'Text/HTML; Level=A ;Q=0.5', 'text/html;level=A;q=0.5'],
    ['accept', 'a/b; profile="X, Y"', 'a/b;profile="X, Y"'],
    ['user-agent', ' Mozilla (KHTML, like Gecko) ', 'Mozilla (KHTML, like Gecko)'],
    ['cookie', 'A=1, 2; b=c', 'A=1, 2; b=c'],
    ['x-tenant', 'ACME', 'ACME'],
    ['origin', 'https://A.example', 'https://A.example'],
  ])('normalises %s: %j to %j', (name, raw, expected) => {
    expect(selectingValue(name, raw)).toBe(expected);
  });

  it('takes several lines as one list', () => {
    expect(selectingValue('foo', ['1', '2'])).toBe(selectingValue('foo', '1, 2'));
  });

  it('keeps two orders of languages apart, since a producer may answer them differently', () => {
    expect(selectingValue('accept-language', 'en, de')).not.toBe(selectingValue('accept-language', 'de, en'));
  });

  it('gives the same answer however many values were seen before', () => {
    for (let i = 0; i < 1000; i++) expect(selectingValue('accept-language', `EN, x-${i}`)).toBe(`en,x-${i}`);
    expect(selectingValue('accept-language', 'EN, x-0')).toBe('en,x-0');
    expect(selectingValue('accept', 'EN/X; a=B')).toBe('en/x;a=B');
    expect(selectingValue('accept-language', 'EN/X; a=B')).toBe('en/x;a=b');
  });

  const unit = fc.constantFrom('a', 'B', ',', ';', '=', ' ', '\t', '"', '\\', 'é');
  const names = fc.constantFrom('foo', 'accept', 'accept-encoding', 'user-agent');

  it('is stable: what was normalised stays as it is', () => {
    fc.assert(
      fc.property(names, fc.string({ unit }), (name, raw) => {
        const value = selectingValue(name, raw);
        expect(selectingValue(name, value)).toBe(value);
      }),
    );
  });

  it('drops nothing but whitespace, and changes nothing but letter case', () => {
    const bare = (text: string) => text.replace(/[ \t]/g, '').toLowerCase();
    fc.assert(
      fc.property(names, fc.string({ unit }), (name, raw) => {
        expect(bare(selectingValue(name, raw) ?? '')).toBe(bare(raw));
      }),
    );
  });
});
