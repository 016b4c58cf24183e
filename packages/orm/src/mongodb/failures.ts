import type { FailureLike } from './mongodb-types.js';

/** Commands that change documents one after the other: what fails may have changed some. */
const ONE_BY_ONE = new Set(['insert', 'update', 'delete', 'bulkWrite', 'aggregate', 'mapReduce']);

/** `Unauthorized`, `AuthenticationFailed`, `CommandNotFound`. */
const NEVER_BEGUN = new Set<unknown>([13, 18, 59]);

/** The server has answered. */
export function isAnswered({ errorResponse }: FailureLike): boolean {
  return errorResponse !== undefined;
}

/** Whether a command that has failed may have changed something all the same. */
export function mayHaveWritten(name: string, failure: FailureLike): boolean {
  if (!isAnswered(failure)) return true;
  return ONE_BY_ONE.has(name) && !NEVER_BEGUN.has(failure.code);
}

/** `NoSuchTransaction`, `WriteConflict`, `TransactionTooOld`. */
const ABORTED = new Set<unknown>([251, 112, 225]);

/** Whether a COMMIT that has failed has committed nothing, for sure. */
export function isAborted(failure: FailureLike): boolean {
  const { code, errorLabels } = failure;
  if (!isAnswered(failure)) return false;
  return ABORTED.has(code) || (Array.isArray(errorLabels) && errorLabels.includes('TransientTransactionError'));
}
