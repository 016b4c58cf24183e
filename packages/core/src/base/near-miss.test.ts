import { describe, expect, it } from '@jest/globals';
import { nearest } from './near-miss.js';

const OPTIONS = ['ttl', 'key', 'keyPrefix', 'tags', 'when', 'storeIf', 'statuses', 'maxBodyBytes', 'cacheStatus'];

describe('nearest', () => {
  it.each([
    ['TTL', 'ttl'],
    ['tag', 'tags'],
    ['tll', 'ttl'],
    ['tlt', 'ttl'],
    ['keyprefix', 'keyPrefix'],
    ['maxBodySize', undefined],
    ['maxBodyByte', 'maxBodyBytes'],
    ['maxbody', 'maxBodyBytes'],
    ['status', 'statuses'],
    ['storeif', 'storeIf'],
    ['cacheSatus', 'cacheStatus'],
    ['keys', 'key'],
    ['wehn', 'when'],
    ['nonsense', undefined],
    ['maxAge', undefined],
    ['x', undefined],
    ['', undefined],
    ['ttl'.repeat(1_000_000), undefined],
  ])('takes %.20j for %j', (given, meant) => {
    expect(nearest(given, OPTIONS)).toBe(meant);
  });

  it('prefers the name itself in another letter case to one that begins with it', () => {
    expect(nearest('KEY', ['keyPrefix', 'key'])).toBe('key');
  });
});
