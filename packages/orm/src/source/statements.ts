import type { Footprint, ReadTable, WrittenTable } from '../statements/footprint-types.js';

/** What is asked of the reader of statements. */
export interface Statements {
  /** One footprint for each statement of a text. Never throws. */
  footprints(sql: string): readonly Footprint[];
  /**
   * The rows that a statement touches at most in one of the tables of its footprint, each by the values of its primary key;
   * `undefined` where it may touch any.
   */
  rowsOf(
    table: ReadTable | WrittenTable,
    parameters: unknown,
    pk: readonly string[],
  ): readonly (readonly unknown[])[] | undefined;
}
