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
  return `${exact ? '' : 'at least '}${count} dropped${keys.length > 0 ? `: ${keys.map(keyOnOneLine).join(', ')}` : ''}`;
}

/**
 * A cache key for people. Behind its URL there is a line for each thing that it has beside, with a sign in front and the length of
 * what could be mistaken for the next: these stand in brackets here, as `GET http://localhost/users (Users.list, 7)`.
 */
function keyOnOneLine(key: string): string {
  const [first = '', ...beside] = key.split('\n').map((part) => part.replace(/[\p{Cc}\s]+/gu, ' ').trim());
  if (beside.length === 0) return first;
  return `${first} (${beside.map((part) => part.replace(/^[>@#!=~]/, '').replace(/(^|=)\d+:/, '$1')).join(', ')})`;
}
