/** Any function, whatever it takes: overloads and generics of `pg` differ by version, and what is called is called as it was. */
type AnyFunction = (...given: never[]) => unknown;

/** A `pg.Client`, of this copy of `pg` or another. */
export interface PgClientLike {
  query: AnyFunction;
  escapeIdentifier: AnyFunction;
  on: AnyFunction;
}

/** A `pg.Pool`, or one of `pg-pool`. */
export interface PgPoolLike {
  query: AnyFunction;
  connect: AnyFunction;
  on: AnyFunction;
  readonly totalCount: number;
}

/** The module itself: what `import pg from 'pg'` gives. */
export interface PgModuleLike {
  // biome-ignore lint/suspicious/noExplicitAny: prototypes of classes are typed so
  readonly Client: { readonly prototype: any };
  // biome-ignore lint/suspicious/noExplicitAny: as above
  readonly Pool: { readonly prototype: any };
}

/** What `query` is called with in place of a text: options, or an object that carries itself out. */
export interface PgConfig {
  readonly text?: unknown;
  readonly values?: unknown;
  readonly name?: unknown;
  readonly callback?: unknown;
  readonly submit?: unknown;
  /** Of a `pg-query-stream`. */
  readonly cursor?: { readonly text?: unknown; readonly values?: unknown };
}

/** One result of a query. */
export interface PgResult {
  readonly command?: string | null;
  readonly rowCount?: number | null;
  readonly rows?: readonly unknown[];
  readonly fields?: readonly PgField[];
  /** What has made values of what the server sent, for each column. */
  readonly _parsers?: readonly unknown[];
}

/** A column of a result. */
export interface PgField {
  readonly name: string;
  /** 0 for what is computed. */
  readonly tableID: number;
  readonly columnID: number;
  readonly dataTypeID?: number;
  readonly format?: string;
}

/** A query that carries itself out: the connection calls these. */
export interface PgSubmittable extends PgConfig {
  handleRowDescription?: Handler;
  handleDataRow?: Handler;
  handlePortalSuspended?: Handler;
  handleEmptyQuery?: Handler;
  handleCommandComplete?: Handler;
  handleCopyInResponse?: Handler;
  handleCopyData?: Handler;
  handleReadyForQuery?: Handler;
  handleError?: Handler;
}

type Handler = (...given: unknown[]) => unknown;
