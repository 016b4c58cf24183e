import type { Ask, Catalogue } from '../catalogues/catalogue.js';
import { readMysqlCatalogue } from '../catalogues/mysql.js';
import { readSqliteCatalogue } from '../catalogues/sqlite.js';
import { readCatalogue } from '../pg/catalogue.js';
import { type Asked, TableReader } from '../pg/table-reader.js';
import { knownFromElsewhere, type OpenSource, openSource } from '../source/open-source.js';
import type { WatchSettings } from '../source/read-options.js';
import type { Statements } from '../source/statements.js';
import { statementsOf } from '../statements/dialect-statements.js';
import type { Dialect } from '../statements/footprint-types.js';

/** Who asks the questions that a database understands. */
export const CATALOGUES: Readonly<Record<Dialect, (ask: Ask) => Promise<Catalogue>>> = {
  postgres: readCatalogue,
  mysql: readMysqlCatalogue,
  sqlite: readSqliteCatalogue,
};

/** Schemas in which bare names are looked up, until the database says so. */
const USUAL_PATHS: Readonly<Record<Dialect, readonly string[]>> = { postgres: ['public'], mysql: [], sqlite: ['main'] };

/** A source whose tables are read from the database, of whichever kind. */
export interface ReadSource extends Omit<OpenSource, 'know'> {
  readonly reader: TableReader;
  readonly dialect: Dialect;
  readonly statements: Statements;
}

/** Who is asked for the tables. */
export interface AskedForTables extends Asked {
  /** Each connection looks bare names up where the one does by which the tables are read. */
  readonly areAlike: boolean;
}

/**
 * Begins to watch a database of one of three kinds.
 *
 * @param names - what it is called where writes are explained, and the function that the app has called
 * @param asked - who is asked for the tables; `undefined`: nobody
 */
export function openReadSource(
  names: { readonly source: string; readonly watch: string },
  dialect: Dialect,
  settings: WatchSettings,
  asked: AskedForTables | undefined,
): ReadSource {
  const statements = statementsOf(dialect);
  const { know, ...opened }: OpenSource = openSource(settings, {
    name: names.source,
    dialect,
    statements,
    learns: asked !== undefined,
    reader: () => reader,
    path: { schemas: USUAL_PATHS[dialect], isSure: false },
  });
  const told = asked?.areAlike === false ? knownFromElsewhere(know) : know;
  const reader = new TableReader(names.watch, asked, told, settings, CATALOGUES[dialect]);
  return { ...opened, reader, dialect, statements };
}
