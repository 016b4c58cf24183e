import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { ConfigError } from '../base/errors.js';
import { coarsenTags, expandTag } from './tags.js';
import { type InvalidationTarget, type NamespaceTarget, tagsOf, tagsWithin } from './target.js';

const reading = { isIgnored: (name: string) => name.startsWith('utm_') };
const read = (target: unknown) => tagsOf(target as InvalidationTarget, reading);
const sameAs = (one: InvalidationTarget, other: InvalidationTarget) => expect(read(one)).toEqual(read(other));

describe('tagsOf', () => {
  it('takes a tag for a list of one', () => {
    sameAs({ tags: 'users' }, { tags: ['users'] });
    expect(read({ tags: ['users', 'prices'] })).toEqual(['users', 'prices']);
  });

  it('takes several keys, or beginnings of keys, for each of them', () => {
    sameAs({ key: 'a' }, { key: ['a'] });
    sameAs({ key: [7, 'b'] }, { key: ['7', 'b', 7] });
    expect(read({ key: [7, 'b'] })).toEqual([...read({ key: '7' }), ...read({ key: 'b' })]);
    expect(read({ keys: ['a:*', 'b:c:*'] })).toEqual([...read({ keys: 'a:*' }), ...read({ keys: 'b:c:*' })]);
  });

  it('reads a URL as requests are read: order of names, ignored names, letter case of the host, fragment', () => {
    sameAs({ url: '/a?b=2&a=1&utm_source=x' }, { url: '/a?a=1&b=2' });
    sameAs({ url: 'https://Example.ORG/a?x' }, { url: 'http://example.org/a?x' });
    sameAs({ url: 'https://example.org' }, { url: 'https://example.org/' });
    sameAs({ url: 'https://example.org?x=1' }, { url: 'https://example.org/?x=1' });
    sameAs({ url: 'https://example.org/a#top' }, { url: 'https://example.org/a' });
    sameAs({ url: '/a?x=1#top' }, { url: '/a?x=1' });
  });

  it('tells URLs apart that requests tell apart', () => {
    const urls = ['/a', '/a/', '/A', '/a?x', '/a?x=', '/a?x=1', '/a?x=2', '/a?x=1&x=2', '/a?x=2&x=1', 'http://h/a'];
    expect(new Set(urls.map((url) => JSON.stringify(read({ url })))).size).toBe(urls.length);
  });

  it.each([
    ['nothing', undefined],
    ['null', null],
    ['a string', 'users'],
    ['an empty object', {}],
    ['two kinds', { tags: 'a', key: 'b' }],
    ['an unknown kind', { tag: 'a' }],
    ['queries alone', { queries: 'all' }],
    ['all: false', { all: false }],
    ['an empty tag', { tags: '' }],
    ['a tag of the library', { tags: '\0all' }],
    ['a tag too long', { tags: 'x'.repeat(257) }],
    ['tags that are none', { tags: [5] }],
    ['tags that are no list', { tags: { 0: 'a' } }],
    ['an empty key', { key: '' }],
    ['a key that is none', { key: {} }],
    ['a key that is no number', { key: Number.NaN }],
    ['a key without an end', { key: Number.POSITIVE_INFINITY }],
    ['no tag at all', { tags: [] }],
    ['no key at all', { key: [] }],
    ['a key in a list that is none', { key: ['a', undefined] }],
    ['keys in a list without a star', { keys: ['a:*', 'b'] }],
    ['a URL with a star, which is a path', { url: '/users/*' }],
    ['an empty namespace', { namespace: '' }],
    ['keys without a star', { keys: 'user:123' }],
    ['keys with a star in a segment', { keys: 'user*' }],
    ['keys with two stars', { keys: 'user:*:*' }],
    ['keys too deep', { keys: 'a:b:c:d:e:*' }],
    ['a relative URL', { url: 'users/1' }],
    ['a URL of another scheme', { url: 'ftp://h/x' }],
    ['queries of another kind', { url: '/a', queries: 'some' }],
    ['a path with a query', { path: '/a?x' }],
    ['a path with a fragment', { path: '/a#x' }],
    ['a relative path', { path: 'a/*' }],
    ['a path with a star in a segment', { path: '/a*' }],
    ['a path with two stars', { path: '/*/b/*' }],
    ['a path too deep', { path: '/a/b/c/d/e/*' }],
  ])('throws for %s', (_what, target) => {
    expect(() => read(target)).toThrow(ConfigError);
  });

  it.each<[unknown, string]>([
    [{ all: false }, 'all: false is not allowed; use true, or another target'],
    [{ tag: 'a' }, "invalidate.tag: 'a' is not allowed; use exactly one of tags, key"],
    [{ tag: 'a' }, 'did you mean tags?'],
    [{ URL: '/' }, 'did you mean url?'],
    ['city', 'did you mean { tags: … }?'],
    [['city'], 'did you mean { tags: … }?'],
    [[], 'invalidate: an empty list is not allowed; use exactly one of tags'],
    [new Map(), 'invalidate: a Map is not allowed; use exactly one of tags'],
    [{ tags: 'a', url: '/' }, 'an object with tags, url is not allowed; use exactly one of tags'],
  ])('says of %j what to name', (target, message) => {
    expect(() => read(target)).toThrow(message);
  });

  it('does not compile with two names, nor with queries for anything but a URL', () => {
    // @ts-expect-error two names
    const two: InvalidationTarget = { tags: 'a', url: '/x' };
    // @ts-expect-error queries are a URL's
    const queries: InvalidationTarget = { path: '/x', queries: 'all' };
    expect(() => read(two)).toThrow(ConfigError);
    expect(read(queries)).toEqual(read({ path: '/x' }));
  });

  it('names exactly one tag for what is exact, so that the cost does not depend on what is stored', () => {
    for (const target of [{ key: 'k' }, { keys: 'a:b:c:d:*' }, { url: '/x?y' }, { namespace: 'n' }, { all: true }])
      expect(read(target)).toHaveLength(1);
  });
});

