import { gathered } from './drafts.js';
import { Lexer } from './lexer.js';
import { returnsWritten } from './returning.js';
import { Kind, type Tokens } from './tokens.js';
import { Walk } from './walk.js';

/** Bodies within bodies that are followed. */
const MOST_BODIES = 2;

/**
 * Reads the body of PostgreSQL's `DO $$ … $$` and `CREATE FUNCTION … AS $$ … $$`: libraries make a function and call it in
 * one text.
 *
 * @returns false where there is none
 */
export function readBody(walk: Walk, depth: number): boolean {
  const { tokens } = walk;
  const isDo = tokens.isWord(0, 'do');
  if (tokens.dialect !== 'postgres' || !(isDo || isRoutine(tokens))) return false;
  const body = bodyOf(tokens);
  const isKnown = body !== undefined && depth < MOST_BODIES && readBlock(walk, body);
  if (!isKnown) {
    walk.fail();
    // A function is opaque where it is called, not where it is made.
    walk.isOpaque ||= isDo;
  }
  return true;
}

function isRoutine(tokens: Tokens): boolean {
  const at = tokens.isWord(1, 'or') && tokens.isWord(2, 'replace') ? 3 : 1;
  return tokens.isWord(at, 'function') || tokens.isWord(at, 'procedure');
}

/** The text of the body in SQL or PL/pgSQL. */
function bodyOf(tokens: Tokens): string | undefined {
  let body: string | undefined;
  for (let at = 1; at < tokens.count; at = tokens.after(at)) {
    if (tokens.isWord(at, 'language')) {
      const language = tokens.kind(at + 1) === Kind.string ? tokens.raw(at + 1).slice(1, -1) : tokens.text(at + 1);
      if (!/^(?:plpgsql|sql)$/i.test(language)) return undefined;
      at++;
    } else if (tokens.kind(at) === Kind.string && (tokens.isWord(at - 1, 'as') || tokens.isWord(0, 'do'))) {
      // A second one is a symbol of a library.
      if (body !== undefined) return undefined;
      const raw = tokens.raw(at);
      if (!raw.startsWith('$')) return undefined;
      const mark = raw.indexOf('$', 1) + 1;
      body = raw.slice(mark, raw.length - mark);
    }
  }
  return body;
}

/** Words behind which a statement of PL/pgSQL may begin. */
const BEFORE = new Set(['begin', 'then', 'else', 'loop']);

function readBlock(outer: Walk, body: string): boolean {
  const lexer = new Lexer(body, 'postgres');
  let isKnown = true;
  let statements = 0;
  while (!lexer.isAtEnd) {
    const tokens = lexer.statement(false);
    if (++statements > 500 || !tokens.isClear) return false;
    const walk = new Walk(tokens);
    for (const [from, to] of parts(tokens)) if (!readPart(walk, from, to)) isKnown = false;
    isKnown &&= walk.isUnderstood;
    outer.references.push(...walk.references);
    outer.isOpaque ||= walk.isOpaque;
    outer.returnsWritten ||= returnsWritten(tokens, gathered(walk.references, tokens.dialect).writes);
  }
  return isKnown;
}

/** What stands between the words that control the flow; CASE has the same in expressions, and is not told apart. */
function parts(tokens: Tokens): Array<readonly [from: number, to: number]> {
  const found: Array<readonly [number, number]> = [];
  let from = 0;
  for (let at = 0; at < tokens.count; at = tokens.after(at)) {
    if (tokens.kind(at) !== Kind.word || !BEFORE.has(tokens.text(at))) continue;
    if (at > from) found.push([from, at]);
    from = at + 1;
  }
  if (tokens.count > from) found.push([from, tokens.count]);
  return found;
}

const QUERIES = new Set(['select', 'insert', 'update', 'delete', 'with', 'values', 'merge', 'table']);

/** Statements of PL/pgSQL without a query but in brackets. */
const EXPRESSIONS = new Set(['if', 'elsif', 'elseif', 'while', 'return', 'raise', 'exception', 'null', 'end', 'declare', 'assert', 'get', 'exit', 'continue', 'when', 'commit', 'rollback']); // biome-ignore format: a list

/** Words in an expression behind which a table may stand, or a text that is carried out. */
const HIDING = new Set(['from', 'execute', 'into', 'call', 'perform', 'query', 'cursor', 'in', 'commit', 'rollback', 'update', 'select', 'insert', 'delete', 'join']); // biome-ignore format: a list

function readPart(walk: Walk, from: number, to: number): boolean {
  const { tokens } = walk;
  const word = tokens.kind(from) === Kind.word ? tokens.text(from) : '';
  if (QUERIES.has(word)) {
    walk.statement(from, to);
    return true;
  }
  if (word === 'return' && tokens.isWord(from + 1, 'query') && QUERIES.has(tokens.text(from + 2))) {
    walk.statement(from + 2, to);
    return true;
  }
  let target = from;
  // `NEW.changed_at := now()`.
  while (tokens.isName(target) && tokens.isSign(target + 1, '.')) target += 2;
  const isAssignment = tokens.isName(target) && (tokens.isSign(target + 1, ':') || tokens.isSign(target + 1, '='));
  if (!isAssignment && !EXPRESSIONS.has(word)) return false;
  for (let at = from; at < to; at = tokens.after(at))
    if (tokens.kind(at) === Kind.word && HIDING.has(tokens.text(at)) && !tokens.isSign(at - 1, '.')) return false;
  walk.expression(from, to);
  return true;
}
