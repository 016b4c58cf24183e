import { createRequire } from 'node:module';

interface Statement {
  bind(values: unknown): boolean;
  step(): boolean;
  getAsObject(): Record<string, unknown>;
  free(): boolean;
}

interface SqlJsDatabase {
  prepare(sql: string): Statement;
  exec(sql: string): readonly { readonly values: readonly (readonly unknown[])[] }[];
  getRowsModified(): number;
  close(): void;
}

interface SqlJs {
  readonly Database: new () => SqlJsDatabase;
}

type Callback = (this: object, error: Error | null, rows?: unknown) => void;

/**
 * What Sequelize asks of the package `sqlite3`, which compiles or downloads something where it is installed, by `sql.js`, which
 * does not. A database in memory; calls are answered later, in their order.
 */
export async function sqlite3StandIn(): Promise<object> {
  const init = createRequire(import.meta.url)('sql.js') as () => Promise<SqlJs>;
  const { Database: Opened } = await init();

  class Database {
    readonly filename: string;
    readonly #opened = new Opened();

    constructor(filename: string, _mode: number, callback: (error: Error | null) => void) {
      this.filename = filename;
      setImmediate(callback, null);
    }

    serialize(work: () => void): void {
      work();
    }

    run(...given: unknown[]): this {
      return this.#carryOut(given, false);
    }

    all(...given: unknown[]): this {
      return this.#carryOut(given, true);
    }

    exec(...given: unknown[]): this {
      return this.#carryOut(given, false);
    }

    close(callback?: (error: null) => void): void {
      this.#opened.close();
      if (callback !== undefined) setImmediate(callback, null);
    }

    #carryOut([sql, ...more]: readonly unknown[], hasRows: boolean): this {
      const callback = (more.at(-1) ?? (() => {})) as Callback;
      const [values] = more.length > 1 ? more : [undefined];
      setImmediate(() => {
        let rows: Record<string, unknown>[];
        try {
          rows = this.#rows(sql as string, values);
        } catch (error) {
          callback.call({}, Object.assign(error as Error, { code: 'SQLITE_ERROR' }));
          return;
        }
        const lastID = this.#opened.exec('SELECT last_insert_rowid()')[0]?.values[0]?.[0];
        // Rows are all that `all` tells.
        callback.call(
          hasRows ? {} : { changes: this.#opened.getRowsModified(), lastID },
          null,
          hasRows ? rows : undefined,
        );
      });
      return this;
    }

    #rows(sql: string, values: unknown): Record<string, unknown>[] {
      const statement = this.#opened.prepare(sql);
      try {
        if (values !== undefined) statement.bind(values);
        const rows: Record<string, unknown>[] = [];
        while (statement.step()) rows.push(statement.getAsObject());
        return rows;
      } finally {
        statement.free();
      }
    }
  }

  return { Database, OPEN_READWRITE: 2, OPEN_CREATE: 4 };
}
