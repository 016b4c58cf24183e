import { AsyncLocalStorage } from 'node:async_hooks';
import { isTracking } from '@viewcache/core/tracking';
import { emitHere } from '../source/issuing-context.js';
import type { Outcome } from '../source/outcome.js';
import type { Told } from '../source/told.js';
import type { WatchedSource } from '../source/watched-source.js';
import { hear, knownConnection, meetConnection } from './connections.js';
import { failureOf, isInTransaction, type OutcomeLookup, outcomeOf } from './outcome-of.js';
import { overheard } from './raw-results.js';
import type { DataSourceLike, QueryResultLike, QueryRunnerLike } from './typeorm-types.js';

/** One watch of a data source. */
export interface TypeOrmParty {
  readonly source: WatchedSource;
  readonly lookup: OutcomeLookup;
}

/** What TypeORM keeps in the database for itself is no reading and no writing of the app's. */
const unwatched = new AsyncLocalStorage<boolean>();
/** What a runner has of its own in the places of ours. */
interface Held {
  readonly dataSource: DataSourceLike;
  readonly query: QueryRunnerLike['query'];
  readonly stream: QueryRunnerLike['stream'];
  partiesNow(): ReadonlySet<TypeOrmParty> | undefined;
}

const slot = Symbol('viewcache.watched');
type Runner = QueryRunnerLike & { [slot]?: Held };

/** Carries out what is not to be watched. */
export function unheard<T>(work: () => T): T {
  return unwatched.run(true, work);
}

/**
 * Carries out a statement of ours. Not by `unheard`: from the first use of an `AsyncLocalStorage` on each promise of the process
 * costs more.
 */
export function askUnheard(runner: Runner, sql: string): Promise<unknown> {
  return (runner[slot]?.query ?? runner.query).call(runner, sql);
}

/**
 * Watches what a runner carries out: `query` and `stream` of this object, until nobody asks for it any more.
 *
 * @param partiesNow - who asks for it at the moment
 */
export function watchRunner(dataSource: DataSourceLike, runner: Runner, partiesNow: Held['partiesNow']): void {
  // There is a runner for each statement: one that is watched costs two properties, and no functions of its own.
  if (runner[slot] === undefined) {
    const { query, stream } = runner;
    runner[slot] = { dataSource, query, stream, partiesNow };
  } else if (Object.hasOwn(runner, 'query')) return;
  // To define them, so that nobody lists them, would cost several times as much.
  Object.assign(runner, { query: watchedQuery, stream: watchedStream });
}

function watchedQuery(this: Runner, sql: string, parameters?: unknown, isStructured?: boolean): Promise<unknown> {
  const held = this[slot] as Held;
  const parties = heardBy(this, held);
  for (const { source } of parties)
    if (!source.onlyReads(sql)) return write(held, this, [...parties], { sql, parameters, isStructured });
  // Most statements read, and most of those nobody keeps: they go straight on.
  return parties.size === 0 || !(isTracking() || hearsAllReads(parties))
    ? held.query.call(this, sql, parameters, isStructured)
    : read(held, this, parties, { sql, parameters, isStructured });
}

async function watchedStream(this: Runner, sql: string, parameters?: unknown, ...listeners: never[]): Promise<unknown> {
  const held = this[slot] as Held;
  const parties = heardBy(this, held);
  if (parties.size === 0) return await held.stream.call(this, sql, parameters, ...listeners);
  const sent = watched(this, [...parties], sql, parameters);
  const opened = (await held.stream.call(this, sql, parameters, ...listeners)) as StreamLike;
  emitHere(opened);
  // An `error` listener of ours would keep one that nobody hears from being noticed.
  opened.once('close', () => void sent.watch?.closed(opened.errored));
  return opened;
}

function heardBy(runner: Runner, { partiesNow }: Held): ReadonlySet<TypeOrmParty> {
  const parties = partiesNow();
  if (parties === undefined || parties.size === 0) restore(runner);
  return parties === undefined || runner.isReleased || unwatched.getStore() === true ? NOBODY : parties;
}

function hearsAllReads(parties: ReadonlySet<TypeOrmParty>): boolean {
  for (const { source } of parties) if (source.hearsAllReads) return true;
  return false;
}

const NOBODY: ReadonlySet<TypeOrmParty> = new Set();

/** What `query` of a runner was called with. */
interface Asked {
  readonly sql: string;
  readonly parameters: unknown;
  readonly isStructured: boolean | undefined;
}

/** Carries out what does nothing but read. Each promise costs something, and this comes often: nothing is waited for. */
function read(
  { query }: Held,
  runner: QueryRunnerLike,
  parties: ReadonlySet<TypeOrmParty>,
  { sql, parameters, isStructured }: Asked,
): Promise<unknown> {
  const known = knownConnection(runner);
  const ends: ((connection: object) => void)[] = [];
  for (const { source } of parties) {
    const end = known === undefined ? source.readingSomewhere(sql, parameters) : source.reading(known, sql, parameters);
    if (end !== undefined) ends.push(end);
  }
  if (ends.length > 0 && known === undefined)
    meetConnection(runner, (connection) => {
      for (const party of parties) hearAs(party, connection);
    });
  const result = query.call(runner, sql, parameters, isStructured);
  if (ends.length === 0) return result;
  const ended = (): void => {
    const connection = knownConnection(runner);
    if (connection !== undefined) for (const end of ends) end(connection);
  };
  result.then(ended, ended);
  return result;
}

