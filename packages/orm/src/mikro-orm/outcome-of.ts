import { type ColumnNames, failureOf as pgFailureOf } from '../pg/outcome-of.js';
import type { Outcome, StatementResult } from '../source/outcome.js';
import type { Statements } from '../source/statements.js';
import type { Dialect } from '../statements/footprint-types.js';

/** What is known of the database of a statement. */
export interface OutcomeLookup {
  readonly dialect: Dialect;
  readonly statements: Statements;
  /** Of a table, the key column in which the database counts up. */
  countedKey(table: string): string | undefined;
  /** Of PostgreSQL. */
  readonly columnNames: ColumnNames;
}

/** What a driver has answered, in the words of no driver. */
export interface Answer {
  /** What was returned; `undefined` where nothing was asked for. */
  readonly rows: readonly object[] | undefined;
  readonly affected: number | undefined;
  /** The last key that the database has counted. */
  readonly lastKey?: unknown;
  /** PostgreSQL rolls back at the COMMIT of a transaction in which something has failed. */
  readonly isRolledBack?: boolean;
}

type Failure = Extract<Outcome, { kind: 'failed' }>;

/** Numbers by which MySQL, MariaDB and their clients say that the connection went, or the server goes down. */
const UNTOLD_NUMBER = /^(?:45\d{3}|20\d{2}|1053|1927)$/;

/** By it MySQL and MariaDB have ended the whole transaction, not the statement alone. */
const DEADLOCK = 1213;

/** What a statement came to that has failed, by the error of the driver. */
export function failureOf(error: unknown, dialect: Dialect): Failure {
  if (dialect === 'postgres') return pgFailureOf(error) as Failure;
  // SQLite is called, not asked: it says what it has not done.
  if (dialect === 'sqlite') return { kind: 'failed', isUnknown: false };
  const { sqlState, errno } = (error ?? {}) as { readonly sqlState?: unknown; readonly errno?: unknown };
  const isTold = typeof sqlState === 'string' && !sqlState.startsWith('08') && !UNTOLD_NUMBER.test(String(errno));
  return { kind: 'failed', isUnknown: !isTold };
}

/** Whether a statement that has failed has taken the transaction with it. */
export function endsTransaction(error: unknown, dialect: Dialect): boolean {
  return dialect === 'mysql' && (error as { readonly errno?: unknown } | null)?.errno === DEADLOCK;
}

/** What one statement came to that has not failed. */
export function resultOf(sql: string, answer: Answer, lookup: OutcomeLookup): StatementResult {
  const { rows, affected } = answer;
  if (answer.isRolledBack === true) return { command: 'ROLLBACK', affected: undefined };
  return {
    command: commandOf(sql),
    affected: affected ?? rows?.length,
    returned: (columns) => returnedRows(sql, answer, columns, lookup) ?? countedRow(sql, answer, columns, lookup),
  };
}

/** The verb where it stands first, as it does in what MikroORM makes: behind a WITH it may be any. */
function commandOf(sql: string): string {
  const [, verb = 'select'] = /^\s*(insert|update|delete|replace|merge)\b/i.exec(sql) ?? [];
  return verb.toUpperCase();
}

function returnedRows(
  sql: string,
  { rows = [], affected }: Answer,
  columns: readonly string[],
  { statements }: OutcomeLookup,
): readonly (readonly unknown[])[] | undefined {
  if (columns.length === 0 || rows.length === 0 || rows.length !== (affected ?? rows.length)) return undefined;
  const [footprint, another] = statements.footprints(sql);
  if (another !== undefined || footprint?.writes.length !== 1) return undefined;
  if (!rows.every((row) => columns.every((column) => Object.hasOwn(row, column)))) return undefined;
  return rows.map((row) => columns.map((column) => (row as Readonly<Record<string, unknown>>)[column]));
}

/** The key that the database has given to the one row of an INSERT; of several rows it does not tell the others. */
function countedRow(
  sql: string,
  { affected, lastKey }: Answer,
  [column, another]: readonly string[],
  { statements, countedKey }: OutcomeLookup,
): readonly (readonly unknown[])[] | undefined {
  if (affected !== 1 || column === undefined || another !== undefined) return undefined;
  if (!((typeof lastKey === 'number' || typeof lastKey === 'bigint') && lastKey > 0)) return undefined;
  const [write, more] = statements.footprints(sql).flatMap(({ writes }) => writes);
  if (write?.verb !== 'insert' || more !== undefined || countedKey(write.table) !== column) return undefined;
  return write.inserted.some((each) => each.column.toLowerCase() === column.toLowerCase()) ? undefined : [[lastKey]];
}
