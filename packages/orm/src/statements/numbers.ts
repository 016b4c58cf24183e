import { isDigit } from './characters.js';

/** Where a number ends: `12`, `1.5e-3`, `.5`, `0x1F`, `1_000`. */
export function numberEnd(sql: string, from: number): number {
  const second = sql.charCodeAt(from + 1) | 0x20;
  if (sql.charCodeAt(from) === 0x30 && (second === 0x78 || second === 0x6f || second === 0x62)) {
    let at = from + 2;
    while (isHex(sql.charCodeAt(at))) at++;
    if (at > from + 2) return at;
  }
  let at = digitsEnd(sql, from);
  // `1..10` is a range of PL/pgSQL.
  if (sql.charCodeAt(at) === 0x2e && sql.charCodeAt(at + 1) !== 0x2e) at = digitsEnd(sql, at + 1);
  if ((sql.charCodeAt(at) | 0x20) === 0x65 /* e */) {
    const sign = sql.charCodeAt(at + 1);
    const digits = sign === 0x2b || sign === 0x2d ? at + 2 : at + 1;
    if (isDigit(sql.charCodeAt(digits))) at = digitsEnd(sql, digits);
  }
  return at;
}

function digitsEnd(sql: string, from: number): number {
  let at = from;
  while (isDigit(sql.charCodeAt(at)) || (sql.charCodeAt(at) === 0x5f && isDigit(sql.charCodeAt(at + 1)))) at++;
  return at;
}

function isHex(code: number): boolean {
  const lower = code | 0x20;
  return isDigit(code) || (lower >= 0x61 && lower <= 0x66) || code === 0x5f;
}
