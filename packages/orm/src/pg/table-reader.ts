import { runtimeOf } from '@viewcache/core/node';
import type { Ask, Catalogue } from '../catalogues/catalogue.js';
import { fillUntold, warnOfUntold } from '../catalogues/untold-warnings.js';
import type { OpenSource } from '../source/open-source.js';
import type { WatchSettings } from '../source/read-options.js';
import type { TableMap } from '../tables/table-map.js';
import { type PgCatalogue, readCatalogue } from './catalogue.js';
import type { ColumnNames } from './outcome-of.js';

/** A database that does not answer is not asked more often than this. */
const AGAIN_AFTER_MS = 1_000;
/** Between two readings of tables that change all the time: at first, and at most. */
const REST_MS = { first: 1, most: 100 } as const;

/** Who is asked: a pool or a client of `pg`, or what stands for one. Of rows, the first value counts. */
export interface Asked {
  query(sql: string): Promise<{ readonly rows: readonly object[] }>;
}

/** Reads the tables of a database for a watch: once, or until it succeeds; anew where it is told that they have changed. */
export class TableReader {
  readonly #watch: string;
  readonly #asked: Asked | undefined;
  readonly #know: OpenSource['know'];
  readonly #settings: WatchSettings;
  readonly #readCatalogue: (ask: Ask) => Promise<Catalogue & Partial<PgCatalogue>>;
  #catalogue: (Catalogue & Partial<PgCatalogue>) | undefined;
  #reading: Promise<void> | undefined;
  #triedAt = 0;
  /** That they cannot be read is said once; who has them once need not be told. */
  #isToldOf = false;
  /** How often the tables have changed. */
  #changes = 0;
  #isResting = false;
  /** Doubles with each reading that was of no use: one statement more is waited for briefly, a migration is left in peace. */
  #restMs: number = REST_MS.first;

  /**
   * @param watch - whose tables they are, for warnings: `watchPg`
   * @param asked - `undefined`: there is nothing to be read
   * @param readWith - asks the questions that the database understands
   */
  constructor(
    watch: string,
    asked: Asked | undefined,
    know: OpenSource['know'],
    settings: WatchSettings,
    readWith: (ask: Ask) => Promise<Catalogue> = readCatalogue,
  ) {
    this.#watch = watch;
    this.#asked = asked;
    this.#know = know;
    this.#settings = settings;
    this.#readCatalogue = readWith;
  }

  get isAsking(): boolean {
    return this.#asked !== undefined;
  }

  readonly columnNames: ColumnNames = (table, column) => this.#catalogue?.columnNames?.(table, column);

  /** Of a table, the key column in which the database counts up; `undefined` where there is none, and until that is known. */
  countedKey(table: string): string | undefined {
    return this.#catalogue?.countedKeys?.get(table);
  }

  /** Resolves when they are known; begins to read them, where nobody does. */
  async ready(): Promise<void> {
    if (this.#catalogue !== undefined) await this.#reading?.catch(() => {});
    // What was read may be of no use by then: the tables have changed.
    while (this.#asked !== undefined && this.#catalogue === undefined) await this.#begin();
  }

  /** The app uses the database: where it did not answer before, it may do so now. */
  wake(): void {
    if (this.#catalogue !== undefined || this.#reading !== undefined || this.#asked === undefined) return;
    if (performance.now() - this.#triedAt < AGAIN_AFTER_MS) return;
    this.#begin().catch(() => {});
  }

  /**
   * There are other tables now, and until they have been read nothing is known: at once, and where they go on changing, as in a
   * migration, once in a while.
   *
   * @returns false where nobody is asked
   */
  tablesChanged(): boolean {
    if (this.#asked === undefined) return false;
    this.#changes++;
    this.#catalogue = undefined;
    if (this.#reading === undefined && !this.#isResting) this.#begin().catch(() => {});
    return true;
  }

  /** There may be other tables now: they are read beside what goes on with those that are known. */
  readAgain(): void {
    if (this.#asked !== undefined && !this.#isResting) this.#begin().catch(() => {});
  }

  #begin(): Promise<void> {
    // Not at once: where a client is watched, what is asked here comes by again.
    this.#reading ??= Promise.resolve().then(() => this.#read());
    return this.#reading;
  }

  async #read(): Promise<void> {
    const changes = this.#changes;
    try {
      const catalogue = await this.#readCatalogue(async (sql) => {
        const rows = (await this.#asked?.query(sql))?.rows ?? [];
        return rows.map((row) => String(Object.values(row)[0]));
      });
      if (changes !== this.#changes) return;
      const path = { schemas: catalogue.searchPath, isSure: true };
      const fill = (map: TableMap): void => {
        catalogue.fill(map);
        fillUntold(map, catalogue, this.#settings);
      };
      this.#know(fill, path, catalogue.isCaseless);
      this.#catalogue = catalogue;
      this.#restMs = REST_MS.first;
      this.#isToldOf = true;
      warnOfUntold(this.#watch, catalogue, this.#settings);
    } catch (error) {
      this.#warn(error);
      throw error;
    } finally {
      this.#triedAt = performance.now();
      this.#reading = undefined;
      if (changes !== this.#changes) this.#restAndRead();
    }
  }

  /** Nobody has to await `ready`, and pages that are never stored look like an app that is merely slow. */
  #warn(error: unknown): void {
    if (this.#isToldOf) return;
    this.#isToldOf = true;
    const { message: said, code } = error as { readonly message?: unknown; readonly code?: unknown };
    const why = said || code || error;
    const message = `${this.#watch}: the tables could not be read (${why}): until they are, nothing that reads this database is stored, and each write invalidates everything`;
    runtimeOf(this.#settings.cache)?.telemetry.emit({ type: 'warning', message });
  }

  #restAndRead(): void {
    this.#isResting = true;
    setTimeout(() => {
      this.#isResting = false;
      if (this.#catalogue === undefined) this.#begin().catch(() => {});
    }, this.#restMs).unref();
    this.#restMs = Math.min(2 * this.#restMs, REST_MS.most);
  }
}
