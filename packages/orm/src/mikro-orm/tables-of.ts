import type { Statements } from '../source/statements.js';
import { foldedColumn, foldedName } from '../statements/fold.js';
import type { Dialect, TableName } from '../statements/footprint-types.js';
import type { SearchPath } from '../tables/places.js';
import { isPlainType } from '../tables/plain-type.js';
import type { Reference, TableFacts } from '../tables/table.js';
import type { TableMap } from '../tables/table-map.js';
import type { ConfigLike, EntityManagerLike, MetadataLike, OrmLike, PropertyLike } from './mikro-orm-types.js';

/** Schemas in which bare names are looked up; the database, in MySQL. */
export function pathOf(config: ConfigLike, dialect: Dialect): SearchPath {
  if (dialect === 'sqlite') return { schemas: ['main'], isSure: true };
  const first = dialect === 'postgres' ? config.getPlatform().getDefaultSchemaName() : config.get('dbName');
  return typeof first === 'string' ? { schemas: [first], isSure: dialect === 'mysql' } : { schemas: [], isSure: false };
}

/** Fills a map with what entities say of their tables: keys, foreign keys, tables between two, and views. */
export function describeEntities(map: TableMap, orm: OrmLike, dialect: Dialect, statements: Statements): void {
  const metadatas = metadatasOf(orm);
  const tables = metadatas.filter((metadata) => isTable(metadata));
  const references = referencesIn(tables, orm.config, dialect);
  map.describe(
    tables.map((metadata): TableFacts => {
      const { table: name, schema } = nameOf(metadata, orm.config, dialect);
      return {
        name,
        schema,
        pk: keysOf(metadata).every(isPlain) ? columnsOf(metadata, dialect) : [],
        referredBy: references.get(keyOf({ table: name, schema })) ?? [],
      };
    }),
  );
  for (const view of metadatas.filter(isView)) {
    const reads = tablesRead(view, orm.em, statements, map);
    if (reads.length > 0) map.stands(nameOf(view, orm.config, dialect), reads);
  }
}

/** By its name, the one key column of each table in which the database counts up; tables of one name must agree. */
export function countedKeys(orm: OrmLike, dialect: Dialect): ReadonlyMap<string, string> {
  const keys = new Map<string, string | undefined>();
  for (const metadata of metadatasOf(orm).filter(isTable)) {
    const { table } = nameOf(metadata, orm.config, dialect);
    const [property, another] = keysOf(metadata);
    const isCounted = another === undefined && property?.autoincrement === true;
    const key = isCounted ? columnsOf(metadata, dialect)[0] : undefined;
    keys.set(table, keys.has(table) && keys.get(table) !== key ? undefined : key);
  }
  return new Map([...keys].filter((entry): entry is [string, string] => entry[1] !== undefined));
}

/** What statements call the table of an entity. */
export function nameOf(metadata: MetadataLike, config: ConfigLike, dialect: Dialect): TableName {
  const schema = metadata.schema ?? config.get('schema');
  return {
    table: foldedName(metadata.tableName ?? '', dialect),
    schema: typeof schema === 'string' ? foldedName(schema, dialect) : undefined,
  };
}

/** The columns of its primary key. */
export function columnsOf(metadata: MetadataLike, dialect: Dialect): readonly string[] {
  return keysOf(metadata).flatMap(({ fieldNames = [] }) => fieldNames.map((name) => foldedColumn(name, dialect)));
}

function metadatasOf(orm: OrmLike): readonly MetadataLike[] {
  const all = orm.getMetadata().getAll();
  const metadatas = all instanceof Map ? [...all.values()] : Object.values(all);
  // One whose schema is another one for each call is a table that nobody knows beforehand.
  return metadatas.filter(
    ({ tableName, abstract, embeddable, virtual, schema }) =>
      tableName !== undefined && abstract !== true && embeddable !== true && virtual !== true && schema !== '*',
  );
}

