import { foldedColumn } from './fold.js';
import type { HeldColumn, Operand } from './footprint-types.js';
import { operandAt } from './operands.js';
import type { Tokens } from './tokens.js';

/** Rows of one INSERT before nobody cares which. */
const MOST_ROWS = 1_000;

/**
 * What the rows behind VALUES have in each column: of columns that every row has a plain value in.
 *
 * @param from - where the first row begins
 */
export function valueRows(tokens: Tokens, from: number, columns: readonly string[]): HeldColumn[] {
  const values: Array<Operand[] | undefined> = columns.map(() => []);
  let at = from;
  for (let rows = 0; rows < MOST_ROWS; rows++) {
    if (tokens.isWord(at, 'row')) at++;
    if (!tokens.isSign(at, '(') || !readRow(tokens, at, values)) return [];
    at = tokens.after(at);
    if (!tokens.isSign(at, ','))
      return columns.flatMap((column, index) => {
        const own = values[index];
        return own === undefined ? [] : [{ column: foldedColumn(column, tokens.dialect), values: own }];
      });
    at++;
  }
  return [];
}

/** @returns false where the row has another number of values than there are columns */
function readRow(tokens: Tokens, open: number, values: Array<Operand[] | undefined>): boolean {
  const end = tokens.after(open) - 1;
  let at = open + 1;
  for (let column = 0; column < values.length; column++) {
    const value = operandAt(tokens, at);
    let next = value?.next ?? at;
    const isPlain = value !== undefined && (next === end || tokens.isSign(next, ','));
    while (next < end && !tokens.isSign(next, ',')) next = tokens.after(next);
    if (isPlain && value !== undefined) values[column]?.push(value.operand);
    else values[column] = undefined;
    const isLast = column === values.length - 1;
    if (isLast ? next !== end : next >= end) return false;
    at = next + 1;
  }
  return true;
}
