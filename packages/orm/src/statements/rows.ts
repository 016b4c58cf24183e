import { foldedColumn } from './fold.js';
import type { Dialect, HeldColumn, Operand, ReadTable, WrittenTable } from './footprint-types.js';
import { isSureKey } from './key-values.js';

/** Rows that one condition may come to by several columns, before nobody cares which. */
const MOST_ROWS = 10_000;

/** A row, by the values of its primary key in the order of its columns. */
export type KeyValues = readonly (string | number | bigint)[];

/**
 * The rows of a table that a statement touches at most: those its condition holds, or those that it inserts.
 *
 * Values are as the driver was handed them, and literals are texts; the same row may be spelled in several ways.
 *
 * @param table - one of the reads or writes of a {@link Footprint}
 * @param parameters - as the driver was handed them: a list, or an object for named ones
 * @param pk - the columns of the primary key
 * @returns `undefined` where it may touch any row: a key that is not held, that the statement itself changes, or that a
 * database might take for another one
 *
 * @example
 * ```ts
 * const [read] = footprint.reads; // SELECT … FROM posts WHERE id IN ($1, $2)
 * rowsOf(read, [3, 4], ['id'], 'postgres'); // [[3], [4]]
 * ```
 */
export function rowsOf(
  table: ReadTable | WrittenTable,
  parameters: unknown,
  pk: readonly string[],
  dialect: Dialect,
): readonly KeyValues[] | undefined {
  if (pk.length === 0) return undefined;
  const columns = pk.map((column) => foldedColumn(column, dialect));
  if (!('verb' in table) || table.verb === 'delete') return product(table.held, columns, parameters, dialect);
  if (table.verb !== 'insert' && (table.columns === undefined || columns.some((it) => table.columns?.includes(it))))
    return undefined;
  switch (table.verb) {
    case 'update':
      return product(table.held, columns, parameters, dialect);
    case 'insert':
      return rows(table.inserted, columns, parameters, dialect);
    case 'upsert':
      // Found by another unique key, the row that is changed has a key that does not stand here.
      return isSame(table.conflict, columns) ? rows(table.inserted, columns, parameters, dialect) : undefined;
    default:
      return undefined;
  }
}

function isSame(some: readonly string[] | undefined, others: readonly string[]): boolean {
  return some?.length === others.length && others.every((column) => some.includes(column));
}

/** Each value of one column with each of the others. */
function product(
  held: readonly HeldColumn[],
  columns: readonly string[],
  parameters: unknown,
  dialect: Dialect,
): readonly KeyValues[] | undefined {
  const [first, another] = columns;
  if (first !== undefined && another === undefined)
    return valuesIn(held, first, parameters, dialect)?.map((value) => [value]);
  let found: KeyValues[] = [[]];
  for (const column of columns) {
    const values = valuesIn(held, column, parameters, dialect);
    if (values === undefined || found.length * values.length > MOST_ROWS) return undefined;
    found = found.flatMap((row) => values.map((value) => [...row, value]));
  }
  return found;
}

/** The first values of all columns, the second ones, and so on. */
function rows(
  inserted: readonly HeldColumn[],
  columns: readonly string[],
  parameters: unknown,
  dialect: Dialect,
): readonly KeyValues[] | undefined {
  const values: KeyValues[] = [];
  for (const column of columns) {
    const own = valuesIn(inserted, column, parameters, dialect);
    // A parameter that is a list makes more values than rows.
    if (own === undefined || own.length !== inserted.find((each) => each.column === column)?.values.length)
      return undefined;
    values.push(own);
  }
  const [first = []] = values;
  return first.map((_, row) => values.flatMap((own) => own[row] ?? []));
}

function valuesIn(
  held: readonly HeldColumn[],
  column: string,
  parameters: unknown,
  dialect: Dialect,
): KeyValues | undefined {
  // Held twice, by two conditions that must both be true, either of them will do.
  const operands = held.find((each) => each.column === column)?.values;
  if (operands === undefined) return undefined;
  const values: (string | number | bigint)[] = [];
  for (const operand of operands) {
    for (const value of valuesOf(operand, parameters, dialect)) {
      if (!isSureKey(value, dialect) || values.length >= MOST_ROWS) return undefined;
      values.push(value);
    }
  }
  return values;
}

/** `undefined` among them for what nobody knows. */
function valuesOf(operand: Operand, parameters: unknown, dialect: Dialect): readonly unknown[] {
  if (operand.kind === 'literal') return [operand.text];
  const value = parameterAt(operand.at, parameters);
  if (!Array.isArray(value)) return [operand.isList ? undefined : value];
  // `IN (?)` with a list is what the clients of MySQL write out; no other one takes a list for several values.
  return operand.isList || dialect === 'mysql' ? value : [undefined];
}

function parameterAt(at: number | string, parameters: unknown): unknown {
  if (Array.isArray(parameters)) return typeof at === 'number' ? parameters[at] : parameterOf(at, parameters);
  return parameterOf(typeof at === 'number' ? String(at + 1) : at, parameters);
}

/** A named one: some drivers want the sign in front of the name, some do not. */
function parameterOf(name: string, parameters: unknown): unknown {
  // better-sqlite3 takes an object among the arguments.
  const named: unknown = Array.isArray(parameters) ? parameters.find(isObject) : parameters;
  if (!isObject(named)) return undefined;
  for (const sign of ['', ':', '@', '$', '?']) {
    const key = sign + name;
    if (Object.hasOwn(named, key)) return named[key];
  }
  return undefined;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
