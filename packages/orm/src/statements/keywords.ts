import { Mode } from './block.js';
import { startConflict } from './conflict.js';
import { qualifiedAt } from './qualified.js';
import type { Scope } from './scope.js';
import { Kind } from './tokens.js';
import type { Walking } from './walking.js';
import { CALLS_WITH_FROM, FROM_ENDS, FROM_MAY_END, NO_ALIASES } from './words.js';

/** Words that {@link keyword} does something for: most words of a statement are none of them. */
export const KEYWORDS: ReadonlySet<string> = new Set([
  ...[
    'from',
    'join',
    'straight_join',
    'where',
    'union',
    'intersect',
    'except',
    'select',
    'into',
    'set',
    'using',
    'when',
  ],
  ...['on', 'in', 'index', 'key', ...FROM_ENDS, ...FROM_MAY_END],
]);

/** Reads a word that may be one of those that part a statement. */
export function keyword(walk: Walking, at: number): number {
  const { tokens, block } = walk;
  const scope = block.ownsScope ? block.scope : undefined;
  const word = tokens.text(at);
  switch (word) {
    case 'from':
      return readFrom(walk, at, scope);
    case 'join':
    case 'straight_join':
      if (block.mode === Mode.afterTable) block.mode = Mode.table;
      else if (word === 'join' || scope?.mayRead !== true) walk.fail();
      return at + 1;
    case 'where':
      return readWhere(walk, at, scope);
    case 'union':
    case 'intersect':
    case 'except':
      return readSetOperation(walk, at);
    case 'select':
      walk.fail();
      return at + 1;
    case 'into':
      return scope?.kind === 'select' ? readInto(walk, at) : at + 1;
    case 'set':
      if (scope?.maySet !== true) return at + 1;
      scope.maySet = false;
      scope.isTargeting = false;
      scope.mayRead = tokens.dialect !== 'mysql';
      block.mode = Mode.assignment;
      return at + 1;
    case 'using':
      return readUsing(walk, at, scope);
    case 'when':
      if (scope?.kind === 'merge') block.mode = Mode.expression;
      return at + 1;
    case 'on':
      return block.insert === undefined ? at + 1 : startConflict(walk, at, block.insert);
    case 'in':
      return tokens.dialect === 'sqlite' && tokens.isName(at + 1) ? readIn(walk, at + 1) : at + 1;
    case 'index':
    case 'key':
      // `USE INDEX FOR ORDER BY (…)`
      if (tokens.dialect === 'mysql' && tokens.isWord(at + 1, 'for'))
        return at + (tokens.isWord(at + 2, 'join') ? 3 : 4);
      return at + 1;
    default:
      if (block.mode === Mode.afterTable && endsFrom(walk, at, word)) block.mode = Mode.expression;
      return at + 1;
  }
}

function readFrom(walk: Walking, at: number, scope: Scope | undefined): number {
  const { tokens, block } = walk;
  const isDistinct = tokens.isWord(at - 1, 'distinct') && (tokens.isWord(at - 2, 'is') || tokens.isWord(at - 2, 'not'));
  if (isDistinct) return at + 1;
  if (scope?.mayRead === true) {
    scope.mayRead = false;
    block.mode = Mode.table;
  } else if (scope !== undefined || block.isInFrom || !CALLS_WITH_FROM.has(block.callee)) walk.fail();
  return at + 1;
}

function readWhere(walk: Walking, at: number, scope: Scope | undefined): number {
  const { block } = walk;
  if (scope === undefined) {
    // FILTER (WHERE …)
    if (block.isInFrom) walk.fail();
    return at + 1;
  }
  if (scope.where !== undefined) walk.fail();
  scope.where = at + 1;
  block.mode = Mode.expression;
  return at + 1;
}

function readSetOperation(walk: Walking, at: number): number {
  const { tokens, block } = walk;
  const next = tokens.isWord(at + 1, 'all') || tokens.isWord(at + 1, 'distinct') ? at + 2 : at + 1;
  const isQuery =
    tokens.isSign(next, '(') || ['select', 'values', 'table', 'with'].some((word) => tokens.isWord(next, word));
  if (!isQuery) {
    walk.fail();
    return at + 1;
  }
  walk.settle(block, at);
  block.scope = undefined;
  block.ownsScope = false;
  block.isInFrom = false;
  block.wantsQuery = true;
  block.mode = Mode.start;
  return next;
}

/** PostgreSQL's SELECT … INTO makes a table; MySQL's sets variables or writes a file. */
function readInto(walk: Walking, at: number): number {
  const { tokens, block } = walk;
  if (block.mode === Mode.afterTable) block.mode = Mode.expression;
  if (tokens.dialect === 'mysql') return at + 1;
  let start = at + 1;
  while (INTO_WORDS.has(tokens.kind(start) === Kind.word ? tokens.text(start) : '')) start++;
  const name = qualifiedAt(tokens, start);
  if (name === undefined || tokens.dialect === 'sqlite') {
    walk.fail();
    return at + 1;
  }
  walk.note(name, 'ddl');
  return name.next;
}

const INTO_WORDS = new Set(['temp', 'temporary', 'unlogged', 'table', 'local', 'global', 'strict']);

function readUsing(walk: Walking, at: number, scope: Scope | undefined): number {
  const { tokens, block } = walk;
  if (scope?.isTargeting !== true || (scope.kind !== 'delete' && scope.kind !== 'merge')) return at + 1;
  if (tokens.dialect === 'mysql' && scope.kind === 'delete') scope.takeTargets();
  scope.isTargeting = false;
  block.mode = Mode.table;
  return at + 1;
}

/** SQLite's `x IN table`. */
function readIn(walk: Walking, at: number): number {
  const name = qualifiedAt(walk.tokens, at);
  if (name === undefined) return at;
  if (!walk.isCte(name)) walk.note(name, undefined);
  return name.next;
}

function endsFrom(walk: Walking, at: number, word: string): boolean {
  const { tokens } = walk;
  if (FROM_ENDS.has(word)) return true;
  if (!FROM_MAY_END.has(word)) return false;
  const next = tokens.kind(at + 1) === Kind.word ? tokens.text(at + 1) : '';
  if (word === 'for') return next !== 'system_time' && next !== 'portion';
  // Nothing follows an alias but what may follow a table.
  return !tokens.isSign(at + 1, ',') && !tokens.isSign(at + 1, ')') && (next === '' || !NO_ALIASES.has(next));
}
