import { foldedColumn } from './fold.js';
import type { Operand } from './footprint-types.js';
import { operandAt } from './operands.js';
import { Kind, type Tokens } from './tokens.js';

/** `qualifier.column = value`, or `IN (values)`: true of every row that the whole condition is true of. */
export interface Condition {
  readonly qualifier: string | undefined;
  readonly column: string;
  readonly values: readonly Operand[];
}

/** Values that one condition may list before nobody cares which. */
const MOST_VALUES = 1_000;
/** Parts of a condition that are looked into. */
const MOST_PARTS = 64;

/** Words that may follow the condition of a WHERE. */
const ENDS = new Set([
  'group', 'order', 'having', 'limit', 'union', 'intersect', 'except', 'returning', 'offset', 'fetch', 'for', 'window',
  'lock', 'into', 'procedure',
]); // biome-ignore format: a list

/**
 * What the condition that begins here holds columns to.
 *
 * An OR anywhere beside it, not in brackets, voids all of it, even behind the condition: where that ends is not sure.
 */
export function conditions(tokens: Tokens, from: number, end: number): Condition[] {
  const found: Condition[] = [];
  const groups: Array<readonly [from: number, to: number]> = [[from, end]];
  for (let next = 0; next < groups.length && next < MOST_PARTS && found.length < MOST_PARTS; next++) {
    const [start, stop] = groups[next] ?? [0, 0];
    if (isWhole(tokens, start, stop)) readAll(tokens, start, stop, found, groups);
  }
  return found;
}

/** Whether what stands here is one or several things that must all be true. */
function isWhole(tokens: Tokens, from: number, to: number): boolean {
  for (let at = from; at < to; at = tokens.after(at)) {
    const text = tokens.text(at);
    if (tokens.kind(at) === Kind.word && (text === 'or' || text === 'xor' || text === 'case')) return false;
    if (tokens.dialect === 'mysql' && tokens.kind(at) === Kind.sign && text.includes('||')) return false;
  }
  return true;
}

function readAll(
  tokens: Tokens,
  from: number,
  to: number,
  found: Condition[],
  groups: Array<readonly [number, number]>,
): void {
  let start = from;
  let betweens = 0;
  let at = from;
  for (; at < to && found.length < MOST_PARTS; at = tokens.after(at)) {
    if (tokens.kind(at) !== Kind.word || isQualified(tokens, at)) continue;
    const text = tokens.text(at);
    if (text === 'between') betweens++;
    else if (text === 'and' && betweens > 0) betweens--;
    else if (text === 'and') {
      readOne(tokens, start, at, found, groups);
      start = at + 1;
    } else if (ENDS.has(text)) break;
  }
  if (found.length < MOST_PARTS) readOne(tokens, start, at, found, groups);
}

function readOne(
  tokens: Tokens,
  from: number,
  to: number,
  found: Condition[],
  groups: Array<readonly [number, number]>,
): void {
  if (tokens.isSign(from, '(')) {
    if (tokens.after(from) === to) groups.push([from + 1, to - 1]);
    return;
  }
  let at = from;
  while (isColumnName(tokens, at) && tokens.isSign(at + 1, '.')) at += 2;
  if (!isColumnName(tokens, at)) return;
  const qualifier = at > from ? tokens.name(at - 2) : undefined;
  const values = valuesOf(tokens, at + 1, to);
  if (values !== undefined) found.push({ qualifier, column: foldedColumn(tokens.name(at), tokens.dialect), values });
}

function isColumnName(tokens: Tokens, at: number): boolean {
  const kind = tokens.kind(at);
  // `NOT x = 1`, `EXISTS …`: no name is followed by what is looked for then.
  return kind === Kind.word || kind === Kind.quoted;
}

function isQualified(tokens: Tokens, at: number): boolean {
  return tokens.isSign(at - 1, '.');
}

function valuesOf(tokens: Tokens, from: number, to: number): readonly Operand[] | undefined {
  if (tokens.isSign(from, '=')) {
    if (tokens.isWord(from + 1, 'any') && tokens.isSign(from + 2, '(')) return listOf(tokens, from + 2, to);
    const value = operandAt(tokens, from + 1);
    return value !== undefined && value.next === to ? [value.operand] : undefined;
  }
  if (!tokens.isWord(from, 'in') || !tokens.isSign(from + 1, '(') || tokens.after(from + 1) !== to) return undefined;
  const values: Operand[] = [];
  for (let at = from + 2; at < to; ) {
    const value = operandAt(tokens, at);
    if (value === undefined || values.length >= MOST_VALUES) return undefined;
    values.push(value.operand);
    at = value.next;
    if (at === to - 1) return values;
    if (!tokens.isSign(at, ',')) return undefined;
    at++;
  }
  return undefined;
}

/** PostgreSQL's `= ANY($1)`. */
function listOf(tokens: Tokens, open: number, to: number): readonly Operand[] | undefined {
  const value = operandAt(tokens, open + 1);
  if (value === undefined || value.operand.kind !== 'parameter' || value.next !== to - 1) return undefined;
  return tokens.after(open) === to ? [{ ...value.operand, isList: true }] : undefined;
}
