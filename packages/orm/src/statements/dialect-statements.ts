import { footprints } from './footprint.js';
import type { Dialect, Footprint, ReadTable, WrittenTable } from './footprint-types.js';
import { ParsedTexts } from './parsed-texts.js';
import { type KeyValues, rowsOf } from './rows.js';

/** Of one dialect; a text longer than 100 000 characters is seldom sent twice. */
const LIMITS = { texts: 5_000, characters: 8_000_000, longest: 100_000 };

/** Reads statements of one dialect, and remembers what it has read. */
export interface DialectStatements {
  /** One footprint for each statement of a text. Never throws. */
  footprints(sql: string): readonly Footprint[];

  /**
   * The rows of one of a footprint's tables that the statement touches at most, each by the values of its primary key;
   * `undefined` where it may touch any.
   */
  rowsOf(table: ReadTable | WrittenTable, parameters: unknown, pk: readonly string[]): readonly KeyValues[] | undefined;
}

const known = new Map<Dialect, DialectStatements>();

/** The reader of a dialect: one for all who ask for it. */
export function statementsOf(dialect: Dialect): DialectStatements {
  const before = known.get(dialect);
  if (before !== undefined) return before;
  const texts = new ParsedTexts((sql: string) => footprints(sql, dialect), LIMITS);
  const statements: DialectStatements = {
    footprints: (sql) => texts.get(sql),
    rowsOf: (table, parameters, pk) => rowsOf(table, parameters, pk, dialect),
  };
  known.set(dialect, statements);
  return statements;
}

/** Whether a statement takes back what came after a savepoint, however it is written. */
export function rollsBackTo(sql: string, dialect: Dialect): boolean {
  return statementsOf(dialect)
    .footprints(sql)
    .some(({ transaction }) => transaction?.verb === 'rollback-to');
}
