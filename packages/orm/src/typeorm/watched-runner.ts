import { AsyncLocalStorage } from 'node:async_hooks';
import { isTracking } from '@viewcache/core/tracking';
import type { Outcome } from '../source/outcome.js';
import type { Told, WatchedSource } from '../source/watched-source.js';
import { connectionOf, hear, knownConnection, meetRunner } from './connections.js';
import { failureOf, isInTransaction, type OutcomeLookup, outcomeOf } from './outcome-of.js';
import type { AfterQueryLike, QueryResultLike, QueryRunnerLike } from './typeorm-types.js';

/** One watch of a data source. */
export interface TypeOrmParty {
  readonly source: WatchedSource;
  readonly lookup: OutcomeLookup;
}

/** A statement that is under way, and what subscribers are told of it. */
interface Call {
  readonly runner: QueryRunnerLike;
  readonly sql: string;
  raw: unknown;
  rowId: unknown;
}

const calls = new AsyncLocalStorage<Call>();
/** What TypeORM keeps in the database for itself is no reading and no writing of the app's. */
const unwatched = new AsyncLocalStorage<boolean>();
/** On runners that are watched. */
const wrapped = Symbol('viewcache.watched');
type Runner = { [wrapped]?: boolean };

/** Carries out what is not to be watched. */
export function unheard<T>(work: () => T): T {
  return unwatched.run(true, work);
}

/**
 * Watches what a runner carries out: `query` and `stream` of this object, until nobody asks for it any more.
 *
 * @param partiesNow - who asks for it at the moment
 */
export function watchRunner(runner: QueryRunnerLike, partiesNow: () => ReadonlySet<TypeOrmParty> | undefined): void {
  if ((runner as Runner)[wrapped] === true) return;
  (runner as Runner)[wrapped] = true;
  const { query, stream } = runner;
  const heard = (): readonly TypeOrmParty[] => {
    const parties = partiesNow();
    if (parties === undefined || parties.size === 0) restore(runner);
    return parties === undefined || runner.isReleased || unwatched.getStore() === true ? NOBODY : [...parties];
  };
  put(runner, 'query', (sql: string, parameters?: unknown, isStructured?: boolean): Promise<unknown> => {
    const parties = heard();
    const work = () => query.call(runner, sql, parameters, isStructured);
    if (!parties.every(({ source }) => source.onlyReads(sql)))
      return write(runner, query, parties, sql, parameters, isStructured);
    // Most statements read, and most of those nobody keeps: they go straight on.
    return parties.length === 0 || !isTracking() ? work() : read(runner, parties, sql, parameters, work);
  });
  put(runner, 'stream', async (sql: string, parameters?: unknown, ...listeners: never[]): Promise<unknown> => {
    const parties = heard();
    const connection = parties.length === 0 ? undefined : await connectionOf(runner);
    if (connection === undefined) return await stream.call(runner, sql, parameters, ...listeners);
    const watch = new Watch(connection, parties, sql, parameters);
    const opened = (await stream.call(runner, sql, parameters, ...listeners)) as StreamLike;
    // An `error` listener of ours would keep one that nobody hears from being noticed.
    opened.once('close', () => void watch.closed(opened.errored));
    return opened;
  });
}

const NOBODY: readonly TypeOrmParty[] = [];

/** Carries out what does nothing but read. Each promise costs something, and this comes often. */
function read(
  runner: QueryRunnerLike,
  parties: readonly TypeOrmParty[],
  sql: string,
  parameters: unknown,
  work: () => Promise<unknown>,
): Promise<unknown> {
  const on = (connection: object | undefined): Promise<unknown> => {
    if (connection === undefined) return work();
    const watch = new Watch(connection, parties, sql, parameters);
    const result = work();
    const end = (): void => watch.end();
    result.then(end, end);
    return result;
  };
  const connection = connectionOf(runner);
  return connection instanceof Promise ? connection.then(on) : on(connection);
}

