import type { Cache } from '@viewcache/core';
import { nextMoment } from '@viewcache/core/tracking';
import type { Footprint, ReadTable, TransactionVerb } from '../statements/footprint-types.js';
import { WriteBatch } from '../writes/batch.js';
import { Frames } from '../writes/frames.js';
import type { Outcome, StatementResult, WriteEvent, WritesTold } from './outcome.js';
import { isPlainRead } from './plain-read.js';
import { meet } from './registry.js';
import { type SourceParts, TABLES_ONLY } from './source-parts.js';
import { TrackedReads } from './tracked-reads.js';
import {
  addEvent,
  addOpaque,
  addStatement,
  addUnknown,
  mayRunTriggers,
  NOT_KNOWN,
  type RanStatement,
} from './written.js';

/** What is waited for before a write's caller goes on; nothing, where there is nothing to wait for. */
export type Told = Promise<void> | undefined;

/**
 * One data source that is watched for one cache: what an adapter tells of statements and transactions becomes what the views
 * that run depend on, and what is invalidated after the commit.
 *
 * A scope is what a transaction belongs to: the connection, or an ORM's object for it. Nothing here throws or rejects; what is
 * returned is awaited before the caller of a write goes on.
 */
export class WatchedSource {
  readonly #parts: SourceParts;
  readonly #frames: Frames;
  readonly #reads: TrackedReads;
  /** Where each statement begins a transaction, if none is open. */
  readonly #manual = new WeakSet<object>();
  #hasManual = false;
  #isClosed = false;

  constructor(parts: SourceParts) {
    this.#parts = parts;
    this.#frames = new Frames(parts.maxRows);
    this.#reads = new TrackedReads(parts, this.#frames);
  }

  get cache(): Cache {
    return this.#parts.cache;
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** The watch is over. */
  close(): void {
    this.#isClosed = true;
  }

  /** Whether a transaction is open there. */
  isOpen(scope: object): boolean {
    return this.#frames.isOpen(scope);
  }

  /**
   * Whether a text does nothing but read: {@link ran} need not be told of its end, and nothing of it where nobody tracks. Of
   * nothing until the tables are known, and with them the functions that write.
   */
  onlyReads(sql: string): boolean {
    const map = this.#parts.map();
    if (map === undefined) return false;
    for (const footprint of this.#look(sql)) if (!isPlainRead(footprint, map)) return false;
    return true;
  }

  /**
   * A text of one or more statements ended. What a transaction's own verbs in it mean, it understands by itself.
   *
   * @param parameters - a list, or an object by name
   */
  ran(scope: object, sql: string, parameters: unknown, outcome: Outcome): Told {
    return this.#safely(scope, () => {
      const footprints = this.#look(sql);
      const map = this.#parts.map();
      if (footprints.every((footprint) => isPlainRead(footprint, map))) return undefined;
      meet(scope, this);
      return outcome.kind === 'done'
        ? this.#done(scope, sql, footprints, parameters, outcome.results)
        : this.#failed(scope, sql, footprints, parameters, outcome.isUnknown);
    });
  }

