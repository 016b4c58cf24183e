import { UNTOLD } from '../pg/outcome-of.js';
import type { StatementResult } from '../source/outcome.js';
import type { Statements } from '../source/statements.js';
import type { AdapterResult } from './prisma-types.js';

/** Kinds of errors of driver adapters that come from the way to the server, whatever code they have. */
const UNHEARD = new Set(['ConnectionClosed', 'DatabaseNotReachable', 'SocketTimeout', 'TlsConnectionError']);

/** Numbers by which MySQL, MariaDB or their clients say the same: the connection went, or the server goes down. */
const UNTOLD_NUMBER = /^(?:45\d{3}|20\d{2}|1053|1927)$/;

/**
 * What a statement came to that has failed: unless the server has said so, it may have been carried out. An adapter may fail
 * at the answer, such as one with values of a type that it does not know.
 */
export function failureOf(error: unknown): { readonly kind: 'failed'; readonly isUnknown: boolean } {
  const { name, cause } = (error ?? {}) as { readonly name?: unknown; readonly cause?: Cause };
  const { kind, originalCode, code, extendedCode } = cause ?? {};
  const said = originalCode ?? code ?? extendedCode;
  const isLost = UNHEARD.has(String(kind)) || UNTOLD.test(String(said)) || UNTOLD_NUMBER.test(String(said));
  const isTold = name === 'DriverAdapterError' && said !== undefined && !isLost;
  return { kind: 'failed', isUnknown: !isTold };
}

interface Cause {
  readonly kind?: unknown;
  /** The database's own, where the adapter has one of its own kinds for it. */
  readonly originalCode?: unknown;
  readonly code?: unknown;
  readonly extendedCode?: unknown;
}

/** A statement of which only the number of rows is told. */
export function countedResult(sql: string, affected: number): StatementResult {
  return { command: commandOf(sql), affected };
}

/** What is known of the database of a statement. */
export interface OutcomeLookup {
  readonly statements: Statements;
  /** By table, the key column in which the database counts up. */
  countedKey(table: string): string | undefined;
}

/** One whose rows were returned, or of whose row the key was told. */
export function returnedResult(
  sql: string,
  { columnNames, rows, lastInsertId }: AdapterResult,
  lookup: OutcomeLookup,
): StatementResult {
  const { statements } = lookup;
  const command = commandOf(sql);
  if (columnNames.length === 0)
    return { command, affected: undefined, returned: (columns) => countedRow(sql, lastInsertId, columns, lookup) };
  return {
    command,
    affected: rows.length,
    returned(columns) {
      const [footprint, another] = statements.footprints(sql);
      const isSole = another === undefined && footprint?.writes.length === 1;
      if (!isSole || columns.length === 0) return undefined;
      const places = columns.map((column) => columnNames.findIndex((name) => isSame(name, column)));
      return places.includes(-1) ? undefined : rows.map((row) => places.map((place) => row[place]));
    },
  };
}

/** MySQL tells the key that it has made by counting; of several rows the first one's. */
function countedRow(
  sql: string,
  id: string | undefined,
  [column, another]: readonly string[],
  { statements, countedKey }: OutcomeLookup,
): readonly (readonly unknown[])[] | undefined {
  const [write, more] = statements.footprints(sql).flatMap(({ writes }) => writes);
  if (id === undefined || id === '0' || column === undefined || write === undefined) return undefined;
  if (another !== undefined || more !== undefined || write.verb !== 'insert') return undefined;
  if (countedKey(write.table) !== column) return undefined;
  const { inserted } = write;
  const isOneRow = inserted.length > 0 && inserted.every((each) => each.values.length === 1);
  return isOneRow && !inserted.some((each) => isSame(each.column, column)) ? [[id]] : undefined;
}

function isSame(name: string, column: string): boolean {
  return name === column || name.toLowerCase() === column.toLowerCase();
}

/** The verb where it stands first, as it does in what Prisma makes: behind a WITH it may be any. */
function commandOf(sql: string): string {
  const [, verb = 'select'] = /^\s*(insert|update|delete)\b/i.exec(sql) ?? [];
  return verb.toUpperCase();
}
