import { type PgCatalogue, readCatalogue } from '../pg/catalogue.js';
import type { WriteEvent } from '../source/outcome.js';
import type { TableName } from '../statements/footprint-types.js';
import { type Coverage, keyOf, readCoverage, SIGNATURE } from './coverage.js';
import type { Ask } from './listener.js';

/** What a database is at one moment. */
interface Read {
  readonly catalogue: PgCatalogue;
  readonly coverage: Coverage;
}

/** The tables of a database as they were read last, and what may have been missed of them. */
export class KnownTables {
  readonly #channel: string;
  readonly #learnt: (read: Read) => void;
  #signature: unknown;
  #tables: readonly TableName[] = [];
  #reading: Promise<readonly TableName[]> | undefined;
  #isOutdated = false;

  /** @param learnt - called each time they have been read */
  constructor(channel: string, learnt: (read: Read) => void) {
    this.#channel = channel;
    this.#learnt = learnt;
  }

  get all(): readonly TableName[] {
    return this.#tables;
  }

  /** Whether there are other tables by now, or others of them are told of. */
  async haveChanged(ask: Ask): Promise<boolean> {
    return (await ask(SIGNATURE))[0] !== this.#signature;
  }

  /**
   * Reads them; whoever asks meanwhile has them read once more, and no more than that.
   *
   * @returns those that were there before, and are not any more
   */
  async read(ask: Ask): Promise<readonly TableName[]> {
    if (this.#reading !== undefined) {
      this.#isOutdated = true;
      return await this.#reading;
    }
    this.#reading = this.#readAll(ask);
    try {
      return await this.#reading;
    } finally {
      this.#reading = undefined;
    }
  }

  async #readAll(ask: Ask): Promise<readonly TableName[]> {
    const before = this.#tables;
    do {
      this.#isOutdated = false;
      // What changes while it is read is seen with the next look.
      const [signature] = await ask(SIGNATURE);
      const catalogue = await readCatalogue(async (sql) => (await ask(sql)).map(String));
      const coverage = await readCoverage(ask, this.#channel);
      this.#signature = signature;
      this.#tables = catalogue.tables;
      this.#learnt({ catalogue, coverage });
    } while (this.#isOutdated);
    const there = new Set(this.#tables.map(keyOf));
    return before.filter((table) => !there.has(keyOf(table)));
  }
}

/** Any row of tables may have changed. */
export function anyOf(tables: readonly TableName[]): readonly WriteEvent[] {
  return tables.map(({ table, schema }) => ({ table, schema, verb: 'ddl' }));
}
