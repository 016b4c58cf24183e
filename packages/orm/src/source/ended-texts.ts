import type { Footprint, TransactionVerb } from '../statements/footprint-types.js';
import type { WriteBatch } from '../writes/batch.js';
import type { Outcome, StatementResult } from './outcome.js';
import type { SourceParts } from './source-parts.js';
import { type Told, together } from './told.js';
import type { Transactions } from './transactions.js';
import { addStatement, addUnknown, hasClause, mayRunTriggers, type RanStatement } from './written.js';

/** What the end of texts is understood by. */
export type EndedParts = Pick<SourceParts, 'dialect' | 'map' | 'opaque' | 'statements'>;

/** `CALL` and `DO`, but not `ON CONFLICT DO UPDATE`. */
const PROCEDURE = /\bcall\b|\bdo\b(?!\s+(?:nothing|update|also|instead)\b)/i;

/** A text of one or more statements that has ended. */
export interface EndedText {
  readonly sql: string;
  readonly footprints: readonly Footprint[];
  /** A list, or an object by name. */
  readonly parameters: unknown;
}

/** What a text has written when it has ended, or failed, and what it has done to the transaction of its scope. */
export class EndedTexts {
  readonly #parts: EndedParts;
  readonly #transactions: Transactions;

  constructor(parts: EndedParts, transactions: Transactions) {
    this.#parts = parts;
    this.#transactions = transactions;
  }

  ended(scope: object, text: EndedText, outcome: Outcome): Told {
    return outcome.kind === 'done'
      ? this.#done(scope, text, outcome.results)
      : this.#failed(scope, text, outcome.isUnknown);
  }

