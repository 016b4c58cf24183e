import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { areSound } from './sound-options.js';
import type { ValueOptions } from './value-option-types.js';
import { readValueOptions, readVersion } from './value-options.js';

/** What reads them in full says. */
function isRead(given: unknown): boolean {
  const options = (typeof given === 'object' && given !== null ? given : { ttl: given }) as ValueOptions;
  try {
    readValueOptions('getOrSet', options, { lifetimeMs: 60_000, maxBytes: 100, copying: 'structured' }, () => {});
    readVersion('getOrSet.version', options.version);
    return true;
  } catch {
    return false;
  }
}

const SOUND: readonly unknown[] = [
  undefined,
  60,
  0,
  '5m',
  '1h30m',
  'forever',
  {},
  Object.create(null),
  { ttl: 60 },
  { ttl: undefined, tags: undefined },
  { ttl: () => 5, tags: () => [] },
  { ttl: '5m', tags: ['users#1', 'ü'], maxTags: 1, version: 0, name: 'users', clone: false },
  { clone: 'freeze', cacheErrors: '5s', storeIf: () => true, isStale: () => true, forceRefresh: true },
  { ttl: 10, staleWhileRevalidate: 0, staleIfError: '1h', refreshTimeout: 1, maxRefreshes: 1 },
  { softTimeout: 1, hardTimeout: '2s', staleIfError: 1, cacheErrors: () => 5 },
  { softTimeout: 1, staleWhileRevalidate: '1h', staleIfError: 0 },
  { ttl: 10, jitter: 9, earlyRefresh: '1s' },
  { ttl: 'forever', jitter: 9 },
  { maxValueBytes: 5_000 },
];

const WRONG: readonly unknown[] = [
  null,
  true,
  -1,
  Number.NaN,
  Number.POSITIVE_INFINITY,
  1e30,
  '',
  '5',
  'soon',
  [],
  new Map(),
  new Date(0),
  { nonsense: 1 },
  { nonsense: undefined },
  { maxValueBytes: 0 },
  { maxValueBytes: 2 ** 31 },
  { maxValueBytes: 'lots' },
  { ttl: -1 },
  { ttl: 'soon' },
  { ttl: null },
  { ttl: 1n },
  { tags: 'users' },
  { tags: [''] },
  { tags: [1] },
  // biome-ignore lint/suspicious/noSparseArray: a hole is no tag.
  { tags: [, 'a'] },
  { tags: ['a\n'] },
  { tags: ['x'.repeat(257)] },
  { tags: new Set(['a']) },
  { maxTags: 0 },
  { maxTags: 1.5 },
  { version: -1 },
  { version: '1' },
  { name: '' },
  { name: 5 },
  { clone: true },
  { clone: 'deep' },
  { storeIf: true },
  { isStale: 5 },
  { forceRefresh: 'yes' },
  { cacheErrors: -1 },
  { staleWhileRevalidate: 'x' },
  { staleIfError: -1 },
  { refreshTimeout: 0 },
  { maxRefreshes: 0 },
  { softTimeout: 0 },
  { softTimeout: 1 },
  { softTimeout: 1, staleIfError: 0, staleWhileRevalidate: undefined },
  { hardTimeout: 0 },
  { softTimeout: 2, hardTimeout: 2, staleIfError: 5 },
  { softTimeout: 2, hardTimeout: '1s', staleIfError: 5 },
  { ttl: 10, jitter: 10 },
  { ttl: 10, earlyRefresh: '10s' },
  { jitter: 'x', ttl: 'forever' },
  { revalidate: 'leader' },
  { since: {} },
];

describe('options at a glance', () => {
  it.each(SOUND.map((given) => [given]))('%j is sound, also made anew', (given) => {
    expect([areSound(given as never), isRead(given)]).toEqual([true, true]);
    const again = typeof given === 'object' && given !== null ? { ...given } : given;
    expect(areSound(again as never)).toBe(true);
  });

  it.each(WRONG.map((given) => [given]))('%j is not', (given) => {
    expect([areSound(given as never), isRead(given)]).toEqual([false, false]);
    expect(areSound(given as never)).toBe(false);
  });

  it('never takes what is refused when it is read in full', () => {
    const anything = fc.oneof(
      fc.constantFrom(...SOUND, ...WRONG).chain((given) => fc.constantFrom(given, ...Object.values(given ?? {}))),
      fc.anything(),
    );
    const names = fc.constantFrom(
      ...['ttl', 'tags', 'maxTags', 'version', 'storeIf', 'isStale', 'forceRefresh', 'cacheErrors', 'clone', 'name'],
      ...['staleWhileRevalidate', 'staleIfError', 'refreshTimeout', 'maxRefreshes', 'earlyRefresh', 'jitter'],
      ...['softTimeout', 'hardTimeout'],
    );
    fc.assert(
      fc.property(fc.oneof(anything, fc.dictionary(names, anything, { maxKeys: 4 })), (given) => {
        if (areSound(given as never)) expect(isRead(given)).toBe(true);
      }),
      { numRuns: 5_000 },
    );
  });

  it('forgets nothing of how many texts are made up: those are read each time', () => {
    for (let i = 0; i < 1_000; i++) expect(areSound({ ttl: `${i}ms` })).toBe(true);
    expect(areSound({ ttl: '1000xs' })).toBe(false);
  });
});
