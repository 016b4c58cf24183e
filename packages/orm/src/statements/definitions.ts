import type { WriteVerb } from './footprint-types.js';
import { type Qualified, qualifiedAt } from './qualified.js';
import { Kind, type Tokens } from './tokens.js';
import type { Walk } from './walk.js';

/** Kinds of things that hold no rows, and by which none are found. */
const HARMLESS = new Set([
  'index', 'sequence', 'extension', 'role', 'user', 'collation', 'cast', 'operator', 'aggregate', 'language', 'server',
  'publication', 'subscription', 'statistics', 'tablespace', 'database', 'event', 'conversion', 'access', 'text', 'system',
  'default', 'large', 'unique', 'fulltext', 'spatial', 'concurrently', 'type', 'schema', 'domain', 'trigger', 'function',
  'procedure', 'routine', 'group',
]); // biome-ignore format: a list

/** What may be dropped without a row being lost. */
const DROPPABLE = new Set(['index', 'sequence', 'extension', 'role', 'user', 'collation', 'publication', 'subscription', 'statistics', 'event', 'trigger', 'function', 'procedure', 'routine', 'aggregate', 'cast']); // biome-ignore format: a list

const FILLERS = new Set(['or', 'replace', 'temp', 'temporary', 'unlogged', 'global', 'local', 'foreign', 'materialized', 'recursive', 'virtual', 'online', 'offline', 'ignore', 'if', 'not', 'exists', 'only', 'constraint', 'algorithm', 'undefined', 'merge', 'temptable', 'definer', 'sql', 'security', 'invoker']); // biome-ignore format: a list

/** CREATE, ALTER, DROP and RENAME: what they may change is a table as a whole. */
export function readDefinition(walk: Walk): void {
  const { tokens } = walk;
  const verb = tokens.text(0);
  const kind = kindAt(tokens);
  const word = tokens.text(kind);
  if (verb === 'rename') readNames(walk, tokens.isWord(1, 'table') || tokens.isWord(1, 'tables') ? 2 : 1, 'ddl');
  else if (word === 'table' || word === 'view') readTableDefinition(walk, verb, kind);
  else if (word === 'policy' || word === 'trigger' || word === 'rule') readOn(walk, kind, word);
  else if (verb === 'drop' ? !DROPPABLE.has(word) || endsIn(tokens, 'cascade') : !HARMLESS.has(word)) walk.fail();
  else if (verb === 'alter' && (word === 'type' || word === 'schema' || word === 'database' || word === 'domain'))
    walk.fail();
}

/** `TRUNCATE [TABLE] a, b … [CASCADE]` */
export function readTruncate(walk: Walk): void {
  readNames(walk, walk.tokens.isWord(1, 'table') ? 2 : 1, 'truncate');
}

/** A text that makes or changes tables or what is done with them; temporary ones are left aside. */
export const DEFINES =
  /\b(?:create\s+(?:or\s+replace\s+|unlogged\s+|foreign\s+|materialized\s+|recursive\s+|constraint\s+)*|alter\s+(?:foreign\s+|materialized\s+)?)(?:table|view|schema|function|procedure|routine|trigger|policy|rule)\b|\bdrop\s+schema\b/i;

/** Whether what a definition changes is not told by tables that it names: what a function does, what a schema has. */
export function redefines(tokens: Tokens): boolean {
  const verb = tokens.text(0);
  // Another file may come by the name that one had.
  if (tokens.dialect === 'sqlite') return verb === 'attach' || verb === 'detach';
  if (tokens.dialect !== 'postgres') return false;
  if (verb === 'do') return DEFINES.test(tokens.sql.slice(tokens.from, tokens.to));
  if (verb !== 'create' && verb !== 'alter' && verb !== 'drop') return false;
  const at = kindAt(tokens);
  const kind = tokens.text(at);
  if (kind === 'schema' || kind === 'owned') return true;
  // One of a connection alone is made and dropped by libraries with each statement.
  if (tokens.text(at + 1) === 'pg_temp') return false;
  // Values are called otherwise, or have another part, in whichever table they are; a new one is in none.
  if (kind === 'type') return verb === 'alter' ? !addsValue(tokens, at) : verb === 'drop' && endsIn(tokens, 'cascade');
  if (verb === 'drop') return !NAMED.has(kind) && endsIn(tokens, 'cascade');
  return ['function', 'procedure', 'routine', 'aggregate'].includes(kind);
}

/** What goes with these is told by their own names, or by those of the tables that they are on. */
const NAMED = new Set(['table', 'view', 'index', 'trigger', 'policy', 'rule', 'sequence']);

/** `ALTER TYPE t ADD VALUE` */
function addsValue(tokens: Tokens, from: number): boolean {
  for (let at = from; at < tokens.count; at++) if (tokens.isWord(at, 'add')) return tokens.isWord(at + 1, 'value');
  return false;
}

