import { isDigit, isNameStart, nameEnd } from './characters.js';
import { foldedName, lowered } from './fold.js';
import { Kind, type Tokens } from './tokens.js';

/**
 * The names in a statement that was understood, for the functions among them: those alone, and those that are called. One
 * with a qualifier or before a point is a column's or a table's.
 */
export function namesOf(tokens: Tokens): Set<string> {
  const names = new Set<string>();
  for (let at = 0; at < tokens.count; at++) {
    const kind = tokens.kind(at);
    if (kind !== Kind.word && kind !== Kind.quoted && kind !== Kind.either) continue;
    const isQualified = tokens.isSign(at - 1, '.') || tokens.isSign(at + 1, '.');
    if (!isQualified || tokens.isSign(at + 1, '(')) names.add(tokens.name(at));
  }
  return names;
}

/**
 * Whatever may be a name in a statement that was not understood: every word in it, in strings and comments, too, for one
 * of these may be carried out.
 */
export function allNames(tokens: Tokens): Set<string> {
  const { sql, dialect, to } = tokens;
  const names = new Set<string>();
  for (let at = 0; at < tokens.count; at++) if (tokens.isName(at)) names.add(tokens.name(at));
  for (const name of tokens.spilled) names.add(foldedName(name, dialect));
  for (let at = tokens.from; at < to; ) {
    const code = sql.charCodeAt(at);
    if (!isNameStart(code) && !isDigit(code)) {
      at++;
      continue;
    }
    const end = nameEnd(sql, at);
    const word = sql.slice(at, end);
    names.add(foldedName(word, dialect));
    // `$tag$truncate users$tag$`
    if (dialect === 'postgres' && word.includes('$'))
      for (const part of word.split('$')) names.add(foldedName(lowered(part), dialect));
    // Quoted within a string it is what it is, and else it is lowered.
    if (dialect === 'postgres') names.add(foldedName(lowered(word), dialect));
    at = end;
  }
  return names;
}
