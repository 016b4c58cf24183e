/** Any function, whatever it takes: what is called is called as it was. */
type AnyFunction = (...given: never[]) => unknown;

/** A `Database` of `sql.js`, as far as a watch needs one. */
export interface SqlJsDatabase {
  run: AnyFunction;
  exec: AnyFunction;
  each: AnyFunction;
  prepare: AnyFunction;
  iterateStatements: AnyFunction;
  getRowsModified: AnyFunction;
  export: AnyFunction;
}

/** The same with what it is called for here. */
export interface DatabaseLike extends Omit<SqlJsDatabase, 'exec' | 'prepare' | 'getRowsModified'> {
  exec(sql: string): readonly { readonly values: readonly (readonly unknown[])[] }[];
  prepare(sql: unknown, parameters?: unknown): StatementLike;
  getRowsModified(): number;
}

/** A prepared statement. */
export interface StatementLike {
  getSQL(): string;
  bind(parameters?: unknown): boolean;
  step(): boolean;
  get(parameters?: unknown, config?: unknown): readonly unknown[];
  getAsObject(parameters?: unknown, config?: unknown): object;
  run(parameters?: unknown): unknown;
  reset(): unknown;
  free(): unknown;
}
