import type { Dialect, Footprint } from './footprint-types.js';
import { Lexer } from './lexer.js';
import { footprintOf, unread } from './statement.js';
import { Kind, type Tokens } from './tokens.js';

/** Statements of one text that are told apart. */
const MOST_STATEMENTS = 1_000;

/**
 * What each statement of a text reads and writes.
 *
 * Never throws, and takes time in proportion to the text, whatever that is. What it does not understand it says so of:
 * then every table among the {@link Footprint.names} may have been read or written.
 *
 * @example
 * ```ts
 * const [footprint] = footprints('UPDATE posts SET title = $1 WHERE id = $2', 'postgres');
 * footprint?.writes; // [{ table: 'posts', verb: 'update', held: [{ column: 'id', … }], … }]
 * ```
 */
export function footprints(sql: string, dialect: Dialect): readonly Footprint[] {
  const lexer = new Lexer(sql, dialect);
  const found: Footprint[] = [];
  while (!lexer.isAtEnd) {
    const from = lexer.at;
    const isLast = found.length === MOST_STATEMENTS;
    let tokens = lexer.statement(isLast);
    if (isLast) {
      if (tokens.count > 0) found.push(unread(tokens));
      break;
    }
    if (hasBody(tokens)) {
      lexer.rewind(from);
      tokens = lexer.statement(true);
    }
    if (tokens.count > 0) found.push(footprintOf(tokens, 0));
  }
  return found;
}

/** Kinds of things whose definition may have statements in it. */
const WITH_BODIES = ['trigger', 'procedure', 'function', 'event', 'package', 'rule'];

/** Whether semicolons may stand within a statement: in PostgreSQL behind BEGIN ATOMIC, and in the brackets of a rule. */
function hasBody(tokens: Tokens): boolean {
  if (tokens.isWord(0, 'begin')) return tokens.isWord(1, 'not');
  if (!tokens.isWord(0, 'create')) return false;
  let isRoutine = false;
  for (let at = 1; at < tokens.count; at++) {
    if (tokens.kind(at) !== Kind.word) continue;
    isRoutine ||= at < 32 && WITH_BODIES.includes(tokens.text(at));
    if (isRoutine && (tokens.text(at) === 'begin' || tokens.text(at) === 'atomic')) return true;
  }
  return isRoutine && tokens.isUnclosed;
}
