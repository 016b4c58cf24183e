import { statementsOf } from '../statements/dialect-statements.js';
import type { TableName } from '../statements/footprint-types.js';
import { Lexer } from '../statements/lexer.js';

/** The tables that a view reads, by the statement that has created it: that reads what the view will read. */
export function tablesOfView(sql: string, schema: string | undefined): readonly TableName[] {
  const [footprint] = statementsOf('sqlite').footprints(sql);
  return (footprint?.reads ?? []).map((read) => within(read, schema));
}

/**
 * The tables that a trigger writes, by the statement that has created it.
 *
 * @returns `undefined` where that cannot be read
 */
export function tablesOfTrigger(sql: string, schema: string | undefined): readonly TableName[] | undefined {
  const body = bodyOf(sql);
  if (body === undefined) return undefined;
  const footprints = statementsOf('sqlite').footprints(body);
  if (footprints.some(({ isUnderstood, transaction }) => !isUnderstood || transaction !== undefined)) return undefined;
  return footprints.flatMap(({ writes }) => writes.map((write) => within(write, schema)));
}

/**
 * What may be a table's name among the arguments of a virtual table, folded; `undefined` where a statement has created none.
 *
 * @param sql - `CREATE VIRTUAL TABLE found USING fts5(title, content='posts')`
 */
export function virtualArguments(sql: string): ReadonlySet<string> | undefined {
  const [, given] = /^\s*create\s+virtual\s+table\b[^(]*(?:\(([\s\S]*)\))?/i.exec(sql) ?? [];
  if (!/^\s*create\s+virtual\b/i.test(sql)) return undefined;
  return new Set((given ?? '').toLowerCase().match(/[^\s,='"`[\]()]+/g));
}

/** The statements between `BEGIN` and `END`. */
function bodyOf(sql: string): string | undefined {
  const tokens = new Lexer(sql, 'sqlite').statement(true);
  let [begin, end] = [0, tokens.count - 1];
  while (begin < tokens.count && !tokens.isWord(begin, 'begin')) begin++;
  while (end > begin && tokens.isSign(end, ';')) end--;
  if (!tokens.isClear || end <= begin || !tokens.isWord(end, 'end')) return undefined;
  return sql.slice(tokens.endOf(begin), tokens.endOf(end - 1));
}

/** A bare name means a table beside it. */
function within({ table, schema }: TableName, outer: string | undefined): TableName {
  return { table, schema: schema ?? outer };
}
