import { Mode } from './block.js';
import { aliasAt } from './from-list.js';
import { isQueryAt, namesIn, qualifiedAt } from './qualified.js';
import { Scope } from './scope.js';
import { Kind, type Tokens } from './tokens.js';
import { valueRows } from './value-rows.js';
import type { Walking } from './walking.js';

const MODIFIERS = new Set(['low_priority', 'delayed', 'high_priority', 'quick', 'ignore']);

/** `UPDATE [ONLY] t [AS a] … SET` */
export function startUpdate(walk: Walking, at: number): number {
  const scope = walk.enter('update');
  scope.isTargeting = true;
  scope.maySet = true;
  walk.block.mode = Mode.table;
  // SQLite deletes the rows that are in the way of the new ones, with what refers to them.
  if (walk.tokens.dialect === 'sqlite' && walk.tokens.isWord(at + 1, 'or') && walk.tokens.isWord(at + 2, 'replace'))
    walk.fail();
  return modifiersEnd(walk.tokens, at + 1);
}

/** `DELETE FROM t …`, and MySQL's `DELETE a, b FROM …`. */
export function startDelete(walk: Walking, at: number): number {
  const { tokens, block } = walk;
  const scope = walk.enter('delete');
  block.mode = Mode.table;
  let next = modifiersEnd(tokens, at + 1);
  if (tokens.isWord(next, 'from')) {
    scope.isTargeting = true;
    return next + 1;
  }
  scope.targets = [];
  for (;;) {
    const name = qualifiedAt(tokens, next);
    if (name === undefined) break;
    scope.targets.push(name.table);
    next = name.next;
    if (tokens.isSign(next, '.') && tokens.isSign(next + 1, '*')) next += 2;
    if (tokens.isWord(next, 'from')) return next + 1;
    if (!tokens.isSign(next, ',')) break;
    next++;
  }
  walk.fail();
  return next;
}

/** `MERGE INTO t [AS a] USING` */
export function startMerge(walk: Walking, at: number): number {
  const scope = walk.enter('merge');
  scope.isTargeting = true;
  walk.block.mode = Mode.table;
  return walk.tokens.isWord(at + 1, 'into') ? at + 2 : at + 1;
}

/** `INSERT INTO t [AS a] [(columns)]`, up to what is inserted. */
export function startInsert(walk: Walking, at: number): number {
  const { tokens, block } = walk;
  const start = modifiersEnd(tokens, at + 1);
  const isReplacing =
    tokens.isWord(at, 'replace') || (tokens.isWord(start - 1, 'replace') && tokens.isWord(start - 2, 'or'));
  const name = qualifiedAt(tokens, tokens.isWord(start, 'into') ? start + 1 : start);
  block.mode = Mode.expression;
  if (name === undefined) {
    walk.fail();
    walk.isOpaque ||= tokens.kind(start) === Kind.parameter || tokens.kind(start + 1) === Kind.parameter;
    return start + 1;
  }
  const target = walk.note(name, isReplacing ? 'upsert' : 'insert');
  // MySQL's IGNORE cuts a key that does not fit to one that does.
  let mayCut = false;
  for (let each = at + 1; each < start; each++) mayCut ||= tokens.dialect === 'mysql' && tokens.isWord(each, 'ignore');
  // What was in its way is deleted, whatever its columns.
  if (isReplacing) target.columns = undefined;
  block.insert = target;
  const alias = aliasAt(tokens, name.next);
  let next = alias === undefined ? name.next : alias + 1;
  if (alias === undefined && tokens.isWord(next, 'partition')) next = tokens.after(next + 1);
  let columns: readonly string[] | undefined;
  if (tokens.isSign(next, '(') && !isQueryAt(tokens, next + 1)) {
    columns = namesIn(tokens, next);
    next = tokens.after(next);
  }
  // What stands in identity columns is left out then.
  const isOverridden = tokens.isWord(next, 'overriding') && tokens.isWord(next + 1, 'user');
  if (tokens.isWord(next, 'overriding')) next += 3;
  if (tokens.isWord(next, 'values') || tokens.isWord(next, 'value')) {
    walk.enter('insert');
    if (columns !== undefined && !isOverridden && !mayCut) target.inserted = valueRows(tokens, next + 1, columns);
    return next + 1;
  }
  if (tokens.isWord(next, 'default') && tokens.isWord(next + 1, 'values')) {
    walk.enter('insert');
    return next + 2;
  }
  if (tokens.isWord(next, 'set')) {
    walk.enter('insert');
    block.mode = Mode.assignment;
    return next + 1;
  }
  block.mode = Mode.start;
  block.wantsQuery = true;
  if (!isQueryAt(tokens, next)) walk.fail();
  return next;
}

/** Behind `LOW_PRIORITY`, `IGNORE`, `OR REPLACE`. */
function modifiersEnd(tokens: Tokens, from: number): number {
  let at = from;
  if (tokens.dialect === 'sqlite') return tokens.isWord(at, 'or') ? at + 2 : at;
  if (tokens.dialect === 'postgres') return at;
  while (tokens.kind(at) === Kind.word && MODIFIERS.has(tokens.text(at)) && !tokens.isWord(at + 1, 'set')) at++;
  return at;
}

/** What an upsert sets in rows that are there. */
export function upsertScope(walk: Walking): Scope {
  const scope = new Scope('insert');
  walk.block.scope = scope;
  walk.block.ownsScope = true;
  return scope;
}
