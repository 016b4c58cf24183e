import { failureOf as pgFailureOf } from '../pg/outcome-of.js';
import type { Outcome } from '../source/outcome.js';
import type { Dialect } from '../statements/footprint-types.js';

/** Numbers by which MySQL or MariaDB say that the server goes down, or has ended the connection. */
const ENDED = new Set([1053, 1927, 3169, 4031]);

/**
 * What a statement came to that has failed, by the error of a driver: unless the database itself has said so, it may have been
 * carried out.
 */
export function failureOf(error: unknown, dialect: Dialect): Extract<Outcome, { kind: 'failed' }> {
  if (dialect === 'postgres') return pgFailureOf(error) as Extract<Outcome, { kind: 'failed' }>;
  const given = (typeof error === 'object' && error !== null ? error : {}) as {
    readonly sqlState?: unknown;
    readonly errno?: unknown;
    readonly code?: unknown;
    readonly cause?: unknown;
  };
  if (dialect === 'mysql') {
    const { sqlState, errno } = given;
    const isTold = typeof sqlState === 'string' && !sqlState.startsWith('08') && !ENDED.has(Number(errno));
    return { kind: 'failed', isUnknown: !isTold };
  }
  // SQLite is called, not asked: it says what it has not done. One behind a network has errors of that, too.
  const { code, cause } = given;
  const isForeign = typeof code === 'string' && !/^(?:ERR_)?SQLITE/.test(code);
  return { kind: 'failed', isUnknown: isForeign || cause !== undefined };
}

/** Whether the database has rolled back the whole transaction by itself: a deadlock, to MySQL. */
export function hasEnded(error: unknown, dialect: Dialect): boolean {
  return dialect === 'mysql' && (error as { sqlState?: unknown } | null)?.sqlState === '40001';
}
