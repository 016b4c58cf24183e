import type { Reference, TableFacts } from '../tables/table.js';
import type { Ask, Catalogue } from './catalogue.js';
import { isSureBody, tablesRead, tablesWritten } from './mysql-bodies.js';
import { mayRekey } from './row-triggers.js';

/** Of its primary key, in its order: name of each column, its type, and whether the database counts up in it. */
type KeyColumn = readonly [schema: string, table: string, column: string, type: string, isCounted: boolean | number];

/** A foreign key, by its name in its schema. */
type ForeignKey = readonly [
  toSchema: string,
  to: string,
  schema: string,
  from: string,
  onDelete: Rule,
  onUpdate: Rule,
  name: string,
];

type ReferringColumn = readonly [schema: string, table: string, name: string, column: string, to: string];

type Rule = 'CASCADE' | 'SET NULL' | 'SET DEFAULT' | 'RESTRICT' | 'NO ACTION';

/** Equal values of these types have one spelling, or several that are known. */
const PLAIN = new Set(
  'tinyint smallint mediumint int bigint decimal char varchar tinytext text mediumtext longtext uuid'.split(' '),
);

function ours(column: string): string {
  return `${column} NOT IN ('information_schema', 'mysql', 'performance_schema', 'sys')`;
}

function list(...columns: readonly string[]): string {
  // As a text: a driver may make JSON into something else.
  return `SELECT CAST(JSON_ARRAY(${columns.join(', ')}) AS CHAR) AS found`;
}

const SETTINGS = list('DATABASE()', '@@lower_case_table_names', '@@sql_mode');

/** Some engines know no transactions: MyISAM, MEMORY, Aria. */
const TABLES = `${list('t.TABLE_SCHEMA', 't.TABLE_NAME', "COALESCE(e.TRANSACTIONS, 'NO') <> 'YES'")}
FROM information_schema.TABLES t LEFT JOIN information_schema.ENGINES e ON e.ENGINE = t.ENGINE
WHERE t.TABLE_TYPE = 'BASE TABLE' AND ${ours('t.TABLE_SCHEMA')}`;

const KEYS = `${list('s.TABLE_SCHEMA', 's.TABLE_NAME', 's.COLUMN_NAME', "IF(s.SUB_PART IS NULL, c.DATA_TYPE, 'part')", "c.EXTRA LIKE '%auto_increment%'")}
FROM information_schema.STATISTICS s
JOIN information_schema.COLUMNS c ON c.TABLE_SCHEMA = s.TABLE_SCHEMA AND c.TABLE_NAME = s.TABLE_NAME AND c.COLUMN_NAME = s.COLUMN_NAME
WHERE s.INDEX_NAME = 'PRIMARY' AND ${ours('s.TABLE_SCHEMA')}
ORDER BY s.TABLE_SCHEMA, s.TABLE_NAME, s.SEQ_IN_INDEX`;

const REFERENCES = `${list('r.UNIQUE_CONSTRAINT_SCHEMA', 'r.REFERENCED_TABLE_NAME', 'r.CONSTRAINT_SCHEMA', 'r.TABLE_NAME', 'r.DELETE_RULE', 'r.UPDATE_RULE', 'r.CONSTRAINT_NAME')}
FROM information_schema.REFERENTIAL_CONSTRAINTS r WHERE ${ours('r.CONSTRAINT_SCHEMA')}`;

/** Of foreign keys, each column with the one that it refers to. */
const REFERRED = `${list('u.CONSTRAINT_SCHEMA', 'u.TABLE_NAME', 'u.CONSTRAINT_NAME', 'u.COLUMN_NAME', 'u.REFERENCED_COLUMN_NAME')}
FROM information_schema.KEY_COLUMN_USAGE u WHERE u.REFERENCED_TABLE_NAME IS NOT NULL AND ${ours('u.CONSTRAINT_SCHEMA')}`;

/** Columns that change without being named: by what they are made of, or with any other. */
const MOVING = `${list('c.TABLE_SCHEMA', 'c.TABLE_NAME', 'c.COLUMN_NAME')}
FROM information_schema.COLUMNS c WHERE (c.EXTRA LIKE '%GENERATED%' AND c.EXTRA NOT LIKE '%DEFAULT_GENERATED%' OR c.EXTRA LIKE '%on update%') AND ${ours('c.TABLE_SCHEMA')}`;

const TRIGGERS = `${list('g.EVENT_OBJECT_SCHEMA', 'g.EVENT_OBJECT_TABLE', 'g.ACTION_STATEMENT', "g.ACTION_TIMING = 'BEFORE' AND g.EVENT_MANIPULATION <> 'DELETE'")}
FROM information_schema.TRIGGERS g WHERE ${ours('g.EVENT_OBJECT_SCHEMA')}`;

