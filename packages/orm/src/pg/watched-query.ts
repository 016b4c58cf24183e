import { isTracking } from '@viewcache/core/tracking';
import { issuingContext } from '../source/issuing-context.js';
import type { Outcome, StatementResult } from '../source/outcome.js';
import type { Told } from '../source/told.js';
import type { WatchedSource } from '../source/watched-source.js';
import { hear } from './heard-clients.js';
import { HeldValues } from './held-values.js';
import { type ColumnNames, failureOf, outcomeOf, resultOfTag } from './outcome-of.js';
import type { PgSubmittable } from './pg-types.js';
import { type Callback, type QueryCall, readCall, readSubmittable, type Sent } from './query-call.js';
import { hearEnd } from './transaction-status.js';

/** A source, and how it knows columns. */
export interface PgSource {
  readonly source: WatchedSource;
  readonly columnNames: ColumnNames;
  /** A query is about to be sent. */
  woken(): void;
}

/** `query` of a client. */
export type Query = (this: object, ...given: unknown[]) => unknown;

/** Where a callback of ours has the app's: one that comes back in an object that is used again is not wrapped twice. */
const within = Symbol('callback');
/** Not by a WeakMap, which would have an entry for each query. */
type OurCallback = Callback & { [within]?: Callback };

/**
 * `query` of a client, which tells sources what it is asked for and what comes of it.
 *
 * @param sourcesOf - those that watch a client at the moment
 */
export function watchedQuery(original: Query, sourcesOf: (client: object) => readonly PgSource[]): Query {
  return function query(...given) {
    const sources = sourcesOf(this);
    if (sources.length === 0) return original.apply(this, given);
    for (const { source, woken } of sources) {
      hear(this, source);
      woken();
    }
    const [config] = given;
    if (isSubmittable(config)) {
      handleHere(config);
      const sent = readSubmittable(this, config);
      if (sent !== undefined) tap(config, new Watch(this, sources, sent), isQuery(this, config));
      return original.apply(this, given);
    }
    const call = readCall(this, given);
    if (call === undefined) return original.apply(this, given);
    const isRead = sources.every(({ source }) => source.onlyReads(call.sql));
    // Most queries read, and most of those for nobody who keeps what is made of them.
    const isOurs = call.callback !== undefined && within in call.callback;
    if (isRead && !isOurs && !isTracking()) return original.apply(this, given);
    return run(original, this, new Watch(this, sources, call, isRead), call, given);
  };
}

/** One query under way. */
class Watch {
  readonly #client: object;
  readonly #sources: readonly PgSource[];
  readonly #sent: Sent;
  /** It does nothing but read: what comes of it is nobody's business. */
  readonly #isRead: boolean;
  readonly #values: HeldValues;
  readonly #ended: readonly ((() => void) | undefined)[];

  /** In the caller's asynchronous context. */
  constructor(client: object, sources: readonly PgSource[], sent: Sent, isRead = false) {
    this.#values = new HeldValues(sent.values);
    this.#client = client;
    this.#sources = sources;
    this.#sent = sent;
    this.#isRead = isRead;
    this.#ended = sources.map(({ source }) => source.reading(client, sent.sql, sent.values));
  }

  done(result: unknown): Told {
    return this.#tell((columnNames) => outcomeOf(result, columnNames));
  }

  completed(results: readonly StatementResult[]): Told {
    return this.#tell(() => ({ kind: 'done', results }));
  }

