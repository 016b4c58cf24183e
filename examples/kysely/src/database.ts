import { type Generated, SqliteDialect } from 'kysely';
import initSqlJs from 'sql.js';

/** The tables. */
export interface Database {
  authors: { id: Generated<number>; name: string };
  books: { id: Generated<number>; title: string; author_id: number };
}

/** An SQLite in memory, as WebAssembly: nothing has to be installed for it. An app takes `better-sqlite3`, or another dialect. */
export async function sqliteInMemory(): Promise<SqliteDialect> {
  const { Database } = await initSqlJs();
  const database = new Database();
  database.run('PRAGMA foreign_keys = ON');
  return new SqliteDialect({
    database: {
      close: () => database.close(),
      prepare(sql) {
        const statement = database.prepare(sql);
        const rows = function* (values: readonly unknown[]): IterableIterator<unknown> {
          try {
            statement.bind(values);
            while (statement.step()) yield statement.getAsObject();
          } finally {
            statement.free();
          }
        };
        return {
          reader: statement.getColumnNames().length > 0,
          all: (values) => [...rows(values)],
          iterate: (values) => rows(values),
          run(values) {
            for (const _ of rows(values));
            const [id] = database.exec('SELECT last_insert_rowid()');
            return { changes: database.getRowsModified(), lastInsertRowid: Number(id?.values[0]?.[0]) };
          },
        };
      },
    },
  });
}
