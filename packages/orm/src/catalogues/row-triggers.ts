import type { Dialect } from '../statements/footprint-types.js';
import { Lexer } from '../statements/lexer.js';
import type { Tokens } from '../statements/tokens.js';

/**
 * Whether a trigger that acts in front of a write may give the row another key, by its text: where it does anything with the
 * new row but set columns of it by name, that is assumed.
 *
 * @param body - of the function that it runs, in PL/pgSQL, or the trigger's own, in MySQL; `undefined` in any other language
 */
export function mayRekey(body: string | undefined, pk: readonly string[], dialect: Dialect): boolean {
  if (body === undefined) return true;
  const tokens = new Lexer(body, dialect).statement(true);
  if (!tokens.isClear) return true;
  const isFilled = fillsVariables(tokens);
  for (let at = 0; at < tokens.count; at++) {
    if (dialect === 'postgres' && tokens.isWord(at, 'return') && !RETURNED.has(tokens.text(at + 1))) return true;
    if (isNewRow(tokens, at) && !isHarmless(tokens, at, pk, isFilled)) return true;
  }
  return false;
}

/** What a trigger function may hand on and leave the key alone: the row before has the key before. */
const RETURNED = new Set(['new', 'old', 'null']);

function isNewRow(tokens: Tokens, at: number): boolean {
  return tokens.isName(at) && !tokens.isSign(at - 1, '.') && tokens.name(at).toLowerCase() === 'new';
}

function isHarmless(tokens: Tokens, at: number, pk: readonly string[], isFilled: boolean): boolean {
  if (tokens.isWord(at - 1, 'return') && tokens.isSign(at + 1, ';')) return true;
  // NEW IS DISTINCT FROM OLD
  if (tokens.isWord(at + 1, 'is')) return true;
  if (!tokens.isSign(at + 1, '.')) return false;
  if (tokens.isSign(at + 2, '*')) return !isFilled;
  if (!tokens.isName(at + 2)) return false;
  const column = tokens.name(at + 2);
  if (!pk.some((key) => key === column || (tokens.dialect === 'mysql' && key.toLowerCase() === column.toLowerCase())))
    return true;
  return !isFilled && !/^[:=]/.test(tokens.raw(at + 3));
}

/** `SELECT … INTO`, `FETCH … INTO`, and not `INSERT INTO`. */
function fillsVariables(tokens: Tokens): boolean {
  for (let at = 0; at < tokens.count; at++)
    if (tokens.isWord(at, 'into') && !tokens.isWord(at - 1, 'insert')) return true;
  return false;
}
