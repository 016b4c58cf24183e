import { withoutSecrets } from '../base/without-secrets.js';
import type { WarmProblem, WarmResult } from './warm-types.js';

/** Problems that are named. */
const NAMED = 3;

/**
 * In one line what of a warming is no hit now, and why; `undefined` where all is. What was skipped is told where nothing is left: of
 * lists that strangers have written something is skipped as a rule.
 */
export function problemOf({ total, refused, failed, skipped, problems }: WarmResult): string | undefined {
  if (total === 0 && skipped > 0) return `nothing was asked for, ${skipped} were skipped: ${named(problems, skipped)}`;
  const count = refused + failed;
  if (count === 0) return undefined;
  const told = problems.filter(({ outcome }) => outcome !== 'skipped');
  return `${count} of ${total} are no hit now: ${named(told, count)}`;
}

function named(problems: readonly WarmProblem[], count: number): string {
  const told = problems.slice(0, NAMED);
  const byReason = new Map<string, string[]>();
  for (const { what, reason, detail } of told) {
    const more = detail ?? MORE[reason];
    const why = more === undefined ? reason : `${reason}: ${more}`;
    byReason.set(why, [...(byReason.get(why) ?? []), what]);
  }
  const all = [...byReason].map(([why, whats]) => `${whats.join(', ')} (${why})`).join(', ');
  // What stands in the query of a visitor's URL may be his token, and logs are made of those.
  return withoutSecrets(count > told.length ? `${all}, …` : all);
}

/** What closed words mean that nothing else says. */
const MORE: Readonly<Partial<Record<string, string>>> = {
  'other-origin': 'its scheme or host is not that of origin',
};
