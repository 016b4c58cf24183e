/** Mongoose 8 or 9 itself, as far as a watch needs it: its default connection is the one that is watched. */
export interface MongooseLike {
  readonly connection: MongooseConnectionLike;
}

/** A connection of Mongoose 8 or 9, as far as a watch needs it. */
export interface MongooseConnectionLike {
  readonly readyState: number;
  getClient(): object;
  openUri(uri: string, options?: object): Promise<unknown>;
}

/** The same with what a watch asks beyond that. */
export interface ConnectionLike extends MongooseConnectionLike {
  readonly db?: { readonly databaseName: string } | undefined;
  on(event: 'buffer', listener: () => void): unknown;
  off(event: 'buffer', listener: () => void): unknown;
}
