/** A dialect of Kysely: what `new Kysely({ dialect })` is handed. */
export interface KyselyDialect {
  createDriver(): object;
  createQueryCompiler(): object;
}

/** What a query builder has been compiled to. */
export interface CompiledQueryLike {
  readonly sql: string;
  readonly parameters: readonly unknown[];
  readonly query: object;
  readonly queryId: object;
}

export interface QueryResultLike {
  readonly rows: readonly unknown[];
  readonly numAffectedRows?: bigint;
  readonly insertId?: bigint;
}

/** One connection of a driver: the same object whenever the driver hands that connection out. */
export interface ConnectionLike {
  executeQuery(query: CompiledQueryLike, ...more: unknown[]): Promise<QueryResultLike>;
  streamQuery(query: CompiledQueryLike, ...more: unknown[]): AsyncIterableIterator<QueryResultLike>;
}

type OnConnection = (connection: ConnectionLike, ...more: unknown[]) => Promise<void>;

export interface DriverLike {
  init(...given: unknown[]): Promise<void>;
  acquireConnection(...given: unknown[]): Promise<ConnectionLike>;
  beginTransaction: OnConnection;
  commitTransaction: OnConnection;
  rollbackTransaction: OnConnection;
  savepoint?(connection: ConnectionLike, name: string, ...more: unknown[]): Promise<void>;
  rollbackToSavepoint?(connection: ConnectionLike, name: string, ...more: unknown[]): Promise<void>;
  releaseSavepoint?(connection: ConnectionLike, name: string, ...more: unknown[]): Promise<void>;
  releaseConnection: OnConnection;
  destroy(...given: unknown[]): Promise<void>;
}

export interface CompilerLike {
  compileQuery(node: object, queryId: object): CompiledQueryLike;
}
