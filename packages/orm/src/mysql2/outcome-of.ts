import type { Outcome, StatementResult } from '../source/outcome.js';
import type { Footprint } from '../statements/footprint-types.js';
import type { Field, Header } from './mysql2-types.js';

/** The key column of a table in which the database counts up; `undefined` where there is none, or the table is not known. */
export type CountedKey = (table: string) => string | undefined;

/** Of one statement: a header, or rows and their columns. */
type Answer = readonly [rows: unknown, fields: unknown];

/** Error of a deadlock: the server has taken back all of the transaction. */
const DEADLOCK = 1213;

/** Errors by which the server goes down, or has ended the connection. */
const ENDED = new Set([1053, 1927, 3169, 4031]);

/** What a statement came to that has failed: an error that is none of the server's says nothing of what that has done. */
export function failureOf(error: unknown): Outcome {
  const { sqlState, errno } = (error ?? {}) as { sqlState?: unknown; errno?: unknown };
  const isTold = typeof sqlState === 'string' && /^(?!08)\w{5}$/.test(sqlState) && !ENDED.has(Number(errno));
  return { kind: 'failed', isUnknown: !isTold };
}

export function isDeadlock(error: unknown): boolean {
  return (error as { errno?: unknown } | undefined)?.errno === DEADLOCK;
}

/** What the server says of a connection after each statement. */
export interface ServerStatus {
  /** A transaction is open. */
  readonly isInTransaction: boolean;
  /** Each statement is one of its own. */
  readonly autocommits: boolean;
}

/** What the server says; `undefined` where the answer is rows, with which it is not told. */
export function statusOf(rows: unknown, fields: unknown): ServerStatus | undefined {
  const [last] = answersOf(rows, fields).at(-1) ?? [];
  return isHeader(last) ? statusIn(last.serverStatus) : undefined;
}

/** The same by the number that stands for it. */
export function statusIn(flags: unknown): ServerStatus | undefined {
  return typeof flags === 'number' ? { isInTransaction: (flags & 1) === 1, autocommits: (flags & 2) === 2 } : undefined;
}

/** What a text came to that has not failed, by what a callback was handed. */
export function outcomeOf(
  rows: unknown,
  fields: unknown,
  footprints: readonly Footprint[],
  countedKey: CountedKey,
): Outcome {
  const answers = answersOf(rows, fields);
  // A procedure answers several times, and nobody knows to which statement an answer belongs.
  const told = answers.length === footprints.length ? footprints : [];
  return { kind: 'done', results: answers.map((answer, i) => resultOf(answer, told[i], countedKey)) };
}

function isHeader(answer: unknown): answer is Header {
  return typeof answer === 'object' && answer !== null && typeof (answer as Partial<Header>).affectedRows === 'number';
}

/** Of several there is a list of each, in which a list of columns stands for each that has rows. */
function answersOf(rows: unknown, fields: unknown): readonly Answer[] {
  const isSeveral =
    Array.isArray(rows) &&
    Array.isArray(fields) &&
    fields.length > 1 &&
    fields.length === rows.length &&
    fields.every((each) => each === undefined || Array.isArray(each));
  return isSeveral ? rows.map((each, i) => [each, fields[i]]) : [[rows, fields]];
}

function resultOf([rows, fields]: Answer, footprint: Footprint | undefined, countedKey: CountedKey): StatementResult {
  if (isHeader(rows)) {
    const key = rows.affectedRows === 1 ? countedKeyIn(rows, footprint, countedKey) : undefined;
    return {
      command: undefined,
      affected: rows.affectedRows,
      returned: ([column, another]) =>
        key !== undefined && another === undefined && isSame(column, key.column) ? [[key.value]] : undefined,
    };
  }
  // MariaDB's RETURNING: a row for each that was written.
  if (!Array.isArray(rows) || !Array.isArray(fields)) return { command: undefined, affected: undefined };
  return {
    command: undefined,
    affected: rows.length,
    returned(columns) {
      const places = columns.map((column) => placeOf(column, fields));
      if (columns.length === 0 || rows.length === 0 || places.includes(-1)) return undefined;
      const values = rows.map((row) => places.map((place) => valueAt(row, place, fields)));
      return values.flat().includes(undefined) ? undefined : values;
    },
  };
}

/** The key of the one row that was inserted, where the database has made it. */
function countedKeyIn(
  { insertId }: Header,
  footprint: Footprint | undefined,
  countedKey: CountedKey,
): { readonly column: string; readonly value: unknown } | undefined {
  const [write, another] = footprint?.writes ?? [];
  if (write?.verb !== 'insert' || write.schema !== undefined || another !== undefined) return undefined;
  const column = countedKey(write.table);
  // `LAST_INSERT_ID(7)` makes it say something else.
  if (column === undefined || footprint?.names.has('last_insert_id') || footprint?.names.has('LAST_INSERT_ID'))
    return undefined;
  const isMade =
    (typeof insertId === 'number' && insertId > 0) || (typeof insertId === 'string' && /^[1-9]/.test(insertId));
  return isMade ? { column, value: insertId } : undefined;
}

/** Where a column of the table stands in the result; -1 where nothing, or something else, has its name there. */
function placeOf(column: string, fields: readonly Field[]): number {
  // Of two columns of one name an object has the later one.
  const place = fields.findLastIndex(({ name }) => isSame(name, column));
  return isSame(fields[place]?.orgName, column) ? place : -1;
}

function valueAt(row: unknown, place: number, fields: readonly Field[]): unknown {
  if (Array.isArray(row)) return row[place];
  return (row as Readonly<Record<string, unknown>>)[fields[place]?.name ?? ''];
}

/** Letter case does not matter in columns. */
function isSame(one: string | undefined, other: string): boolean {
  return one?.toLowerCase() === other.toLowerCase();
}
