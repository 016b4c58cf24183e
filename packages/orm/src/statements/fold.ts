import { Buffer } from 'node:buffer';
import type { Dialect } from './footprint-types.js';

// biome-ignore lint/suspicious/noControlCharactersInRegex: all of ASCII
const ASCII = /^[\x00-\x7f]*$/;

/** Bytes of a name that PostgreSQL keeps. */
const NAME_BYTES = 63;

/** Databases fold letters of ASCII and no others. */
export function lowered(text: string): string {
  return ASCII.test(text) ? text.toLowerCase() : text.replace(/[A-Z]+/g, (letters) => letters.toLowerCase());
}

/** A name as the dialect takes it; words that PostgreSQL lowers come lowered. */
export function foldedName(name: string, dialect: Dialect): string {
  if (dialect === 'sqlite') return lowered(name);
  return dialect === 'postgres' ? shortened(name) : name;
}

/** A column's name: in MySQL letter case does not matter in these. */
export function foldedColumn(name: string, dialect: Dialect): string {
  return dialect === 'postgres' ? name : name.toLowerCase();
}

/** A name as PostgreSQL cuts it: at 63 bytes, between characters. */
function shortened(name: string): string {
  if (name.length * 3 <= NAME_BYTES || Buffer.byteLength(name) <= NAME_BYTES) return name;
  let end = 0;
  let bytes = 0;
  for (const character of name) {
    bytes += Buffer.byteLength(character);
    if (bytes > NAME_BYTES) break;
    end += character.length;
  }
  return name.slice(0, end);
}
