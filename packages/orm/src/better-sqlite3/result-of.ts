import type { StatementResult } from '../source/outcome.js';
import { soleWrite } from '../sqlite/local-watch.js';
import { foldedColumn, foldedName } from '../statements/fold.js';
import type { Column, RunResult, StatementLike } from './better-sqlite3-types.js';

/**
 * What `run` came to.
 *
 * @param countedKey - the column of the key in which the database counts up, where this inserts
 */
export function resultOfRun({ changes, lastInsertRowid }: RunResult, countedKey: string | undefined): StatementResult {
  return {
    command: undefined,
    affected: changes,
    returned: (columns) =>
      changes === 1 && columns.length === 1 && columns[0] === countedKey ? [[lastInsertRowid]] : undefined,
  };
}

/**
 * What a statement with `RETURNING` came to: it returns each row that it changes.
 *
 * @param affected - `undefined`: there may be more of them
 */
export function resultOfRows(
  statement: StatementLike,
  rows: readonly unknown[],
  affected: number | undefined,
): StatementResult {
  return {
    command: undefined,
    affected,
    returned(columns) {
      if (columns.length === 0 || affected === undefined || affected !== rows.length) return undefined;
      const table = soleWrite(statement.source)?.table;
      const found = statement.columns();
      const places = columns.map((column) => placeOf(column, table, found));
      const values = rows.map((row) => places.map((place) => valueAt(row, place, found)));
      return values.some((each) => each.includes(undefined)) ? undefined : values;
    },
  };
}

/** Of two columns of one name an object has the later one. */
function placeOf(column: string, table: string | undefined, columns: readonly Column[]): number {
  const at = columns.findLastIndex((each) => isOf(each, column, table));
  const name = columns[at]?.name;
  return columns.findLastIndex((each) => each.name === name) === at ? at : -1;
}

function isOf({ column, table }: Column, name: string, of: string | undefined): boolean {
  if (column === null || table === null) return false;
  return foldedColumn(column, 'sqlite') === name && foldedName(table, 'sqlite') === of;
}

/** Of a list with `raw()`, of an object, or the value itself with `pluck()`. */
function valueAt(row: unknown, place: number, columns: readonly Column[]): unknown {
  if (Array.isArray(row)) return row[place] as unknown;
  if (typeof row !== 'object' || row === null) return place === 0 ? row : undefined;
  const name = columns[place]?.name;
  return name === undefined ? undefined : (row as Readonly<Record<string, unknown>>)[name];
}
