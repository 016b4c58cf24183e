import type { WarmResult } from './warm-types.js';

/** Problems that are named. */
const NAMED = 3;

/** In one line what of a warming is no hit now, and why; `undefined` where all is. */
export function problemOf({ total, refused, failed, problems }: WarmResult): string | undefined {
  const count = refused + failed;
  if (count === 0) return undefined;
  const told = problems.filter(({ outcome }) => outcome !== 'skipped').slice(0, NAMED);
  const byReason = new Map<string, string[]>();
  for (const { what, reason, detail } of told) {
    const more = detail ?? (reason === 'no-view' ? 'nothing looks it up in this cache' : undefined);
    const why = more === undefined ? reason : `${reason}: ${more}`;
    byReason.set(why, [...(byReason.get(why) ?? []), what]);
  }
  const named = [...byReason].map(([why, whats]) => `${whats.join(', ')} (${why})`).join(', ');
  return `${count} of ${total} are no hit now: ${named}${count > told.length ? ', …' : ''}`;
}
