import type { LocalItem } from '../engine/local-item.js';
import type { TagTable } from '../invalidation/tag-table.js';
import type { Clock } from '../ports/clock.js';
import type { RemovalReason } from '../ports/local-store.js';
import type { EarlyEnd } from '../telemetry/findings.js';
import { ownTagsOf } from './explain.js';

/**
 * How something ended that leaves memory before it has answered anybody.
 *
 * @returns `undefined` for what has answered, and for what was taken out by name or merely made anew
 */
export function earlyEndOf(
  item: LocalItem,
  reason: RemovalReason,
  tags: TagTable,
  clock: Pick<Clock, 'monotonic'>,
): EarlyEnd | undefined {
  if (item.hasAnswered || item.wasOfUse || reason === 'deleted') return undefined;
  if (item.isOutdated || !isValid(item, tags)) return 'invalidated';
  if (reason === 'evicted') return 'evicted';
  return reason === 'expired' || clock.monotonic() >= item.freshUntil ? 'expired' : undefined;
}

/** Whether what leaves would still answer whoever asks. */
export function isOfUse(item: LocalItem, tags: TagTable, clock: Pick<Clock, 'monotonic'>): boolean {
  return !item.isOutdated && clock.monotonic() < item.freshUntil && isValid(item, tags);
}

function isValid({ records, token, checked, target }: LocalItem, tags: TagTable): boolean {
  if (tags.validity(records, token) !== 'valid') return false;
  // Made only where some tag of a key was invalidated since.
  const key = {
    get tags() {
      return ownTagsOf(target);
    },
  };
  return tags.ownValidity(key, token, checked) === 'valid';
}
