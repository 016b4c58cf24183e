import { Lexer } from '../statements/lexer.js';
import type { ConflictClause } from '../tables/table.js';

const CLAUSES: ReadonlySet<string> = new Set<ConflictClause>(['replace', 'fail', 'rollback']);

/**
 * What a table does with rows that break its constraints, by the statement that has created it: `ON CONFLICT` behind any of
 * them. The others, `ABORT` and `IGNORE`, do no more than a statement says.
 */
export function conflictsOf(sql: string): ReadonlySet<ConflictClause> {
  const clauses = new Set<ConflictClause>();
  if (!/conflict/i.test(sql)) return clauses;
  const tokens = new Lexer(sql, 'sqlite').statement(true);
  for (let at = 0; at + 2 < tokens.count; at++) {
    const word = tokens.text(at + 2);
    if (tokens.isWord(at, 'on') && tokens.isWord(at + 1, 'conflict') && CLAUSES.has(word))
      clauses.add(word as ConflictClause);
  }
  return clauses;
}
