import { foldedColumn, foldedName } from '../statements/fold.js';
import type { TableName } from '../statements/footprint-types.js';
import type { Reference, TableFacts } from '../tables/table.js';
import type { TableMap } from '../tables/table-map.js';
import type { Ask, Catalogue } from './catalogue.js';
import { tablesOfTrigger, tablesOfView, virtualArguments } from './sqlite-bodies.js';
import { conflictsOf } from './sqlite-conflicts.js';

/** What is asked in this process is answered at once. */
export type AskAtOnce = (sql: string) => readonly string[];

/** Asks one question after the other, and is handed the first column of each answer. */
type Asking<T> = Generator<string, T, readonly string[]>;

/** One column of a foreign key, which has a number in its table; without a name of what it refers to that is the primary key. */
type ForeignKeyColumn = readonly [
  to: string,
  from: string,
  onDelete: string,
  onUpdate: string,
  key: number,
  column: string,
  referred: string | null,
];

/** What one database of a connection holds: `main`, or one that was attached. */
interface Holding {
  readonly schema: string;
  readonly made: readonly Made[];
  readonly keys: readonly (readonly [table: string, column: string, type: string])[];
  readonly references: readonly ForeignKeyColumn[];
  /** Columns that are made of others. */
  readonly generated: readonly (readonly [table: string, column: string])[];
}

/** What `sqlite_master` says of a table, a view or a trigger. */
type Made = readonly [type: 'table' | 'view' | 'trigger', name: string, table: string, sql: string | null];

const MAIN = 'main';

/** Reads tables, keys, foreign keys, views and triggers of an SQLite, with all that is attached to it. */
export async function readSqliteCatalogue(ask: Ask): Promise<Catalogue> {
  // Connections of a pool may differ in whether foreign keys act.
  const asking = catalogue(false);
  let step = asking.next();
  while (step.done !== true) step = asking.next(await ask(step.value));
  return step.value;
}

/** The same of the one connection that there is: where its foreign keys do not act, nothing follows them. */
export function sqliteCatalogue(ask: AskAtOnce): Catalogue {
  const asking = catalogue(true);
  let step = asking.next();
  while (step.done !== true) step = asking.next(ask(step.value));
  return step.value;
}

function* catalogue(isSole: boolean): Asking<Catalogue> {
  const schemas = yield* all<readonly [string]>('SELECT json_array(name) AS found FROM pragma_database_list');
  const acting = isSole
    ? yield* all<readonly [number]>('SELECT json_array(foreign_keys) AS found FROM pragma_foreign_keys')
    : [[1]];
  const holdings: Holding[] = [];
  for (const [schema] of schemas) holdings.push(yield* holding(schema));
  const others = schemas.map(([schema]) => foldedName(schema, 'sqlite')).filter((schema) => schema !== MAIN);
  return catalogueOf(holdings, [MAIN, ...others], acting[0]?.[0] === 1);
}

function* all<T>(sql: string): Asking<readonly T[]> {
  const texts = yield sql;
  return texts.map((text) => JSON.parse(text) as T);
}

function* holding(schema: string): Asking<Holding> {
  const master = `"${schema.replaceAll('"', '""')}".sqlite_master m`;
  const named = `'${schema.replaceAll("'", "''")}'`;
  return {
    schema: foldedName(schema, 'sqlite'),
    made: yield* all<Made>(
      `SELECT json_array(type, name, tbl_name, sql) AS found FROM ${master} WHERE type IN ('table', 'view', 'trigger')`,
    ),
    keys: yield* all(
      `SELECT json_array(m.name, i.name, i.type) AS found
FROM ${master} JOIN pragma_table_info(m.name, ${named}) i WHERE m.type = 'table' AND i.pk > 0 ORDER BY m.name, i.pk`,
    ),
    references: yield* all(
      `SELECT json_array(f."table", m.name, f.on_delete, f.on_update, f.id, f."from", f."to") AS found
FROM ${master} JOIN pragma_foreign_key_list(m.name, ${named}) f WHERE m.type = 'table'`,
    ),
    generated: yield* all(
      `SELECT json_array(m.name, i.name) AS found
FROM ${master} JOIN pragma_table_xinfo(m.name, ${named}) i WHERE m.type = 'table' AND i.hidden IN (2, 3)`,
    ),
  };
}

