import type { WrittenTable } from './footprint-types.js';
import { Kind, type Tokens } from './tokens.js';

/** Words of an INSERT that minds the rows that are there: `ON CONFLICT`, `INSERT IGNORE`, `MERGE`. */
const MINDING = new Set(['conflict', 'ignore', 'merge']);

/**
 * Whether a statement hands back something of the rows that it writes, by its words alone: wherever one of them stands it
 * counts, and at worst a column of that name makes a write a read, too.
 */
export function returnsWritten(tokens: Tokens, writes: readonly Pick<WrittenTable, 'verb'>[]): boolean {
  if (writes.length === 0) return false;
  const isMysql = tokens.dialect === 'mysql';
  let returns = false;
  let minds = writes.some(({ verb }) => verb !== 'insert');
  for (let at = 0; at < tokens.count && !(returns && minds); at++) {
    const kind = tokens.kind(at);
    const text = tokens.text(at);
    if (kind === Kind.word) {
      minds ||= MINDING.has(text);
      // `SET views = LAST_INSERT_ID(views + 1)`: the server tells the value together with the count.
      returns ||= text === 'returning' || (isMysql && text === 'last_insert_id');
      // `SET title = (@title := title)`.
    } else if (isMysql && kind === Kind.sign) returns ||= text.startsWith(':');
  }
  return returns && minds;
}
