import { describe, expect, it } from '@jest/globals';
import { ROOT, spaceIn, ValueKey } from '../values/value-key.js';
import { countNamed, namedBy } from './named.js';
import { type InvalidationTarget, tagsOf } from './target.js';

const named = (target: InvalidationTarget) => namedBy(tagsOf(target, { isIgnored: () => false }));

describe('what was named to be invalidated', () => {
  it.each<[InvalidationTarget, readonly string[], readonly string[]]>([
    [{ tags: 'city' }, ['city'], []],
    [{ tags: ['city#7', 'city#8', 'city!bulk'] }, ['city#7', 'city#8', 'city!bulk'], []],
    [{ key: 'user:7' }, [], ['key: user:7']],
    [{ keys: 'user:7:*' }, [], ['keys: user:7:*']],
    [{ namespace: 'shop' }, [], ['namespace: shop']],
    [{ url: '/cities?b=2&a=1' }, [], ['url: /cities?a=1&b=2']],
    [{ url: 'https://h.example/cities' }, [], ['url: //h.example/cities']],
    [{ url: '/cities', queries: 'all' }, [], ['path: /cities']],
    [{ path: '/cities' }, [], ['path: /cities']],
    [{ path: '/cities/*' }, [], ['path: /cities/*']],
    [{ path: '/*' }, [], ['path: /*']],
    [{ all: true }, [], ['all']],
  ])('%j is said as it was', (target, tags, targets) => {
    expect(named(target)).toEqual({ tags, targets });
  });

  it('of one value is its key, in one line', () => {
    const own = (key: string) => new ValueKey(ROOT, key, undefined).ownTag;
    expect(namedBy([own('q'), new ValueKey(spaceIn(ROOT, 'cart'), 'z', 2).ownTag, own('a\nb')])).toEqual({
      tags: [],
      targets: ['key: q', 'key: cart › z (version 2)', 'key: a\\nb'],
    });
    expect(named({ key: 'a\nb' }).targets).toEqual(['key: a\\nb']);
  });

  it('is counted so, too', () => {
    expect(countNamed(tagsOf({ tags: ['city#7', 'city'] }, { isIgnored: () => false }))).toBe(2);
    expect(countNamed(tagsOf({ path: '/cities/*' }, { isIgnored: () => false }))).toBe(1);
  });
});
