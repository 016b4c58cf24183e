import { describe, expect, it } from '@jest/globals';
import type { Dialect } from '../footprint-types.js';
import { compare, missed, TEXTS } from './oracle-runs.test.support.js';

/** Statements that the other parser takes, of those that it is given: it knows less of MySQL and SQLite than we write. */
const LEAST: readonly (readonly [Dialect, number])[] = [
  ['postgres', 190],
  ['mysql', 40],
  ['sqlite', 25],
];

describe('footprints beside what other parsers find', () => {
  it.each(LEAST)('miss no table of the statements of %s', (dialect, least) => {
    const compared = TEXTS[dialect].map((sql) => [sql, missed(sql, dialect)] as const);
    expect(compared.filter(([, lost]) => lost !== undefined && lost.length > 0)).toEqual([]);
    expect(compared.filter(([, lost]) => lost !== undefined).length).toBeGreaterThanOrEqual(least);
  });

  it.each(['postgres', 'mysql', 'sqlite'] as const)(
    'miss no table of texts of %s made at random that the parser takes',
    (dialect) => {
      const accepted = compare(dialect, { numRuns: dialect === 'postgres' ? 300 : 100 });
      expect(accepted).toBeGreaterThan(2);
    },
  );
});
