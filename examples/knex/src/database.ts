import type { Knex } from 'knex';
import Sqlite from 'knex/lib/dialects/sqlite3/index.js';
import initSqlJs, { type Database } from 'sql.js';

const SqlJs = await initSqlJs();

/** An SQLite in memory, as WebAssembly: nothing has to be installed for it. An app says `client: 'better-sqlite3'`, or another. */
class SqlJsClient extends Sqlite {
  override _driver(): object {
    return SqlJs;
  }

  override async acquireRawConnection(): Promise<Database> {
    const database = new SqlJs.Database();
    database.run('PRAGMA foreign_keys = ON');
    return database;
  }

  override async destroyRawConnection(database: Database): Promise<void> {
    database.close();
  }

  override async _query(database: Database, query: Knex.Sql & Record<string, unknown>): Promise<object> {
    const statement = database.prepare(query.sql);
    const rows: unknown[] = [];
    try {
      statement.bind(query.bindings ?? []);
      while (statement.step()) rows.push(statement.getAsObject());
    } finally {
      statement.free();
    }
    const [id] = database.exec('SELECT last_insert_rowid()');
    const context = { lastID: id?.values[0]?.[0], changes: database.getRowsModified() };
    return Object.assign(query, { response: rows, context });
  }
}

/** What `knex()` is handed. */
export const sqliteInMemory: Knex.Config = {
  client: SqlJsClient as never,
  connection: { filename: ':memory:' },
  useNullAsDefault: true,
};
