import type { LocalItem } from '../engine/local-item.js';
import type { TagTable } from '../invalidation/tag-table.js';
import { ALL_TAG, isKeyTag } from '../invalidation/tags.js';
import type { Clock } from '../ports/clock.js';
import type { LocalStore } from '../ports/local-store.js';
import { valueTagsOf } from '../values/value-key.js';
import type { DroppedView } from '../warming/dropped-view.js';
import { ownTagsOf, plainTargetOf, selectingOf } from './explain.js';

/** Stored responses that are gone through in one turn: some ten milliseconds. */
const MOST_SEEN = 50_000;
/** What says of a visitor only what he can read: whatever else selects may be what tells him from others. */
const ANYBODYS = /^(?:accept(?:-\w+)?|save-data|sec-ch-[\w-]+|device-memory|dpr|width|viewport-width)$/;

/** What drops stored responses, and what they are held in. */
export interface Holding {
  readonly local: LocalStore<LocalItem>;
  readonly tags: TagTable;
  readonly clock: Clock;
}

/**
 * What these tags have dropped of what this process holds, by the key of each: what nobody has made new since, and would be fresh
 * yet.
 */
export function* droppedItems(
  names: ReadonlySet<string>,
  { local, tags, clock }: Holding,
): Generator<readonly [key: string, item: LocalItem]> {
  const now = clock.monotonic();
  const hasOwn = [...names].some(isKeyTag);
  let seen = 0;
  for (const [key, item] of local.entries()) {
    if (seen++ >= MOST_SEEN) return;
    if (item.freshUntil <= now) continue;
    const isDropped =
      item.records.some((it) => names.has(it.tag) && (it.invalidatedAt > item.token || it.purgedAt > item.token)) ||
      (hasOwn && isDroppedByKey(item, names, tags));
    if (isDropped) yield [key, item];
  }
}

function isDroppedByKey(item: LocalItem, names: ReadonlySet<string>, tags: TagTable): boolean {
  const own = item.counted?.tags ?? valueTagsOf(item.target) ?? [ALL_TAG, ...ownTagsOf(item.target)];
  if (!own.some((tag) => names.has(tag))) return false;
  return tags.ownValidity({ tags: own }, item.token, item.checked) !== 'valid';
}

/** The view that an item is, as an anonymous visitor would ask for it; `undefined` for a value, and for what only somebody in particular gets. */
export function viewOf(item: LocalItem): DroppedView | undefined {
  const target = plainTargetOf(item.target);
  if (target === undefined || target.host === '') return undefined;
  const headers: Record<string, string | undefined> = {};
  for (const [name, value] of Object.entries(selectingOf(item))) {
    if (!ANYBODYS.test(name)) return undefined;
    headers[name] = value ?? undefined;
  }
  return { origin: `${target.scheme}://${target.host}`, path: target.uri, headers };
}
