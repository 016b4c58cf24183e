import { Mode } from './block.js';
import { referenceTo } from './drafts.js';
import type { WriteVerb } from './footprint-types.js';
import { type Qualified, qualifiedAt } from './qualified.js';
import type { Scope, ScopeKind } from './scope.js';
import { Kind, type Tokens } from './tokens.js';
import type { Walking } from './walking.js';
import { NO_ALIASES, NO_TABLES } from './words.js';

/** What the tables do that a statement names as its own. */
const VERBS: Partial<Record<ScopeKind, WriteVerb>> = { update: 'update', delete: 'delete', merge: 'upsert' };

/** SQLite's functions that stand for tables; any other may be a virtual table, such as one of FTS5. */
const TABLE_FUNCTIONS = /^(?:json_|jsonb_|pragma_|generate_series$)/;

/** Reads the table that stands here in a list of tables. */
export function readTable(walk: Walking, at: number): number {
  const { tokens, block } = walk;
  const { scope } = block;
  const word = tokens.kind(at) === Kind.word ? tokens.text(at) : '';
  if (word === 'lateral' && tokens.dialect !== 'sqlite') return at + 1;
  if (word === 'only' && tokens.dialect === 'postgres') return at + 1;
  if (scope === undefined || (NO_TABLES.has(word) && !tokens.isSign(at + 1, '.'))) {
    walk.fail();
    block.mode = Mode.expression;
    return at;
  }
  if (word === 'rows' && tokens.isWord(at + 1, 'from') && tokens.isSign(at + 2, '(')) {
    scope.items++;
    block.mode = Mode.afterTable;
    return at + 2;
  }
  const name = qualifiedAt(tokens, at);
  if (name === undefined) {
    walk.fail();
    // `{ OJ a LEFT JOIN b … }`
    if (tokens.isSign(at, '{')) return at + 1;
    if (tokens.kind(at) === Kind.parameter) walk.isOpaque = true;
    block.mode = Mode.afterTable;
    return at + 1;
  }
  scope.items++;
  block.mode = Mode.afterTable;
  if (tokens.isSign(name.next, '(')) {
    if (scope.isTargeting) walk.fail();
    if (tokens.dialect === 'sqlite' && !TABLE_FUNCTIONS.test(name.table)) walk.note(name, undefined);
    return name.next;
  }
  return add(walk, scope, name);
}

function add(walk: Walking, scope: Scope, name: Qualified): number {
  const { tokens } = walk;
  const alias = aliasAt(tokens, name.next);
  const next = alias === undefined ? name.next : alias + 1;
  if (!scope.isTargeting && walk.isCte(name)) return next;
  if (tokens.dialect === 'mysql' && name.schema === undefined && name.table.toLowerCase() === 'dual') return next;
  const verb = scope.isTargeting && !(scope.kind === 'update' && walk.isCte(name)) ? VERBS[scope.kind] : undefined;
  const reference = referenceTo(name, alias === undefined ? name.table : tokens.name(alias), verb);
  if (verb === 'upsert') reference.columns = undefined;
  reference.isRenamed = alias !== undefined && tokens.dialect === 'postgres' && tokens.isSign(next, '(');
  scope.references.push(reference);
  walk.references.push(reference);
  return next;
}

/** Where the alias of a table stands, if it has one. */
export function aliasAt(tokens: Tokens, from: number): number | undefined {
  let at = from;
  if (tokens.isSign(at, '*')) at++;
  if (tokens.isWord(at, 'partition') && tokens.isSign(at + 1, '(')) at = tokens.after(at + 1);
  if (tokens.isWord(at, 'as')) return tokens.isName(at + 1) ? at + 1 : undefined;
  if (!tokens.isName(at)) return undefined;
  return tokens.kind(at) === Kind.word && NO_ALIASES.has(tokens.text(at)) ? undefined : at;
}
