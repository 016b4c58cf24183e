import { isTracking, refuseRunning } from '@viewcache/core/tracking';
import type { WritesTold } from '../source/outcome.js';
import type { WatchedSource } from '../source/watched-source.js';
import type { ReadTable } from '../statements/footprint-types.js';
import { holdCall } from './awaited-calls.js';
import { isReading, type ReadCollection, readsOf, saidOf } from './command-reads.js';
import { mayWrite, writesOf } from './command-writes.js';
import { isAborted, isAnswered, mayHaveWritten } from './failures.js';
import type { KnownViews } from './known-views.js';
import {
  type BsonDocument,
  type CommandFailed,
  type CommandStarted,
  type CommandSucceeded,
  type FailureLike,
  isDocument,
} from './mongodb-types.js';
import { OpenCursors } from './open-cursors.js';
import type { Sessions } from './sessions.js';

/** Commands after which there may be other views. */
const VIEWS = new Set(['drop', 'dropDatabase', 'renameCollection']);
/** Nobody waits longer for a server that does not say which views it has. */
const LONGEST_MS = 1_000;

/** A command whose end is waited for. */
interface Pending {
  readonly name: string;
  readonly db: string;
  readonly command: BsonDocument;
  readonly scope: object | undefined;
  readonly isWrite: boolean;
  readonly reads: readonly ReadCollection[];
  /** To be called when what it reads has been read. */
  readonly ended: (() => void) | undefined;
}

/**
 * Takes what the driver tells of its commands for what is read and written. It tells in the asynchronous context of the caller,
 * before the caller goes on.
 */
export class CommandWatch {
  readonly #source: WatchedSource;
  readonly #sessions: Sessions;
  readonly #views: KnownViews;
  readonly #tracksReads: boolean;
  readonly #pending = new Map<number, Pending>();
  readonly #cursors = new OpenCursors();

  constructor(source: WatchedSource, sessions: Sessions, views: KnownViews, tracksReads: boolean) {
    this.#views = views;
    this.#source = source;
    this.#sessions = sessions;
    this.#tracksReads = tracksReads;
  }

  readonly started = (event: CommandStarted): void => this.#guarded(() => this.#started(event));
  readonly succeeded = (event: CommandSucceeded): void => this.#guarded(() => this.#succeeded(event));
  readonly failed = (event: CommandFailed): void => this.#guarded(() => this.#failed(event));