const VIEWS = `${list('v.TABLE_SCHEMA', 'v.TABLE_NAME', 'v.VIEW_DEFINITION')}
FROM information_schema.VIEWS v WHERE ${ours('v.TABLE_SCHEMA')}`;

/** Reads tables, keys, foreign keys, views and triggers of a MySQL or MariaDB, as far as its user may see them. */
export async function readMysqlCatalogue(ask: Ask): Promise<Catalogue> {
  const all = async <T>(sql: string): Promise<readonly T[]> => (await ask(sql)).map((text) => JSON.parse(text) as T);
  const [[database, folding, mode] = [null, 0, '']] = await all<readonly [string | null, number, string]>(SETTINGS);
  const searchPath = database === null ? [] : [database];
  const tables = await all<readonly [schema: string, table: string, isLasting: boolean | number]>(TABLES);
  const keys = await all<KeyColumn>(KEYS);
  const references = await all<ForeignKey>(REFERENCES);
  const referred = await all<ReferringColumn>(REFERRED);
  const moving = new Set((await all<readonly [string, string, string]>(MOVING)).map((column) => column.join('\0')));
  const triggers =
    await all<readonly [schema: string, table: string, body: string, isInFront: boolean | number]>(TRIGGERS);
  const views = await all<readonly [schema: string, view: string, sql: string | null]>(VIEWS);

  const facts = tables.map(([schema, name, isLasting]): TableFacts => {
    const own = keys.filter(([of, table]) => of === schema && table === name);
    const columns = own.map(([, , column]) => column);
    const maySet = (some: readonly string[]): boolean =>
      some.some((column) => moving.has([schema, name, column].join('\0'))) ||
      triggers.some(
        ([of, table, body, isInFront]) =>
          of === schema && table === name && Boolean(isInFront) && mayRekey(body, some, 'mysql'),
      );
    return {
      name,
      schema,
      pk: own.length === 0 ? undefined : own.every(([, , , type]) => PLAIN.has(type)) ? columns : [],
      saidBy: 'database',
      referredBy: references
        .filter(([toSchema, to]) => toSchema === schema && to === name)
        .map(([, , fromSchema, from, onDelete, onUpdate, key]): Reference => {
          const by = referred.filter(([of, table, it]) => of === fromSchema && table === from && it === key);
          const to = by.map(([, , , , column]) => column);
          return {
            from: { table: from, schema: fromSchema },
            onDelete: actionOf(onDelete),
            onUpdate: actionOf(onUpdate),
            // A user may see tables, and not their keys.
            to: to.length === 0 || maySet(to) ? undefined : to,
            by: by.length === 0 ? undefined : by.map(([, , , column]) => column),
          };
        }),
      isLasting: Boolean(isLasting),
      // What knows no transactions keeps the rows behind the first, as they fit.
      mayCutKeys: !mode.includes('STRICT_ALL_TABLES') && (Boolean(isLasting) || !mode.includes('STRICT_TRANS_TABLES')),
      mayRekey: maySet(columns),
    };
  });
  const rekeyed = new Set(facts.flatMap((it) => (it.mayRekey === true ? `${it.schema}.${it.name}` : [])));
  return {
    searchPath,
    isCaseless: folding !== 0,
    withTriggers: triggers.filter(([, , body]) => !isSureBody(body)).map(([schema, table]) => ({ table, schema })),
    // What a trigger has made of it, the server does not tell.
    countedKeys: countedKeys(
      keys.filter(([schema, table]) => !rekeyed.has(`${schema}.${table}`)),
      searchPath[0],
    ),
    fill(map) {
      map.describe(facts);
      for (const [schema, table, sql] of views) {
        // To a user who must not see its definition it may read any of them.
        const reads = sql ? tablesRead(sql, schema, map) : tables.map(([of, name]) => ({ table: name, schema: of }));
        if (reads.length > 0) map.stands({ table, schema }, reads);
      }
      for (const [schema, table, body] of triggers) map.triggers({ table, schema }, tablesWritten(body, schema, map));
    },
  };
}

/** Of the database that bare names mean; a table whose key has several columns has none. */
function countedKeys(keys: readonly KeyColumn[], database: string | undefined): ReadonlyMap<string, string> {
  const counted = new Map<string, string>();
  for (const [schema, table, column, , isCounted] of keys) {
    const isSole = keys.filter(([of, name]) => of === schema && name === table).length === 1;
    if (schema === database && isSole && isCounted) counted.set(table, column);
  }
  return counted;
}

function actionOf(rule: Rule): Reference['onDelete'] {
  if (rule === 'CASCADE') return 'cascade';
  return rule === 'SET NULL' || rule === 'SET DEFAULT' ? 'set' : 'none';
}
