/** A `DataSource` of TypeORM 0.3 or 1, as far as a watch needs it. */
export interface TypeOrmDataSource {
  readonly options: { readonly type: string };
  readonly isInitialized: boolean;
  readonly entityMetadatas: readonly object[];
  readonly subscribers: object[];
  initialize(): Promise<object>;
  createQueryRunner(mode?: 'master' | 'slave'): object;
}

/** The same with what a watch asks beyond that; the type above takes both versions, whose types differ in this. */
export interface DataSourceLike extends TypeOrmDataSource {
  readonly entityMetadatas: readonly EntityMetadataLike[];
  readonly manager: object;
  readonly driver: { readonly searchSchema?: string; readonly database?: string };
  readonly queryResultCache?: ResultCacheLike;
  createQueryRunner(mode?: 'master' | 'slave'): QueryRunnerLike;
}

export interface QueryRunnerLike {
  readonly isReleased: boolean;
  release(): Promise<void>;
  readonly manager?: object;
  /** The driver's own connection, which is the same for each runner that has it at some time. */
  connect(): Promise<unknown>;
  query(sql: string, parameters?: unknown, useStructuredResult?: boolean): Promise<unknown>;
  stream(sql: string, parameters?: unknown, onEnd?: () => void, onError?: (error: Error) => void): Promise<unknown>;
}

/** What `query` of a runner resolves to where it is asked for a structured result. */
export interface QueryResultLike {
  /** What it resolves to otherwise. */
  readonly raw: unknown;
  readonly records?: readonly unknown[];
  readonly affected?: number | null;
}

/** What TypeORM tells subscribers of, when a statement has been carried out, before its promise settles. */
export interface AfterQueryLike {
  readonly queryRunner: object;
  readonly query: string;
  readonly parameters?: unknown;
  readonly success: boolean;
  readonly rawResults?: unknown;
}

export interface ResultCacheLike {
  isExpired(saved: object): boolean;
}

export interface EntityMetadataLike {
  readonly tableName: string;
  /** With schema or database in front, where it has one. */
  readonly tablePath: string;
  /** Of MySQL. */
  readonly engine?: string;
  readonly tableType: string;
  readonly expression?: string | ((dataSource: never) => { getQuery(): string });
  readonly tableMetadataArgs?: { readonly materialized?: boolean };
  readonly primaryColumns: readonly ColumnMetadataLike[];
  readonly foreignKeys: readonly ForeignKeyMetadataLike[];
}

export interface ColumnMetadataLike {
  readonly databaseName: string;
  readonly type: unknown;
  readonly isGenerated: boolean;
  readonly generationStrategy?: string;
  /** Of a column that the database makes of others. */
  readonly generatedType?: string;
}

export interface ForeignKeyMetadataLike {
  readonly referencedEntityMetadata: EntityMetadataLike;
  readonly columns: readonly ColumnMetadataLike[];
  readonly referencedColumns: readonly ColumnMetadataLike[];
  readonly onDelete?: string;
  readonly onUpdate?: string;
}
