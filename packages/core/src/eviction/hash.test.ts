import { describe, expect, it } from '@jest/globals';
import { hashKey } from './hash.js';

describe('hashKey', () => {
  it('gives an unsigned 32-bit number, always the same for a key', () => {
    for (const key of ['', 'a', 'GET https://example.org/é?q=😀']) {
      const hash = hashKey(key);
      expect(Number.isInteger(hash) && hash >= 0 && hash < 2 ** 32).toBe(true);
      expect(hashKey(key)).toBe(hash);
    }
    expect(hashKey('ab')).not.toBe(hashKey('ba'));
  });

  it.each([0, 13, 26])('spreads keys that differ in one number evenly over its six bits from bit %i', (shift) => {
    const counts = new Array<number>(64).fill(0);
    for (let i = 0; i < 16_000; i++) {
      const bucket = (hashKey(`GET https://example.org/articles/${i}`) >>> shift) & 63;
      counts[bucket] = (counts[bucket] as number) + 1;
    }
    // 250 each, give or take five standard deviations.
    expect(Math.min(...counts)).toBeGreaterThan(170);
    expect(Math.max(...counts)).toBeLessThan(330);
  });
});
