import type { Outcome, StatementResult } from '../source/outcome.js';
import type { PgField, PgResult } from './pg-types.js';

/**
 * Knows the columns of primary keys by their table and number: what a column of a result was read from, however it is called
 * there. `''` for any other column; `undefined` where the table is not known.
 */
export type ColumnNames = (table: number, column: number) => string | undefined;

/** SQLSTATEs by which the server says that nobody knows, or goes down with a statement that it may have committed. */
export const UNTOLD = /^(?:08|57P0|40003)/;

/** What a query came to that has failed: an error that is none of the server's says nothing of what that has done. */
export function failureOf(error: unknown): Outcome {
  const { code, severity } = (typeof error === 'object' && error !== null ? error : {}) as {
    code?: unknown;
    severity?: unknown;
  };
  // `EPIPE` would pass for a SQLSTATE; only the server says how severe it is.
  const isTold = typeof code === 'string' && typeof severity === 'string' && !UNTOLD.test(code);
  return { kind: 'failed', isUnknown: !isTold };
}

/** What a query came to that has not failed; of several statements in one text there are several results. */
export function outcomeOf(result: unknown, sql: string, columnNames: ColumnNames): Outcome {
  const results = (Array.isArray(result) ? result : [result]) as readonly (PgResult | undefined)[];
  return { kind: 'done', results: results.map((each) => resultOf(each ?? {}, sql, columnNames)) };
}

/** What a server's word for the end of a statement says: `INSERT 0 3`. */
export function resultOfTag(text: string): StatementResult {
  const words = text.split(' ');
  const last = words.length > 1 ? Number(words.at(-1)) : Number.NaN;
  return { command: words[0], affected: Number.isFinite(last) ? last : undefined };
}

function resultOf(result: PgResult, sql: string, columnNames: ColumnNames): StatementResult {
  const { command, rowCount, rows = [], fields = [] } = result;
  return {
    command: command ?? undefined,
    affected: rowCount ?? undefined,
    returned(columns) {
      if (columns.length === 0 || fields.length === 0 || rows.length !== rowCount) return undefined;
      const places = columns.map((column) => placeOf(column, fields, sql, columnNames));
      if (places.includes(-1)) return undefined;
      return rows.map((row) =>
        Array.isArray(row)
          ? places.map((place) => row[place] as unknown)
          : columns.map((column) => (row as Readonly<Record<string, unknown>>)[column]),
      );
    },
  };
}

/** Where a column of the table stands in the result; -1 where nothing, or something else, has its name there. */
function placeOf(column: string, fields: readonly PgField[], sql: string, columnNames: ColumnNames): number {
  // Of two columns of one name an object has the later one.
  const place = fields.findLastIndex(({ name }) => name === column);
  const field = fields[place];
  if (field === undefined || !(field.tableID > 0)) return -1;
  const name = columnNames(field.tableID, field.columnID);
  if (name !== undefined) return name === column ? place : -1;
  // Another column may have been given this name.
  return isAlias(column, sql) ? -1 : place;
}

/** Whether a text calls something else by the name of a column. */
export function isAlias(column: string, sql: string): boolean {
  const name = `["\`]?${column.replace(/\W/g, '\\$&')}["\`]?`;
  const aliases = sql.match(new RegExp(`\\bas\\s+${name}(?!\\w)`, 'gi'))?.length ?? 0;
  const same = sql.match(new RegExp(`(?<!\\w)${name}\\s+as\\s+${name}(?!\\w)`, 'gi'))?.length ?? 0;
  return aliases > same;
}
