import mysql from 'node-sql-parser/build/mariadb.js';
import sqlite from 'node-sql-parser/build/sqlite.js';
import type { Found } from './postgres-parser.test.support.js';

const PARSERS = {
  mysql: { parser: new mysql.Parser(), database: 'MariaDB' },
  sqlite: { parser: new sqlite.Parser(), database: 'Sqlite' },
};

/** Statements over rows: of others it names tables whose rows nobody touches. */
const OVER_ROWS = /^\s*\(*(?:select|with|insert|update|delete|replace|values)\b/i;

/** What it takes for tables, and is none: queries of WITH, words, quotes that it leaves as they were. */
const NO_TABLES = /^(?:null|ignore|cte_\d)$|`/i;

/** The tables of a text as node-sql-parser finds them; `undefined` where it refuses it. */
export function tablesByParser(sql: string, dialect: 'mysql' | 'sqlite'): Found | undefined {
  const { parser, database } = PARSERS[dialect];
  if (!sql.split(';').every((each) => each.trim() === '' || OVER_ROWS.test(each))) return undefined;
  const ctes = new Set(
    [
      ...sql
        .replace(/\/\*.*?\*\/|--(?=\s)[^\n]*/gs, ' ')
        .matchAll(/\b(\w+)\s*(?:\([^()]*\)\s*)?as\b\s*(?:not\s+)?(?:materialized\s*)?\(/gi),
    ].map(([, name]) => name),
  );
  let list: readonly string[];
  try {
    list = parser.tableList(sql, { database });
  } catch {
    return undefined;
  }
  const reads = new Set<string>();
  const writes = new Set<string>();
  for (const entry of list) {
    const [verb = '', , table = ''] = entry.split('::');
    // MySQL takes no string for a table, and it takes every table of a join for one that is written.
    if (NO_TABLES.test(table) || ctes.has(table) || (dialect === 'mysql' && sql.includes(`'${table}'`))) continue;
    if (verb === 'update' && onlyQualifies(table, sql)) continue;
    (verb === 'select' || (dialect === 'mysql' && verb !== 'insert') ? reads : writes).add(table);
  }
  return { reads, writes };
}

/** Whether it stands only before columns: SET of a table that the statement does not name, which databases refuse. */
function onlyQualifies(table: string, sql: string): boolean {
  return !new RegExp(`\\b${table.replace(/\W/g, '\\$&')}\\b(?!\`?\\s*\\.)`, 'i').test(sql);
}
