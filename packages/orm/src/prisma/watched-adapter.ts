import type { Told } from '../source/told.js';
import { rollsBackTo } from '../statements/dialect-statements.js';
import type { Dialect } from '../statements/footprint-types.js';
import { beginning, endItx } from './contexts.js';
import { failureOf } from './outcome-of.js';
import type { AdapterTransaction, DriverAdapter } from './prisma-types.js';
import { type AdapterEar, all, watchedCalls, watchedRun } from './watched-calls.js';

/** An adapter that tells what is sent through it. */
export function watchedAdapter(adapter: DriverAdapter, dialect: Dialect, ear: AdapterEar): DriverAdapter {
  // Over one connection a statement may begin a transaction; in a pool that would be anybody's.
  const only = dialect === 'sqlite' ? {} : undefined;
  return standIn(adapter, {
    ...watchedCalls(adapter, ear, () => only ?? {}),
    executeScript: (script: string) =>
      watchedRun(
        ear,
        only ?? {},
        { sql: script, args: [] },
        () => adapter.executeScript(script),
        () => [],
      ),
    async dispose() {
      ear.disposed();
      await adapter.dispose();
    },
    async startTransaction(...given: [string?]) {
      const transaction = await adapter.startTransaction(...given);
      const scope = {};
      for (const source of ear.sources()) source.began(scope);
      const asked = beginning.getStore();
      if (asked !== undefined) asked.scope = scope;
      return watchedTransaction(transaction, scope, dialect, ear);
    },
  });
}

function watchedTransaction(
  transaction: AdapterTransaction,
  scope: object,
  dialect: Dialect,
  ear: AdapterEar,
): AdapterTransaction {
  // PostgreSQL rolls back at the COMMIT of a transaction in which something has failed, and no adapter tells its answer.
  let hasFailed = false;
  const { sources } = ear;
  const ended = (how: 'committed' | 'rolled back' | 'unknown'): Told => {
    if (how !== 'rolled back') return all(sources().map((source) => source.committed(scope, how === 'unknown')));
    for (const source of sources()) source.rolledBack(scope);
    return undefined;
  };
  const { queryRaw, executeRaw } = watchedCalls(transaction, ear, () => scope, {
    failed(isUnknown) {
      if (!isUnknown && dialect === 'postgres') hasFailed = true;
    },
    done(sql) {
      if (hasFailed && rollsBackTo(sql, dialect)) hasFailed = false;
      return hasFailed ? 'ROLLBACK' : undefined;
    },
  });
  const { createSavepoint, rollbackToSavepoint, releaseSavepoint } = transaction;
  return standIn(transaction, {
    queryRaw,
    executeRaw,
    async commit() {
      try {
        await transaction.commit();
      } catch (error) {
        const { isUnknown } = failureOf(error);
        await ended(isUnknown ? 'unknown' : 'rolled back');
        throw error;
      } finally {
        endItx(scope);
      }
      await ended(hasFailed ? 'rolled back' : 'committed');
    },
    async rollback() {
      try {
        await transaction.rollback();
      } finally {
        endItx(scope);
        void ended('rolled back');
      }
    },
    ...(createSavepoint && {
      async createSavepoint(name: string) {
        await createSavepoint.call(transaction, name);
        for (const source of sources()) source.savepoint(scope, name);
      },
    }),
    ...(rollbackToSavepoint && {
      async rollbackToSavepoint(name: string) {
        await rollbackToSavepoint.call(transaction, name);
        hasFailed = false;
        for (const source of sources()) source.rolledBackTo(scope, name);
      },
    }),
    ...(releaseSavepoint && {
      async releaseSavepoint(name: string) {
        await releaseSavepoint.call(transaction, name);
        await all(sources().map((source) => source.released(scope, name)));
      },
    }),
  });
}

/** What others see of an object, with some of its methods in the place of its own. */
function standIn<T extends object>(target: T, methods: Partial<T>): T {
  return new Proxy(target, {
    get(_, name) {
      if (Object.hasOwn(methods, name)) return methods[name as keyof T];
      const value = Reflect.get(target, name, target) as unknown;
      // Private fields are those of the object itself.
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}
