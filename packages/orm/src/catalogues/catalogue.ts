import type { TableName } from '../statements/footprint-types.js';
import type { TableMap } from '../tables/table-map.js';

/** Asks the database; the first column of each row, which is JSON as a text: whatever parsers the app has set do not matter. */
export type Ask = (sql: string) => Promise<readonly string[]>;

/** What a database says of its tables. */
export interface Catalogue {
  readonly searchPath: readonly string[];
  /** Tables with triggers or rules of the app: what these write, nobody can read from here, or not all of it. */
  readonly withTriggers: readonly TableName[];
  /** Of the former, those of whose rules nobody can read what they write, and all that they may write: any of these tables. */
  readonly untoldRules?: readonly TableName[] | undefined;
  readonly tables?: readonly TableName[];
  /** Functions of the app of which nobody can read what they touch: they put statements together. */
  readonly untoldFunctions?: readonly string[] | undefined;
  /** Tables of which the database shows some rows to some who ask, by who they are. */
  readonly shownByAsker?: readonly TableName[] | undefined;
  /** By table, the key column in which the database counts up, where it tells the key of a new row by that. */
  readonly countedKeys?: ReadonlyMap<string, string> | undefined;
  /** Letter case does not matter in names of tables. */
  readonly isCaseless?: boolean | undefined;
  fill(map: TableMap): void;
}
