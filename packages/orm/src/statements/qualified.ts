import type { TableName } from './footprint-types.js';
import { Kind, type Tokens } from './tokens.js';

/** A name with those in front of it, and where it ends. */
export interface Qualified extends TableName {
  readonly next: number;
}

/** `table`, `schema.table`, `database.schema.table`; `undefined` where no name stands. */
export function qualifiedAt(tokens: Tokens, from: number): Qualified | undefined {
  if (!tokens.isName(from)) return undefined;
  let at = from;
  let last = from;
  while (tokens.isSign(at + 1, '.') && tokens.isName(at + 2)) {
    last = at;
    at += 2;
  }
  return { table: tokens.name(at), schema: at > from ? tokens.name(last) : undefined, next: at + 1 };
}

/** The names in a bracket with nothing but names and commas in it; `undefined` for any other. */
export function namesIn(tokens: Tokens, open: number): string[] | undefined {
  const end = tokens.after(open) - 1;
  const names: string[] = [];
  for (let at = open + 1; at < end; at++) {
    const name = qualifiedAt(tokens, at);
    if (name === undefined) return undefined;
    names.push(name.table);
    at = name.next;
    if (at < end && !tokens.isSign(at, ',')) return undefined;
  }
  return names;
}

/** Whether a query begins here. */
export function isQueryAt(tokens: Tokens, at: number): boolean {
  if (tokens.kind(at) !== Kind.word) return tokens.isSign(at, '(');
  const word = tokens.text(at);
  return word === 'select' || word === 'with' || word === 'values' || word === 'table';
}