  /**
   * A text is being issued, in its caller's asynchronous context.
   *
   * @returns to be called when it has ended, in whatever context; `undefined` where nobody waits for that
   */
  reading(scope: object, sql: string, parameters: unknown): (() => void) | undefined {
    if (this.#manual.has(scope)) this.#beginBy(scope, sql);
    return this.#reads.reading(scope, () => this.#look(sql), parameters, sql);
  }

  /**
   * A text that may do more than read is being issued: until what it has written is told, what is read in its transaction may be
   * there for nobody else.
   *
   * @returns to be called after {@link ran}; `undefined` where nobody waits for that
   */
  writing(scope: object, sql: string): (() => void) | undefined {
    const isTurn = this.#frames.isOpen(scope) && this.#look(sql).every(({ transaction }) => transaction !== undefined);
    return isTurn ? undefined : this.#frames.writing(scope);
  }

  /** {@link reading} where the scope is known no sooner than it has ended: what is returned is to be told it. */
  readingSomewhere(sql: string, parameters: unknown): ((scope: object) => void) | undefined {
    const ended = this.#reads.readingSomewhere(() => this.#look(sql), parameters, sql);
    if (!this.#hasManual) return ended;
    const issuedAt = nextMoment();
    return (scope) => {
      if (this.#manual.has(scope)) this.#beginBy(scope, sql, issuedAt);
      ended?.(scope);
    };
  }

  /**
   * The same where it is known by other means than a text what is read.
   *
   * @param scope - `undefined` outside any transaction
   * @param parameters - those that the held columns name
   * @param said - what it is called where reads are explained
   */
  readingTables(
    scope: object | undefined,
    reads: readonly ReadTable[],
    parameters: readonly unknown[],
    said: string,
  ): (() => void) | undefined {
    return this.#reads.reading(scope, () => [{ ...TABLES_ONLY, reads }], parameters, said);
  }

  began(scope: object): void {
    void this.#safely(scope, () => this.#begin(scope));
  }

  /** A transaction is open there that began before anybody watched: what it has written until now may be anything. */
  joined(scope: object): void {
    void this.#safely(scope, () => {
      meet(scope, this);
      this.#frames.begin(scope, 0);
      const batch = this.#batch(undefined);
      batch.everything('the transaction began before it was watched');
      return this.#put(scope, batch);
    });
  }

  savepoint(scope: object, name: string): void {
    this.#frames.savepoint(scope, name);
  }

  released(scope: object, name: string): Told {
    return this.#safely(scope, () => (this.#frames.release(scope, name) ? this.#commit(scope) : undefined));
  }

  rolledBackTo(scope: object, name: string): void {
    this.#frames.rollbackTo(scope, name);
  }

  /** @param isUnknown - nobody has heard whether it was: it counts as committed */
  committed(scope: object, isUnknown = false): Told {
    return this.#safely(scope, () => this.#commit(scope, isUnknown));
  }

  rolledBack(scope: object): void {
    this.#frames.rollback(scope);
  }

  /** The connection went while the transaction was open, and no COMMIT was under way. */
  lost(scope: object): void {
    this.#frames.rollback(scope);
  }

  /**
   * What the driver knows of it: whether a transaction is open there. One that has ended unseen counts as committed.
   */
  stands(scope: object, isOpen: boolean): Told {
    return this.#safely(scope, () => {
      if (isOpen) return this.#begin(scope);
      return this.#frames.isOpen(scope) ? this.#commit(scope) : undefined;
    });
  }

  /** Something else than a statement tells of a write. Without a scope, or outside a transaction, it is committed already. */
  wrote(scope: object | undefined, event: WriteEvent): Told {
    return this.#safely(scope, () => {
      const map = this.#parts.map();
      const batch = this.#batch(`${event.verb} ${event.table}`);
      if (map === undefined) batch.everything(NOT_KNOWN);
      else addEvent(batch, event, map);
      return this.#put(scope, batch);
    });
  }

  /** The same for all that one command has written, as it is told when the command has ended. */
  wroteTogether(scope: object | undefined, tell: () => WritesTold): Told {
    return this.#safely(scope, () => {
      const { events, said, isOpaque = false, everything, isUnknown = false } = tell();
      const map = this.#parts.map();
      const batch = this.#batch(said);
      if (everything !== undefined) batch.everything(everything);
      if (map === undefined) {
        if (isOpaque || events.length > 0) batch.everything(NOT_KNOWN);
      } else for (const event of events) addEvent(batch, event, map);
      if (isOpaque && map !== undefined) addOpaque(batch, said, map, this.#parts.opaque);
      batch.isUncertain = isUnknown && (scope === undefined || !this.#frames.isOpen(scope));
      return this.#put(scope, batch);
    });
  }

  /** Nobody has heard whether a transaction was committed, and its caller may ask again: it is delivered, and stays open. */
  doubted(scope: object): Told {
    return this.#safely(scope, () => {
      const batch = this.#frames.peek(scope);
      if (batch === undefined) return undefined;
      batch.isUncertain = true;
      return this.#parts.delivery.deliver(batch);
    });
  }

  /**
   * What the driver knows of a connection: whether each statement there is a transaction of its own, or begins one where none is
   * open.
   */
  autocommits(scope: object, isOn: boolean): void {
    if (isOn) this.#manual.delete(scope);
    else this.#turnManual(scope);
  }

  /** Whether some connection may begin a transaction with a read: {@link reading} is to be told of all, whoever tracks them. */
  get hearsAllReads(): boolean {
    return this.#hasManual;
  }

  /** Bare names may mean tables of another schema from now on. */
  pathMoves(): void {
    this.#parts.pathMoves();
  }

  /** Tags of the app's own, with the transaction that is open there; at once where none is. */
  afterCommit(scope: object | undefined, tags: readonly string[]): Told {
    return this.#safely(scope, () => {
      const batch = this.#batch('afterCommit');
      batch.name(tags);
      return this.#put(scope, batch);
    });
  }

  #look(sql: string): readonly Footprint[] {
    const footprints = this.#parts.statements.footprints(sql);
    for (const { names, movesPath = false } of footprints) {
      if (movesPath || names.has('search_path') || (names.has('set_config') && mayConfigurePath(sql))) this.pathMoves();
    }
    return footprints;
  }

  #done(
    scope: object,
    sql: string,
    footprints: readonly Footprint[],
    parameters: unknown,
    results: readonly StatementResult[],
  ): Told {
    const told: Told[] = [];
    for (const [i, footprint] of footprints.entries()) {
      const result = results.length === footprints.length ? results[i] : undefined;
      const { transaction } = footprint;
      if (transaction !== undefined) {
        if (footprint.commitsFirst) told.push(this.#commit(scope));
        told.push(this.#turn(scope, transaction, result));
      } else told.push(this.#wrote(scope, { sql, footprint, parameters, result }));
    }
    return all(told);
  }

  #wrote(scope: object, ran: RanStatement): Told {
    const told = ran.footprint.commitsFirst ? this.#commit(scope) : undefined;
    const batch = this.#written([ran]);
    return all([told, ran.footprint.commitsFirst ? this.#parts.delivery.deliver(batch) : this.#put(scope, batch)]);
  }

  #written(statements: readonly RanStatement[]): WriteBatch {
    const { map: known, statements: reader, opaque } = this.#parts;
    const map = known();
    const batch = this.#batch(statements[0]?.sql);
    for (const ran of statements) {
      if (map !== undefined) addStatement(batch, ran, { map, rowsOf: reader.rowsOf, opaque });
      else addUnknown(batch, ran);
    }
    return batch;
  }

  #turn(scope: object, turn: TransactionVerb, result: StatementResult | undefined): Told {
    switch (turn.verb) {
      case 'begin':
        return this.#begin(scope);
      case 'commit':
      case 'rollback': {
        // PostgreSQL answers ROLLBACK to the COMMIT of a transaction in which something has failed.
        const isCommit = turn.verb === 'commit' && result?.command !== 'ROLLBACK';
        const told = isCommit ? this.#commit(scope) : this.#frames.rollback(scope);
        if (turn.chains) this.#begin(scope);
        return told ?? undefined;
      }
      case 'savepoint':
        // SQLite begins a transaction with it.
        if (this.#parts.dialect === 'sqlite') this.#frames.begin(scope, nextMoment(), turn.name);
        return void this.#frames.savepoint(scope, turn.name);
      case 'autocommit':
        if (!turn.isOn) return this.#turnManual(scope);
        this.#manual.delete(scope);
        return this.#commit(scope);
      case 'release':
        return this.released(scope, turn.name);
      case 'rollback-to':
        return void this.#frames.rollbackTo(scope, turn.name);
    }
  }

  #failed(scope: object, sql: string, footprints: readonly Footprint[], parameters: unknown, isUnknown: boolean): Told {
    // MySQL commits what is open before it begins with what fails then; a text that it could not read, it has not begun with.
    const told = footprints.some(({ commitsFirst }) => commitsFirst) ? this.doubted(scope) : undefined;
    return all([told, this.#undone(scope, sql, footprints, parameters, isUnknown)]);
  }

  #undone(scope: object, sql: string, footprints: readonly Footprint[], parameters: unknown, isUnknown: boolean): Told {
    const { dialect } = this.#parts;
    const verbs = footprints.flatMap(({ transaction }) => transaction?.verb ?? []);
    const commits = verbs.includes('commit');
    if (footprints.length === 1 && verbs.length === 1) return this.#failedTurn(scope, commits, isUnknown);
    // PostgreSQL undoes all of a text of which one statement has failed, but for what a COMMIT in it has committed.
    const isUndone =
      !isUnknown &&
      !commits &&
      (footprints.length === 1 || dialect === 'postgres') &&
      !this.#isKeptBySqlite(sql, footprints);
    const batch = this.#written(footprints.map((footprint) => ({ sql, footprint, parameters, result: undefined })));
    // What a table has taken that knows no transactions stays there.
    if (isUndone) return this.#lasting(batch);
    if (!commits) {
      if (dialect !== 'postgres' && verbs.includes('begin')) this.#begin(scope);
      batch.isUncertain = isUnknown && !this.#frames.isOpen(scope);
      return this.#put(scope, batch);
    }
    // What was open before may be committed, or still be open: in either case it is there to be delivered again.
    const open = this.#frames.peek(scope);
    if (open !== undefined) batch.merge(open);
    batch.isUncertain = true;
    return this.#parts.delivery.deliver(batch);
  }

  /** Rows that were changed before the one at which `OR FAIL`, or `RAISE(FAIL)` in a trigger, gave up stay changed. */
  #isKeptBySqlite(sql: string, footprints: readonly Footprint[]): boolean {
    if (this.#parts.dialect !== 'sqlite') return false;
    const map = this.#parts.map();
    return /\bor\s+fail\b/i.test(sql) || map === undefined || footprints.some((each) => mayRunTriggers(each, map));
  }

  /** Delivers at once what no rollback takes back; nothing else of it. */
  #lasting(batch: WriteBatch): Told {
    const lasting = batch.lasting();
    return lasting.isEmpty ? undefined : this.#parts.delivery.deliver(lasting);
  }

  #failedTurn(scope: object, isCommit: boolean, isUnknown: boolean): Told {
    if (isCommit && isUnknown) return this.#commit(scope, true);
    // SQLite keeps a transaction open that it could not commit, and may commit it later.
    if (isCommit && this.#parts.dialect !== 'sqlite') this.#frames.rollback(scope);
    return undefined;
  }

  #begin(scope: object, openedAt = nextMoment()): undefined {
    meet(scope, this);
    this.#frames.begin(scope, openedAt);
    return undefined;
  }

  #turnManual(scope: object): undefined {
    this.#hasManual = true;
    this.#manual.add(scope);
    return undefined;
  }

  /** The first statement that touches a table begins the transaction, and with it what is seen there. */
  #beginBy(scope: object, sql: string, openedAt?: number): void {
    const touches = this.#look(sql).some(
      ({ reads, writes, isUnderstood, isOpaque }) => reads.length + writes.length > 0 || !isUnderstood || isOpaque,
    );
    if (touches) void this.#safely(scope, () => this.#begin(scope, openedAt));
  }

  #commit(scope: object, isUnknown = false): Told {
    const batch = this.#frames.commit(scope);
    if (batch === undefined) return undefined;
    batch.isUncertain ||= isUnknown;
    return this.#parts.delivery.deliver(batch);
  }

  #put(scope: object | undefined, batch: WriteBatch): Told {
    if (batch.isEmpty) return undefined;
    if (scope !== undefined && this.#manual.has(scope)) this.#begin(scope);
    if (scope === undefined || !this.#frames.isOpen(scope)) return this.#parts.delivery.deliver(batch);
    this.#frames.write(scope, batch);
    return this.#lasting(batch);
  }

  #batch(statement: string | undefined): WriteBatch {
    const batch = new WriteBatch(this.#parts.maxRows);
    batch.statement = statement;
    return batch;
  }

  /** A mistake of ours costs everything that is stored, and the app nothing else. */
  #safely(scope: object | undefined, work: () => Told): Told {
    try {
      return work();
    } catch (error) {
      this.#parts.onFailure(error);
      const batch = this.#batch(undefined);
      batch.everything('the watch has failed: see the warning');
      return this.#put(scope, batch);
    }
  }
}

/** Settings by a name that is written out, and another one: what is set for row-level security, say. */
const OTHER_SETTINGS = /\bset_config\s*\(\s*'(?!search_path')[\w.]+'\s*,/gi;

function mayConfigurePath(sql: string): boolean {
  return /set_config/i.test(sql.replace(OTHER_SETTINGS, ''));
}

function all(told: readonly Told[]): Told {
  const waited = told.filter((each) => each !== undefined);
  return waited.length < 2 ? waited[0] : Promise.all(waited).then(() => {});
}
