import type { ColumnNames } from '../pg/outcome-of.js';
import type { WatchedSource } from '../source/watched-source.js';

/** One watch of a `Sequelize`, as its connections know it. */
export interface SequelizeParty {
  readonly source: WatchedSource;
  /** Of a table, the key column in which the database counts up. */
  countedKey(table: string): string | undefined;
  /** A statement is about to be sent. */
  woken(): void;
  readonly columnNames: ColumnNames;
}
