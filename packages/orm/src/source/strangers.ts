import type { TableName } from '../statements/footprint-types.js';
import type { TableMap } from '../tables/table-map.js';

interface Stranger {
  readonly name: TableName;
  /** How often the tables were read because of it. */
  readings: number;
  askAgainAt: number;
}

/** So many names are worth a reading: those of temporary tables may be as many as there are requests. */
const MOST = 100;
const FIRST_MS = 1_000;
const LONGEST_MS = 60_000;

/** What databases keep for themselves is in no catalogue that is read. */
const SYSTEM = /^(?:pg_|sqlite_|information_schema$|mysql$|performance_schema$|sys$)/i;

/**
 * Names in statements that nobody has described. Another process may have made the table, a migration say, and with it cascades
 * and triggers that nobody here knows: the tables are read again, beside what goes on. What is still not found then may be
 * temporary, or come later: it is asked about again, ever more rarely.
 */
export class Strangers {
  readonly #now: () => number;
  readonly #known = new Map<string, Stranger>();

  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  /** Whether the tables are to be read because a statement has named one. */
  isWorthReading(name: TableName): boolean {
    if (SYSTEM.test(name.schema ?? name.table)) return false;
    const key = JSON.stringify([name.schema, name.table]);
    const now = this.#now();
    const known = this.#known.get(key) ?? { name, readings: 0, askAgainAt: now };
    if (now < known.askAgainAt || (known.readings === 0 && this.#known.size >= MOST)) return false;
    known.askAgainAt = now + Math.min(FIRST_MS * 2 ** known.readings, LONGEST_MS);
    known.readings++;
    this.#known.set(key, known);
    return true;
  }

  /** Statements that were heard have made other tables: a transaction names its own before anybody else can see them. */
  tablesChanged(): void {
    for (const [key, { readings }] of this.#known) if (readings === 1) this.#known.delete(key);
  }

  /**
   * Forgets those that are described by now.
   *
   * @returns true where there was one: what was written until then may have had effects that nobody knew of
   */
  found(map: TableMap): boolean {
    const found = [...this.#known].filter(([, { name }]) => map.isDescribedAs(name));
    for (const [key] of found) this.#known.delete(key);
    return found.length > 0;
  }
}
