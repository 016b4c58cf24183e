import { Mode } from './block.js';
import type { Reference } from './drafts.js';
import { foldedColumn } from './fold.js';
import { upsertScope } from './heads.js';
import { namesIn } from './qualified.js';
import type { Walking } from './walking.js';

/** `ON CONFLICT …` and `ON DUPLICATE KEY UPDATE` of an INSERT; any other ON is left alone. */
export function startConflict(walk: Walking, at: number, insert: Reference): number {
  const { tokens, block } = walk;
  if (tokens.isWord(at + 1, 'duplicate') && tokens.isWord(at + 2, 'key') && tokens.isWord(at + 3, 'update')) {
    walk.settle(block, at);
    upsertScope(walk);
    makeUpsert(insert, undefined);
    block.mode = Mode.assignment;
    return at + 4;
  }
  if (!tokens.isWord(at + 1, 'conflict')) return at + 1;
  const start = at + 2;
  if (!tokens.isSign(start, '(') && !tokens.isWord(start, 'do') && !tokens.isWord(start, 'on')) return at + 1;
  walk.settle(block, at);
  const columns = tokens.isSign(start, '(') ? namesIn(tokens, start) : undefined;
  let next = start;
  while (next < tokens.count && !tokens.isWord(next, 'do')) {
    if (tokens.isWord(next, 'select')) walk.fail();
    next++;
  }
  upsertScope(walk);
  block.mode = Mode.expression;
  if (!tokens.isWord(next + 1, 'update')) {
    // DO SELECT reads, of the table that is written; nothing else is known.
    if (!tokens.isWord(next + 1, 'nothing')) walk.fail();
    return next + 2;
  }
  makeUpsert(
    insert,
    columns?.map((column) => foldedColumn(column, tokens.dialect)),
  );
  if (!tokens.isWord(next + 2, 'set')) walk.fail();
  block.mode = Mode.assignment;
  return next + 3;
}

function makeUpsert(insert: Reference, conflict: readonly string[] | undefined): void {
  // A second one, or behind REPLACE: rows may be in the way by either.
  insert.conflict = insert.verb === 'upsert' ? undefined : conflict;
  insert.verb = 'upsert';
}
