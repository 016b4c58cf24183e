import { spelledKey } from '../base/spelled-key.js';
import type { LocalItem } from '../engine/local-item.js';
import type { TagTable } from '../invalidation/tag-table.js';
import { ALL_TAG } from '../invalidation/tags.js';
import type { Dropped } from '../ports/event-sink.js';
import type { LocalStore } from '../ports/local-store.js';
import { valueTagsOf } from '../values/value-key.js';
import { ownTagsOf } from './explain.js';

/** Keys that are told of. */
export const MOST_KEYS = 10;
/** Stored responses that are gone through: a millisecond or so, which only who develops is to wait for. */
const MOST_SEEN = 10_000;
const MOST_SEEN_IN_PRODUCTION = 1_000;

/** What carries one of these tags and is good until they are invalidated: asked for in front of that. */
export function droppedBy(names: readonly string[], tags: TagTable, local: LocalStore<LocalItem>): Dropped {
  const isProduction = process.env['NODE_ENV'] === 'production';
  const most = isProduction ? MOST_SEEN_IN_PRODUCTION : MOST_SEEN;
  const meant = new Set(names);
  // Nobody holds records of the one tag that all have.
  const isAll = meant.has(ALL_TAG);
  let unmet = isAll ? Number.POSITIVE_INFINITY : names.reduce((sum, name) => sum + tags.holdersOf(name), 0);
  const keys: string[] = [];
  let count = 0;
  let seen = 0;
  if (unmet === 0) return { count, exact: true, keys };
  for (const [key, item] of local.entries()) {
    if (seen++ >= most) return { count, exact: false, keys };
    const carried = isAll ? 1 : item.records.filter(({ tag }) => meant.has(tag)).length;
    if (carried > 0 && isGood(item, tags)) {
      count++;
      if (!isProduction && keys.length < MOST_KEYS) keys.push(spelledKey(key));
    }
    unmet -= carried;
    if (unmet <= 0) break;
  }
  return { count, exact: true, keys };
}

function isGood(item: LocalItem, tags: TagTable): boolean {
  if (tags.validity(item.records, item.token) !== 'valid') return false;
  // Worked out only where something was invalidated by its key since the item was last found good.
  const key = {
    get tags(): readonly string[] {
      return item.counted?.tags ?? valueTagsOf(item.target) ?? [ALL_TAG, ...ownTagsOf(item.target)];
    },
  };
  return tags.ownValidity(key, item.token, item.checked) === 'valid';
}
