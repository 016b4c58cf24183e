import fc from 'fast-check';
import { MYSQL } from '../corpus/mysql.test.support.js';
import { POSTGRES } from '../corpus/postgres.test.support.js';
import { SQLITE } from '../corpus/sqlite.test.support.js';
import type { Dialect } from '../footprint-types.js';
import { missing } from './missing.test.support.js';
import { mutations } from './mutations.test.support.js';
import { tablesByPostgres } from './postgres-parser.test.support.js';
import { tablesByParser } from './sql-parser.test.support.js';

/** The statements of each dialect, alone. */
export const TEXTS: Readonly<Record<Dialect, readonly string[]>> = {
  postgres: POSTGRES.map(([sql]) => sql),
  mysql: MYSQL.map(([sql]) => sql),
  sqlite: SQLITE.map(([sql]) => sql),
};

/** What another parser finds that is missing in our footprints; `undefined` where it refuses the text. */
export function missed(sql: string, dialect: Dialect): readonly string[] | undefined {
  const found = dialect === 'postgres' ? tablesByPostgres(sql) : tablesByParser(sql, dialect);
  return found === undefined ? undefined : missing(sql, dialect, found);
}

/** Compares footprints of texts that are made at random with what a parser finds; @returns how many it took. */
export function compare(dialect: Dialect, options: fc.Parameters<[string]>): number {
  let accepted = 0;
  fc.assert(
    fc.property(mutations(TEXTS[dialect]), (sql) => {
      const lost = missed(sql, dialect);
      if (lost !== undefined) accepted++;
      if (lost !== undefined && lost.length > 0) throw new Error(`${lost.join(', ')} in: ${sql}`);
    }),
    options,
  );
  return accepted;
}
