import type { StatementResult } from '../source/outcome.js';
import type { Statements } from '../source/statements.js';

/** One result, as drivers tell it that do not say which table a column was read from. */
export interface ToldResult {
  readonly sql: string;
  /** Rows that it returned, as objects. */
  readonly rows: readonly unknown[];
  /** Rows that it changed; `undefined` where that is not told. */
  readonly affected: number | undefined;
  /** The key that the database has counted for the row that was inserted last. */
  readonly insertId: unknown;
}

/** What is known of the database of a statement. */
export interface ResultLookup {
  readonly statements: Statements;
  /** Of a table, the key column in which the database counts up. */
  countedKey(table: string): string | undefined;
}

/** What a result says of the rows that were written. */
export function resultOf(told: ToldResult, lookup: ResultLookup): StatementResult {
  const { sql, rows } = told;
  const command = commandOf(sql);
  // Some tell of rows that were returned, and do not count them.
  const affected = told.affected ?? (command !== 'SELECT' && rows.length > 0 ? rows.length : undefined);
  return {
    command,
    affected,
    returned(columns) {
      const [footprint, another] = lookup.statements.footprints(sql);
      if (columns.length === 0 || footprint === undefined || another !== undefined || footprint.writes.length !== 1)
        return undefined;
      if (rows.length === 0) return affected === 1 ? counted(footprint.writes[0], columns, told, lookup) : undefined;
      if (command === 'SELECT' || rows.length !== affected) return undefined;
      const isListed = columns.every((column) => rows.every((row) => Object.hasOwn(row as object, column)));
      return isListed
        ? rows.map((row) => columns.map((column) => (row as Record<string, unknown>)[column]))
        : undefined;
    },
  };
}

/** The verb where it stands first; behind a WITH it may be any. */
export function commandOf(sql: string): string {
  const [, verb = 'select'] = /^\s*(insert|update|delete|replace|merge|commit|rollback)\b/i.exec(sql) ?? [];
  return verb.toUpperCase();
}

/** Of one row that was inserted, the key that was made for it; of several nobody tells all. */
function counted(
  write: { readonly table: string; readonly verb: string } | undefined,
  [column, another]: readonly string[],
  { insertId }: ToldResult,
  { countedKey }: ResultLookup,
): readonly (readonly unknown[])[] | undefined {
  if (write?.verb !== 'insert' || another !== undefined || countedKey(write.table) !== column) return undefined;
  return (typeof insertId === 'number' || typeof insertId === 'bigint') && insertId > 0 ? [[insertId]] : undefined;
}
