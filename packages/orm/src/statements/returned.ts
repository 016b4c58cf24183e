import type { ReturnedColumns, TableName } from './footprint-types.js';
import { aliasAt } from './from-list.js';
import { qualifiedAt } from './qualified.js';
import { Kind, type Tokens } from './tokens.js';

/** Words with which a statement begins that may have a list behind `RETURNING`. */
const HEADS = new Set(['insert', 'replace', 'update', 'delete', 'merge']);
/** Words between the first one and the name of the table. */
const BEFORE_NAME = new Set([
  'into',
  'from',
  'only',
  'or',
  'ignore',
  'low_priority',
  'high_priority',
  'delayed',
  'quick',
]);
/** SQLite's `INSERT OR REPLACE`. */
const CONFLICTS = new Set(['abort', 'fail', 'ignore', 'replace', 'rollback']);
/** Words behind which other tables stand: columns of theirs may come back by their bare names. */
const MORE_TABLES = new Set(['from', 'using', 'join']);

/** The table that a statement writes, as its columns are qualified in its list. */
interface Written extends TableName {
  readonly alias: string | undefined;
  /** No other table stands in the statement: a bare name means a column of this one. */
  readonly isAlone: boolean;
}

const NOTHING_KNOWN: ReturnedColumns = { hasAll: false, own: new Set(), others: new Set() };

/**
 * Which columns of the table that it writes a statement hands back under their own names, by the list behind its `RETURNING`;
 * `undefined` where it has none. What is not a plain column may be called anything: nothing is known then.
 */
export function returnedColumns(tokens: Tokens): ReturnedColumns | undefined {
  let head = -1;
  let list = -1;
  let another = false;
  let more = false;
  for (let at = 0; at < tokens.count; at = tokens.after(at)) {
    if (tokens.kind(at) !== Kind.word || tokens.isSign(at - 1, '.') || tokens.isSign(at + 1, '.')) continue;
    const word = tokens.text(at);
    // Behind a WITH the statement follows a bracket; `update` may be the name of a query in it.
    if (head < 0 && HEADS.has(word) && (at === 0 || tokens.isSign(at - 1, ')'))) head = at;
    else if (word === 'returning') {
      another ||= list >= 0;
      list = at;
    } else if (head >= 0 && list < 0 && MORE_TABLES.has(word))
      more ||= !(word === 'from' && (at === head + 1 || tokens.isWord(at - 1, 'distinct')));
  }
  // What a query over a data-modifying WITH hands back may be anything.
  if (list < 0) return tokens.dialect === 'postgres' && tokens.isWord(0, 'with') ? NOTHING_KNOWN : undefined;
  if (head < 0 || another || !tokens.isClear || tokens.isUnclosed) return NOTHING_KNOWN;
  const written = writtenAt(tokens, head, more);
  return written === undefined ? NOTHING_KNOWN : listed(tokens, list + 1, written);
}

/** Whether each of these columns came back, and nothing else by its name. */
export function ownsReturned({ hasAll, own, others }: ReturnedColumns, columns: readonly string[]): boolean {
  // Where letter case does not matter in columns, they stand there in lower case.
  return columns.every((column) => {
    const lower = column.toLowerCase();
    return (hasAll || own.has(column) || own.has(lower)) && !others.has(lower);
  });
}

function writtenAt(tokens: Tokens, head: number, more: boolean): Written | undefined {
  const verb = tokens.text(head);
  let at = head + 1;
  while (tokens.kind(at) === Kind.word && BEFORE_NAME.has(tokens.text(at)))
    at += tokens.isWord(at, 'or') && CONFLICTS.has(tokens.text(at + 1)) ? 2 : 1;
  const name = qualifiedAt(tokens, at);
  if (name === undefined) return undefined;
  const alias = aliasAt(tokens, name.next);
  // Nothing but the table that is inserted into is seen there.
  const isAlone = verb === 'insert' || verb === 'replace' || (verb !== 'merge' && !more);
  return {
    table: name.table,
    schema: name.schema,
    alias: alias === undefined ? undefined : tokens.name(alias),
    isAlone,
  };
}

function listed(tokens: Tokens, from: number, written: Written): ReturnedColumns {
  let hasAll = false;
  const own = new Set<string>();
  const others = new Set<string>();
  for (let at = from; at < tokens.count; ) {
    const column = columnAt(tokens, at, written);
    if (column === undefined) return NOTHING_KNOWN;
    const { name, isOwn, next } = column;
    if (name !== undefined) {
      if (isOwn) own.add(name);
      else others.add(name.toLowerCase());
    } else if (isOwn) hasAll = true;
    else return NOTHING_KNOWN;
    if (next < tokens.count && !tokens.isSign(next, ',')) return NOTHING_KNOWN;
    at = next + 1;
  }
  return { hasAll, own, others };
}

interface ListedColumn {
  /** By which it comes back; `undefined` for all of a table. */
  readonly name: string | undefined;
  /** It is a column of the written table, of that name. */
  readonly isOwn: boolean;
  readonly next: number;
}

/** `column`, `t.column AS name`, `t.*`, or anything that is given a name; `undefined` for what has none of its own. */
function columnAt(tokens: Tokens, from: number, written: Written): ListedColumn | undefined {
  const names: string[] = [];
  let at = from;
  while (tokens.isName(at) && tokens.isSign(at + 1, '.')) {
    names.push(columnName(tokens, at));
    at += 2;
  }
  const isOf = names.length === 0 ? written.isAlone : isQualifiedBy(written, names, tokens);
  if (tokens.isSign(at, '*')) return { name: undefined, isOwn: isOf, next: at + 1 };
  // In MySQL `"id"` may be a string, which comes back by this name, too.
  if (tokens.kind(at) === Kind.word || tokens.kind(at) === Kind.quoted) {
    const column = columnName(tokens, at);
    const next = at + 1;
    if (next >= tokens.count || tokens.isSign(next, ',')) return { name: column, isOwn: isOf, next };
    const alias = tokens.isWord(next, 'as') ? next + 1 : next;
    const end = alias + 1;
    if (tokens.isName(alias) && (end >= tokens.count || tokens.isSign(end, ','))) {
      const name = columnName(tokens, alias);
      return { name, isOwn: isOf && name === column, next: end };
    }
  }
  return computedAt(tokens, from);
}

/** `views + 1 AS n` */
function computedAt(tokens: Tokens, from: number): ListedColumn | undefined {
  let next = from;
  while (next < tokens.count && !tokens.isSign(next, ',')) next = tokens.after(next);
  const isNamed = next - from > 2 && tokens.isName(next - 1) && tokens.isWord(next - 2, 'as');
  return isNamed ? { name: columnName(tokens, next - 1), isOwn: false, next } : undefined;
}

function isQualifiedBy({ table, schema, alias }: Written, names: readonly string[], tokens: Tokens): boolean {
  const fold = (name: string | undefined): string | undefined =>
    tokens.dialect === 'postgres' ? name : name?.toLowerCase();
  const [qualifier, before] = [...names].reverse();
  if (before !== undefined && (alias !== undefined || fold(before) !== fold(schema) || names.length > 2)) return false;
  return fold(qualifier) === fold(alias ?? table);
}

/** Letter case does not matter in columns of MySQL and SQLite. */
function columnName(tokens: Tokens, at: number): string {
  const name = tokens.name(at);
  return tokens.dialect === 'postgres' ? name : name.toLowerCase();
}
