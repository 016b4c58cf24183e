import { textOf } from '../base/answer.js';
import type { Answer } from '../engine/flight.js';
import type { Keyed } from '../engine/keyed.js';
import type { LocalItem } from '../engine/local-item.js';
import { tagNames } from '../engine/make-stored.js';
import { nestedIn } from '../engine/nested-tag.js';
import type { ViewContext } from '../engine/view-context.js';
import type { HeldValue } from '../ports/stored-response.js';
import { copyOf } from './copies.js';
import type { Copying } from './copying.js';
import type { ValueParts } from './value-parts.js';

/** What is answered where there is nothing, or nothing that can be handed out: a value may be anything else. */
export const NOTHING_FOUND: unique symbol = Symbol('nothing found');

/**
 * Counts an answer from what is stored, tells what runs around the call what it now depends on, and hands out the value.
 *
 * @param outer - the cached view or value that called
 * @returns {@link NOTHING_FOUND} for what cannot be copied: it is as good as not there
 * @throws a RangeError where the caller has left too little of the stack: making it anew would take more
 */
export function deliver(
  parts: ValueParts,
  key: Keyed,
  item: LocalItem,
  held: HeldValue,
  how: Answer,
  outer: ViewContext | undefined,
  copying: Copying,
): unknown {
  const { route, producerMs } = item.stored;
  let copy: unknown;
  try {
    copy = copyOf(held, copying);
  } catch (error) {
    if (isOutOfStack(error)) throw error;
    parts.warn(`what is stored of ${route} cannot be copied, and is not used: ${textOf(error)}`);
    return NOTHING_FOUND;
  }
  parts.sink.hit(key.text, item.counters, route, how === 'collapsed', producerMs);
  if (outer !== undefined) replay(parts, key, item, outer);
  return copy;
}

function isOutOfStack(error: unknown): boolean {
  return error instanceof RangeError && error.message.startsWith('Maximum call stack');
}

/** PROTOCOL 4.9: what was read before the whole was begun keeps its own time. */
function replay({ tags, clock }: ValueParts, key: Keyed, item: LocalItem, outer: ViewContext): void {
  // Older than an invalidation that has ended, or past its lifetime: good for whoever asked for it in spite of that, and to be kept by nobody.
  if (item.isOutdated || clock.monotonic() >= item.freshUntil) outer.refuse('stale-part');
  if (item.staysApart) outer.refuse('view');
  outer.absorb(tags, nestedIn(item, key.tags), item.verifiedAt);
  outer.usePart(key.text, item.declared.length > 0 ? item.declared : tagNames(item.stored), item.freshUntil);
  const { inputs } = item.stored;
  if (inputs !== undefined) outer.readBy(inputs, key.text);
}