describe('tagsWithin', () => {
  it('means what the same keys are called from outside', () => {
    expect(tagsWithin('cart:', { key: [7, 'b'] })).toEqual(read({ key: ['cart:7', 'cart:b'] }));
    expect(tagsWithin('cart:', { keys: ['a:*', '*'] })).toEqual(read({ keys: ['cart:a:*', 'cart:*'] }));
  });

  it.each([
    undefined,
    null,
    'a',
    {},
    { tags: 'a' },
    { key: 'a', keys: 'a:*' },
    { key: '' },
    { key: [] },
    { keys: 'a' },
    { keys: 'a:b:c:d:*' },
  ])('throws for %j', (target) => expect(() => tagsWithin('cart:', target as NamespaceTarget)).toThrow(ConfigError));
});

describe('rows and their group', () => {
  it('reaches a response whose rows were coarsened, by any of its rows', () => {
    const id = fc.string({ minLength: 1, maxLength: 5 });
    const rows = fc.uniqueArray(
      fc.tuple(fc.constantFrom('users', 'prices'), id).map(([group, row]) => `${group}#${row}`),
      { minLength: 1, maxLength: 8 },
    );
    fc.assert(
      fc.property(rows, fc.integer({ min: 2, max: 8 }), (declared, limit) => {
        const carried = new Set(coarsenTags(new Set(declared), limit));
        for (const row of declared) {
          for (const tag of expandTag(row)) {
            expect([tag, read({ tags: tag }).some((named) => carried.has(named))]).toEqual([tag, true]);
          }
        }
      }),
    );
  });

  it('does not reach what depends on the group as such, or on another row', () => {
    const named = read({ tags: 'users#1' });
    for (const other of ['users', 'users#2']) {
      const carried = coarsenTags(new Set([other]), 64) ?? [];
      expect(named.filter((tag) => carried.includes(tag))).toEqual([]);
    }
  });
});
