/** Any function, whatever it takes: what is called is called as it was. */
type AnyFunction = (...given: never[]) => unknown;

/** A `Database` of `better-sqlite3`, as far as a watch needs one. */
export interface BetterSqlite3Database {
  prepare: AnyFunction;
  exec: AnyFunction;
  pragma: AnyFunction;
  transaction: AnyFunction;
  readonly open: boolean;
  readonly inTransaction: boolean;
}

/** The same with what it is called for here. */
export interface DatabaseLike extends Omit<BetterSqlite3Database, 'prepare'> {
  prepare(sql: string): StatementLike;
}

/** A prepared statement. */
export interface StatementLike {
  readonly source: string;
  readonly database: object;
  pluck(): StatementLike;
  raw(): StatementLike;
  get(): unknown;
  all(): readonly unknown[];
  columns(): readonly Column[];
}

/** A column of what a statement returns; `null` where it is computed. */
export interface Column {
  readonly name: string;
  readonly column: string | null;
  readonly table: string | null;
}

/** What `run` returns. */
export interface RunResult {
  readonly changes: number;
  readonly lastInsertRowid: number | bigint;
}
