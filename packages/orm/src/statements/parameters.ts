import { isDigit, isNameStart, nameEnd } from './characters.js';
import type { Dialect } from './footprint-types.js';

/** Where PostgreSQL's `$tag$ … $tag$` ends; `undefined` where none begins. */
export function dollarEnd(sql: string, start: number, dialect: Dialect): { at: number; isOpen: boolean } | undefined {
  if (dialect !== 'postgres') return undefined;
  let at = start + 1;
  if (isDigit(sql.charCodeAt(at))) return undefined;
  while (sql.charCodeAt(at) !== 0x24) {
    if (!isNameStart(sql.charCodeAt(at)) && !isDigit(sql.charCodeAt(at))) return undefined;
    at++;
  }
  const tag = sql.slice(start, at + 1);
  const end = sql.indexOf(tag, at + 1);
  return end < 0 ? { at: sql.length, isOpen: true } : { at: end + tag.length, isOpen: false };
}

/** A parameter, or a variable of MySQL. */
interface Parameter {
  readonly end: number;
  readonly isVariable: boolean;
  /** `undefined`: nobody knows which one. */
  readonly place: number | string | undefined;
}

/** Counts the parameters of one statement as its dialect does. */
export class ParameterCount {
  #positions = 0;
  #hasNames = false;

  constructor(readonly dialect: Dialect) {}

  /** Positions and names together: drivers count them each in a way of their own. */
  get isMixed(): boolean {
    return this.#hasNames && this.#positions > 0;
  }

  /** The parameter that begins here, if one does. */
  read(sql: string, start: number): Parameter | undefined {
    const code = sql.charCodeAt(start);
    const next = sql.charCodeAt(start + 1);
    if (code === 0x24 /* $ */ && this.dialect === 'postgres' && isDigit(next)) {
      const end = digitsEnd(sql, start + 1);
      return { end, isVariable: false, place: Number(sql.slice(start + 1, end)) - 1 };
    }
    if (this.dialect === 'postgres') return undefined;
    if (code === 0x3f /* ? */) return this.#position(sql, start, next);
    if (code === 0x40 /* @ */ && this.dialect === 'mysql') return variable(sql, start);
    const isNamed = code === 0x3a || (this.dialect === 'sqlite' && (code === 0x40 || code === 0x24));
    // `$1` of SQLite is a name like any other.
    if (!isNamed || !(isNameStart(next) || (this.dialect === 'sqlite' && isDigit(next)))) return undefined;
    const end = nameEnd(sql, start + 1);
    this.#hasNames = true;
    return { end, isVariable: false, place: sql.slice(start + 1, end) };
  }

  #position(sql: string, start: number, next: number): Parameter {
    // `??` is a name that mysql2 puts in: it takes its place among the values.
    if (next === 0x3f && this.dialect === 'mysql') {
      this.#positions++;
      return { end: start + 2, isVariable: false, place: undefined };
    }
    const end = this.dialect === 'sqlite' ? digitsEnd(sql, start + 1) : start + 1;
    if (end === start + 1) return { end, isVariable: false, place: this.#positions++ };
    const place = Number(sql.slice(start + 1, end)) - 1;
    // SQLite goes on from the highest number; one beyond what it takes is none.
    this.#positions = Math.max(this.#positions, place + 1);
    return { end, isVariable: false, place };
  }
}

/** `@x`, `@@global.x`, `` @`x` ``: quotes are left to the next token. */
function variable(sql: string, start: number): Parameter {
  let at = start + 1;
  if (sql.charCodeAt(at) === 0x40) at++;
  return { end: nameEnd(sql, at), isVariable: true, place: undefined };
}

function digitsEnd(sql: string, from: number): number {
  let at = from;
  while (isDigit(sql.charCodeAt(at))) at++;
  return at;
}
