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
export function outcomeOf(result: unknown, columnNames: ColumnNames): Outcome {
  const results = (Array.isArray(result) ? result : [result]) as readonly (PgResult | undefined)[];
  return { kind: 'done', results: results.map((each) => resultOf(each ?? {}, columnNames)) };
}

/** What a server's word for the end of a statement says: `INSERT 0 3`. */
export function resultOfTag(text: string): StatementResult {
  const words = text.split(' ');
  const last = words.length > 1 ? Number(words.at(-1)) : Number.NaN;
  return { command: words[0], affected: Number.isFinite(last) ? last : undefined };
}

function resultOf(result: PgResult, columnNames: ColumnNames): StatementResult {
  const { command, rowCount, rows = [], fields = [], _parsers: parsers } = result;
  return {
    command: command ?? undefined,
    affected: rowCount ?? undefined,
    returned(columns) {
      if (columns.length === 0 || fields.length === 0 || rows.length !== rowCount) return undefined;
      const places = columns.map((column) => placeOf(column, fields, columnNames));
      if (places.includes(-1) || !places.every((at) => isKept(parsers?.[at], fields[at]))) return undefined;
      return rows.map((row) =>
        Array.isArray(row)
          ? places.map((place) => row[place] as unknown)
          : columns.map((column) => (row as Readonly<Record<string, unknown>>)[column]),
      );
    },
  };
}

/** Where a column of the table stands in the result; -1 where nothing, or something else, has its name there. */
function placeOf(column: string, fields: readonly PgField[], columnNames: ColumnNames): number {
  // Of two columns of one name an object has the later one.
  const place = fields.findLastIndex(({ name }) => name === column);
  const field = fields[place];
  if (field === undefined || !(field.tableID > 0)) return -1;
  const name = columnNames(field.tableID, field.columnID);
  return name === undefined || name === column ? place : -1;
}

/** `int8`, `int2`, `int4`, `oid`. */
const WHOLE_NUMBERS = new Set([20, 21, 23, 26]);
const SAMPLE = 'aB é-1';

/** By parser and type. */
const keeping = new WeakMap<object, Map<number, boolean>>();

/** Whether values of a column are what the database has: an app may read `7` as `user_7`. */
function isKept(parser: unknown, { dataTypeID = 0, format = 'text' }: Partial<PgField> = {}): boolean {
  if (typeof parser !== 'function') return true;
  if (format !== 'text') return false;
  const known = keeping.get(parser) ?? new Map<number, boolean>();
  keeping.set(parser, known);
  const found = known.get(dataTypeID) ?? keeps(parser as (text: string) => unknown, WHOLE_NUMBERS.has(dataTypeID));
  known.set(dataTypeID, found);
  return found;
}

function keeps(parser: (text: string) => unknown, isNumber: boolean): boolean {
  const sample = isNumber ? '12345' : SAMPLE;
  try {
    const value = parser(sample);
    return isNumber ? String(value) === sample : value === sample;
  } catch {
    return false;
  }
}