/** Carries out anything else, and tells what came of it before its caller goes on. */
async function write(
  { query, dataSource }: Held,
  runner: QueryRunnerLike,
  parties: readonly TypeOrmParty[],
  asked: Asked,
): Promise<unknown> {
  const { sql, parameters, isStructured } = asked;
  const sent = watched(runner, parties, sql, parameters);
  const { result } = await settled(
    sent,
    () =>
      overheard(dataSource, runner, asked, () => query.call(runner, sql, parameters, true) as Promise<QueryResultLike>),
    ({ result, told }, lookup) => outcomeOf({ sql, result, raw: told.raw, rowId: told.rowId }, lookup),
    (connection, { result }) => isInTransaction(connection, result),
  );
  return isStructured === true ? result : result.raw;
}

/** A statement that is sent. */
interface SentStatement {
  /** `undefined` until the runner has a connection: it gets none where it cannot have one. */
  watch: Watch | undefined;
}

/**
 * Watches a statement that is sent at once, as what is sent without waiting keeps its order. A runner that has no connection
 * yet gets it before anything can be sent over it.
 */
function watched(
  runner: QueryRunnerLike,
  parties: readonly TypeOrmParty[],
  sql: string,
  parameters: unknown,
): SentStatement {
  const known = knownConnection(runner);
  const sent: SentStatement = { watch: known && new Watch(known, parties, sql, parameters) };
  if (known === undefined)
    meetConnection(runner, (connection) => {
      sent.watch = new Watch(connection, parties, sql, parameters);
    });
  return sent;
}

/** Carries it out, and tells what came of it before its caller goes on. */
async function settled<T>(
  sent: SentStatement,
  work: () => Promise<T>,
  outcome: (result: T, lookup: OutcomeLookup) => Outcome,
  isOpen: (connection: object, result: T) => boolean | undefined,
): Promise<T> {
  let result: T;
  try {
    result = await work();
  } catch (error) {
    await sent.watch?.tell(({ dialect }) => failureOf(error, dialect));
    throw error;
  }
  const { watch } = sent;
  await watch?.tell((lookup) => outcome(result, lookup), isOpen(watch.connection, result));
  return result;
}

interface StreamLike {
  readonly errored?: Error | null;
  once(event: 'close', listener: () => void): unknown;
  emit(event: string, ...given: unknown[]): boolean;
}

/** PostgreSQL says itself whether a transaction is open. */
function hearAs({ source, lookup }: TypeOrmParty, connection: object): void {
  if (lookup.dialect === 'postgres') hear(connection, source);
}

/** One statement under way, for all who watch. */
class Watch {
  readonly connection: object;
  readonly #parties: readonly TypeOrmParty[];
  readonly #sql: string;
  readonly #parameters: unknown;
  readonly #ended: readonly ((() => void) | undefined)[];
  readonly #written: readonly ((() => void) | undefined)[];

  /** In the caller's asynchronous context. */
  constructor(connection: object, parties: readonly TypeOrmParty[], sql: string, parameters: unknown) {
    this.connection = connection;
    this.#parties = parties;
    this.#sql = sql;
    this.#parameters = parameters;
    this.#ended = parties.map((party) => {
      hearAs(party, connection);
      return party.source.reading(connection, sql, parameters);
    });
    this.#written = parties.map(({ source }) => source.writing(connection, sql));
  }

  closed(error: unknown): Told {
    return this.tell(() => (error ? { kind: 'failed', isUnknown: true } : { kind: 'done', results: [] }));
  }

  tell(outcome: (lookup: OutcomeLookup) => Outcome, isOpen?: boolean): Told {
    const told = this.#parties.flatMap(({ source, lookup }, i) => {
      const said = [source.ran(this.connection, this.#sql, this.#parameters, outcome(lookup))];
      if (isOpen !== undefined && isOpen !== source.isOpen(this.connection))
        said.push(source.stands(this.connection, isOpen));
      this.#ended[i]?.();
      this.#written[i]?.();
      return said.filter((each) => each !== undefined);
    });
    return told.length < 2 ? told[0] : Promise.all(told).then(() => {});
  }
}

/** What somebody else has put over ours stays, and calls through. */
function restore(runner: Runner): void {
  const held = runner[slot];
  if (held === undefined) return;
  for (const [name, ours] of [
    ['query', watchedQuery],
    ['stream', watchedStream],
  ] as const) {
    const own = Object.getOwnPropertyDescriptor(runner, name);
    if (own?.value !== ours) continue;
    delete (runner as { query?: unknown; stream?: unknown })[name];
    if (runner[name] !== held[name]) Object.assign(runner, { [name]: held[name] });
  }
}
