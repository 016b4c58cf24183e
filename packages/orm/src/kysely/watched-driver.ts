import type { Outcome } from '../source/outcome.js';
import { all } from '../sql/statement-watch.js';
import { answerTo, type KyselyParty, outcomeOfFailure, recover } from './connection-state.js';
import type { ConnectionLike, DriverLike } from './kysely-types.js';
import { unwatched, watchConnection } from './watched-connection.js';

/**
 * Watches what a driver does: its connections, and the transactions that it begins and ends on them, by whatever means it has.
 *
 * @param partiesNow - who asks for it at the moment
 */
export function watchDriver(driver: DriverLike, partiesNow: () => readonly KyselyParty[], destroyed: () => void): void {
  const own = boundMethods(driver);
  const { savepoint, rollbackToSavepoint, releaseSavepoint } = own;
  let begun: Promise<void> | undefined;
  const methods: DriverLike = {
    ...own,
    init(...given) {
      // Whoever asks for the tables may come before the app does.
      begun ??= own.init(...given).catch((error: unknown) => {
        begun = undefined;
        throw error;
      });
      return begun;
    },
    async acquireConnection(...given) {
      const connection = await own.acquireConnection(...given);
      watchConnection(connection, partiesNow);
      return connection;
    },
    async beginTransaction(connection, ...more) {
      await unwatched(() => own.beginTransaction(connection, ...more));
      recover(connection);
      for (const { source } of partiesNow()) source.began(connection);
    },
    async commitTransaction(connection, ...more) {
      let outcome: Outcome = { kind: 'failed', isUnknown: true };
      try {
        await unwatched(() => own.commitTransaction(connection, ...more));
        outcome = { kind: 'done', results: [{ command: answerTo(connection), affected: undefined }] };
      } catch (error) {
        outcome = outcomeOfCommit(connection, error, partiesNow());
        throw error;
      } finally {
        await all(partiesNow().map(({ source }) => source.ran(connection, 'COMMIT', [], outcome)));
        recover(connection);
      }
    },
    async rollbackTransaction(connection, ...more) {
      try {
        await unwatched(() => own.rollbackTransaction(connection, ...more));
      } finally {
        for (const { source } of partiesNow()) source.rolledBack(connection);
        recover(connection);
      }
    },
    async destroy(...given) {
      destroyed();
      await own.destroy(...given);
    },
  };
  if (savepoint !== undefined)
    methods.savepoint = async (connection, name, ...more) => {
      await tried(connection, partiesNow(), () => savepoint(connection, name, ...more));
      for (const { source } of partiesNow()) source.savepoint(connection, name);
    };
  if (rollbackToSavepoint !== undefined)
    methods.rollbackToSavepoint = async (connection, name, ...more) => {
      await tried(connection, partiesNow(), () => rollbackToSavepoint(connection, name, ...more));
      recover(connection);
      for (const { source } of partiesNow()) source.rolledBackTo(connection, name);
    };
  if (releaseSavepoint !== undefined)
    methods.releaseSavepoint = async (connection, name, ...more) => {
      await tried(connection, partiesNow(), () => releaseSavepoint(connection, name, ...more));
      await all(partiesNow().map(({ source }) => source.released(connection, name)));
    };
  for (const [name, value] of Object.entries(methods))
    Object.defineProperty(driver, name, { value, configurable: true, writable: true, enumerable: false });
}

/** Carries out what a driver does within a transaction, which may be the end of it when it fails. */
async function tried(
  connection: ConnectionLike,
  parties: readonly KyselyParty[],
  work: () => Promise<void>,
): Promise<void> {
  try {
    await unwatched(work);
  } catch (error) {
    outcomeOfFailure(connection, error, parties);
    throw error;
  }
}

/** Kysely 0.29 says by an error of its own that the database has answered ROLLBACK. */
function outcomeOfCommit(connection: ConnectionLike, error: unknown, parties: readonly KyselyParty[]): Outcome {
  const isAborted = error instanceof Error && error.name === 'AbortedTransactionError';
  return isAborted ? { kind: 'failed', isUnknown: false } : outcomeOfFailure(connection, error, parties);
}

function boundMethods(driver: DriverLike): DriverLike {
  const names = [
    'init',
    'acquireConnection',
    'beginTransaction',
    'commitTransaction',
    'rollbackTransaction',
    'savepoint',
    'rollbackToSavepoint',
    'releaseSavepoint',
    'releaseConnection',
    'destroy',
  ] as const;
  const methods = names.flatMap((name) => {
    const method = driver[name] as ((...given: unknown[]) => unknown) | undefined;
    return method === undefined ? [] : [[name, method.bind(driver)]];
  });
  return Object.fromEntries(methods) as DriverLike;
}