  #started({ requestId, commandName: name, databaseName: db, command }: CommandStarted): void {
    const scope = this.#sessions.scopeOf(command);
    const isTurn = scope !== undefined && (name === 'commitTransaction' || name === 'abortTransaction');
    if (scope !== undefined && !isTurn) this.#sessions.begin(scope, command);
    const tracks = this.#tracksReads && isReading(name) && isTracking();
    const reads = tracks ? this.#readsOf(name, command, db) : [];
    const ended = tracks ? this.#reading(scope, reads, name, command) : undefined;
    const isWrite = mayWrite(name, command);
    if (isWrite || isTurn || ended !== undefined || reads.length > 1)
      this.#pending.set(requestId, { name, db, command, scope, isWrite, reads, ended });
  }

  #succeeded({ requestId, reply: answer }: CommandSucceeded): void {
    const pending = this.#take(requestId);
    if (pending === undefined) return;
    const { name, command, scope, isWrite, reads } = pending;
    const reply = isDocument(answer) ? answer : undefined;
    if (reads.length > 1) this.#cursors.opened(reply, reads);
    if (scope !== undefined && name === 'commitTransaction') holdCall(this.#source.committed(scope));
    else if (scope !== undefined && name === 'abortTransaction') this.#source.rolledBack(scope);
    else if (!isWrite) return;
    // What the server was told not to acknowledge it may carry out at any time.
    else if (isUnacknowledged(command)) this.#wrote(pending, undefined, true);
    else this.#wrote(pending, reply, false);
  }

  #failed({ requestId, failure }: CommandFailed): void {
    const pending = this.#take(requestId);
    if (pending === undefined) return;
    const { name, scope, isWrite } = pending;
    if (scope !== undefined && name === 'commitTransaction') this.#notCommitted(scope, failure);
    else if (scope !== undefined && name === 'abortTransaction') this.#source.rolledBack(scope);
    else if (isWrite && mayHaveWritten(name, failure)) this.#wrote(pending, undefined, !isAnswered(failure));
  }

  /** What a listener throws would be an error of the command. */
  #guarded(work: () => void): void {
    try {
      work();
    } catch (error) {
      refuseRunning('older-snapshot');
      const fail = (): never => {
        throw error;
      };
      holdCall(this.#source.wroteTogether(undefined, fail));
    }
  }

  #take(requestId: number): Pending | undefined {
    const pending = this.#pending.get(requestId);
    this.#pending.delete(requestId);
    pending?.ended?.();
    return pending;
  }

  #readsOf(name: string, command: BsonDocument, db: string): readonly ReadCollection[] {
    const own = readsOf(name, command, db);
    return name === 'getMore' ? [...own, ...this.#cursors.of(command)] : own;
  }

  #reading(
    scope: object | undefined,
    reads: readonly ReadCollection[],
    name: string,
    command: BsonDocument,
  ): (() => void) | undefined {
    const concern = command['readConcern'];
    // A session of snapshots shows what was there when it began, whatever was written since.
    if (scope === undefined && isDocument(concern) && concern['level'] === 'snapshot') refuseRunning('older-snapshot');
    return this.#source.readingTables(scope, reads.map(tableRead), [], saidOf(name, command));
  }

  #wrote({ name, command, db, scope }: Pending, reply: BsonDocument | undefined, isUnknown: boolean): void {
    const databases = new Set([db]);
    const tell = (): WritesTold => {
      const events = writesOf(name, command, db, reply);
      for (const { schema } of events ?? []) if (schema !== undefined) databases.add(schema);
      const everything = name === 'dropDatabase' ? 'the whole database is gone' : undefined;
      return {
        events: events ?? [],
        said: saidOf(name, command),
        isOpaque: events === undefined,
        everything,
        isUnknown,
      };
    };
    if (mayChangeViews(name, command)) this.#views.forget(db);
    holdCall(this.#source.wroteTogether(scope, tell));
    for (const each of databases) if (!this.#views.knows(each)) holdCall(this.#toViews(each, scope, tell));
  }

  /** What a database has of views is known with the first write to it: those are told of that later, and its caller waits. */
  #toViews(db: string, scope: object | undefined, tell: () => WritesTold): Promise<void> {
    const told = this.#views.learn(db).then((has) => (has ? this.#source.wroteTogether(scope, tell) : undefined));
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, LONGEST_MS).unref();
      void told.finally(() => {
        clearTimeout(timer);
        resolve();
      });
    });
  }

  /** The app, or the driver by itself, may ask again: the writes are there to be told of once more. */
  #notCommitted(scope: object, failure: FailureLike): void {
    if (isAborted(failure)) this.#source.rolledBack(scope);
    else holdCall(this.#source.doubted(scope));
  }
}

/** A collection that is renamed, or made anew, may be one that was a view before. */
function mayChangeViews(name: string, command: BsonDocument): boolean {
  return VIEWS.has(name) || command['viewOn'] !== undefined;
}

function tableRead({ db, collection, ids }: ReadCollection): ReadTable {
  const values = ids?.map((text) => ({ kind: 'literal', text }) as const);
  return { table: collection, schema: db, held: values === undefined ? [] : [{ column: '_id', values }] };
}

function isUnacknowledged({ writeConcern }: BsonDocument): boolean {
  return isDocument(writeConcern) && Number(writeConcern['w']) === 0;
}
