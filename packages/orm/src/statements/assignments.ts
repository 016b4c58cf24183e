import { Mode } from './block.js';
import { foldedColumn } from './fold.js';
import { namesIn, type Qualified, qualifiedAt } from './qualified.js';
import type { Tokens } from './tokens.js';
import type { Walking } from './walking.js';

/** Reads what is set behind SET or a comma of it: a column, or several in brackets. */
export function assign(walk: Walking, at: number): number {
  const { tokens, block } = walk;
  const { dialect } = tokens;
  block.mode = Mode.afterAssignment;
  const { scope, insert } = block;
  if (scope === undefined) return at + 1;
  const note = (column: string, qualifier: string | undefined, keeps?: string) => {
    const folded = foldedColumn(column, dialect);
    if (scope.kind === 'update') scope.assignments.push({ qualifier, column: folded, keeps });
    else if (insert?.verb === 'upsert') insert.columns?.push(folded);
  };
  if (tokens.isSign(at, '(')) {
    const names = namesIn(tokens, at);
    if (names === undefined) lose(walk);
    for (const name of names ?? []) note(name, undefined);
    return tokens.after(at);
  }
  const name = qualifiedAt(tokens, at);
  if (name === undefined) {
    lose(walk);
    return at + 1;
  }
  const isKept = insert?.conflict?.includes(foldedColumn(name.table, dialect)) === true;
  if (isKept && isExcluded(tokens, name.next, name.table)) return name.next;
  note(name.table, name.schema, name.schema === undefined ? kept(tokens, name) : undefined);
  // PostgreSQL sets a field of a column so.
  if (name.schema !== undefined && dialect === 'postgres') note(name.schema, undefined);
  return name.next;
}

/** `SET ?` with an object: nobody knows its columns here. */
function lose({ block }: Walking): void {
  const { scope, insert } = block;
  if (scope?.kind === 'update') scope.knowsAssignments = false;
  else if (insert?.verb === 'upsert') insert.columns = undefined;
}

/** `column = EXCLUDED.column`: of a column by which the row was found this changes nothing. */
function isExcluded(tokens: Tokens, at: number, column: string): boolean {
  if (!tokens.isSign(at, '=') || !tokens.isWord(at + 1, 'excluded') || !tokens.isSign(at + 2, '.')) return false;
  if (!tokens.isName(at + 3) || tokens.name(at + 3) !== column) return false;
  return endsAt(tokens, at + 4);
}

/** Of `column = column` and `column = t.column`, how the second one is qualified; elsewhere what looks like it may be a text. */
function kept(tokens: Tokens, { table: column, next }: Qualified): string | undefined {
  if (tokens.dialect !== 'postgres' || !tokens.isSign(next, '=')) return undefined;
  const value = qualifiedAt(tokens, next + 1);
  if (value?.table !== column || !endsAt(tokens, value.next)) return undefined;
  return value.next - next > 4 ? undefined : (value.schema ?? '');
}

/** Whether an assignment ends here. */
function endsAt(tokens: Tokens, at: number): boolean {
  return at >= tokens.count || tokens.isSign(at, ',') || tokens.isWord(at, 'where') || tokens.isWord(at, 'returning');
}
