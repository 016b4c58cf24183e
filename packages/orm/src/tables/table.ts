import type { Spellings } from './spelling.js';

/** What becomes of the rows that refer to a row, when that goes or its key changes: by the database, which tells nobody. */
export interface Reference {
  /** The table whose rows refer to it. */
  readonly from: { readonly table: string; readonly schema: string | undefined };
  /** `set`: `SET NULL` and `SET DEFAULT`. */
  readonly onDelete: 'cascade' | 'set' | 'none';
  readonly onUpdate: 'cascade' | 'set' | 'none';
  /** The columns that it refers to: of the primary key, or of another one. @defaultValue any may be one of them */
  readonly to?: readonly string[] | 'key' | undefined;
  /** The columns that refer. @defaultValue any may be one of them */
  readonly by?: readonly string[] | undefined;
}

/** A table as somebody describes it who knows the database: an option, an ORM's metadata, the catalogue. */
export interface TableFacts {
  readonly name: string;
  /** `undefined`: the one of the search path that has it. */
  readonly schema?: string | undefined;
  /** The columns of its primary key, in any order; empty where rows cannot be told apart. */
  readonly pk?: readonly string[] | undefined;
  /** Who says so: the app's word counts more than the database's, and that more than an ORM's. @defaultValue an ORM */
  readonly saidBy?: KeySayer | undefined;
  readonly referredBy?: readonly Reference[] | undefined;
  /**
   * Statements that change no row may change something all the same: triggers or rules do it. `undefined`: nobody has looked
   * for them.
   */
  readonly mayActUnseen?: boolean | undefined;
  /** It knows no transactions: what was written stays, whatever becomes of the one that it was written in. */
  readonly isLasting?: boolean | undefined;
  /** What its definition says of rows that break its constraints. @defaultValue nothing */
  readonly conflicts?: ReadonlySet<ConflictClause> | undefined;
  /** Rows may be written under another key than a statement says: triggers act in front of it. @defaultValue false */
  readonly mayRekey?: boolean | undefined;
  /** A new key that does not fit is cut to one that does. @defaultValue false */
  readonly mayCutKeys?: boolean | undefined;
}

export type KeySayer = 'options' | 'database';

/**
 * What SQLite does with a row that breaks a constraint, where the definition of the table says so (`UNIQUE ON CONFLICT …`):
 * `replace`, it deletes those that are in the way; `fail`, it keeps what the statement has changed until then; `rollback`, it
 * ends the transaction.
 */
export type ConflictClause = 'replace' | 'fail' | 'rollback';

/** What a write does to the rows of a table, as far as it matters to other tables; `all`: `TRUNCATE … CASCADE`. */
export type Change = 'delete' | 'key' | 'all' | 'other';

/** One table that is read and written, and the tags that stand for it. */
export interface Table {
  readonly name: string;
  /** `undefined`: nobody has said it. */
  readonly schema: string | undefined;
  /**
   * What its tags begin with: `T`, carried by what has read any row of it, `T#id`, a row, `T!bulk`, rows have changed and nobody
   * knows which, `T!ins`, rows have appeared and nobody knows under which key.
   */
  readonly spellings: Spellings;
  /** In the order of their names: whoever describes a table may have another order in mind. */
  readonly pk: readonly string[];
  readonly keySaidBy: KeySayer | undefined;
  readonly mayActUnseen: boolean;
  readonly isLasting: boolean;
  readonly conflicts: ReadonlySet<ConflictClause>;
  readonly mayRekey: boolean;
  readonly mayCutKeys: boolean;
  /** Somebody has looked for triggers and rules, and there are none. */
  readonly actsAsSaid: boolean;
  /** Somebody who knows the database has described it. */
  readonly isKnown: boolean;
}
