import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { isAnyTag, isEntityTag, listMatches, parseEntityTag, strongMatch, weakMatch } from './entity-tag.js';

describe('entity tag grammar (RFC 9110 §8.8.3)', () => {
  it.each([
    ['"x"', { weak: false, opaque: 'x' }],
    ['W/"x"', { weak: true, opaque: 'x' }],
    [' "x" ', { weak: false, opaque: 'x' }],
    ['""', { weak: false, opaque: '' }],
    ['"abcdefü"', { weak: false, opaque: 'abcdefü' }],
    ['"a\\"', { weak: false, opaque: 'a\\' }],
  ])('reads %j', (field, expected) => {
    expect(parseEntityTag(field)).toEqual(expected);
  });

  it.each(['x', 'w/"x"', 'W\\"x"', 'W"x"', '"x', 'x"', '"', 'W/"', '"a"b"', '"a b"', '"a\u007f"', '', '*', undefined])(
    'does not take %j for one',
    (field) => {
      expect(parseEntityTag(field)).toBeUndefined();
    },
  );
});

describe('comparison (RFC 9110 §8.8.3.2)', () => {
  it.each([
    ['W/"1"', 'W/"1"', false, true],
    ['W/"1"', 'W/"2"', false, false],
    ['W/"1"', '"1"', false, true],
    ['"1"', 'W/"1"', false, true],
    ['"1"', '"1"', true, true],
    ['"11"', '"1"', false, false],
    ['1', '1', false, false],
  ])('compares %s with %s: strong %p, weak %p', (a, b, strong, weak) => {
    expect(strongMatch(a, b)).toBe(strong);
    expect(weakMatch(a, b)).toBe(weak);
  });
});

describe('lists of entity tags (RFC 9110 §13.1.1, §13.1.2)', () => {
  it.each([
    ['"a"', '"a"', true, true],
    ['W/"a"', '"a"', false, true],
    ['"a"', 'W/"a"', false, true],
    ['W/"a"', 'W/"a"', false, true],
    ['"x", "a", "y"', '"a"', true, true],
    ['"x","y",W/"a"', '"a"', false, true],
    ['"x" , \t"a"', '"a"', true, true],
    [',, "a",', '"a"', true, true],
    ['"x, "a"', '"a"', false, false],
    ['"x,y", "a"', '"a"', true, true],
    ['"x,"a",y"', '"a"', false, false],
    ['junk, "a"', '"a"', true, true],
    ['"a"junk', '"a"', false, false],
    ['"a"junk, "b", "a"', '"a"', true, true],
    ['"x""a"', '"a"', false, false],
    ['w/"a"', '"a"', false, false],
    ['"aa"', '"a"', false, false],
    ['a', '"a"', false, false],
    ['abc', 'abc', false, true],
    ['', '', false, false],
    ['*', '"a"', false, false],
  ])('looks for it in %j: %s, strong %p, weak %p', (field, etag, strong, weak) => {
    expect(listMatches(field, etag, 'strong')).toBe(strong);
    expect(listMatches(field, etag, 'weak')).toBe(weak);
  });

  it('looks in every line', () => {
    expect(listMatches(['"x"', '"a"'], '"a"', 'strong')).toBe(true);
    expect(listMatches([], '"a"', 'strong')).toBe(false);
    expect(listMatches(undefined, '"a"', 'weak')).toBe(false);
  });

  it('takes * only when it stands alone', () => {
    expect(['*', ' * ', ['*']].every(isAnyTag)).toBe(true);
    expect([undefined, '"*"', '*, "a"', '', ['*', '*'], []].some(isAnyTag)).toBe(false);
  });

  it('finds a tag in any list that holds it, and in no other', () => {
    const opaque = fc.string({ unit: fc.constantFrom('a', 'b', ',', '/', 'W', '\\'), maxLength: 4 });
    const tag = fc.tuple(fc.boolean(), opaque).map(([weak, text]) => `${weak ? 'W/' : ''}"${text}"`);
    const gap = fc.constantFrom(',', ', ', ' ,\t', ',,');
    fc.assert(
      fc.property(fc.array(tag), gap, tag, (tags, separator, etag) => {
        const list = tags.join(separator);
        expect(listMatches(list, etag, 'strong')).toBe(tags.some((one) => strongMatch(one, etag)));
        expect(listMatches(list, etag, 'weak')).toBe(tags.some((one) => weakMatch(one, etag)));
      }),
    );
  });

  it('never throws', () => {
    const unit = fc.constantFrom('"', ',', 'W', '/', ' ', 'a', '*', '\\');
    fc.assert(
      fc.property(fc.string({ unit }), fc.string({ unit }), (list, etag) => {
        const found = listMatches(list, etag, 'strong');
        expect(!found || isEntityTag(etag)).toBe(true);
      }),
    );
  });
});
