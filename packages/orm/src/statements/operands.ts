import type { Operand } from './footprint-types.js';
import { Kind, type Tokens } from './tokens.js';

/** Casts that leave a key as it is. */
const HARMLESS_CASTS = new Set([
  'int', 'int2', 'int4', 'int8', 'integer', 'bigint', 'smallint', 'text', 'varchar', 'uuid',
]); // biome-ignore format: a list

/** The value that stands here, if it is one that can be told, and where it ends. */
export function operandAt(
  tokens: Tokens,
  at: number,
): { readonly operand: Operand; readonly next: number } | undefined {
  const isNegative = tokens.isSign(at, '-');
  const start = isNegative ? at + 1 : at;
  const operand = plain(tokens, start, isNegative);
  return operand === undefined ? undefined : { operand, next: castsEnd(tokens, start + 1) };
}

function plain(tokens: Tokens, at: number, isNegative: boolean): Operand | undefined {
  switch (tokens.kind(at)) {
    case Kind.number: {
      const text = tokens.raw(at);
      // Others may be spelled in several ways.
      if (!/^\d+$/.test(text)) return undefined;
      return { kind: 'literal', text: isNegative ? `-${text}` : text };
    }
    case Kind.string:
      return isNegative ? undefined : literal(tokens.raw(at), tokens.dialect === 'mysql');
    case Kind.parameter: {
      const place = tokens.place(at);
      return isNegative || place === undefined ? undefined : { kind: 'parameter', at: place, isList: false };
    }
    default:
      return undefined;
  }
}

/** A string without a prefix and escapes. */
function literal(raw: string, hasEscapes: boolean): Operand | undefined {
  if (!raw.startsWith("'") || (hasEscapes && raw.includes('\\'))) return undefined;
  return { kind: 'literal', text: raw.slice(1, -1).replaceAll("''", "'") };
}

/** `::uuid`, `::int[]`. */
function castsEnd(tokens: Tokens, from: number): number {
  let at = from;
  while (tokens.isSign(at, '::') && tokens.kind(at + 1) === Kind.word && HARMLESS_CASTS.has(tokens.text(at + 1))) {
    at += 2;
    while (tokens.isSign(at, '[') && tokens.isSign(at + 1, ']')) at += 2;
  }
  return at;
}
