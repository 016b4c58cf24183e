import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  ALL_TAG,
  coarsenTags,
  expandTag,
  isTag,
  keyPrefixes,
  keyPrefixTag,
  keyTag,
  namespaceTag,
  pathPrefixes,
  pathPrefixTag,
  pathTag,
  urlTag,
} from './tags.js';

describe('isTag', () => {
  it.each([
    ['a word', 'users', true],
    ['a row', 'users#1', true],
    ['spaces and unicode', 'Zürich und mehr', true],
    ['256 characters', 'x'.repeat(256), true],
    ['257 characters', 'x'.repeat(257), false],
    ['nothing', '', false],
    ['NUL, which is the library’s own', '\0all', false],
    ['a line feed', 'a\nb', false],
    ['the last control character', 'a\x1f', false],
    ['DEL', 'a\x7f', false],
    ['a space', ' ', true],
    ['a number', 5, false],
    ['a list', ['users'], false],
    ['undefined', undefined, false],
  ])('%s', (_what, value, expected) => {
    expect(isTag(value)).toBe(expected);
  });
});

describe('tags of the library', () => {
  it('never meet one another, whatever they are made of, and never meet a user’s', () => {
    const makers = [keyTag, keyPrefixTag, namespaceTag, urlTag, pathTag, pathPrefixTag];
    fc.assert(
      fc.property(fc.string(), fc.string(), (some, other) => {
        const made = [ALL_TAG, ...makers.map((make) => make(some)), ...makers.map((make) => make(other))];
        expect(new Set(made).size).toBe(some === other ? 1 + makers.length : 1 + 2 * makers.length);
        for (const tag of made) expect(isTag(tag)).toBe(false);
      }),
    );
  });
});

describe('expandTag', () => {
  it.each([
    ['users', ['users']],
    ['users#1', ['users#1', 'users!bulk', 'users!ins']],
    ['users#1#2', ['users#1#2', 'users!bulk', 'users!ins']],
    ['users#', ['users#', 'users!bulk', 'users!ins']],
    ['#1', ['#1']],
  ])('%s → %j', (tag, expanded) => {
    expect(expandTag(tag)).toEqual(expanded);
  });
});

describe('coarsenTags', () => {
  it('leaves as many as there may be, each with what it stands for', () => {
    expect(coarsenTags(new Set(['users#1', 'prices']), 2)).toEqual(['users#1', 'users!bulk', 'users!ins', 'prices']);
  });

  it('makes one of all rows of a group, when there are more', () => {
    const rows = new Set(['users#1', 'users#2', 'users#3', 'prices']);
    expect(coarsenTags(rows, 2)).toContain('users');
    expect(coarsenTags(rows, 2)).toContain('prices');
    expect(coarsenTags(rows, 2)).not.toContain('users#1');
  });

  it('gives up when even the groups are too many', () => {
    expect(coarsenTags(new Set(['a', 'b', 'c#1']), 2)).toBeUndefined();
    expect(coarsenTags(new Set(['#1', '#2', '#3']), 2)).toBeUndefined();
  });
});

describe('pathPrefixes', () => {
  it.each([
    ['/', ['/']],
    ['/a', ['/']],
    ['/a/', ['/', '/a/']],
    ['/a/b/c', ['/', '/a/', '/a/b/']],
    ['/1/2/3/4/5/6', ['/', '/1/', '/1/2/', '/1/2/3/', '/1/2/3/4/']],
    ['//a', ['/', '//']],
  ])('%s → %j', (path, prefixes) => {
    expect(pathPrefixes(path)).toEqual(prefixes);
  });
});

describe('keyPrefixes', () => {
  it.each([
    ['user', []],
    ['user:', ['user:']],
    ['user:123:page', ['user:', 'user:123:']],
    [':x', [':']],
    ['1:2:3:4:5:6', ['1:', '1:2:', '1:2:3:', '1:2:3:4:']],
  ])('%s → %j', (key, prefixes) => {
    expect(keyPrefixes(key)).toEqual(prefixes);
  });
});
