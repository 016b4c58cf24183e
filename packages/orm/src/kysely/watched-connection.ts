import { AsyncLocalStorage } from 'node:async_hooks';
import { isTracking } from '@viewcache/core/tracking';
import { meet } from '../source/registry.js';
import { StatementWatch } from '../sql/statement-watch.js';
import { type KyselyParty, noteEnd, outcomeOf, outcomeOfFailure } from './connection-state.js';
import type { CompiledQueryLike, ConnectionLike, QueryResultLike } from './kysely-types.js';

/** What a driver sends to begin and end transactions: the driver itself is heard then. */
const unheard = new AsyncLocalStorage<boolean>();

/** By connection, what it was before. */
const originals = new WeakMap<ConnectionLike, Pick<ConnectionLike, 'executeQuery' | 'streamQuery'>>();

/** Carries out what a driver does by itself. */
export function unwatched<T>(work: () => T): T {
  return unheard.run(true, work);
}

/** Asks for rows over a connection, heard by nobody: neither by a watch nor by the log of Kysely. */
export async function askOver(connection: ConnectionLike, sql: string): Promise<{ readonly rows: readonly object[] }> {
  const { executeQuery } = originals.get(connection) ?? connection;
  const query = { kind: 'RawNode', sqlFragments: [sql], parameters: [] };
  const { rows } = await executeQuery.call(connection, {
    sql,
    parameters: [],
    query,
    queryId: { queryId: 'viewcache' },
  });
  return { rows: rows as readonly object[] };
}

/**
 * Watches what a connection carries out: `executeQuery` and `streamQuery` of this object, where Kysely puts its log, too.
 *
 * @param partiesNow - who asks for it at the moment
 */
export function watchConnection(connection: ConnectionLike, partiesNow: () => readonly KyselyParty[]): void {
  for (const { source } of partiesNow()) meet(connection, source);
  if (originals.has(connection)) return;
  const { executeQuery, streamQuery } = connection;
  originals.set(connection, { executeQuery, streamQuery });
  const heard = (): readonly KyselyParty[] => (unheard.getStore() === true ? [] : partiesNow());
  put(connection, 'executeQuery', async (query: CompiledQueryLike, ...more: unknown[]): Promise<QueryResultLike> => {
    const parties = heard();
    const { sql, parameters } = query;
    const send = (): Promise<QueryResultLike> => executeQuery.call(connection, query, ...more);
    if (parties.every((party) => goesOn(connection, sql, party))) return await send();
    for (const { reader } of parties) reader.wake();
    const watch = new StatementWatch(connection, parties, sql, parameters);
    try {
      return await watch.settled(
        send,
        (result, party) => outcomeOf(connection, sql, result, party),
        (error) => outcomeOfFailure(connection, error, parties),
      );
    } finally {
      noteEnd(connection, sql, parties);
    }
  });
  put(connection, 'streamQuery', (query: CompiledQueryLike, ...more: unknown[]) => {
    const parties = heard();
    const results = streamQuery.call(connection, query, ...more);
    if (parties.length === 0) return results;
    const watch = new StatementWatch(connection, parties, query.sql, query.parameters);
    return streamed(results, watch, (error) => outcomeOfFailure(connection, error, parties));
  });
}

/** Most statements read, and most of those nobody keeps: outside a transaction they go straight on. */
function goesOn(connection: ConnectionLike, sql: string, { source }: KyselyParty): boolean {
  return !isTracking() && !source.isOpen(connection) && source.onlyReads(sql);
}

/** What is streamed has ended when it was read to its end, or nobody reads on. */
async function* streamed(
  results: AsyncIterableIterator<QueryResultLike>,
  watch: StatementWatch<KyselyParty>,
  failed: (error: unknown) => ReturnType<typeof outcomeOfFailure>,
): AsyncIterableIterator<QueryResultLike> {
  let outcome: ReturnType<typeof outcomeOfFailure> = { kind: 'done', results: [] };
  try {
    yield* results;
  } catch (error) {
    outcome = failed(error);
    throw error;
  } finally {
    await watch.tell(() => outcome);
  }
}

function put(connection: ConnectionLike, name: keyof ConnectionLike, value: unknown): void {
  Object.defineProperty(connection, name, { value, configurable: true, writable: true, enumerable: false });
}
