import type { Statements } from '../source/statements.js';
import { foldedName } from '../statements/fold.js';
import type { Dialect, TableName } from '../statements/footprint-types.js';
import type { SearchPath } from '../tables/places.js';
import { isPlainType } from '../tables/plain-type.js';
import type { Reference, TableFacts } from '../tables/table.js';
import type { TableMap } from '../tables/table-map.js';
import type { ColumnMetadataLike, DataSourceLike, EntityMetadataLike } from './typeorm-types.js';

/** Engines of MySQL that know no transactions. */
const LASTING = /^(?:myisam|memory|heap|aria|csv|archive|merge|mrg_myisam)\b/i;

/** Schemas in which bare names are looked up, as a driver has asked for them; the database, in MySQL. */
export function pathOf({ driver }: DataSourceLike, dialect: Dialect): SearchPath {
  if (dialect === 'sqlite') return { schemas: ['main'], isSure: true };
  // It has asked for the first schema alone, and a table may be in the next.
  if (dialect === 'postgres') return { schemas: [driver.searchSchema ?? 'public'], isSure: false };
  return driver.database ? { schemas: [driver.database], isSure: true } : { schemas: [], isSure: false };
}

/** Fills a map with what entities say of their tables: keys, foreign keys, tables between two, and views. */
export function describeEntities(
  map: TableMap,
  dataSource: DataSourceLike,
  dialect: Dialect,
  statements: Statements,
): void {
  const metadatas = dataSource.entityMetadatas;
  const tables = metadatas.filter((metadata) => !isView(metadata));
  const references = referencesIn(tables, dialect);
  map.describe(
    tables.map((metadata): TableFacts => {
      const { table: name, schema } = nameOf(metadata, dialect);
      const pk = metadata.primaryColumns;
      return {
        name,
        schema,
        pk: pk.every(isPlain) ? pk.map(({ databaseName }) => databaseName) : [],
        referredBy: references.get(metadata.tablePath) ?? [],
        isLasting: LASTING.test(metadata.engine ?? ''),
      };
    }),
  );
  for (const view of metadatas.filter(isView)) {
    const reads = tablesRead(view, dataSource, statements, map);
    if (reads.length > 0) map.stands(nameOf(view, dialect), reads);
  }
}

/** By its name, the one key column of each table in which the database counts up; tables of one name must agree. */
export function countedKeys({ entityMetadatas }: DataSourceLike, dialect: Dialect): ReadonlyMap<string, string> {
  const keys = new Map<string, string | undefined>();
  for (const metadata of entityMetadatas) {
    const { table } = nameOf(metadata, dialect);
    const [column, another] = metadata.primaryColumns;
    const isCounted =
      another === undefined && column?.isGenerated === true && column.generationStrategy === 'increment';
    const key = isCounted ? column.databaseName : undefined;
    keys.set(table, keys.has(table) && keys.get(table) !== key ? undefined : key);
  }
  return new Map([...keys].filter((entry): entry is [string, string] => entry[1] !== undefined));
}

function nameOf({ tableName, tablePath }: EntityMetadataLike, dialect: Dialect): TableName {
  const prefix = tablePath.endsWith(`.${tableName}`) ? tablePath.slice(0, -tableName.length - 1) : undefined;
  return {
    table: foldedName(tableName, dialect),
    schema: prefix === undefined ? undefined : foldedName(prefix, dialect),
  };
}

/** A view whose rows are kept by the database is a table that is written when it is refreshed. */
function isView({ tableType, tableMetadataArgs }: EntityMetadataLike): boolean {
  return tableType === 'view' && tableMetadataArgs?.materialized !== true;
}

function isPlain({ type }: ColumnMetadataLike): boolean {
  return isPlainType(typeof type === 'function' ? type.name : String(type));
}

/** By table, those whose foreign keys lead to it. */
function referencesIn(tables: readonly EntityMetadataLike[], dialect: Dialect): ReadonlyMap<string, Reference[]> {
  const references = new Map<string, Reference[]>();
  for (const metadata of tables) {
    const from = nameOf(metadata, dialect);
    for (const key of metadata.foreignKeys) {
      const { referencedEntityMetadata, onDelete, onUpdate } = key;
      const { tablePath } = referencedEntityMetadata;
      const known = references.get(tablePath) ?? [];
      known.push({
        from,
        onDelete: actionOf(onDelete),
        onUpdate: actionOf(onUpdate),
        // Such a column is made of others, which are what a statement names.
        to: key.referencedColumns.some(({ generatedType }) => generatedType !== undefined)
          ? undefined
          : key.referencedColumns.map(({ databaseName }) => databaseName),
        by: key.columns.map(({ databaseName }) => databaseName),
      });
      references.set(tablePath, known);
    }
  }
  return references;
}

function actionOf(action: string | undefined): Reference['onDelete'] {
  if (action === 'CASCADE') return 'cascade';
  return action === 'SET NULL' || action === 'SET DEFAULT' ? 'set' : 'none';
}

function tablesRead(
  { expression }: EntityMetadataLike,
  dataSource: DataSourceLike,
  statements: Statements,
  map: TableMap,
): readonly TableName[] {
  try {
    const sql = typeof expression === 'function' ? expression(dataSource as never).getQuery() : (expression ?? '');
    const footprints = statements.footprints(sql);
    const named = footprints.filter(({ isUnderstood }) => !isUnderstood).flatMap(({ names }) => map.among(names));
    return [
      ...footprints.flatMap(({ reads }) => reads),
      ...named.map(({ name: table, schema }) => ({ table, schema })),
    ];
  } catch {
    // It cannot be made of these entities: TypeORM says so where it creates the view.
    return [];
  }
}
