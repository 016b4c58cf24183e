import type { KnexLike } from './knex-client.js';
import type { KyselyLike } from './kysely-client.js';

/** A `MikroORM` of version 6 or 7, as far as a watch needs it. */
export interface MikroOrmClient {
  readonly em: object;
  readonly config: object;
  connect(): Promise<unknown>;
  getMetadata(): object;
}

/** The same with what a watch asks beyond that; the type above takes both versions, whose types differ in this. */
export interface OrmLike {
  readonly em: EntityManagerLike;
  readonly config: ConfigLike;
  connect(): Promise<unknown>;
  getMetadata(): {
    /** By class in version 7, by the name of the class in version 6. */
    getAll(): ReadonlyMap<unknown, MetadataLike> | Readonly<Record<string, MetadataLike>>;
  };
}

export interface ConfigLike {
  get(option: string): unknown;
  getPlatform(): PlatformLike;
  getResultCacheAdapter(): object;
}

export interface PlatformLike {
  getDefaultSchemaName(): string | undefined;
  /** Absent where the database has no tables: MongoDB. */
  getSchemaHelper(): { disableForeignKeysSQL?(): string } | undefined;
}

export interface EntityManagerLike {
  readonly config: ConfigLike;
  fork(): EntityManagerLike;
  getContext(validate: boolean): EntityManagerLike;
  getDriver(): { getConnection(type?: 'read' | 'write'): ConnectionLike };
  /** @param useContext - `false`: the one of this object, whatever request runs */
  getUnitOfWork(useContext: boolean): object;
  getTransactionContext(): object | undefined;
}

/** To a server or a file: a pool, for the former. */
export interface ConnectionLike {
  readonly connected: boolean;
  ensureConnection(): Promise<void>;
  execute(
    sql: string,
    parameters: readonly unknown[],
    method: 'all',
    ...context: unknown[]
  ): Promise<readonly object[]>;
  /** Version 7. */
  getClient?(): KyselyLike;
  /** Version 6. */
  getKnex?(): KnexLike;
}

/** What is known of an entity. */
export interface MetadataLike {
  readonly tableName?: string;
  /** `'*'`: another one for each call. */
  readonly schema?: string;
  readonly abstract?: boolean;
  readonly embeddable?: boolean;
  /** An entity of a statement, which is sent as it is: no table. */
  readonly virtual?: boolean;
  /** Version 7: of a view of the database. */
  readonly view?: unknown;
  readonly materialized?: boolean;
  readonly expression?: unknown;
  readonly primaryKeys: readonly string[];
  readonly properties: Readonly<Record<string, PropertyLike>>;
  /** Version 7: what it extends, where each class has a table of its own. */
  readonly tptParent?: MetadataLike;
}

export interface PropertyLike {
  readonly kind: string;
  readonly owner?: boolean;
  readonly fieldNames?: readonly string[];
  /** Of a reference: the columns that it refers to. */
  readonly referencedColumnNames?: readonly string[];
  readonly columnTypes?: readonly string[];
  readonly autoincrement?: boolean;
  readonly nullable?: boolean;
  readonly cascade?: readonly string[];
  readonly deleteRule?: string;
  readonly updateRule?: string;
  readonly targetMeta?: MetadataLike;
  readonly mappedBy?: string;
  readonly pivotTable?: string;
}
