import type { LocalItem } from '../engine/local-item.js';
import type { TagTable } from '../invalidation/tag-table.js';
import { isKeyTag } from '../invalidation/tags.js';
import type { Clock } from '../ports/clock.js';
import type { LocalStore } from '../ports/local-store.js';
import type { DroppedView } from '../warming/dropped-view.js';
import { ownTagsOf, plainTargetOf, selectingOf } from './explain.js';

/** Stored responses that are gone through in one turn: some ten milliseconds. */
const MOST_SEEN = 50_000;
/** What says of a visitor only what he can read: whatever else selects may be what tells him from others. */
const ANYBODYS = /^(?:accept(?:-\w+)?|save-data|sec-ch-[\w-]+|device-memory|dpr|width|viewport-width)$/;

/**
 * The views that these tags have dropped of what this process holds, as an anonymous visitor would ask for them; those that
 * nobody has made new since, and that would be fresh yet.
 */
export function droppedViews(
  names: ReadonlySet<string>,
  tags: TagTable,
  local: LocalStore<LocalItem>,
  clock: Clock,
  most: number,
): readonly DroppedView[] {
  const now = clock.monotonic();
  const hasOwn = [...names].some(isKeyTag);
  const views: DroppedView[] = [];
  let seen = 0;
  for (const [, item] of local.entries()) {
    if (views.length >= most || seen++ >= MOST_SEEN) break;
    if (item.freshUntil <= now) continue;
    const isDropped =
      item.records.some((it) => names.has(it.tag) && (it.invalidatedAt > item.token || it.purgedAt > item.token)) ||
      (hasOwn && isDroppedByKey(item, names, tags));
    const view = isDropped ? viewOf(item) : undefined;
    if (view !== undefined) views.push(view);
  }
  return views;
}

function isDroppedByKey(item: LocalItem, names: ReadonlySet<string>, tags: TagTable): boolean {
  const own = ownTagsOf(item.target);
  if (!own.some((tag) => names.has(tag))) return false;
  return tags.ownValidity({ tags: own }, item.token, item.checked) !== 'valid';
}

/** `undefined` for a value, and for what only somebody in particular gets. */
function viewOf(item: LocalItem): DroppedView | undefined {
  const target = plainTargetOf(item.target);
  if (target === undefined || target.host === '') return undefined;
  const headers: Record<string, string | undefined> = {};
  for (const [name, value] of Object.entries(selectingOf(item))) {
    if (!ANYBODYS.test(name)) return undefined;
    headers[name] = value ?? undefined;
  }
  return { origin: `${target.scheme}://${target.host}`, path: target.uri, headers };
}
