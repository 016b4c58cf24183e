import { describe, expect, it } from '@jest/globals';
import { decodeMutations } from './value-mutations.test.support.js';

describe('bytes that were changed at random', () => {
  it.each([1, 2, 3, 4])(
    'never throw, never stay long, never change a prototype: 10⁵ times, seed %s',
    (seed) => {
      expect(decodeMutations(100_000, seed)).toBeGreaterThan(0);
    },
    600_000,
  );
});
