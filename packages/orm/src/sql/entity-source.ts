import { type Asked, TableReader } from '../pg/table-reader.js';
import { type OpenSource, openSource } from '../source/open-source.js';
import type { WatchSettings } from '../source/read-options.js';
import { statementsOf } from '../statements/dialect-statements.js';
import type { Dialect } from '../statements/footprint-types.js';
import type { SearchPath } from '../tables/places.js';
import type { TableMap } from '../tables/table-map.js';
import { CATALOGUES } from './read-source.js';

/** What an ORM says of its tables by itself, whenever it is asked. */
export interface SaidByEntities {
  fill(map: TableMap): void;
  /** Schemas in which bare names are looked up, as far as it knows. */
  path(): SearchPath;
  /** By its name, the key column of a table in which the database counts up. */
  countedKeys(): ReadonlyMap<string, string>;
}

/** A source whose tables both the entities of an ORM and the catalogue of the database tell. */
export interface EntitySource extends Omit<OpenSource, 'know'> {
  readonly reader: TableReader;
  /** What the entities say has changed. Until the database has said what there is, that is kept for then. */
  learn(): void;
  /** There may be another database behind it now: what it said counts no more. */
  forget(): void;
  /** Of a table, the key column in which the database counts up. */
  countedKey(table: string): string | undefined;
}

type Known = Parameters<OpenSource['know']>;

/**
 * Begins to watch a database through an ORM. Nothing is known until {@link EntitySource.learn} is called, nor, where the database
 * is asked, until that has answered.
 *
 * @param names - what it is called where writes are explained, and the function that the app has called
 * @param asked - who is asked for the catalogue; `undefined`: nobody, and what the entities say is all that is known
 */
export function openEntitySource(
  names: { readonly source: string; readonly watch: string },
  dialect: Dialect,
  settings: WatchSettings,
  said: SaidByEntities,
  asked: Asked | undefined,
): EntitySource {
  const { know, ...opened }: OpenSource = openSource(settings, {
    name: names.source,
    dialect,
    statements: statementsOf(dialect),
    learns: true,
    reader: () => ({ isAsking: reader.isAsking, tablesChanged, readAgain: () => reader.readAgain() }),
  });
  // What the database has said; undefined until it has.
  let known: Known | undefined;
  let counted: ReadonlyMap<string, string> = new Map();
  const learn = (): void => {
    if (asked !== undefined && known === undefined) return;
    const [fill, path = said.path(), isCaseless] = known ?? [];
    know(
      (map) => {
        said.fill(map);
        // The database counts more: an entity may have been left behind by a migration.
        fill?.(map);
      },
      path,
      isCaseless,
    );
    counted = said.countedKeys();
  };
  const hear: OpenSource['know'] = (...told) => {
    known = told;
    learn();
  };
  const reader = new TableReader(names.watch, asked, hear, settings, CATALOGUES[dialect]);
  const tablesChanged = (): boolean => {
    if (!reader.tablesChanged()) return false;
    known = undefined;
    return true;
  };
  return {
    ...opened,
    reader,
    learn,
    forget: () => void tablesChanged(),
    countedKey: (table) => counted.get(table) ?? reader.countedKey(table),
  };
}
