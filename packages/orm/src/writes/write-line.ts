import type { Dropped, WriteOrigin } from '@viewcache/core';

const LONGEST_STATEMENT = 120;
const MOST_TAGS = 8;

/** What was invalidated, as its event names it. */
interface Named {
  readonly tags: readonly string[];
  readonly targets: readonly string[];
}

/** What a log says of a write: the statement, the tags it came to, and what that has dropped here. */
export function writeLine(
  { statement, why }: Pick<WriteOrigin, 'statement' | 'why'>,
  { tags, targets }: Named,
  dropped: Dropped | undefined,
): string {
  const text = statement.replace(/\s+/g, ' ').trim() || 'a write';
  const shown = text.length > LONGEST_STATEMENT ? `${text.slice(0, LONGEST_STATEMENT - 1)}…` : text;
  const named =
    tags.length > MOST_TAGS ? [...tags.slice(0, MOST_TAGS), `… ${tags.length - MOST_TAGS} more`] : [...tags];
  if (targets.includes('all')) named.push(why === undefined ? 'everything' : `everything (${why})`);
  return `viewcache: ${shown} → ${named.join(', ')} → ${dropped === undefined ? 'nobody has counted' : ended(dropped)}`;
}

function ended({ count, exact, keys }: Dropped): string {
  if (count === 0) return exact ? 'nothing here' : 'too much is stored to find what was dropped';
  return `${exact ? '' : 'at least '}${count} dropped${keys.length > 0 ? `: ${keys.join(', ')}` : ''}`;
}
