import { footprints } from './footprint.js';
import type { Dialect } from './footprint-types.js';

/** What huge texts are made of. */
export const HUGE: ReadonlyArray<readonly [name: string, part: string]> = [
  ['round brackets', '('],
  ['quotes', `'"`],
  ['comments', '/* -- '],
  ['rows', `(1,'a'),`],
  ['statements', 'SELECT (1;'],
];

/** Whether the table is found that a statement with a huge text behind it writes. */
export function endsIn(part: string, characters: number, dialect: Dialect): boolean {
  const sql = `INSERT INTO posts (id, a) VALUES ${part.repeat(characters / part.length)}`;
  const [footprint] = footprints(sql, dialect);
  return footprint?.writes[0]?.table === 'posts' && (footprint.isUnderstood || footprint.names.has('posts'));
}
