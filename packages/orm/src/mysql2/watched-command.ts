import type { Outcome } from '../source/outcome.js';
import { isPlainRead } from '../source/plain-read.js';
import { type Told, together } from '../source/told.js';
import type { WatchedSource } from '../source/watched-source.js';
import { statementsOf } from '../statements/dialect-statements.js';
import type { CommandLike, ConnectionLike, ResultCallback } from './mysql2-types.js';
import { type CountedKey, failureOf, isDeadlock, outcomeOf, statusIn, statusOf } from './outcome-of.js';
import type { Sent } from './sent.js';

/** A source, and what it knows of keys. */
export interface MysqlSource {
  readonly source: WatchedSource;
  readonly countedKey: CountedKey;
  /** A statement is about to be sent. */
  woken(): void;
}

const { footprints } = statementsOf('mysql');

/** By connection, the sources that have heard how it began. */
const greeted = new WeakMap<object, WeakSet<WatchedSource>>();

/** A server may be set so that each connection begins without autocommit: it says so when it greets. */
function greet(connection: ConnectionLike, source: WatchedSource): void {
  const known = greeted.get(connection) ?? new WeakSet();
  if (known.has(source)) return;
  const status = statusIn(connection._handshakePacket?.statusFlags);
  // It has not been greeted yet.
  if (status === undefined) return;
  greeted.set(connection, known.add(source));
  source.autocommits(connection, status.autocommits);
}

/** One statement under way, for all who watch. */
class Watch {
  readonly #connection: ConnectionLike;
  readonly #sources: readonly MysqlSource[];
  readonly #sent: Sent;
  readonly #ended: readonly ((() => void) | undefined)[];

  /** In the caller's asynchronous context. */
  constructor(connection: ConnectionLike, sources: readonly MysqlSource[], sent: Sent) {
    this.#connection = connection;
    this.#sources = sources;
    this.#sent = sent;
    for (const { source } of sources) greet(connection, source);
    this.#ended = sources.map(({ source }) => source.reading(connection, sent.sql, sent.values));
  }

  done(rows: unknown, fields: unknown): Told {
    const status = statusOf(rows, fields);
    const texts = footprints(this.#sent.sql);
    const isSaid = texts.some(({ transaction }) => transaction?.verb === 'autocommit');
    const isManual = status?.autocommits === false && !isSaid;
    // Each statement has begun a transaction, unless one of them has turned that on: then which of them has nobody knows.
    if (isManual) for (const { source } of this.#sources) source.autocommits(this.#connection, false);
    return this.#tell(
      (countedKey) => outcomeOf(rows, fields, texts, countedKey),
      (source) => {
        // What ends the transaction that is open turns automatic afterwards.
        if (status === undefined) return undefined;
        source.autocommits(this.#connection, status.autocommits);
        const told = isManual && texts.length > 1 ? source.doubted(this.#connection) : undefined;
        if (status.isInTransaction === source.isOpen(this.#connection)) return told;
        return together([told, source.stands(this.#connection, status.isInTransaction)]);
      },
    );
  }

  failed(error: unknown): Told {
    return this.#tell(
      () => failureOf(error),
      (source) => void (isDeadlock(error) && source.rolledBack(this.#connection)),
    );
  }

  /** Nothing was sent. */
  gone(): void {
    for (const end of this.#ended) end?.();
  }

  #tell(outcome: (countedKey: CountedKey) => Outcome, after: (source: WatchedSource) => Told): Told {
    const { sql, values } = this.#sent;
    const told = this.#sources.flatMap(({ source, countedKey }, i) => {
      const said = [source.ran(this.#connection, sql, values, outcome(countedKey)), after(source)];
      this.#ended[i]?.();
      return said.filter((each) => each !== undefined);
    });
    return told.length < 2 ? told[0] : Promise.all(told).then(() => {});
  }
}

/** Watches a command that was just handed to a connection, which cannot have been answered yet. */
export function watchCommand(
  connection: ConnectionLike,
  sources: readonly MysqlSource[],
  command: CommandLike,
  sent: Sent,
): void {
  const watch = new Watch(connection, sources, sent);
  const { onResult } = command;
  if (typeof onResult === 'function') hearCallback(command, onResult, watch);
  else
    hearEvents(
      connection,
      command,
      watch,
      footprints(sent.sql).every((each) => isPlainRead(each)),
    );
}

function hearCallback(command: CommandLike, onResult: ResultCallback, watch: Watch): void {
  let isHeard = false;
  command.onResult = (error, rows, fields) => {
    isHeard = true;
    const told = error ? watch.failed(error) : watch.done(rows, fields);
    const call = (): void => onResult.call(command, error, ...passed(rows, fields));
    if (told === undefined) call();
    // What it throws is the app's, and no rejection of ours.
    else void told.then(() => process.nextTick(call));
  };
  // Before its callback has its turn. Where nothing could be prepared, that is called by another way.
  command.once('end', () => setImmediate(() => isHeard || watch.gone()));
}

/** What counts the arguments of a callback is to find as many as ever. */
function passed(rows: unknown, fields: unknown): [] | [unknown] | [unknown, unknown] {
  if (fields !== undefined) return [rows, fields];
  return rows === undefined ? [] : [rows];
}

/** Nobody is held up: a stream ends when it ends. */
function hearEvents(connection: ConnectionLike, command: CommandLike, watch: Watch, isRead: boolean): void {
  const { stream } = connection;
  const answers: unknown[] = [];
  const columns: unknown[] = [];
  let failure: unknown;
  let isOver = false;
  const over = (tell: () => void): void => {
    if (isOver) return;
    isOver = true;
    stream?.off('close', lost);
    tell();
  };
  const lost = (): void => over(() => void watch.failed(undefined));
  const { emit } = command;
  // A listener of ours would keep an error that nobody hears from being noticed.
  command.emit = function (event, ...given) {
    if (event === 'error') failure = given[0] ?? true;
    return emit.call(this, event, ...given);
  };
  command.on('fields', (fields) => {
    columns.push(fields);
    // Rows are the stream's: they are not kept here, and so no keys are known of them.
    if (fields !== undefined) answers.push(undefined);
  });
  command.on('result', (answer) => {
    // A row has columns.
    if (columns.length > 0 && columns.at(-1) === undefined) answers.push(answer);
  });
  command.once('end', () =>
    over(() => {
      if (failure !== undefined) void watch.failed(failure);
      else if (answers.length > 1)
        void watch.done(
          answers,
          columns.map((each) => (each === undefined ? each : [])),
        );
      else void watch.done(answers[0], columns[0]);
    }),
  );
  if (!isRead) stream?.once('close', lost);
}