/** Carries out anything else, and tells what came of it before its caller goes on. */
async function write(
  runner: QueryRunnerLike,
  query: QueryRunnerLike['query'],
  parties: readonly TypeOrmParty[],
  sql: string,
  parameters: unknown,
  isStructured: boolean | undefined,
): Promise<unknown> {
  const connection = await connectionOf(runner);
  if (connection === undefined) return await query.call(runner, sql, parameters, isStructured);
  const watch = new Watch(connection, parties, sql, parameters);
  for (const { source } of parties) meetRunner(runner, source);
  const call: Call = { runner, sql, raw: undefined, rowId: undefined };
  const result = await watch.settled(
    () => calls.run(call, () => query.call(runner, sql, parameters, true) as Promise<QueryResultLike>),
    (it, lookup) => outcomeOf({ sql, result: it, raw: call.raw, rowId: call.rowId }, lookup),
    (it) => isInTransaction(connection, it),
  );
  return isStructured === true ? result : result.raw;
}

interface StreamLike {
  readonly errored?: Error | null;
  once(event: 'close', listener: () => void): unknown;
}

/** Hears of a statement from TypeORM itself: more than its caller is told, and before anything else can run. */
export function heardAfter({ queryRunner, query, success, rawResults }: AfterQueryLike): void {
  const call = calls.getStore();
  if (!success || call === undefined || call.runner !== queryRunner || call.sql !== query) return;
  call.raw = rawResults;
  call.rowId = lastRowId(knownConnection(queryRunner), query);
}

/** The key of the last row, of sql.js: the other drivers tell it. */
function lastRowId(connection: object | undefined, sql: string): unknown {
  const { exec, getRowsModified } = (connection ?? {}) as {
    exec?(sql: string): readonly { readonly values: readonly (readonly unknown[])[] }[];
    getRowsModified?: unknown;
  };
  if (typeof exec !== 'function' || typeof getRowsModified !== 'function' || !/^\s*insert\b/i.test(sql))
    return undefined;
  try {
    return exec.call(connection, 'SELECT last_insert_rowid()')[0]?.values[0]?.[0];
  } catch {
    // Without it the row is one that nobody knows.
    return undefined;
  }
}

/** One statement under way, for all who watch. */
class Watch {
  readonly #connection: object;
  readonly #parties: readonly TypeOrmParty[];
  readonly #sql: string;
  readonly #parameters: unknown;
  readonly #ended: readonly ((() => void) | undefined)[];

  /** In the caller's asynchronous context. */
  constructor(connection: object, parties: readonly TypeOrmParty[], sql: string, parameters: unknown) {
    this.#connection = connection;
    this.#parties = parties;
    this.#sql = sql;
    this.#parameters = parameters;
    this.#ended = parties.map(({ source, lookup }) => {
      if (lookup.dialect === 'postgres') hear(connection, source);
      return source.reading(connection, sql, parameters);
    });
  }

  /** It has ended, and did nothing but read. */
  end(): void {
    for (const end of this.#ended) end?.();
  }

  /** Carries it out, and tells what came of it before its caller goes on. */
  async settled(
    work: () => Promise<QueryResultLike>,
    outcome: (result: QueryResultLike, lookup: OutcomeLookup) => Outcome,
    isOpen: (result: QueryResultLike) => boolean | undefined,
  ): Promise<QueryResultLike> {
    let result: QueryResultLike;
    try {
      result = await work();
    } catch (error) {
      await this.#tell(({ dialect }) => failureOf(error, dialect));
      throw error;
    }
    await this.#tell((lookup) => outcome(result, lookup), isOpen(result));
    return result;
  }

  closed(error: unknown): Told {
    return this.#tell(() => (error ? { kind: 'failed', isUnknown: true } : { kind: 'done', results: [] }));
  }

  #tell(outcome: (lookup: OutcomeLookup) => Outcome, isOpen?: boolean): Told {
    const told = this.#parties.flatMap(({ source, lookup }, i) => {
      const said = [source.ran(this.#connection, this.#sql, this.#parameters, outcome(lookup))];
      if (isOpen !== undefined && isOpen !== source.isOpen(this.#connection))
        said.push(source.stands(this.#connection, isOpen));
      this.#ended[i]?.();
      return said.filter((each) => each !== undefined);
    });
    return told.length < 2 ? told[0] : Promise.all(told).then(() => {});
  }
}

function put(runner: QueryRunnerLike, name: 'query' | 'stream', value: unknown): void {
  Object.defineProperty(runner, name, { value, configurable: true, writable: true, enumerable: false });
}

function restore(runner: QueryRunnerLike): void {
  if ((runner as Runner)[wrapped] !== true) return;
  delete (runner as Runner)[wrapped];
  for (const name of ['query', 'stream'] as const) delete (runner as { query?: unknown; stream?: unknown })[name];
}