function catalogueOf(holdings: readonly Holding[], searchPath: readonly string[], areKeysActing: boolean): Catalogue {
  const triggers = holdings.flatMap(({ schema, made }) =>
    made.flatMap(([type, , table, sql]) =>
      type === 'trigger'
        ? [{ on: nameIn(outer(schema), table), writes: tablesOfTrigger(sql ?? '', outer(schema)) }]
        : [],
    ),
  );
  const facts = holdings.flatMap((each) => factsOf(each, areKeysActing));
  const [main] = holdings.filter(({ schema }) => schema === MAIN);
  return {
    searchPath,
    withTriggers: triggers.filter(({ writes }) => writes === undefined).map(({ on }) => on),
    countedKeys: main === undefined ? new Map() : countedKeys(main),
    fill(map) {
      map.describe(facts);
      for (const { on, writes } of triggers) map.triggers(on, writes ?? []);
      for (const { schema, made } of holdings) {
        for (const [type, name, , sql] of made) {
          // It counts for those tables that never give a key twice.
          if (type === 'table' && /\bautoincrement\b/i.test(sql ?? ''))
            map.asks(nameIn(schema, 'sqlite_sequence'), [nameIn(schema, name)]);
          const virtual = type === 'table' ? virtualArguments(sql ?? '') : undefined;
          if (virtual !== undefined) askVirtual(map, schema, made, name, virtual);
          if (type !== 'view') continue;
          const view = nameIn(schema, name);
          // Whoever writes to a view writes what its triggers do, and nothing else.
          const written = triggers.filter(({ on }) => isSame(on, view)).flatMap(({ writes }) => writes ?? []);
          const tables = [...tablesOfView(sql ?? '', outer(schema)), ...written];
          if (tables.length > 0) map.stands(view, tables);
        }
      }
    },
  };
}

/**
 * A virtual table may show what stands in others that its arguments name (`content='posts'`), and keeps what is its own in tables
 * that are called as it is, with something behind: these are read with it, or it with them.
 */
function askVirtual(
  map: TableMap,
  schema: string,
  made: Holding['made'],
  name: string,
  named: ReadonlySet<string>,
): void {
  for (const [type, other] of made) {
    if (type === 'trigger' || folded(other) === folded(name)) continue;
    const [own, beside] = [nameIn(schema, name), nameIn(schema, other)];
    if (named.has(folded(other))) map.asks(own, [beside]);
    if (folded(other).startsWith(`${folded(name)}_`)) map.asks(beside, [own]);
  }
}

function factsOf(
  { schema, made, keys, references, generated }: Holding,
  areKeysActing: boolean,
): readonly TableFacts[] {
  const withTriggers = new Set(made.filter(([type]) => type === 'trigger').map(([, , table]) => folded(table)));
  return made
    .filter(([type]) => type === 'table')
    .map(([, table, , sql]): TableFacts => {
      const name = folded(table);
      const pk = keys.filter(([of]) => of === table).map(([, column]) => foldedColumn(column, 'sqlite'));
      const isGenerated = (column: string): boolean =>
        generated.some(([of, it]) => of === table && foldedColumn(it, 'sqlite') === column);
      const referring = references.filter(([to]) => areKeysActing && folded(to) === name);
      return {
        name,
        schema: nameIn(schema, table).schema,
        // Whatever the type of a column, equal values have spellings that are known: bytes nobody takes for a key.
        pk: pk.length === 0 ? undefined : pk,
        saidBy: 'database',
        referredBy: referring.map(([, from, onDelete, onUpdate, key]): Reference => {
          const columns = referring.filter(([, of, , , it]) => of === from && it === key);
          const to = columns.map(([, , , , , , referred]) => referred && foldedColumn(referred, 'sqlite'));
          return {
            from: nameIn(schema, from),
            onDelete: actionOf(onDelete),
            onUpdate: actionOf(onUpdate),
            to: to.includes(null)
              ? 'key'
              : to.some((it) => it && isGenerated(it))
                ? undefined
                : to.flatMap((it) => it ?? []),
            by: columns.map(([, , , , , column]) => foldedColumn(column, 'sqlite')),
          };
        }),
        mayRekey: pk.some(isGenerated),
        mayActUnseen: withTriggers.has(name),
        conflicts: conflictsOf(sql ?? ''),
      };
    });
}

/** A key of type `INTEGER` alone is the number of the row, by which SQLite tells the last one. */
function countedKeys({ made, keys }: Holding): ReadonlyMap<string, string> {
  const counted = new Map<string, string>();
  for (const [type, table, , sql] of made) {
    const [key, another] = keys.filter(([of]) => of === table);
    if (type !== 'table' || key === undefined || another !== undefined) continue;
    // A key that descends is one of its own.
    if (/\bwithout\s+rowid\b|\bkey\s+desc\b/i.test(sql ?? '')) continue;
    if (key[2].toUpperCase() === 'INTEGER') counted.set(folded(table), foldedColumn(key[1], 'sqlite'));
  }
  return counted;
}

/** What is made for one connection alone may be about tables of any database of it. */
function outer(schema: string): string | undefined {
  return schema === MAIN || schema === 'temp' ? undefined : schema;
}

function nameIn(schema: string | undefined, table: string): TableName {
  return { table: folded(table), schema: schema === MAIN ? undefined : schema };
}

function isSame(one: TableName, other: TableName): boolean {
  return one.table === other.table && (one.schema === other.schema || one.schema === undefined);
}

function folded(name: string): string {
  return foldedName(name, 'sqlite');
}

function actionOf(action: string): Reference['onDelete'] {
  if (action === 'CASCADE') return 'cascade';
  return action === 'SET NULL' || action === 'SET DEFAULT' ? 'set' : 'none';
}
