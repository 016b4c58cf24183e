import { createRequire } from 'node:module';
import type { Engine } from './sqlite-driver.js';

/** A statement of sql.js, which brings no types. */
export interface Statement {
  bind(values?: unknown): boolean;
  step(): boolean;
  get(values?: unknown): readonly unknown[];
  getAsObject(values?: unknown): object;
  getSQL(): string;
  run(values?: unknown): void;
  reset(): boolean;
  free(): boolean;
}

export interface Database {
  run(sql: string, values?: unknown): Database;
  exec(sql: string, values?: unknown): readonly { readonly values: readonly (readonly unknown[])[] }[];
  each(sql: string, values: unknown, callback: (row: object) => void, done?: () => void): void;
  each(sql: string, callback: (row: object) => void, done?: () => void): void;
  prepare(sql: string, values?: unknown): Statement;
  iterateStatements(sql: string): Iterable<Statement>;
  getRowsModified(): number;
  export(): Uint8Array;
  close(): void;
}

const initSqlJs = createRequire(import.meta.url)('sql.js') as () => Promise<{
  readonly Database: new () => Database;
}>;

/** An empty database whose foreign keys act. */
export async function openSqlJs(): Promise<Database> {
  const { Database } = await initSqlJs();
  return new Database().run('PRAGMA foreign_keys = ON');
}

export function sqlJsEngine(database: Database): Engine {
  return {
    rows(sql, parameters) {
      const statement = database.prepare(sql, parameters);
      const rows: object[] = [];
      while (statement.step()) rows.push(statement.getAsObject());
      statement.free();
      return rows;
    },
    run: (sql, parameters) => database.run(sql, parameters),
    exec: (sql) => database.exec(sql),
    close: () => database.close(),
  };
}