  #done(scope: object, { sql, footprints, parameters }: EndedText, results: readonly StatementResult[]): Told {
    const told: Told[] = [];
    const begun = this.#begunEarlier(footprints);
    for (const [i, footprint] of footprints.entries()) {
      if (begun.has(i)) this.#transactions.begin(scope);
      const result = results.length === footprints.length ? results[i] : undefined;
      const { transaction } = footprint;
      if (transaction !== undefined) {
        if (footprint.commitsFirst) told.push(this.#transactions.commit(scope));
        told.push(this.#transactions.turn(scope, transaction, result));
      } else told.push(this.#wrote(scope, { sql, footprint, parameters, result }));
    }
    return together(told);
  }

  /** PostgreSQL takes what stands before a BEGIN in its text, up to a COMMIT, into the transaction: there it begins. */
  #begunEarlier(footprints: readonly Footprint[]): ReadonlySet<number> {
    const begun = new Set<number>();
    if (this.#parts.dialect !== 'postgres' || footprints.length < 2) return begun;
    let from = 0;
    for (const [i, { transaction }] of footprints.entries()) {
      if (transaction?.verb === 'begin') begun.add(from);
      if (transaction?.verb === 'commit' || transaction?.verb === 'rollback') from = i + 1;
    }
    return begun;
  }

  #wrote(scope: object, ran: RanStatement): Told {
    const { commitsFirst, mayGoOn = false } = ran.footprint;
    if (!commitsFirst) return this.#transactions.put(scope, this.#written([ran]));
    const told = mayGoOn ? this.#transactions.mayHaveEnded(scope) : this.#transactions.commit(scope);
    const batch = this.#written([ran]);
    return together([told, mayGoOn ? this.#transactions.put(scope, batch) : this.#transactions.deliver(batch)]);
  }

  #written(statements: readonly RanStatement[]): WriteBatch {
    const { map: known, statements: reader, opaque } = this.#parts;
    const map = known();
    const batch = this.#transactions.batch(statements[0]?.sql);
    for (const ran of statements) {
      if (map !== undefined) addStatement(batch, ran, { map, rowsOf: reader.rowsOf, opaque });
      else addUnknown(batch, ran);
    }
    return batch;
  }

  #failed(scope: object, text: EndedText, isUnknown: boolean): Told {
    // MySQL commits what is open before it begins with what fails then; a text that it could not read, it has not begun with.
    const mayCommit = text.footprints.some(
      ({ commitsFirst, transaction }) => commitsFirst || transaction?.verb === 'autocommit',
    );
    const told = mayCommit ? this.#transactions.mayHaveEnded(scope) : undefined;
    if (this.#mayEnd(text)) this.#transactions.frames.doubt(scope, true);
    return together([told, this.#undone(scope, text, isUnknown)]);
  }

  #undone(scope: object, text: EndedText, isUnknown: boolean): Told {
    const { sql, footprints, parameters } = text;
    const { dialect } = this.#parts;
    const { frames } = this.#transactions;
    const verbs = footprints.flatMap(({ transaction }) => transaction?.verb ?? []);
    const commits = verbs.includes('commit');
    const [verb] = verbs;
    if (footprints.length === 1 && verb !== undefined) return this.#transactions.failedTurn(scope, verb, isUnknown);
    // PostgreSQL undoes all of a text of which one statement has failed, but for what a COMMIT in it has committed.
    const isUndone =
      !isUnknown &&
      !commits &&
      (footprints.length === 1 || dialect === 'postgres') &&
      !this.#isKeptBySqlite(text) &&
      !this.#isKeptByProcedure(scope, sql);
    const batch = this.#written(footprints.map((footprint) => ({ sql, footprint, parameters, result: undefined })));
    // What a table has taken that knows no transactions stays there.
    if (isUndone) return this.#transactions.lasting(batch);
    if (dialect !== 'postgres' && verbs.length > 0) return this.#halfway(scope, batch, verbs);
    if (!commits) {
      batch.isUncertain = isUnknown && !frames.isOpen(scope);
      return this.#transactions.put(scope, batch);
    }
    // What was open before may be committed, or still be open: in either case it is there to be delivered again.
    const open = frames.peek(scope);
    if (open !== undefined) batch.merge(open);
    batch.isUncertain = true;
    return this.#transactions.deliver(batch);
  }

  /**
   * How far a text has come that begins or ends transactions nobody knows: what it writes may be committed, or be written in one
   * that is open now.
   */
  #halfway(scope: object, batch: WriteBatch, verbs: readonly TransactionVerb['verb'][]): Told {
    if (verbs.includes('begin') || verbs.includes('savepoint')) this.#transactions.begin(scope);
    const told = this.#transactions.mayHaveEnded(scope);
    return together([told, this.#transactions.put(scope, batch)]);
  }

  /**
   * Rows that were changed before the one at which `OR FAIL`, `ON CONFLICT FAIL` or `RAISE(FAIL)` in a trigger gave up stay
   * changed.
   */
  #isKeptBySqlite({ sql, footprints }: EndedText): boolean {
    if (this.#parts.dialect !== 'sqlite') return false;
    const map = this.#parts.map();
    return (
      /\bor\s+fail\b/i.test(sql) ||
      map === undefined ||
      footprints.some((each) => mayRunTriggers(each, map) || hasClause(each, 'fail', map))
    );
  }

  /**
   * What a procedure or a block has written before it failed: MySQL undoes the statement that failed in it, and no other; those of
   * PostgreSQL may commit, but for within a transaction.
   */
  #isKeptByProcedure(scope: object, sql: string): boolean {
    const { dialect } = this.#parts;
    if (dialect === 'mysql') return /\b(?:call|atomic|execute)\b/i.test(sql);
    return dialect === 'postgres' && !this.#transactions.frames.isOpen(scope) && PROCEDURE.test(sql);
  }

  /** `OR ROLLBACK`, `ON CONFLICT ROLLBACK` and `RAISE(ROLLBACK)` end the transaction, which not all libraries tell. */
  #mayEnd({ sql, footprints }: EndedText): boolean {
    if (this.#parts.dialect !== 'sqlite') return false;
    const map = this.#parts.map();
    if (/\bor\s+rollback\b/i.test(sql)) return true;
    return map !== undefined && footprints.some((it) => mayRunTriggers(it, map) || hasClause(it, 'rollback', map));
  }
}