function kindAt(tokens: Tokens): number {
  let at = 1;
  while (at < tokens.count && (tokens.kind(at) !== Kind.word || FILLERS.has(tokens.text(at)))) {
    // `DEFINER = 'root'@'%'` and the like only.
    if (at > 24) break;
    at++;
  }
  return at;
}

function readTableDefinition(walk: Walk, verb: string, kind: number): void {
  const { tokens } = walk;
  if (verb === 'drop') {
    readNames(walk, kind + 1, 'ddl');
    return;
  }
  const name = nameBehind(tokens, kind + 1);
  if (name === undefined) {
    walk.fail();
    return;
  }
  walk.note(name, 'ddl');
  if (verb === 'alter') {
    readAlter(walk, name.next);
    return;
  }
  for (let at = name.next; at < tokens.count; at = tokens.after(at)) {
    if (tokens.isWord(at, 'as') && tokens.isWord(at + 1, 'execute')) walk.isOpaque = true;
    const isQuery =
      tokens.isWord(at, 'select') ||
      (tokens.isWord(at - 1, 'as') &&
        (tokens.isSign(at, '(') || ['values', 'with', 'table'].some((word) => tokens.isWord(at, word))));
    if (!isQuery) continue;
    const end = queryEnd(tokens, at);
    walk.statement(at, end);
    return;
  }
}

/** Before `WITH [NO] DATA` and `WITH CHECK OPTION`. */
function queryEnd(tokens: Tokens, from: number): number {
  for (let at = tokens.count - 1; at > from && at > tokens.count - 6; at--) {
    const isTail = ['no', 'data', 'check', 'local', 'cascaded'].some((word) => tokens.isWord(at + 1, word));
    if (tokens.isWord(at, 'with') && isTail) return at;
  }
  return tokens.count;
}

/** Another name, a partition of it, its swap with another one. */
function readAlter(walk: Walk, from: number): void {
  const { tokens } = walk;
  for (let at = from; at < tokens.count; at = tokens.after(at)) {
    if (tokens.kind(at) !== Kind.word) continue;
    const word = tokens.text(at);
    const isRename = tokens.isWord(at - 1, 'rename') && (word === 'to' || word === 'as');
    const isPartition = (word === 'attach' || word === 'detach') && tokens.isWord(at + 1, 'partition');
    // Its rows are among those of the other from now on, or no longer. What a CHECK does not hand on has no name behind it.
    const parent = word === 'inherit' ? nameBehind(tokens, at + 1) : undefined;
    if (parent !== undefined) walk.note(parent, 'ddl');
    const isExchange = word === 'table' && tokens.isWord(at - 1, 'with');
    if (!isRename && !isPartition && !isExchange) {
      // What `USING (SELECT …)` reads is not told apart.
      if (word === 'exchange' || word === 'union') walk.fail();
      continue;
    }
    const name = nameBehind(tokens, isPartition ? at + 2 : at + 1);
    if (name === undefined) walk.fail();
    else walk.note(name, 'ddl');
  }
}

/** A policy, a trigger or a rule changes what is seen of its table, or what is done with it. */
function readOn(walk: Walk, from: number, word: string): void {
  const { tokens } = walk;
  // Its body is not followed.
  if (word === 'rule' || (word === 'trigger' && tokens.dialect !== 'postgres')) walk.fail();
  for (let at = from; at < tokens.count; at = tokens.after(at)) {
    const name = tokens.isWord(at, 'on') ? nameBehind(tokens, at + 1) : undefined;
    if (name === undefined) continue;
    walk.note(name, 'ddl');
    return;
  }
}

/** A list of tables, and whether others go with them. */
function readNames(walk: Walk, from: number, verb: WriteVerb): void {
  const { tokens } = walk;
  const cascades = endsIn(tokens, 'cascade');
  let at = from;
  for (;;) {
    const name = nameBehind(tokens, at);
    if (name === undefined) {
      walk.fail();
      return;
    }
    walk.note(name, verb).cascades = cascades && tokens.dialect === 'postgres';
    at = name.next;
    if (tokens.isSign(at, '*')) at++;
    // RENAME TABLE a TO b
    if (!tokens.isSign(at, ',') && !(tokens.isWord(at, 'to') && tokens.isWord(0, 'rename'))) return;
    at++;
  }
}

function nameBehind(tokens: Tokens, from: number): Qualified | undefined {
  let at = from;
  while (['if', 'not', 'exists', 'only'].some((word) => tokens.isWord(at, word)) && tokens.isName(at + 1)) at++;
  return qualifiedAt(tokens, at);
}

function endsIn(tokens: Tokens, word: string): boolean {
  return tokens.isWord(tokens.count - 1, word);
}
