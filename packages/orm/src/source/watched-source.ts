import type { Cache } from '@viewcache/core';
import { nextMoment } from '@viewcache/core/tracking';
import type { Footprint, ReadTable } from '../statements/footprint-types.js';
import { Cursors } from './cursors.js';
import { EndedTexts } from './ended-texts.js';
import type { Outcome, WriteEvent, WritesTold } from './outcome.js';
import { isPlainRead } from './plain-read.js';
import { tagsRead } from './read.js';
import { meet } from './registry.js';
import { type SourceParts, TABLES_ONLY } from './source-parts.js';
import type { Told } from './told.js';
import { TrackedReads } from './tracked-reads.js';
import { Transactions } from './transactions.js';
import { addEvent, addOpaque, NOT_KNOWN } from './written.js';

/**
 * One data source that is watched for one cache: what an adapter tells of statements and transactions becomes what the views
 * that run depend on, and what is invalidated after the commit.
 *
 * A scope is what a transaction belongs to: the connection, or an ORM's object for it. Nothing here throws or rejects; what is
 * returned is awaited before the caller of a write goes on.
 */
export class WatchedSource {
  readonly #parts: SourceParts;
  readonly #transactions: Transactions;
  readonly #reads: TrackedReads;
  readonly #texts: EndedTexts;
  readonly #cursors = new Cursors();
  #isClosed = false;

  constructor(parts: SourceParts) {
    this.#parts = parts;
    this.#transactions = new Transactions(parts, (scope) => meet(scope, this));
    this.#reads = new TrackedReads(parts, this.#transactions.frames, this.#cursors);
    this.#texts = new EndedTexts(parts, this.#transactions);
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
    return this.#transactions.frames.isOpen(scope);
  }

