/** What `knex({ client, connection })` returns, as far as a watch needs it. */
export interface KnexLike {
  readonly client: object;
}

/** The client of a Knex: for each transaction Knex makes another one of the same class. */
export interface ClientLike {
  readonly driverName: string;
  readonly pool?: object;
  acquireConnection(): Promise<object>;
  releaseConnection(connection: object): Promise<void>;
}

/** A statement as a client is handed it; what has come of it is put into it. */
export interface SentQuery {
  readonly sql: string;
  readonly bindings?: readonly unknown[];
  response?: unknown;
  /** Of SQLite. */
  readonly context?: { readonly lastID?: unknown; readonly changes?: unknown };
}

/** What whoever writes a dialect of Knex writes: all that is sent passes through these two. */
export interface DialectMethods {
  _query(this: object, connection: object, query: SentQuery | string): Promise<SentQuery>;
  _stream(this: object, connection: object, query: SentQuery, stream: object, options: unknown): Promise<unknown>;
}

/** MySQL's answer to what returns no rows. */
export interface Header {
  readonly affectedRows: number;
  readonly insertId?: unknown;
  readonly serverStatus?: number;
}
