import { createRequire } from 'node:module';
import type { SqliteDatabase } from 'kysely';

/** It brings no types. */
interface SqlJs {
  readonly Database: new () => {
    run(sql: string): unknown;
    exec(sql: string): readonly { readonly values: readonly (readonly unknown[])[] }[];
    prepare(sql: string): {
      bind(values: readonly unknown[]): unknown;
      step(): boolean;
      getAsObject(): unknown;
      getColumnNames(): readonly string[];
      free(): unknown;
    };
    getRowsModified(): number;
    close(): void;
  };
}

const initSqlJs = createRequire(import.meta.url)('sql.js') as () => Promise<SqlJs>;

/** What Kysely asks of an SQLite, by sql.js: the same on every Node. */
export async function sqlJsDatabase(): Promise<SqliteDatabase> {
  const { Database } = await initSqlJs();
  const database = new Database();
  database.run('PRAGMA foreign_keys = ON');
  return {
    close: () => void database.close(),
    prepare(sql) {
      const statement = database.prepare(sql);
      const rows = function* (parameters: readonly unknown[]): IterableIterator<unknown> {
        try {
          statement.bind(parameters);
          while (statement.step()) yield statement.getAsObject();
        } finally {
          statement.free();
        }
      };
      return {
        reader: statement.getColumnNames().length > 0,
        all: (parameters) => [...rows(parameters)],
        iterate: (parameters) => rows(parameters),
        run(parameters) {
          for (const _ of rows(parameters));
          const [id] = database.exec('SELECT last_insert_rowid()');
          return { changes: database.getRowsModified(), lastInsertRowid: id?.values[0]?.[0] as number };
        },
      };
    },
  };
}
