import { answerOf } from '../base/answer.js';
import { LoadMissingError } from '../base/value-errors.js';
import type { ViewContext } from '../engine/view-context.js';

/** Runs that have failed with others, and of which nobody knows whether they would have alone. */
const together = new WeakSet<ViewContext>();

/** Notes that the error of a run is that of a call for several keys: it is told, and not kept. */
export function hasFailedTogether(run: ViewContext): void {
  together.add(run);
}

/** Whether {@link hasFailedTogether} was said of a run. */
export function failedTogether(run: ViewContext): boolean {
  return together.has(run);
}

/** Of what was given up, came too late, or never reached its database: `AbortError`, `KnexTimeoutError`, `PrismaClientInitializationError`. */
const NAMES = /Abort|Timeout|Connection|Initialization/;
/** The same by its code: of Node.js, undici, PostgreSQL (57014, 08…, 53300, 57P0…), MySQL and Prisma. */
const CODES =
  /^(?:E(?:CONN|HOST|NET|AI_|PIPE|TIMEDOUT|NOTFOUND|SOCKET)|UND_ERR|ABORT_ERR|57014|08...|53300|57P0.|PROTOCOL_|ER_QUERY_TIMEOUT|P10(?:01|02|08|17)|P2024)/;
/** Errors that are causes of others, as far as they are followed. */
const DEEPEST = 4;

/** What an error of a call for several keys says of asking again for fewer. */
export type Saying =
  /** Nothing: it may be of one key. */
  | 'nothing'
  /** What was returned is wrong as a whole. */
  | 'wrong'
  /** The database could not be asked, whatever it is asked for. */
  | 'of-no-key'
  /** The call has failed for the one before it: of a transaction that has had an error PostgreSQL answers nothing else. */
  | 'aftermath';

/** Reads an error, which may be anything, and refuse to be read. */
export function whatSays(error: unknown): Saying {
  return answerOf(() => read(error)) ?? 'nothing';
}

function read(error: unknown): Saying {
  if (error instanceof LoadMissingError) return 'wrong';
  if (typeof error === 'object' && error !== null && 'code' in error && error.code === '25P02') return 'aftermath';
  return isOfNoKey(error) ? 'of-no-key' : 'nothing';
}

function isOfNoKey(error: unknown, depth = 0): boolean {
  if (typeof error !== 'object' || error === null || depth > DEEPEST) return false;
  const { name, code, cause } = error as { readonly name?: unknown; readonly code?: unknown; readonly cause?: unknown };
  if (typeof name === 'string' && NAMES.test(name)) return true;
  if (typeof code === 'string' && CODES.test(code)) return true;
  return isOfNoKey(cause, depth + 1);
}
