import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { purgeKeys, tagFieldValue } from './emitted-tags.js';
import { ALL_TAG, coarsenTags, reachOf, urlTag } from './tags.js';

const WIDE = { maxBytes: 2_048, maxTags: 50 };
const KEY = 'Surrogate-Key';
const rows = (group: string, count: number): string[] => Array.from({ length: count }, (_, i) => `${group}#${i}`);
const carried = (tags: readonly string[], limit = 64): readonly string[] => coarsenTags(new Set(tags), limit) ?? [];

describe('the tags of a response in a field', () => {
  it('stand there by name, with those they imply, and without those of its URL', () => {
    expect(tagFieldValue(KEY, [ALL_TAG, urlTag('/'), ...carried(['map', 'city#7'])], WIDE)).toBe(
      'map city#7 city!bulk city!ins',
    );
  });

  it('are no field where there are none', () => {
    expect(tagFieldValue(KEY, [ALL_TAG], WIDE)).toBeUndefined();
  });

  it('coarsen to their group, the largest first, where there are more than may be', () => {
    const tags = carried([...rows('city', 9), 'user#1', 'map']);
    expect(
      tagFieldValue(KEY, tags, { ...WIDE, maxTags: 6 })
        ?.split(' ')
        .sort(),
    ).toEqual(['city', 'map', 'user!bulk', 'user!ins', 'user#1'].sort());
    expect(
      tagFieldValue(KEY, tags, { ...WIDE, maxTags: 3 })
        ?.split(' ')
        .sort(),
    ).toEqual(['city', 'map', 'user']);
  });

  it('coarsen to all of them where even groups are too many, and never leave one out', () => {
    expect(tagFieldValue(KEY, carried(['a', 'b', 'c#1']), { ...WIDE, maxTags: 2 })).toBe('all');
  });

  it('coarsen as well where their bytes are too many', () => {
    const tags = carried([`${'x'.repeat(40)}#1`, 'map']);
    expect(tagFieldValue(KEY, tags, { ...WIDE, maxBytes: 64 })).toBe(`map ${'x'.repeat(40)}`);
  });

  it('are told by group where the response carries no more than that', () => {
    expect(tagFieldValue(KEY, carried(rows('city', 70)), WIDE)).toBe('city');
  });
});

describe('what to purge', () => {
  it.each([
    ['map', ['map', 'all']],
    ['city#7', ['city#7', 'city', 'all']],
    ['city!bulk', ['city!bulk', 'city', 'all']],
    [reachOf('city#7')[1] ?? '', ['city', 'all']],
    [ALL_TAG, []],
    [urlTag('/'), []],
  ])('when %j is invalidated is %j', (tag, keys) => {
    expect(purgeKeys(KEY, tag)).toEqual(keys);
  });

  it('reaches each response that the invalidation reaches, whatever its limits made of its tags', () => {
    const tag = fc.constantFrom('a', 'b', 'a#1', 'a#2', 'a#3', 'b#1', 'c#1', 'd', 'a!bulk', 'c!ins');
    fc.assert(
      fc.property(
        fc.uniqueArray(tag, { minLength: 1 }),
        fc.integer({ min: 1, max: 12 }),
        fc.integer({ min: 1, max: 12 }),
        fc.constantFrom('Surrogate-Key', 'Cache-Tag', 'Cache-Groups'),
        tag,
        (declared, carriedLimit, maxTags, field, invalidated) => {
          const tags = carried(declared, carriedLimit);
          const value = tagFieldValue(field, tags, { ...WIDE, maxTags }) ?? '';
          const members = value.split(/[ ,]+/).map((member) => member.replaceAll('"', ''));
          expect(members.length).toBeLessThanOrEqual(maxTags);
          if (!reachOf(invalidated).some((reached) => tags.includes(reached))) return;
          expect(purgeKeys(field, invalidated).some((key) => members.includes(key))).toBe(true);
        },
      ),
    );
  });
});
