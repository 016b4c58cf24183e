import type { Ask, Catalogue } from '../catalogues/catalogue.js';
import { readMysqlCatalogue } from '../catalogues/mysql.js';
import { readSqliteCatalogue } from '../catalogues/sqlite.js';
import { readCatalogue } from '../pg/catalogue.js';
import { type Asked, TableReader } from '../pg/table-reader.js';
import { type OpenSource, openSource } from '../source/open-source.js';
import type { WatchSettings } from '../source/read-options.js';
import type { Statements } from '../source/statements.js';
import { statementsOf } from '../statements/dialect-statements.js';
import type { Dialect } from '../statements/footprint-types.js';

const CATALOGUES: Readonly<Record<Dialect, (ask: Ask) => Promise<Catalogue>>> = {
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
  asked: Asked | undefined,
): ReadSource {
  const statements = statementsOf(dialect);
  const { know, ...opened }: OpenSource = openSource(settings, {
    name: names.source,
    dialect,
    statements,
    learns: asked !== undefined,
    reader: () => reader,
    searchPath: USUAL_PATHS[dialect],
  });
  const reader = new TableReader(names.watch, asked, know, settings, CATALOGUES[dialect]);
  return { ...opened, reader, dialect, statements };
}
