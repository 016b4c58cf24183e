import { foldedName } from '../statements/fold.js';
import type { Dialect, TableName } from '../statements/footprint-types.js';
import type { SearchPath } from '../tables/places.js';
import type { Reference, TableFacts } from '../tables/table.js';
import type { AttributeLike, ModelLike, SequelizeInside, TableNameLike } from './sequelize-types.js';

/** Equal values of these types have one spelling, or several that are known. */
const PLAIN = new Set(
  (
    'INTEGER BIGINT SMALLINT MEDIUMINT TINYINT NUMBER DECIMAL STRING CHAR TEXT CITEXT UUID ENUM ' +
    'INT VARCHAR SERIAL BIGSERIAL SMALLSERIAL'
  ).split(' '),
);

/** Schemas in which bare names are looked up: the usual one; the database, in MySQL. */
export function pathOf({ config }: SequelizeInside, dialect: Dialect): SearchPath {
  if (dialect === 'postgres') return { schemas: ['public'], isSure: false };
  if (dialect === 'sqlite') return { schemas: ['main'], isSure: true };
  return config?.database ? { schemas: [config.database], isSure: true } : { schemas: [], isSure: false };
}

/** What models say of their tables: keys, and foreign keys, also those of tables between two. */
export function tablesOf({ models }: SequelizeInside, dialect: Dialect): readonly TableFacts[] {
  const all = Object.values(models);
  const references = referencesIn(all, dialect);
  return all.map((model): TableFacts => {
    const name = nameOf(model.getTableName(), dialect);
    const pk = Object.entries(model.primaryKeys);
    return {
      name: name.table,
      schema: name.schema,
      pk: pk.every(([, attribute]) => isPlain(attribute)) ? pk.map(columnOf) : [],
      referredBy: references.get(keyOf(name)) ?? [],
    };
  });
}

/** By its name, the one key column of each table in which the database counts up; tables of one name must agree. */
export function countedKeys({ models }: SequelizeInside, dialect: Dialect): ReadonlyMap<string, string> {
  const keys = new Map<string, string | undefined>();
  for (const model of Object.values(models)) {
    const { table } = nameOf(model.getTableName(), dialect);
    const [key, another] = Object.entries(model.primaryKeys);
    const column = key !== undefined && another === undefined && key[1].autoIncrement ? columnOf(key) : undefined;
    keys.set(table, keys.has(table) && keys.get(table) !== column ? undefined : column);
  }
  return new Map([...keys].filter((entry): entry is [string, string] => entry[1] !== undefined));
}

/** Where there are no schemas, what stands for one is a part of the name. */
function nameOf(name: TableNameLike, dialect: Dialect): TableName {
  if (typeof name === 'string') return { table: foldedName(name, dialect), schema: undefined };
  const { tableName, schema } = name;
  if (!schema) return { table: foldedName(tableName, dialect), schema: undefined };
  return dialect === 'postgres'
    ? { table: foldedName(tableName, dialect), schema: foldedName(schema, dialect) }
    : { table: foldedName(`${schema}.${tableName}`, dialect), schema: undefined };
}

/** By table, those whose foreign keys lead to it. */
function referencesIn(models: readonly ModelLike[], dialect: Dialect): ReadonlyMap<string, readonly Reference[]> {
  const found = new Map<string, Reference[]>();
  for (const model of models) {
    const from = nameOf(model.getTableName(), dialect);
    for (const attribute of Object.entries(model.rawAttributes)) {
      const [, { references, onDelete, onUpdate }] = attribute;
      const to = targetOf(references);
      if (to === undefined) continue;
      const key = keyOf(nameOf(to, dialect));
      const referred = typeof references === 'object' ? references.key : undefined;
      const reference: Reference = {
        from,
        onDelete: actionOf(onDelete),
        onUpdate: actionOf(onUpdate),
        to: referred === undefined ? 'key' : [referred],
        by: [columnOf(attribute)],
      };
      found.set(key, [...(found.get(key) ?? []), reference]);
    }
  }
  return found;
}

function targetOf(references: AttributeLike['references']): TableNameLike | undefined {
  const target = typeof references === 'object' ? references.model : references;
  return target !== undefined && typeof target !== 'string' && 'getTableName' in target
    ? target.getTableName()
    : target;
}

function columnOf([name, { field }]: readonly [string, AttributeLike]): string {
  return field ?? name;
}

function isPlain({ type }: AttributeLike): boolean {
  const { key, _binary: isBinary } = (typeof type === 'object' && type !== null ? type : {}) as {
    readonly key?: unknown;
    readonly _binary?: unknown;
  };
  const name = typeof type === 'string' ? type.replace(/\W.*$/, '') : key;
  return typeof name === 'string' && isBinary !== true && PLAIN.has(name.toUpperCase());
}

function actionOf(action = ''): Reference['onDelete'] {
  const rule = action.toUpperCase();
  if (rule === 'CASCADE') return 'cascade';
  return rule === 'SET NULL' || rule === 'SET DEFAULT' ? 'set' : 'none';
}

function keyOf({ table, schema }: TableName): string {
  return JSON.stringify([table, schema]);
}
