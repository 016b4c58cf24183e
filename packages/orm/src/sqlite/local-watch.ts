import { nextMoment, refuseRunning } from '@viewcache/core/tracking';
import { sqliteCatalogue } from '../catalogues/sqlite.js';
import { warnOfTriggers } from '../catalogues/untold-warnings.js';
import { type OpenSource, openSource } from '../source/open-source.js';
import type { StatementResult } from '../source/outcome.js';
import type { WatchSettings } from '../source/read-options.js';
import { meet } from '../source/registry.js';
import type { Told } from '../source/told.js';
import type { WatchedSource } from '../source/watched-source.js';
import { statementsOf } from '../statements/dialect-statements.js';
import type { WrittenTable } from '../statements/footprint-types.js';
import type { DeliveryCounts } from '../writes/delivery.js';

/** What is asked of a database that runs in this process, by ways that nobody watches. */
export interface LocalDatabase {
  /** The scope of its transactions: it has one connection, and is it. */
  readonly scope: object;
  /** The first column of each row, which is a text. */
  ask(sql: string): readonly string[];
  /**
   * Whether a transaction is open; `undefined` where a database does not tell. One whose statement has failed has to: that may
   * have ended the transaction.
   */
  isInTransaction(hasFailed: boolean): boolean | undefined;
}

const statements = statementsOf('sqlite');

/** Words of statements after which tables may be others, or foreign keys may act that did not. */
const CHANGING = ['create', 'alter', 'drop', 'attach', 'detach', 'foreign_keys'] as const;

/** One database that is watched for one cache: statements end before anybody can wait, and so does what is told of them. */
export class LocalWatch {
  readonly #opened: OpenSource;
  readonly #database: LocalDatabase;
  readonly #watch: string;
  readonly #settings: WatchSettings;
  readonly #readsTables: boolean;
  readonly #pending = new Set<Promise<void>>();
  readonly #iterations = new Set<{ readonly openedAt: number }>();
  #countedKeys: ReadonlyMap<string, string> = new Map();
  #isStale: boolean;
  #isWarned = false;

  /**
   * @param watch - the function's name: `watchSqlJs`
   * @param name - what it is called where writes and reads are explained
   */
  constructor(watch: string, name: string, settings: WatchSettings, database: LocalDatabase, readsTables: boolean) {
    this.#watch = watch;
    this.#settings = settings;
    this.#database = database;
    this.#isStale = readsTables;
    this.#opened = openSource(settings, {
      name,
      dialect: 'sqlite',
      statements,
      learns: readsTables,
      path: { schemas: ['main'], isSure: true },
    });
    this.#readsTables = readsTables;
    meet(database.scope, this.source);
    this.#refresh();
  }

  get source(): WatchedSource {
    return this.#opened.source;
  }

  counts(): DeliveryCounts {
    return this.#opened.counts();
  }

  close(): void {
    this.#opened.close();
  }

  /** Resolves when the shared store has been told of all that was written until now, or has not answered in time. */
  async settled(): Promise<void> {
    await Promise.all(this.#pending);
  }

  /** A text is about to be carried out, in its caller's asynchronous context. */
  reading(sql: string, parameters: unknown): void {
    this.#refresh();
    // In the order in which they were begun.
    const [first] = this.#iterations;
    if (first !== undefined) refuseRunning('older-snapshot', first.openedAt);
    this.source.reading(this.#database.scope, sql, parameters);
  }

  /**
   * A statement is being read row by row: as long as it is, the connection shows everybody what was there when it began.
   *
   * @returns ends it
   */
  iterating(): () => void {
    const iteration = { openedAt: nextMoment() };
    this.#iterations.add(iteration);
    return () => void this.#iterations.delete(iteration);
  }

  /** It has been. @param results - one for each statement, or none */
  ran(sql: string, parameters: unknown, results: readonly StatementResult[]): void {
    const { scope } = this.#database;
    this.#wait(this.source.ran(scope, sql, parameters, { kind: 'done', results }));
    const isOpen = this.#database.isInTransaction(false);
    if (isOpen !== undefined && isOpen !== this.source.isOpen(scope)) this.#wait(this.source.stands(scope, isOpen));
    this.#changed(sql);
  }

  /** It has failed; of several statements those in front of the one that did have not. */
  failed(sql: string, parameters: unknown, error: unknown): void {
    const { scope } = this.#database;
    this.#wait(this.source.ran(scope, sql, parameters, { kind: 'failed', isUnknown: isUntold(error) }));
    const isOpen = this.#database.isInTransaction(true);
    // `OR ROLLBACK`, a full disk: SQLite has undone all of it.
    if (isOpen === false && this.source.isOpen(scope)) this.source.rolledBack(scope);
    else if (isOpen === true) this.#wait(this.source.stands(scope, true));
    this.#changed(sql);
  }

  /** The connection may be another one now: then nothing is open there, and foreign keys act or do not as at the beginning. */
  reopened(): void {
    const { scope } = this.#database;
    if (this.#database.isInTransaction(true) === false && this.source.isOpen(scope)) this.source.rolledBack(scope);
    this.#isStale = this.#readsTables;
  }

  /** The one table that a text inserts rows to by one statement, if the database counts up in its key: that column. */
  countedKey(sql: string): string | undefined {
    const write = soleWrite(sql);
    return write?.verb === 'insert' && write.schema === undefined ? this.#countedKeys.get(write.table) : undefined;
  }

  #changed(sql: string): void {
    if (!this.#readsTables || this.#isStale) return;
    this.#isStale = statements.footprints(sql).some(({ names }) => CHANGING.some((word) => names.has(word)));
  }

  #refresh(): void {
    if (!this.#isStale) return;
    try {
      const catalogue = sqliteCatalogue((sql) => this.#database.ask(sql));
      this.#opened.know((map) => catalogue.fill(map), { schemas: catalogue.searchPath, isSure: true });
      this.#countedKeys = catalogue.countedKeys ?? new Map();
      // What a transaction has made of the tables may be rolled back.
      this.#isStale = this.source.isOpen(this.#database.scope);
      if (!this.#isWarned) warnOfTriggers(this.#watch, catalogue, this.#settings);
      this.#isWarned ||= catalogue.withTriggers.length > 0;
    } catch {
      // It is busy: asked again with the next statement. As long as nothing is known, nothing is stored.
    }
  }

  #wait(told: Told): void {
    if (told === undefined) return;
    this.#pending.add(told);
    void told.then(() => this.#pending.delete(told));
  }
}

/** What a text writes, where it is one statement that writes one table. */
export function soleWrite(sql: string): WrittenTable | undefined {
  const [footprint, another] = statements.footprints(sql);
  return another === undefined && footprint?.writes.length === 1 ? footprint.writes[0] : undefined;
}

/** An error of the disk says nothing of what is on it. */
function isUntold(error: unknown): boolean {
  const { code } = (typeof error === 'object' && error !== null ? error : {}) as { readonly code?: unknown };
  return typeof code === 'string' && code.startsWith('SQLITE_IOERR');
}