  failed(error: unknown): Told {
    const outcome = failureOf(error);
    // The server goes on with what `query_timeout` has given up: what was read until its end may be from before it.
    if (outcome.kind === 'failed' && outcome.isUnknown && !this.#isRead)
      hearEnd(this.#client, () => void this.#tell(() => ({ kind: 'done', results: [] })));
    return this.#tell(() => outcome);
  }

  #tell(outcome: (columnNames: ColumnNames) => Outcome): Told {
    const values = this.#values.sent();
    if (this.#isRead) {
      for (const end of this.#ended) end?.();
      return undefined;
    }
    const { sql } = this.#sent;
    const told = this.#sources.map(({ source, columnNames }, i) => {
      const said = source.ran(this.#client, sql, values, outcome(columnNames));
      this.#ended[i]?.();
      return said;
    });
    return told.length < 2 ? told[0] : Promise.all(told).then(() => {});
  }
}

function run(
  original: Query,
  client: object,
  watch: Watch,
  call: QueryCall,
  [config, values]: readonly unknown[],
): unknown {
  const given = call.callback === undefined ? undefined : unwrapped(call.callback);
  if (given !== undefined) {
    const listed = typeof values === 'function' ? undefined : values;
    return original.call(client, config, listed, calling(given, watch));
  }
  return (original.call(client, config, values) as Promise<unknown>).then(
    (result) => after(watch.done(result), () => result),
    (error: unknown) =>
      after(watch.failed(error), () => {
        throw error;
      }),
  );
}

function after<T>(told: Told, then: () => T): T | Promise<T> {
  return told === undefined ? then() : told.then(then);
}

function calling(callback: Callback, watch: Watch): Callback {
  const heard = issuingContext()?.(callback) ?? callback;
  const call: OurCallback = (error, result) => {
    const told = error ? watch.failed(error) : watch.done(result);
    if (told === undefined) heard(error, result);
    // What it throws is the app's, and no rejection of ours.
    else void told.then(() => process.nextTick(heard, error, result));
  };
  call[within] = callback;
  return call;
}

function unwrapped(callback: OurCallback): Callback {
  return callback[within] ?? callback;
}

function isSubmittable(config: unknown): config is PgSubmittable {
  return typeof config === 'object' && config !== null && typeof (config as PgSubmittable).submit === 'function';
}

/** A `Query` ends with its last call; a cursor or a stream has its own ways, which must not be held up. */
function isQuery(client: object, config: PgSubmittable): boolean {
  const { Query } = client.constructor as { Query?: unknown };
  return typeof Query === 'function' && config instanceof Query;
}

/** What the connection calls of an object that carries itself out: by it, that calls back and emits. */
const HANDLERS = [
  'handleRowDescription',
  'handleDataRow',
  'handlePortalSuspended',
  'handleEmptyQuery',
  'handleCommandComplete',
  'handleCopyInResponse',
  'handleCopyData',
  'handleReadyForQuery',
  'handleError',
] as const;

/** Its callbacks and listeners go on in the context in which it was handed over. */
function handleHere(query: PgSubmittable): void {
  const here = issuingContext();
  if (here === undefined) return;
  for (const name of HANDLERS) {
    const handler = query[name];
    if (handler !== undefined) query[name] = here(handler);
  }
}

/** Hears of the end of an object that carries itself out, by what the connection calls. */
function tap(query: PgSubmittable, watch: Watch, mayWait: boolean): void {
  const { handleReadyForQuery, handleError, handleCommandComplete } = query;
  const results: StatementResult[] = [];
  let hasFailed = false;
  query.handleCommandComplete = function (...given) {
    const { text } = (given[0] ?? {}) as { readonly text?: unknown };
    if (typeof text === 'string') results.push(resultOfTag(text));
    return handleCommandComplete?.apply(this, given);
  };
  query.handleError = function (...given) {
    hasFailed = true;
    const told = watch.failed(given[0]);
    if (told === undefined || !mayWait) return handleError?.apply(this, given);
    return void told.then(() => process.nextTick(() => handleError?.apply(this, given)));
  };
  query.handleReadyForQuery = function (...given) {
    // The server is ready after an error, too.
    const told = hasFailed ? undefined : watch.completed(results);
    if (told === undefined || !mayWait) return handleReadyForQuery?.apply(this, given);
    return void told.then(() => process.nextTick(() => handleReadyForQuery?.apply(this, given)));
  };
}
