import { isTracking } from '@viewcache/core/tracking';
import { hearStatus } from '../pg/transaction-status.js';
import { emitHere } from '../source/issuing-context.js';
import { meet } from '../source/registry.js';
import type { WatchedSource } from '../source/watched-source.js';
import { failureOf, hasEnded } from '../sql/failures.js';
import { all, StatementWatch } from '../sql/statement-watch.js';
import type { DialectMethods, SentQuery } from './knex-types.js';
import { isInTransaction, type KnexParty, outcomeOf } from './outcome-of.js';

/** By connection, the sources that hear its transaction status. */
const hearing = new WeakMap<object, WeakSet<WatchedSource>>();

/**
 * `_query` of a client, which tells what it is asked for and what comes of it.
 *
 * @param partiesNow - who watches at the moment
 */
export function watchedQuery(
  query: DialectMethods['_query'],
  partiesNow: () => readonly KnexParty[],
): DialectMethods['_query'] {
  return function _query(connection, sent) {
    const parties = partiesNow();
    const { sql, bindings = [] } = typeof sent === 'string' ? { sql: sent } : sent;
    const send = (): Promise<SentQuery> => query.call(this, connection, sent);
    if (!sql || parties.length === 0) return send();
    if (!isTracking() && parties.every(({ source }) => source.onlyReads(sql))) return send();
    return carryOut(connection, { sql, bindings }, parties, send);
  };
}

/** The same of `_stream`, which resolves when it has been read to its end: somebody may not do that. */
export function watchedStream(
  stream: DialectMethods['_stream'],
  partiesNow: () => readonly KnexParty[],
): DialectMethods['_stream'] {
  return function _stream(connection, sent, target, options) {
    const parties = partiesNow();
    const { sql, bindings = [] } = sent;
    const send = (): Promise<unknown> => stream.call(this, connection, sent, target, options);
    if (!sql || parties.length === 0) return send();
    hear(connection, parties);
    emitHere(target as NodeJS.EventEmitter);
    const watch = new StatementWatch(connection, parties, sql, bindings);
    let hasEnded = false;
    const tell = (outcome: Parameters<typeof watch.tell>[0]): ReturnType<typeof watch.tell> => {
      if (hasEnded) return undefined;
      hasEnded = true;
      return watch.tell(outcome);
    };
    (target as NodeJS.EventEmitter).once('close', () => void tell(() => ({ kind: 'failed', isUnknown: true })));
    return send().then(
      async (result) => {
        await tell(() => ({ kind: 'done', results: [] }));
        return result;
      },
      async (error: unknown) => {
        await tell(({ dialect }) => failureOf(error, dialect));
        throw error;
      },
    );
  };
}

/** Asks for rows over a connection, heard by nobody: neither by a watch nor by listeners of Knex. */
export async function askBy(
  query: DialectMethods['_query'],
  client: object,
  connection: object,
  sql: string,
): Promise<{ readonly rows: readonly object[] }> {
  const { response } = await query.call(client, connection, { sql, bindings: [] });
  const { rows } = (response ?? {}) as { readonly rows?: readonly object[] };
  if (rows !== undefined) return { rows };
  const [first] = response as readonly unknown[];
  return { rows: (Array.isArray(first) ? first : response) as readonly object[] };
}

async function carryOut(
  connection: object,
  { sql, bindings }: Required<Pick<SentQuery, 'sql' | 'bindings'>>,
  parties: readonly KnexParty[],
  send: () => Promise<SentQuery>,
): Promise<SentQuery> {
  hear(connection, parties);
  const watch = new StatementWatch(connection, parties, sql, bindings);
  let sent: SentQuery | undefined;
  try {
    sent = await watch.settled(
      send,
      (result, party) => outcomeOf(sql, result, party),
      (error) => {
        const { dialect = 'sqlite' } = parties[0] ?? {};
        if (hasEnded(error, dialect)) for (const { source } of parties) source.rolledBack(connection);
        return failureOf(error, dialect);
      },
    );
    return sent;
  } finally {
    const isOpen = isInTransaction(connection, sent);
    if (isOpen !== undefined) {
      const wrong = parties.filter(({ source }) => source.isOpen(connection) !== isOpen);
      await all(wrong.map(({ source }) => source.stands(connection, isOpen)));
    }
  }
}

/** Meets a connection, and hears from PostgreSQL itself whether a transaction is open on it. */
function hear(connection: object, parties: readonly KnexParty[]): void {
  const known = hearing.get(connection) ?? new WeakSet();
  hearing.set(connection, known);
  for (const { source, dialect, reader } of parties) {
    reader.wake();
    if (known.has(source)) continue;
    known.add(source);
    meet(connection, source);
    if (dialect !== 'postgres') continue;
    hearStatus(
      connection,
      () => source.isOpen(connection),
      (isOpen) => void (source.isClosed || source.stands(connection, isOpen)),
    );
  }
}
