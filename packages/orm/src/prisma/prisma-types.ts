/** A client of Prisma, the generated one or what `$extends` has made of it. */
export interface PrismaClientLike {
  $connect(): PromiseLike<void>;
  $disconnect(): PromiseLike<void>;
}

/** A statement as Prisma hands it to a driver adapter. */
export interface AdapterQuery {
  readonly sql: string;
  readonly args: readonly unknown[];
  readonly argTypes: readonly unknown[];
}

/** What a driver adapter answers to `queryRaw`. */
export interface AdapterResult {
  readonly columnNames: readonly string[];
  readonly rows: readonly (readonly unknown[])[];
  /** Where the database has made a key by counting, and returns no rows. */
  readonly lastInsertId?: string | undefined;
}

/** What sends statements: an adapter, or a transaction of one. */
export interface AdapterQueryable {
  queryRaw(query: AdapterQuery): Promise<AdapterResult>;
  executeRaw(query: AdapterQuery): Promise<number>;
}

/** A transaction of a driver adapter. */
export interface AdapterTransaction extends AdapterQueryable {
  commit(): Promise<void>;
  rollback(): Promise<void>;
  createSavepoint?(name: string): Promise<void>;
  rollbackToSavepoint?(name: string): Promise<void>;
  releaseSavepoint?(name: string): Promise<void>;
}

/** A driver adapter that is connected. */
export interface DriverAdapter extends AdapterQueryable {
  executeScript(script: string): Promise<void>;
  startTransaction(isolationLevel?: string): Promise<AdapterTransaction>;
  dispose(): Promise<void>;
  getConnectionInfo?(): { readonly schemaName?: string | undefined };
}

/** What an app hands to `new PrismaClient({ adapter })`. */
export interface AdapterFactory {
  readonly provider: string;
  connect(): Promise<DriverAdapter>;
}

/** A field of a model, as the client carries it. */
export interface RuntimeField {
  readonly name: string;
  readonly kind: string;
  readonly type: string;
  readonly relationName?: string;
  readonly dbName?: string | null;
}

export interface RuntimeModel {
  readonly fields: readonly RuntimeField[];
  readonly dbName: string | null;
  readonly schema?: string | null;
}

/** One call of the app, as the client carries it out: `prisma.user.findUnique(args)`. */
export interface Operation {
  readonly action: string;
  readonly model?: string | undefined;
  readonly args?: unknown;
  readonly clientMethod: string;
  readonly transaction?: { readonly kind: string; readonly id: unknown } | undefined;
}

/** Of the client itself, below all that `$extends` puts over it, what a watch stands on. */
export interface ClientCore {
  readonly _runtimeDataModel: { readonly models: Readonly<Record<string, RuntimeModel>> };
  readonly _engineConfig: { readonly adapter?: AdapterFactory; readonly inlineSchema: string };
  readonly _engine: {
    start(): Promise<void>;
    transaction(action: string, headers: unknown, options: unknown): Promise<{ readonly id: unknown } | undefined>;
  };
  _executeRequest(operation: Operation): Promise<unknown>;
  _createItxClient(transaction: { readonly id: unknown }, ...more: unknown[]): object;
}
