import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { formatTagField, TAG_FIELDS, tagMember } from './tag-field.js';
import { anyText } from './text.test.support.js';

describe('a tag in a field for caches further out', () => {
  it.each([
    ['Surrogate-Key', 'city#7', 'city#7'],
    ['Surrogate-Key', 'city,7', 'city,7'],
    ['Cache-Groups', 'city 7', 'city 7'],
  ] as const)('of %s is %j as it is', (field, tag, member) => {
    expect(tagMember(field, tag)).toBe(member);
  });

  it.each([
    ['Surrogate-Key', 'two words'],
    ['Surrogate-Key', 'Köln'],
    ['Cache-Tag', 'city#7'],
    ['Cache-Groups', 'Köln'],
    ['Cache-Groups', 'x'.repeat(33)],
  ] as const)('of %s is a hash where it cannot stand there: %j', (field, tag) => {
    expect(tagMember(field, tag)).toMatch(/^t[0-9a-z]{14}$/);
  });

  it('differs for tags that differ only in letter case, also where the cache does not tell them apart', () => {
    expect(tagMember('Cache-Tag', 'City')).not.toBe(tagMember('Cache-Tag', 'city'));
    expect(tagMember('Cache-Tag', 'City')).toBe(tagMember('Cache-Tag', 'City').toLowerCase());
  });

  it('cannot break out of its field, whatever it holds', () => {
    fc.assert(
      fc.property(fc.constantFrom(...TAG_FIELDS), fc.array(anyText({ minLength: 1 })), (field, tags) => {
        const members = tags.map((tag) => tagMember(field, tag));
        const value = formatTagField(field, members);
        expect(value).toMatch(/^[\x20-\x7e]*$/);
        expect(parse(field, value)).toEqual(members);
      }),
    );
  });

  it('is told from ten thousand others', () => {
    const members = new Set(Array.from({ length: 10_000 }, (_, i) => tagMember('Cache-Tag', `city#${i}`)));
    expect(members.size).toBe(10_000);
  });
});

/** As the readers of these fields do. */
function parse(field: string, value: string): string[] {
  if (value === '') return [];
  if (field === 'Surrogate-Key') return value.split(' ');
  if (field === 'Cache-Tag') return value.split(',');
  return Array.from(value.matchAll(/"((?:[^"\\]|\\.)*)"(?:, |$)/g), ([, text = '']) => text.replace(/\\(.)/g, '$1'));
}
