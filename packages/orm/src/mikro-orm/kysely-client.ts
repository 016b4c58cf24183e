import { Replaced } from '../source/replaced.js';
import { type Answer, failureOf, resultOf } from './outcome-of.js';
import { carryOut, type MikroParty } from './statement.js';

/** What MikroORM 7 sends its statements by. */
export interface KyselyLike {
  getExecutor(): object;
}

interface CompiledLike {
  readonly sql: string;
  readonly parameters: readonly unknown[];
}

interface ResultLike {
  readonly rows?: readonly object[];
  readonly numAffectedRows?: bigint;
  readonly insertId?: bigint;
}

/** Kysely has one for each connection of the driver, for as long as that lives. */
interface ConnectionLike {
  executeQuery(compiled: CompiledLike, ...given: unknown[]): Promise<ResultLike>;
  streamQuery(compiled: CompiledLike, ...given: unknown[]): AsyncIterableIterator<unknown>;
}

type Consumer = (connection: ConnectionLike) => unknown;
type Live = () => readonly MikroParty[];

/** By connection, who hears what is sent by it. */
const hearing = new WeakMap<object, Set<Live>>();
/** Connections whose open transaction PostgreSQL is going to roll back, whatever is asked for. */
const aborted = new WeakSet<object>();
/** What such a transaction, or the part of it that has failed, ends with: nothing else is carried out in it. */
const ENDS_ABORTED = /^\s*(?:commit|end|rollback|abort)\b/i;

const provided: Replaced<MikroParty> = new Replaced('provideConnection', (original, parties) => {
  const live: Live = () => [...parties].filter(({ source }) => !source.isClosed);
  return function provideConnection(consume, ...given) {
    const watched = (connection: ConnectionLike): unknown => {
      if (live().length > 0) hear(connection, live);
      return (consume as Consumer)(connection);
    };
    return original.call(this, watched, ...given);
  };
});

/** Those with other plugins get their connections where this one gets them. */
const derived = ['withPlugin', 'withPlugins', 'withPluginAtFront', 'withoutPlugins'].map(
  (name) =>
    new Replaced<MikroParty>(name, (original, parties) => {
      return function derive(...given) {
        const executor = original.apply(this, given) as object;
        for (const party of parties) follow(executor, party);
        return executor;
      };
    }),
);

/** @returns ends it */
export function watchKysely(kysely: KyselyLike, party: MikroParty): () => void {
  return follow(kysely.getExecutor(), party);
}

function follow(executor: object, party: MikroParty): () => void {
  const stops = [provided, ...derived].map((replaced) => replaced.on(executor, party));
  return () => {
    for (const stop of stops) stop();
  };
}

function hear(connection: ConnectionLike, live: Live): void {
  const known = hearing.get(connection);
  if (known !== undefined) known.add(live);
  else replaceMethods(connection, new Set([live]));
}

function replaceMethods(connection: ConnectionLike, lives: Set<Live>): void {
  hearing.set(connection, lives);
  const { executeQuery, streamQuery } = connection;
  const own = (['executeQuery', 'streamQuery'] as const).map(
    (name) => [name, Object.getOwnPropertyDescriptor(connection, name)] as const,
  );
  /** Who watches at the moment; where nobody does, the connection is again what it was. */
  const partiesNow = (): readonly MikroParty[] => {
    const parties = [...new Set([...lives].flatMap((live) => live()))];
    if (parties.length > 0 || hearing.get(connection) !== lives) return parties;
    hearing.delete(connection);
    for (const [name, descriptor] of own) {
      if (descriptor === undefined) delete (connection as Partial<ConnectionLike>)[name];
      else Object.defineProperty(connection, name, descriptor);
    }
    return parties;
  };
  put(connection, 'executeQuery', async (compiled: CompiledLike, ...given: unknown[]): Promise<ResultLike> => {
    const parties = partiesNow();
    if (parties.length === 0) return await executeQuery.call(connection, compiled, ...given);
    const work = (): Promise<ResultLike> =>
      noted(connection, parties, executeQuery.call(connection, compiled, ...given));
    return await carryOutOn(connection, compiled, parties, work);
  });
  put(connection, 'streamQuery', async function* (compiled: CompiledLike, ...given: unknown[]) {
    const parties = partiesNow();
    const ends = parties.map(({ source }) => source.reading(connection, compiled.sql, compiled.parameters));
    let isWhole = false;
    try {
      yield* streamQuery.call(connection, compiled, ...given);
      isWhole = true;
    } finally {
      for (const end of ends) end?.();
      const outcome = isWhole
        ? ({ kind: 'done', results: [] } as const)
        : ({ kind: 'failed', isUnknown: true } as const);
      await Promise.all(
        parties.map(({ source }) => source.ran(connection, compiled.sql, compiled.parameters, outcome)),
      );
    }
  });
}

function carryOutOn(
  connection: ConnectionLike,
  { sql, parameters }: CompiledLike,
  parties: readonly MikroParty[],
  work: () => Promise<ResultLike>,
): Promise<ResultLike> {
  return carryOut({ scope: connection, sql, parameters }, parties, work, {
    done({ rows, numAffectedRows, insertId }) {
      const affected = numAffectedRows === undefined ? undefined : Number(numAffectedRows);
      const wasAborted = aborted.has(connection);
      if (wasAborted && ENDS_ABORTED.test(sql)) aborted.delete(connection);
      return (lookup) => {
        const [footprint, another] = lookup.statements.footprints(sql);
        // Results of several statements, which Kysely leaves out.
        if (another !== undefined || rows === undefined) return { kind: 'done', results: [] };
        const isRolledBack = wasAborted && footprint?.transaction?.verb === 'commit';
        const answer: Answer = { rows, affected, lastKey: insertId, isRolledBack };
        return { kind: 'done', results: [resultOf(sql, answer, lookup)] };
      };
    },
    failed:
      (error) =>
      ({ dialect }) =>
        failureOf(error, dialect),
  });
}

/** Kysely does not hand on that PostgreSQL answers ROLLBACK to the COMMIT of a transaction in which anything has failed. */
async function noted(
  connection: ConnectionLike,
  parties: readonly MikroParty[],
  sent: Promise<ResultLike>,
): Promise<ResultLike> {
  try {
    return await sent;
  } catch (error) {
    const isAborted = ({ source, lookup: { dialect } }: MikroParty): boolean =>
      dialect === 'postgres' && source.isOpen(connection) && !failureOf(error, dialect).isUnknown;
    if (parties.some(isAborted)) aborted.add(connection);
    throw error;
  }
}

function put(connection: ConnectionLike, name: keyof ConnectionLike, value: unknown): void {
  Object.defineProperty(connection, name, { value, configurable: true, writable: true, enumerable: false });
}
