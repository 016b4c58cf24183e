import { isBlank } from './characters.js';
import type { Dialect } from './footprint-types.js';

/** Where the next token begins. */
export interface Blank {
  readonly at: number;
  /** A comment does not end. */
  readonly isOpen: boolean;
  /** What follows stands in MySQL's `/*! …`. */
  readonly isExecuted: boolean;
}

/** Skips blanks and comments. */
export function skipBlank(sql: string, from: number, dialect: Dialect, isExecuted: boolean): Blank {
  let at = from;
  let executed = isExecuted;
  for (;;) {
    while (at < sql.length && isBlank(sql.charCodeAt(at))) at++;
    const code = sql.charCodeAt(at);
    if (code === 0x2d && isLineComment(sql, at, dialect)) at = lineEnd(sql, at, dialect);
    else if (code === 0x23 && dialect === 'mysql') at = lineEnd(sql, at, dialect);
    else if (executed && code === 0x2a && sql.charCodeAt(at + 1) === 0x2f) {
      executed = false;
      at += 2;
    } else if (code === 0x2f && sql.charCodeAt(at + 1) === 0x2a) {
      const opened = dialect === 'mysql' ? executedStart(sql, at) : undefined;
      if (opened !== undefined) {
        executed = true;
        at = opened;
        continue;
      }
      const end = dialect === 'postgres' ? nestedEnd(sql, at) : sql.indexOf('*/', at + 2) + 2;
      // SQLite takes the end of the text for that of the comment.
      if (end < 2) return { at: sql.length, isOpen: dialect !== 'sqlite', isExecuted: executed };
      at = end;
    } else return { at, isOpen: at >= sql.length && executed, isExecuted: executed };
  }
}

/** MySQL wants a blank behind it, so that `1--1` is a number. */
function isLineComment(sql: string, at: number, dialect: Dialect): boolean {
  if (sql.charCodeAt(at + 1) !== 0x2d) return false;
  return dialect !== 'mysql' || at + 2 >= sql.length || sql.charCodeAt(at + 2) <= 0x20;
}

function lineEnd(sql: string, at: number, dialect: Dialect): number {
  for (let end = at; end < sql.length; end++) {
    const code = sql.charCodeAt(end);
    if (code === 0x0a || (code === 0x0d && dialect === 'postgres')) return end + 1;
  }
  return sql.length;
}

/** Behind `/*!50110` or `/*M!100100`. */
function executedStart(sql: string, at: number): number | undefined {
  let start = at + 2;
  if (sql.charCodeAt(start) === 0x4d /* M */) start++;
  if (sql.charCodeAt(start) !== 0x21 /* ! */) return undefined;
  start++;
  while (sql.charCodeAt(start) >= 0x30 && sql.charCodeAt(start) <= 0x39) start++;
  return start;
}

/** PostgreSQL's comments nest. */
function nestedEnd(sql: string, from: number): number {
  let depth = 1;
  for (let at = from + 2; at < sql.length; at++) {
    const code = sql.charCodeAt(at);
    const next = sql.charCodeAt(at + 1);
    if (code === 0x2a && next === 0x2f) {
      at++;
      if (--depth === 0) return at + 1;
    } else if (code === 0x2f && next === 0x2a) {
      at++;
      depth++;
    }
  }
  return -1;
}
