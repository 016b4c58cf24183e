/** What one statement came to. */
export interface StatementResult {
  /** What the database says it did, in capitals: `UPDATE`, `COMMIT`; `undefined` where a driver does not tell. */
  readonly command: string | undefined;
  /** Rows that it changed; `undefined` where a driver does not tell. */
  readonly affected: number | undefined;
  /**
   * Of the rows that it returned, the values of these columns; `undefined` unless each row that it changed was returned
   * with each of them, read from the table itself.
   */
  returned?(columns: readonly string[]): readonly (readonly unknown[])[] | undefined;
}

/** How a text of one or several statements ended. */
export type Outcome =
  | {
      readonly kind: 'done';
      /** One for each statement; fewer where a driver does not tell. */
      readonly results: readonly StatementResult[];
    }
  | {
      readonly kind: 'failed';
      /** The database has not said that it failed: it may have been carried out all the same. */
      readonly isUnknown: boolean;
    };

/** A statement's write as hooks of an ORM, or change capture, tell it. */
export interface WriteEvent {
  readonly table: string;
  readonly schema?: string | undefined;
  readonly verb: 'insert' | 'update' | 'delete' | 'upsert' | 'truncate' | 'ddl';
  /** Of each row that was written, the values of its primary key; `undefined`: nobody knows which. */
  readonly rows?: readonly (readonly unknown[])[] | undefined;
  /** Columns that were set; `undefined`: nobody knows. */
  readonly columns?: readonly string[] | undefined;
}

/** What a command has written that is no statement. */
export interface WritesTold {
  readonly events: readonly WriteEvent[];
  /** What it is called where invalidations are explained. */
  readonly said: string;
  /** Nobody can tell what it does. */
  readonly isOpaque?: boolean;
  /** Why it counts as a write to all there is, where it does. */
  readonly everything?: string | undefined;
  /** Nobody has heard whether it was carried out, or it may yet be. */
  readonly isUnknown?: boolean;
}
