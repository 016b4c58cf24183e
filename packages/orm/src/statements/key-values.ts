import type { Dialect } from './footprint-types.js';

/** Collations pass over other characters, or take several for one. */
const PRINTABLE = /^[\x20-\x7e]*$/;

/** Texts that begin with a digit, and that nobody means as the number they begin with. */
const IDENTIFIERS = /^(?:[\da-f]{24}|[\da-f]{32}|[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}|[\dA-HJKMNP-TV-Z]{26})$/i;

/**
 * Whether a value can be no other row's key than the one it is spelled like.
 *
 * MySQL compares texts with numbers by the digits that they begin with: `'5abc'` finds the row 5, and `'abc'` the row 0. And
 * its collations take `'é'` for `'e'`.
 */
export function isSureKey(value: unknown, dialect: Dialect): value is string | number | bigint {
  switch (typeof value) {
    case 'bigint':
      return dialect !== 'mysql' || value !== 0n;
    case 'number':
      return Number.isSafeInteger(value) && (dialect !== 'mysql' || value !== 0);
    case 'string':
      return dialect === 'mysql' ? isSureInMysql(value) : !value.includes('\0');
    default:
      return false;
  }
}

function isSureInMysql(text: string): boolean {
  if (!PRINTABLE.test(text)) return false;
  if (/^-?[1-9]\d*$/.test(text)) return true;
  return !/^\s*[-+.]?\d/.test(text) || IDENTIFIERS.test(text);
}
