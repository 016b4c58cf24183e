import { outcomeOf as pgOutcomeOf } from '../pg/outcome-of.js';
import type { Outcome } from '../source/outcome.js';
import type { ReadSource } from '../sql/read-source.js';
import { resultOf } from '../sql/told-result.js';
import type { Header, SentQuery } from './knex-types.js';

/** One watch of a Knex. */
export type KnexParty = Pick<ReadSource, 'source' | 'reader' | 'dialect' | 'statements'>;

/** What a statement came to that has not failed, by what the driver has returned. */
export function outcomeOf(sql: string, { response, context }: SentQuery, party: KnexParty): Outcome {
  const { dialect, reader, statements } = party;
  if (dialect === 'postgres') return pgOutcomeOf(response, reader.columnNames);
  const lookup = { statements, countedKey: (table: string) => reader.countedKey(table) };
  if (dialect === 'sqlite') {
    const rows = Array.isArray(response) ? (response as readonly unknown[]) : [];
    const affected = typeof context?.changes === 'number' ? context.changes : undefined;
    return { kind: 'done', results: [resultOf({ sql, rows, affected, insertId: context?.lastID }, lookup)] };
  }
  const [told] = Array.isArray(response) ? (response as readonly unknown[]) : [];
  // Results of several statements; which belongs to which is not told.
  if (Array.isArray(told) && told.some((each) => isHeader(each) || Array.isArray(each)))
    return { kind: 'done', results: [] };
  const header = isHeader(told) ? told : undefined;
  const rows = Array.isArray(told) ? (told as readonly unknown[]) : [];
  const result = { sql, rows, affected: header?.affectedRows, insertId: header?.insertId };
  return { kind: 'done', results: [resultOf(result, lookup)] };
}

/** Whether the driver says that a transaction is open there; `undefined` where it does not. */
export function isInTransaction(connection: object, query: SentQuery | undefined): boolean | undefined {
  const [told] = Array.isArray(query?.response) ? (query.response as readonly unknown[]) : [];
  if (isHeader(told) && typeof told.serverStatus === 'number') return (told.serverStatus & 1) === 1;
  // better-sqlite3
  const { inTransaction } = connection as { inTransaction?: unknown };
  return typeof inTransaction === 'boolean' ? inTransaction : undefined;
}

function isHeader(told: unknown): told is Header {
  return typeof told === 'object' && told !== null && typeof (told as Partial<Header>).affectedRows === 'number';
}
