import { type ColumnNames, failureOf as pgFailureOf, outcomeOf as pgOutcomeOf } from '../pg/outcome-of.js';
import type { Outcome, StatementResult } from '../source/outcome.js';
import type { Statements } from '../source/statements.js';
import type { Dialect } from '../statements/footprint-types.js';
import type { Told } from './raw-results.js';
import type { QueryResultLike } from './typeorm-types.js';

/** What is known of the data source of a statement. */
export interface OutcomeLookup {
  readonly dialect: Dialect;
  readonly statements: Statements;
  /** Of a table, the key column in which the database counts up. */
  countedKey(table: string): string | undefined;
  /** Of PostgreSQL. */
  readonly columnNames: ColumnNames;
}

/** What a statement came to, as the runner told its caller, and subscribers. */
export interface Answer extends Readonly<Told> {
  readonly sql: string;
  readonly result: QueryResultLike;
}

/** MySQL's answer to what returns no rows. */
interface Header {
  readonly affectedRows: number;
  readonly insertId?: unknown;
  readonly serverStatus?: number;
}

/** What a statement came to that has not failed. */
export function outcomeOf(answer: Answer, lookup: OutcomeLookup): Outcome {
  const { result, raw } = answer;
  if (lookup.dialect === 'postgres' && raw !== undefined) return pgOutcomeOf(raw, lookup.columnNames);
  // Results of several statements; which belongs to which is not told.
  if (lookup.dialect === 'mysql' && Array.isArray(result.raw) && result.raw.some(isHeader))
    return { kind: 'done', results: [] };
  return { kind: 'done', results: [resultOf(answer, lookup)] };
}

/** What a statement came to that has failed, by the error of the driver. */
export function failureOf(error: unknown, dialect: Dialect): Outcome {
  const { driverError } = (typeof error === 'object' && error !== null ? error : {}) as { driverError?: unknown };
  // It has not come to the driver, or what somebody else does on events of TypeORM has failed after the driver did not.
  if (driverError === undefined) return { kind: 'failed', isUnknown: true };
  if (dialect === 'postgres') return pgFailureOf(driverError);
  // SQLite is called, not asked: it says what it has not done.
  if (dialect === 'sqlite') return { kind: 'failed', isUnknown: false };
  const { sqlState } = driverError as { sqlState?: unknown };
  return { kind: 'failed', isUnknown: typeof sqlState !== 'string' || sqlState.startsWith('08') };
}

/** Whether the driver says that a transaction is open there; `undefined` where it does not. */
export function isInTransaction(connection: object, { raw }: QueryResultLike): boolean | undefined {
  if (isHeader(raw) && typeof raw.serverStatus === 'number') return (raw.serverStatus & 1) === 1;
  // better-sqlite3
  const { inTransaction } = connection as { inTransaction?: unknown };
  return typeof inTransaction === 'boolean' ? inTransaction : undefined;
}

function resultOf(answer: Answer, lookup: OutcomeLookup): StatementResult {
  const { result } = answer;
  const { records = [] } = result;
  const affected = result.affected ?? undefined;
  return {
    command: undefined,
    affected,
    returned(columns) {
      if (columns.length === 0) return undefined;
      const isListed =
        records.length > 0 &&
        (affected === undefined || affected === records.length) &&
        columns.every((column) => records.every((row) => Object.hasOwn(row as object, column)));
      if (isListed) return records.map((row) => columns.map((column) => (row as Record<string, unknown>)[column]));
      const key =
        affected === 1 && columns.length === 1 ? countedValue(answer, columns[0] as string, lookup) : undefined;
      return key === undefined ? undefined : [[key]];
    },
  };
}

/**
 * The key that the database has given to the one row of a plain INSERT, as it told it: the last one that it has counted. Of
 * several rows it does not tell the others.
 */
function countedValue(
  { sql, result, rowId }: Answer,
  column: string,
  { dialect, statements, countedKey }: OutcomeLookup,
): unknown {
  const [footprint, another] = statements.footprints(sql);
  const [write] = footprint?.writes ?? [];
  if (another !== undefined || write?.verb !== 'insert' || countedKey(write.table) !== column) return undefined;
  // Other drivers for SQLite than sql.js return it themselves.
  const key = dialect === 'mysql' ? isHeader(result.raw) && result.raw.insertId : (rowId ?? result.raw);
  return (typeof key === 'number' && key > 0) || typeof key === 'bigint' ? key : undefined;
}

function isHeader(raw: unknown): raw is Header {
  return typeof raw === 'object' && raw !== null && typeof (raw as Partial<Header>).affectedRows === 'number';
}
