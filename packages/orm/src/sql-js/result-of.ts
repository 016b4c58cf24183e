import type { StatementResult } from '../source/outcome.js';
import type { LocalWatch } from '../sqlite/local-watch.js';
import { soleWrite } from '../sqlite/local-watch.js';
import { unheard } from '../sqlite/unheard.js';
import type { DatabaseLike } from './sql-js-types.js';

/**
 * What one statement came to.
 *
 * @param hasEnded - it has returned its last row, or none: from then on the database counts what it has changed
 */
export function resultsOf(
  database: DatabaseLike,
  watch: LocalWatch,
  sql: string,
  hasEnded: boolean,
): readonly StatementResult[] {
  const write = soleWrite(sql);
  if (write === undefined) return [];
  const rows = write.inserted[0]?.values.length;
  // One that returns a row has changed what it will change, and does not say how much that is.
  const affected = hasEnded ? database.getRowsModified() : rows === 1 && write.verb === 'insert' ? 1 : undefined;
  const key = affected === 1 ? watch.countedKey(sql) : undefined;
  // Asked for at once: the next statement may insert another row.
  const counted = key === undefined ? undefined : lastRow(database);
  return [
    {
      command: undefined,
      affected,
      returned: (columns) =>
        counted !== undefined && columns.length === 1 && columns[0] === key ? [[counted]] : undefined,
    },
  ];
}

function lastRow(database: DatabaseLike): unknown {
  try {
    return unheard(() => database.exec('SELECT last_insert_rowid()'))[0]?.values[0]?.[0];
  } catch {
    // Without it the row is one that nobody knows.
    return undefined;
  }
}
