import { nextMoment } from '@viewcache/core/tracking';
import type { TransactionVerb } from '../statements/footprint-types.js';
import { ShownStatements } from '../statements/shown-statement.js';
import { WriteBatch } from '../writes/batch.js';
import { Frames } from '../writes/frames.js';
import type { StatementResult } from './outcome.js';
import type { SourceParts } from './source-parts.js';
import type { Told } from './told.js';

/** What the transactions of a data source stand on. */
export type TransactionParts = Pick<SourceParts, 'delivery' | 'dialect' | 'maxRows'>;

/**
 * The transactions of one data source, by their scopes: what is written in one is delivered after its commit, and at once where
 * none is open.
 */
export class Transactions {
  readonly frames: Frames;
  readonly #parts: TransactionParts;
  readonly #statements: ShownStatements;
  readonly #onBegin: (scope: object) => void;
  /** Where each statement begins a transaction, if none is open. */
  readonly #manual = new WeakSet<object>();
  #hasManual = false;

  /** @param onBegin - hears of each scope of which there may be a transaction */
  constructor(parts: TransactionParts, onBegin: (scope: object) => void) {
    this.#parts = parts;
    this.#statements = new ShownStatements(parts.dialect);
    this.#onBegin = onBegin;
    this.frames = new Frames(parts.maxRows);
  }

  /** Whether there is a scope where a statement begins a transaction by itself. */
  get hasManual(): boolean {
    return this.#hasManual;
  }

  /** Whether each statement there begins a transaction, if none is open. */
  isManual(scope: object): boolean {
    return this.#manual.has(scope);
  }

  turnManual(scope: object): undefined {
    this.#hasManual = true;
    this.#manual.add(scope);
    return undefined;
  }

  turnAutomatic(scope: object): void {
    this.#manual.delete(scope);
  }

  begin(scope: object, openedAt = nextMoment()): undefined {
    this.#onBegin(scope);
    this.frames.begin(scope, openedAt);
    return undefined;
  }

  commit(scope: object, isUnknown = false): Told {
    const batch = this.frames.commit(scope);
    if (batch === undefined) return undefined;
    batch.isUncertain ||= isUnknown;
    return this.deliver(batch);
  }

  /** Nobody has heard whether it was committed, and its caller may ask again: it is delivered, and stays open. */
  doubted(scope: object): Told {
    const batch = this.frames.peek(scope);
    if (batch === undefined) return undefined;
    batch.isUncertain = true;
    return this.deliver(batch);
  }

  /**
   * It may have ended, and may go on: what is written there counts as committed at once, and again at its end, until somebody
   * knows.
   */
  mayHaveEnded(scope: object): Told {
    const told = this.doubted(scope);
    this.frames.doubt(scope, true);
    return told;
  }

  /** What its driver knows: one that has ended unseen counts as committed. */
  stands(scope: object, isOpen: boolean): Told {
    if (isOpen) {
      this.frames.doubt(scope, false);
      return this.begin(scope);
    }
    if (this.frames.isGuessed(scope)) return void this.frames.rollback(scope);
    return this.frames.isOpen(scope) ? this.commit(scope) : undefined;
  }

  released(scope: object, name: string): Told {
    return this.frames.release(scope, name) ? this.commit(scope) : undefined;
  }

  /** A statement has told what becomes of the transaction. */
  turn(scope: object, turn: TransactionVerb, result: StatementResult | undefined): Told {
    switch (turn.verb) {
      case 'begin': {
        // There was none open: SQLite begins none within one.
        const isOver = this.frames.isDoubtful(scope) && !this.frames.isGuessed(scope);
        const told = isOver ? this.commit(scope) : undefined;
        this.begin(scope);
        return told;
      }
      case 'commit':
      case 'rollback': {
        // PostgreSQL answers ROLLBACK to the COMMIT of a transaction in which something has failed.
        const isCommit = turn.verb === 'commit' && result?.command !== 'ROLLBACK';
        const told = isCommit ? this.commit(scope) : this.frames.rollback(scope);
        if (turn.chains) this.begin(scope);
        return told ?? undefined;
      }
      case 'savepoint':
        // SQLite begins a transaction with it.
        if (this.#parts.dialect === 'sqlite') this.frames.begin(scope, nextMoment(), turn.name);
        return void this.frames.savepoint(scope, turn.name);
      case 'autocommit':
        if (!turn.isOn) return this.turnManual(scope);
        // Where it is on already it commits nothing.
        return this.#manual.delete(scope) ? this.commit(scope) : this.mayHaveEnded(scope);
      case 'release':
        return this.released(scope, turn.name);
      case 'rollback-to':
        return void this.frames.rollbackTo(scope, turn.name);
    }
  }

  /** A statement that was to do so has failed, or nobody has heard of it. */
  failedTurn(scope: object, verb: TransactionVerb['verb'], isUnknown: boolean): Told {
    const isCommit = verb === 'commit';
    // SQLite refuses it where no transaction is open: the last one has ended unseen.
    if (verb === 'rollback' && this.#parts.dialect === 'sqlite') return this.commit(scope);
    if (isCommit && isUnknown) return this.commit(scope, true);
    // SQLite keeps a transaction open that it could not commit, and may commit it later.
    if (isCommit && this.#parts.dialect !== 'sqlite') this.frames.rollback(scope);
    return undefined;
  }

  /** Something was written. Without a scope, or outside a transaction, it is committed already. */
  put(scope: object | undefined, batch: WriteBatch): Told {
    if (batch.isEmpty) return undefined;
    if (scope !== undefined && this.#manual.has(scope)) this.begin(scope);
    if (scope === undefined || !this.frames.isOpen(scope)) return this.deliver(batch);
    this.frames.write(scope, batch);
    return this.frames.isDoubtful(scope) ? this.deliver(batch) : this.lasting(batch);
  }

  /** Delivers at once what no rollback takes back; nothing else of it. */
  lasting(batch: WriteBatch): Told {
    const lasting = batch.lasting();
    return lasting.isEmpty ? undefined : this.deliver(lasting);
  }

  deliver(batch: WriteBatch): Told {
    return this.#parts.delivery.deliver(batch);
  }

  /** One that is empty yet. */
  batch(statement: string | undefined): WriteBatch {
    const batch = new WriteBatch(this.#parts.maxRows);
    batch.statement = statement === undefined ? undefined : this.#statements.shown(statement);
    return batch;
  }
}