  /**
   * Whether a text does nothing but read: {@link ran} need not be told of its end, and nothing of it where nobody tracks. Of
   * nothing until the tables are known, and with them the functions that write.
   */
  onlyReads(sql: string): boolean {
    const map = this.#parts.map();
    if (map === undefined) return false;
    for (const footprint of this.#look(sql))
      if (footprint.cursor !== undefined || !isPlainRead(footprint, map)) return false;
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
      for (const footprint of footprints)
        if (footprint.cursor !== undefined) this.#turned(scope, footprint, parameters, outcome);
      if (footprints.every((footprint) => isPlainRead(footprint, map))) return undefined;
      meet(scope, this);
      return this.#texts.ended(scope, { sql, footprints, parameters }, outcome);
    });
  }

  /**
   * A text is being issued, in its caller's asynchronous context.
   *
   * @returns to be called when it has ended, in whatever context; `undefined` where nobody waits for that
   */
  reading(scope: object, sql: string, parameters: unknown): (() => void) | undefined {
    if (this.#transactions.isManual(scope)) this.#beginBy(scope, sql);
    return this.#reads.reading(scope, () => this.#look(sql), parameters, sql);
  }

  /**
   * A text that may do more than read is being issued: until what it has written is told, what is read in its transaction may be
   * there for nobody else. One that begins a transaction may have done so before that is told.
   *
   * @returns to be called after {@link ran}; `undefined` where nobody waits for that
   */
  writing(scope: object, sql: string): (() => void) | undefined {
    let [begins, writes] = [false, false];
    for (const { transaction } of this.#look(sql)) {
      if (transaction === undefined) writes = true;
      else begins ||= transaction.verb === 'begin' || transaction.verb === 'savepoint';
    }
    return begins || writes ? this.#transactions.frames.sending(scope, { begins, writes }) : undefined;
  }

  /** {@link reading} where the scope is known no sooner than it has ended: what is returned is to be told it. */
  readingSomewhere(sql: string, parameters: unknown): ((scope: object) => void) | undefined {
    const ended = this.#reads.readingSomewhere(() => this.#look(sql), parameters, sql);
    if (!this.#transactions.hasManual) return ended;
    const issuedAt = nextMoment();
    return (scope) => {
      if (this.#transactions.isManual(scope)) this.#beginBy(scope, sql, issuedAt);
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
    void this.#safely(scope, () => this.#transactions.begin(scope));
  }

  /** A transaction is open there that began before anybody watched: what it has written until now may be anything. */
  joined(scope: object): void {
    void this.#safely(scope, () => {
      meet(scope, this);
      this.#transactions.frames.begin(scope, 0);
      const batch = this.#transactions.batch(undefined);
      batch.everything(BEGAN_UNSEEN);
      return this.#transactions.put(scope, batch);
    });
  }

  /**
   * The same where nobody knows whether one is open: until somebody tells, what is written there counts at once and with its
   * commit.
   */
  mayHaveJoined(scope: object): void {
    meet(scope, this);
    if (this.#transactions.frames.isOpen(scope)) return;
    this.#transactions.frames.guess(scope);
    const batch = this.#transactions.batch(undefined);
    batch.everything(BEGAN_UNSEEN);
    this.#transactions.frames.write(scope, batch);
  }

  /** Nobody goes on with what {@link mayHaveJoined} has guessed. */
  handedBack(scope: object): void {
    if (this.#transactions.frames.isGuessed(scope)) this.#transactions.frames.rollback(scope);
  }

  /** A statement has ended that was under way when the watch began: nobody has seen what it was. */
  endedUnseen(): Told {
    return this.wroteTogether(undefined, () => ENDED_UNSEEN);
  }

  savepoint(scope: object, name: string): void {
    this.#transactions.frames.savepoint(scope, name);
  }

  released(scope: object, name: string): Told {
    return this.#safely(scope, () => this.#transactions.released(scope, name));
  }

  rolledBackTo(scope: object, name: string): void {
    this.#transactions.frames.rollbackTo(scope, name);
  }

  /** @param isUnknown - nobody has heard whether it was: it counts as committed */
  committed(scope: object, isUnknown = false): Told {
    return this.#safely(scope, () => this.#transactions.commit(scope, isUnknown));
  }

  rolledBack(scope: object): void {
    this.#transactions.frames.rollback(scope);
  }

  /** The connection went while the transaction was open, and no COMMIT was under way. */
  lost(scope: object): void {
    this.#transactions.frames.rollback(scope);
  }

  /**
   * What the driver knows of it: whether a transaction is open there. One that has ended unseen counts as committed.
   */
  stands(scope: object, isOpen: boolean): Told {
    return this.#safely(scope, () => this.#transactions.stands(scope, isOpen));
  }

  /** Something else than a statement tells of a write. Without a scope, or outside a transaction, it is committed already. */
  wrote(scope: object | undefined, event: WriteEvent): Told {
    return this.#safely(scope, () => {
      const map = this.#parts.map();
      const batch = this.#transactions.batch(`${event.verb} ${event.table}`);
      if (map === undefined) batch.everything(NOT_KNOWN);
      else addEvent(batch, event, map);
      return this.#transactions.put(scope, batch);
    });
  }

  /** The same for all that one command has written, as it is told when the command has ended. */
  wroteTogether(scope: object | undefined, tell: () => WritesTold): Told {
    return this.#safely(scope, () => {
      const { events, said, isOpaque = false, everything, isUnknown = false } = tell();
      const map = this.#parts.map();
      const batch = this.#transactions.batch(said);
      if (everything !== undefined) batch.everything(everything);
      if (map === undefined) {
        if (isOpaque || events.length > 0) batch.everything(NOT_KNOWN);
      } else for (const event of events) addEvent(batch, event, map);
      if (isOpaque && map !== undefined) addOpaque(batch, said, map, this.#parts.opaque);
      batch.isUncertain = isUnknown && (scope === undefined || !this.#transactions.frames.isOpen(scope));
      return this.#transactions.put(scope, batch);
    });
  }

  /** Nobody has heard whether a transaction was committed, and its caller may ask again: it is delivered, and stays open. */
  doubted(scope: object): Told {
    return this.#safely(scope, () => this.#transactions.doubted(scope));
  }

  /**
   * What the driver knows of a connection: whether each statement there is a transaction of its own, or begins one where none is
   * open.
   */
  autocommits(scope: object, isOn: boolean): void {
    if (isOn) this.#transactions.turnAutomatic(scope);
    else this.#transactions.turnManual(scope);
  }

  /** Whether some connection may begin a transaction with a read: {@link reading} is to be told of all, whoever tracks them. */
  get hearsAllReads(): boolean {
    return this.#transactions.hasManual;
  }

  /** Bare names may mean tables of another schema from now on. */
  pathMoves(): void {
    this.#parts.pathMoves();
  }

  /** Tags of the app's own, with the transaction that is open there; at once where none is. */
  afterCommit(scope: object | undefined, tags: readonly string[]): Told {
    return this.#safely(scope, () => {
      const batch = this.#transactions.batch('afterCommit');
      batch.name(tags);
      return this.#transactions.put(scope, batch);
    });
  }

  /** What a cursor reads is read by whoever fetches from it. */
  #turned(scope: object, footprint: Footprint, parameters: unknown, outcome: Outcome): void {
    const { cursor } = footprint;
    if (cursor === undefined || cursor.verb === 'fetch') return;
    const { map: known, statements, maxRows } = this.#parts;
    const map = known();
    const since = this.#transactions.frames.openedAt(scope);
    // Where it could not be declared, there may be another one of its name.
    if (cursor.verb === 'close' || outcome.kind === 'failed' || map === undefined || since === undefined) {
      this.#cursors.closed(scope, cursor.name);
      return;
    }
    const tags = tagsRead(footprint, parameters, { map, rowsOf: statements.rowsOf, maxRows });
    this.#cursors.declared(scope, cursor.name, { tags, since });
  }

  #look(sql: string): readonly Footprint[] {
    const footprints = this.#parts.statements.footprints(sql);
    for (const { names, movesPath = false } of footprints) {
      if (movesPath || names.has('search_path') || (names.has('set_config') && mayConfigurePath(sql))) this.pathMoves();
    }
    return footprints;
  }

  /** The first statement that touches a table begins the transaction, and with it what is seen there. */
  #beginBy(scope: object, sql: string, openedAt?: number): void {
    const touches = this.#look(sql).some(
      ({ reads, writes, isUnderstood, isOpaque }) => reads.length + writes.length > 0 || !isUnderstood || isOpaque,
    );
    if (touches) void this.#safely(scope, () => this.#transactions.begin(scope, openedAt));
  }

  /** A mistake of ours costs everything that is stored, and the app nothing else. */
  #safely(scope: object | undefined, work: () => Told): Told {
    try {
      return work();
    } catch (error) {
      this.#parts.onFailure(error);
      const batch = this.#transactions.batch(undefined);
      batch.everything('the watch has failed: see the warning');
      return this.#transactions.put(scope, batch);
    }
  }
}

const BEGAN_UNSEEN = 'the transaction began before it was watched';
const ENDED_UNSEEN: WritesTold = {
  events: [],
  said: 'a statement that nobody has seen',
  everything: 'it was under way when the watch began',
};

/** Settings by a name that is written out, and another one: what is set for row-level security, say. */
const OTHER_SETTINGS = /\bset_config\s*\(\s*'(?!search_path')[\w.]+'\s*,/gi;

function mayConfigurePath(sql: string): boolean {
  return /set_config/i.test(sql.replace(OTHER_SETTINGS, ''));
}
