import { describe, expect, it } from '@jest/globals';
import { compare } from './oracle-runs.test.support.js';

describe('footprints beside what other parsers find, at length', () => {
  it.each(['postgres', 'mysql', 'sqlite'] as const)(
    'miss no table of texts of %s made at random',
    (dialect) => {
      const accepted = compare(dialect, { interruptAfterTimeLimit: 60_000, numRuns: 1_000_000 });
      expect(accepted).toBeGreaterThan(1_000);
    },
    600_000,
  );
});
