/** Whose rules a text is read by: quotes, comments, parameters and the fold of names differ. MariaDB is `mysql`. */
export type Dialect = 'postgres' | 'mysql' | 'sqlite';

/**
 * A table as a statement names it, folded as the dialect folds names: PostgreSQL lowers what is not quoted, SQLite
 * lowers all, MySQL nothing.
 */
export interface TableName {
  readonly table: string;
  /** As written in front of it; `undefined` where the search path decides. */
  readonly schema: string | undefined;
}

/** A value in a statement: written out, or one of its parameters. */
export type Operand =
  | { readonly kind: 'literal'; readonly text: string }
  | {
      readonly kind: 'parameter';
      /** From 0, in the order of the list that the driver is handed; or the name of a named one, without its sign. */
      readonly at: number | string;
      /** `= ANY($1)`: the parameter is a list. */
      readonly isList: boolean;
    };

/** A column and the values it has; columns of MySQL and SQLite are in lower case. */
export interface HeldColumn {
  readonly column: string;
  readonly values: readonly Operand[];
}

/** A table that a statement reads. */
export interface ReadTable extends TableName {
  /** Columns that the condition holds to some values: other rows change nothing; empty where any row may matter. */
  readonly held: readonly HeldColumn[];
}

/** What a statement does to a table it writes. `upsert`: some rows may be inserted, others changed or replaced. */
export type WriteVerb = 'insert' | 'update' | 'delete' | 'upsert' | 'truncate' | 'ddl';

/** A table that a statement writes, and how. Its rows may be returned, too: {@link Footprint.returnsWritten}; `reads` does not repeat it. */
export interface WrittenTable extends TableName {
  readonly verb: WriteVerb;
  /** Of an update or a delete: columns that the condition holds; empty where it may touch any row. */
  readonly held: readonly HeldColumn[];
  /** Of an insert or upsert with `VALUES`: columns whose values stand in it, one value a row, in the order of rows. */
  readonly inserted: readonly HeldColumn[];
  /**
   * Columns that an update, or an upsert's update, sets, folded as `held` has them; `undefined` where the text does not
   * tell. One that sets a column of the primary key has other rows afterwards than its condition names.
   */
  readonly columns: readonly string[] | undefined;
  /** `ON CONFLICT (…) DO UPDATE`: the columns; `undefined` where any unique key may conflict. */
  readonly conflict: readonly string[] | undefined;
  /** `TRUNCATE … CASCADE`, `DROP … CASCADE`: all tables with a foreign key to it, whatever their `ON DELETE` says. */
  readonly cascades: boolean;
  /** PostgreSQL's `SET a = a, b = b`: no row is another one afterwards, unless a trigger makes it one. */
  readonly keeps: boolean;
  /** Written more than once by the statement: what the database says of its result goes for one of them. */
  readonly isRepeated?: boolean;
}

/** Of a list behind `RETURNING`, what is known of the columns of the table that is written; columns of MySQL and SQLite are in lower case. */
export interface ReturnedColumns {
  /** All of them come back. */
  readonly hasAll: boolean;
  /** Columns of it that come back under their own names. */
  readonly own: ReadonlySet<string>;
  /** Names, in lower case, under which something else comes back: a column of another table, or one that was given this name. */
  readonly others: ReadonlySet<string>;
}

/** What a statement does to the transaction of its connection. */
export type TransactionVerb =
  | {
      readonly verb: 'begin' | 'commit' | 'rollback';
      /** `AND CHAIN`: the next one begins at once. */
      readonly chains: boolean;
    }
  | { readonly verb: 'savepoint' | 'release' | 'rollback-to'; readonly name: string }
  /** MySQL's `SET autocommit`: with `isOn` false each statement begins a transaction where none is open. */
  | { readonly verb: 'autocommit'; readonly isOn: boolean };

/** What a statement does with a cursor. */
export type CursorVerb =
  | { readonly verb: 'declare' | 'fetch'; readonly name: string }
  /** `undefined`: all of the connection. */
  | { readonly verb: 'close'; readonly name: string | undefined };

/** What one statement reads and writes, as far as its text tells. */
export interface Footprint {
  readonly reads: readonly ReadTable[];
  readonly writes: readonly WrittenTable[];
  readonly transaction: TransactionVerb | undefined;
  /** MySQL (`BEGIN`, DDL, `LOCK TABLES` …): commits what is open before it runs, and what it writes itself. */
  readonly commitsFirst: boolean;
  /** It may not do so: what is open may stay open (`UNLOCK TABLES` where nothing is locked). */
  readonly mayGoOn?: boolean;
  /** `CALL`, `DO`, a prepared `EXECUTE`, a table named by a parameter: nobody can tell by its text what it does. */
  readonly isOpaque: boolean;
  /**
   * Every name in it that may be a table's or a function's, folded: what was not understood is looked up among the known
   * tables, and functions that the app has told of are found by it.
   */
  readonly names: ReadonlySet<string>;
  /**
   * Rows that it writes come back to who has asked (`RETURNING`, MySQL's `LAST_INSERT_ID(…)` and `@x := …`): it has read what
   * it has written. Not so an INSERT that no row can be in the way of: what that returns is its own, and no row of before.
   */
  readonly returnsWritten?: boolean;
  /** What stands behind its `RETURNING`; `undefined` where it has none. */
  readonly returned?: ReturnedColumns | undefined;
  /** PostgreSQL: the cursor that it declares, fetches from or closes. */
  readonly cursor?: CursorVerb | undefined;
  /** PostgreSQL: the functions in it that read what a text says (`query_to_xml`). */
  readonly textReaders?: readonly string[] | undefined;
  /** MySQL's `USE`: bare names mean tables of another schema from now on. */
  readonly movesPath?: boolean;
  /** PostgreSQL: makes or changes tables, functions or schemas beside those that `writes` names. */
  readonly redefines?: boolean;
  /** False where some of it was not understood: every known table among the names counts as read and written, besides what is listed. */
  readonly isUnderstood: boolean;
}