/** A view whose rows are kept by the database is a table that is written when it is refreshed. */
function isTable(metadata: MetadataLike): boolean {
  return !isView(metadata);
}

function isView({ view, materialized }: MetadataLike): boolean {
  return Boolean(view) && materialized !== true;
}

function keysOf({ primaryKeys, properties }: MetadataLike): readonly PropertyLike[] {
  return primaryKeys.flatMap((name) => properties[name] ?? []);
}

function isPlain({ columnTypes = [] }: PropertyLike): boolean {
  return columnTypes.length > 0 && columnTypes.every(isPlainType);
}

/** By table, those whose foreign keys lead to it. */
function referencesIn(
  tables: readonly MetadataLike[],
  config: ConfigLike,
  dialect: Dialect,
): ReadonlyMap<string, Reference[]> {
  const references = new Map<string, Reference[]>();
  const add = (to: MetadataLike, reference: Reference): void => {
    const key = keyOf(nameOf(to, config, dialect));
    references.set(key, [...(references.get(key) ?? []), reference]);
  };
  for (const metadata of tables) {
    const from = nameOf(metadata, config, dialect);
    for (const property of Object.values(metadata.properties)) {
      const { kind, owner, targetMeta } = property;
      if (targetMeta === undefined || !(kind === 'm:1' || (kind === '1:1' && owner === true))) continue;
      add(targetMeta, {
        from,
        onDelete: onDelete(property, config),
        onUpdate: onUpdate(property, config),
        to: property.referencedColumnNames,
        by: property.fieldNames,
      });
    }
    if (metadata.tptParent !== undefined)
      add(metadata.tptParent, {
        from,
        onDelete: 'cascade',
        onUpdate: 'cascade',
        to: 'key',
        by: columnsOf(metadata, dialect),
      });
  }
  return references;
}

function keyOf({ schema = '', table }: TableName): string {
  return `${schema}\0${table}`;
}

/** As the schema generator makes the foreign key. */
function onDelete({ deleteRule, cascade = [], nullable }: PropertyLike, config: ConfigLike): Reference['onDelete'] {
  const usual = cascade.includes('remove') || cascade.includes('all') ? 'cascade' : nullable ? 'set null' : undefined;
  return actionOf(deleteRule ?? ruleOf(config, 'defaultDeleteRule') ?? usual);
}

function onUpdate({ updateRule, cascade = [] }: PropertyLike, config: ConfigLike): Reference['onUpdate'] {
  // So does that of version 6; 7 says what it does, and keys seldom change.
  const usual = cascade.includes('persist') || cascade.includes('all') ? 'cascade' : undefined;
  return actionOf(updateRule ?? ruleOf(config, 'defaultUpdateRule') ?? usual);
}

function ruleOf(config: ConfigLike, name: 'defaultDeleteRule' | 'defaultUpdateRule'): string | undefined {
  return (config.get('schemaGenerator') as Partial<Record<typeof name, string>> | undefined)?.[name];
}

function actionOf(rule: string | undefined): Reference['onDelete'] {
  const word = rule?.toLowerCase();
  if (word === 'cascade') return 'cascade';
  return word === 'set null' || word === 'set default' ? 'set' : 'none';
}

function tablesRead(
  { expression }: MetadataLike,
  manager: EntityManagerLike,
  statements: Statements,
  map: TableMap,
): readonly TableName[] {
  try {
    const made: unknown = typeof expression === 'function' ? expression(manager.fork(), {}, {}) : expression;
    const sql = typeof made === 'string' ? made : (made as { getFormattedQuery(): string }).getFormattedQuery();
    const footprints = statements.footprints(sql);
    const named = footprints.filter(({ isUnderstood }) => !isUnderstood).flatMap(({ names }) => map.among(names));
    return [
      ...footprints.flatMap(({ reads }) => reads),
      ...named.map(({ name: table, schema }) => ({ table, schema })),
    ];
  } catch {
    // It cannot be made of these entities: MikroORM says so where it creates the view.
    return [];
  }
}
