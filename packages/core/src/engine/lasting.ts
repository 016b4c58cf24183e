import type { Refusal } from '../ports/event-sink.js';
import type { ViewContext } from './view-context.js';

/** What there is to know of something that is stored until it is invalidated. */
interface Lasting {
  /** Nobody has given a ttl. */
  readonly isUnsaid: boolean;
  /** It has tags of its own, declared or read. */
  readonly hasTags: boolean;
  /** Milliseconds, or without an end. */
  readonly lifetimeMs: number;
}

/**
 * How long something is fresh for which nobody has given a ttl: as long as the shortest-lived cached value that it is made of.
 *
 * @param now - monotonic time
 */
export function lifetimeOfParts(context: ViewContext, now: number): number {
  return Math.max(0, context.partsUntil - now);
}

/** What keeps something from being stored that nothing but an invalidation would end. */
export function whyNotLasting(context: ViewContext | undefined, lasting: Lasting): Refusal | undefined {
  if (lasting.lifetimeMs !== Number.POSITIVE_INFINITY) return undefined;
  if (context !== undefined && (context.reasons?.untracked.size ?? 0) > 0) return 'untracked';
  const { isUnsaid, hasTags } = lasting;
  // What relies on reads being seen is not to be kept for good by the one tag that somebody has named besides.
  if (isUnsaid && context?.tracksReads !== true) return 'nothing-tracked';
  return hasTags || (context?.tracksReads === true && context.isTagged) ? undefined : 'nothing-tracked';
}

/** What more there is to say of such a refusal, for a person. */
export function lastingDetail(context: ViewContext | undefined, refusal: Refusal): string | undefined {
  if (refusal === 'untracked') return [...(context?.reasons?.untracked ?? [])].join(', ');
  if (refusal !== 'nothing-tracked') return undefined;
  return context?.tracksReads === true ? 'it read nothing of a watched data source' : 'no data source is watched';
}
