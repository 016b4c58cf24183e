import { isBlank } from './characters.js';
import type { Dialect } from './footprint-types.js';

/** A quoted name. */
interface QuotedName {
  readonly text: string;
  readonly end: number;
  /** It does not end. */
  readonly isOpen: boolean;
}

/** Where a string ends, whose opening quote is at `quote`. */
export function stringEnd(sql: string, quote: number, hasEscapes: boolean): { at: number; isOpen: boolean } {
  const mark = sql.charCodeAt(quote);
  for (let at = quote + 1; at < sql.length; at++) {
    const code = sql.charCodeAt(at);
    if (code === mark) {
      if (sql.charCodeAt(at + 1) !== mark) return { at: at + 1, isOpen: false };
      at++;
    } else if (code === 0x5c /* \ */ && hasEscapes) at++;
  }
  return { at: sql.length, isOpen: true };
}

/** A name in `"…"`, `` `…` `` or `[…]`: the closing mark twice stands for itself, but in brackets. */
export function readQuoted(sql: string, start: number, close: string): QuotedName {
  let isDoubled = false;
  for (let at = start + 1; ; at += 2) {
    at = sql.indexOf(close, at);
    if (at < 0) return { text: sql.slice(start + 1), end: sql.length, isOpen: true };
    if (close !== ']' && sql.charCodeAt(at + 1) === close.charCodeAt(0)) {
      isDoubled = true;
      continue;
    }
    const text = sql.slice(start + 1, at);
    return { text: isDoubled ? text.replaceAll(close + close, close) : text, end: at + 1, isOpen: false };
  }
}

/** Whether a word belongs to the string behind it: `E'…'`, `N'…'`, `X'…'`, `U&'…'`, and MySQL's `_utf8mb4'…'`. */
export function stringPrefix(
  word: string,
  sql: string,
  end: number,
  dialect: Dialect,
): { readonly at: number; readonly hasEscapes: boolean } | undefined {
  const isQuote = sql.charCodeAt(end) === 0x27;
  const isMysql = dialect === 'mysql';
  if (word.length === 1) {
    const letter = word.toLowerCase();
    if (dialect === 'postgres' && letter === 'u' && sql.startsWith("&'", end))
      return { at: end + 1, hasEscapes: false };
    if (!isQuote) return undefined;
    if (letter === 'x') return { at: end, hasEscapes: false };
    if ((letter === 'b' || letter === 'n') && dialect !== 'sqlite') return { at: end, hasEscapes: isMysql };
    if (letter === 'e' && dialect === 'postgres') return { at: end, hasEscapes: true };
    return undefined;
  }
  return isMysql && isQuote && word.startsWith('_') ? { at: end, hasEscapes: true } : undefined;
}

/** PostgreSQL's `U&"d\0061ta" UESCAPE '!'`; `quote` is where the quote stands. */
export function unicodeName(sql: string, quote: number): QuotedName {
  const { text, end, isOpen } = readQuoted(sql, quote, '"');
  const marked = escapeOf(sql, end);
  return { text: decoded(text, marked.mark), end: marked.end, isOpen };
}

function escapeOf(sql: string, from: number): { mark: string; end: number } {
  let at = from;
  while (isBlank(sql.charCodeAt(at))) at++;
  if (sql.slice(at, at + 7).toLowerCase() !== 'uescape') return { mark: '\\', end: from };
  at += 7;
  while (isBlank(sql.charCodeAt(at))) at++;
  if (sql.charCodeAt(at) !== 0x27 || sql.charCodeAt(at + 2) !== 0x27) return { mark: '\\', end: from };
  return { mark: sql.charAt(at + 1), end: at + 3 };
}

function decoded(text: string, mark: string): string {
  let out = '';
  let last = 0;
  for (let at = text.indexOf(mark); at >= 0; at = text.indexOf(mark, last)) {
    out += text.slice(last, at);
    if (text.startsWith(mark, at + 1)) {
      out += mark;
      last = at + 2;
      continue;
    }
    const isLong = text.charAt(at + 1) === '+';
    const digits = isLong ? text.slice(at + 2, at + 8) : text.slice(at + 1, at + 5);
    const point = /^[\da-f]+$/i.test(digits) ? Number.parseInt(digits, 16) : 0xfffd;
    out += point > 0x10ffff ? '\ufffd' : isLong ? String.fromCodePoint(point) : String.fromCharCode(point);
    last = at + 1 + (isLong ? 7 : 4);
  }
  return out + text.slice(last);
}
