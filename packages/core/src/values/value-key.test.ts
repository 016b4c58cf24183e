import { describe, expect, it } from '@jest/globals';
import { keyPrefixTag, keyTag, namespaceTag } from '../invalidation/tags.js';
import { ROOT, spaceIn, ValueKey, valueTagsOf } from './value-key.js';

describe('ValueKey', () => {
  it('begins as no method of a request can', () => {
    for (const version of [undefined, 0, 7])
      expect(new ValueKey(spaceIn(ROOT, 'GET'), 'x', version).text.startsWith('=')).toBe(true);
  });

  it('is invalidated by its name, its prefixes and its namespaces', () => {
    const { tags } = new ValueKey(spaceIn(spaceIn(ROOT, 'shop'), 'eu'), 'cart:7', 2);
    for (const tag of [
      keyTag('shop:eu:cart:7'),
      keyPrefixTag('shop:'),
      keyPrefixTag('shop:eu:'),
      keyPrefixTag('shop:eu:cart:'),
      namespaceTag('shop'),
      namespaceTag('shop:eu'),
    ])
      expect(tags).toContain(tag);
  });

  it('has a tag of its own that no other version or namespace has', () => {
    const keys = [
      new ValueKey(ROOT, 'a:k', undefined),
      new ValueKey(ROOT, 'a:k', 1),
      new ValueKey(spaceIn(ROOT, 'a'), 'k', undefined),
      new ValueKey(spaceIn(ROOT, 'a'), 'k', 1),
    ];
    expect(new Set(keys.map(({ ownTag }) => ownTag)).size).toBe(keys.length);
    for (const key of keys) expect(key.tags).toContain(key.ownTag);
  });
});

describe('valueTagsOf', () => {
  it.each([
    new ValueKey(ROOT, 'a:k', undefined),
    new ValueKey(ROOT, '5:a: k', 3),
    new ValueKey(spaceIn(ROOT, 'a'), 'k', undefined),
    new ValueKey(spaceIn(spaceIn(ROOT, 'shop'), 'eu'), 'cart:7', 2),
    new ValueKey(spaceIn(ROOT, 'a'), '\ud800', 0),
  ])('reads from the text of a key what its tags are: %#', (key) => {
    expect(valueTagsOf(key.text)).toEqual(key.tags);
  });

  it('knows nothing of other texts', () => {
    expect(valueTagsOf('GET http://a/')).toBeUndefined();
  });
});

describe('spaceIn', () => {
  it('is the same whether it was named in one go or two', () => {
    expect(spaceIn(ROOT, 'a:b')).toEqual(spaceIn(spaceIn(ROOT, 'a'), 'b'));
    expect(spaceIn(ROOT, 'a:b')).toMatchObject({ prefix: 'a:b:', namespaces: ['a', 'a:b'] });
  });
});
