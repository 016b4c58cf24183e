import type { Outcome } from '../source/outcome.js';
import { failureOf, hasEnded } from '../sql/failures.js';
import type { ReadSource } from '../sql/read-source.js';
import { commandOf, resultOf } from '../sql/told-result.js';
import { rollsBackTo } from '../statements/dialect-statements.js';
import type { ConnectionLike, QueryResultLike } from './kysely-types.js';

/** One watch of a dialect. */
export type KyselyParty = Pick<ReadSource, 'source' | 'reader' | 'dialect' | 'statements'>;

/** Whose transaction PostgreSQL answers ROLLBACK at its COMMIT: something has failed in it. Not every driver tells. */
const failed = new WeakSet<ConnectionLike>();

/** What a statement came to that has not failed. */
export function outcomeOf(
  connection: ConnectionLike,
  sql: string,
  { rows, numAffectedRows, insertId }: QueryResultLike,
  { reader, statements }: KyselyParty,
): Outcome {
  const command = commandOf(sql);
  if (command === 'COMMIT') return { kind: 'done', results: [{ command: answerTo(connection), affected: undefined }] };
  const affected = numAffectedRows === undefined ? undefined : Number(numAffectedRows);
  const told = { sql, rows: rows ?? [], affected, insertId };
  return { kind: 'done', results: [resultOf(told, { statements, countedKey: (table) => reader.countedKey(table) })] };
}

/** What the database has answered to a COMMIT. */
export function answerTo(connection: ConnectionLike): 'COMMIT' | 'ROLLBACK' {
  return failed.has(connection) ? 'ROLLBACK' : 'COMMIT';
}

/** What a statement came to that has failed, which may have been the end of its transaction, or of what that can do. */
export function outcomeOfFailure(connection: ConnectionLike, error: unknown, parties: readonly KyselyParty[]): Outcome {
  const { dialect = 'sqlite' } = parties[0] ?? {};
  const outcome = failureOf(error, dialect);
  if (hasEnded(error, dialect)) for (const { source } of parties) source.rolledBack(connection);
  if (dialect === 'postgres' && !outcome.isUnknown && isOpen(connection, parties)) failed.add(connection);
  return outcome;
}

/** A statement has ended, perhaps its transaction with it. */
export function noteEnd(connection: ConnectionLike, sql: string, parties: readonly KyselyParty[]): void {
  if (!failed.has(connection)) return;
  if (!isOpen(connection, parties) || rollsBackTo(sql, 'postgres')) recover(connection);
}

/** What has failed was taken back. */
export function recover(connection: ConnectionLike): void {
  failed.delete(connection);
}

function isOpen(connection: ConnectionLike, parties: readonly KyselyParty[]): boolean {
  return parties.some(({ source }) => source.isOpen(connection));
}
