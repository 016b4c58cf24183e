import { expect } from '@jest/globals';
import fc from 'fast-check';
import { MYSQL } from './corpus/mysql.test.support.js';
import { POSTGRES } from './corpus/postgres.test.support.js';
import { SQLITE } from './corpus/sqlite.test.support.js';
import { footprints } from './footprint.js';
import type { Dialect } from './footprint-types.js';

const DIALECTS: readonly Dialect[] = ['postgres', 'mysql', 'sqlite'];

/** Reads texts that are made at random: none may throw, and what is found in one that is not understood counts by its names. */
export function checkRandomTexts(numRuns: number): void {
  const parts = [...POSTGRES, ...MYSQL, ...SQLITE].flatMap(([sql]) => sql.split(/\b/));
  const text = fc.oneof(
    // Half of a pair among them. The unit `binary` is the same, and takes a second to be made.
    fc.string({ unit: fc.nat(0xffff).map((code) => String.fromCharCode(code)) }),
    fc.array(fc.constantFrom(...parts), { maxLength: 40 }).map((all) => all.join('')),
    fc
      .array(fc.constantFrom(...parts, '\0', '\ufeff', '\ud800', '$', '\\', '{', '@', ':'), { maxLength: 20 })
      .map((all) => all.join(' ')),
  );
  fc.assert(
    fc.property(text, fc.constantFrom(...DIALECTS), (sql, dialect) => {
      for (const { names, reads, writes, isUnderstood } of footprints(sql, dialect)) {
        if (isUnderstood) continue;
        for (const { table } of [...reads, ...writes]) expect(names.has(table) || sql.includes('&')).toBe(true);
      }
    }),
    { numRuns },
  );
}
