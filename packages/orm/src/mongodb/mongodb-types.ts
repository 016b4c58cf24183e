/** A `MongoClient` of the driver 6 or 7, as far as a watch needs it. */
export interface MongoClientLike {
  readonly options: { readonly monitorCommands?: boolean | undefined };
  db(name?: string): object;
  startSession(): object;
  on(event: string, listener: (event: never) => void): unknown;
  off(event: string, listener: (event: never) => void): unknown;
}

/** Any document of BSON, as the driver has it. */
export type BsonDocument = Readonly<Record<string, unknown>>;

/** What the driver tells when it is about to send a command. */
export interface CommandStarted {
  /** The same one when it has ended. */
  readonly requestId: number;
  readonly commandName: string;
  readonly databaseName: string;
  readonly command: BsonDocument;
}

export interface CommandSucceeded {
  readonly requestId: number;
  readonly reply: unknown;
}

export interface CommandFailed {
  readonly requestId: number;
  readonly failure: FailureLike;
}

export interface FailureLike {
  readonly code?: unknown;
  readonly errorLabels?: unknown;
  /** What the server has answered; `undefined` where it has not. */
  readonly errorResponse?: unknown;
}

export interface DbLike {
  readonly databaseName: string;
  collection(name: string): object;
  admin(): object;
  listCollections(filter: object): { toArray(): Promise<readonly BsonDocument[]> };
}

export interface SessionLike {
  readonly id?: unknown;
  once(event: 'ended', listener: () => void): unknown;
}

/** A value that has fields of its own: no array, date, or type of BSON. */
export function isDocument(value: unknown): value is BsonDocument {
  if (typeof value !== 'object' || value === null || '_bsontype' in value) return false;
  return !Array.isArray(value) && !(value instanceof Date) && !(value instanceof RegExp) && !ArrayBuffer.isView(value);
}

/** The documents of a list. */
export function documentsIn(value: unknown): readonly BsonDocument[] {
  return Array.isArray(value) ? value.filter(isDocument) : [];
}

/** A number that the driver may have left as it came: `Int32`, `Long`. */
export function numberIn(value: unknown): number | undefined {
  const number = value === undefined || value === null ? Number.NaN : Number(value);
  return Number.isNaN(number) ? undefined : number;
}
