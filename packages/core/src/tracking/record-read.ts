import type { Cache } from '../cache/cache.js';
import { homeOf } from '../cache/runtime.js';
import type { ReadReason } from '../engine/tag-reasons.js';
import type { ReadRefusal } from '../engine/view-refusal.js';
import { currentView, isInView } from '../engine/view-storage.js';

/** Whether a view, a producer or a memoized function runs here, which may want to know of a read: a few nanoseconds where none does. */
export function isTracking(): boolean {
  return isInView();
}

/**
 * Makes what was read a dependency of the view, producer or memoized function that runs here, and so of all that it is made
 * for. Does nothing where none runs, its answer is complete already, or its `trackReads` is off.
 *
 * @param cache - the one that hears of the writes to what was read
 * @param tags - what was read; a row's tag that cannot be one becomes that of its table
 * @param reason - one object for each text: {@link readReason}
 */
export function recordRead(cache: Cache, tags: readonly string[], reason: ReadReason): void {
  if (!isInView()) return;
  const home = homeOf(cache);
  if (home !== undefined) currentView()?.record(home, tags, reason);
}

/** What runs at a moment, to say something of it later, from wherever that is known. */
export interface Running {
  /** {@link refuseRunning} of it. */
  refuse(reason: ReadRefusal, since?: number): void;
}

/** The view, producer or memoized function that runs here: where its reads end, something else may. */
export function running(): Running | undefined {
  const context = isInView() ? currentView() : undefined;
  return context && { refuse: (reason, since = -1) => context.refuseRead(reason, since) };
}

/** When what runs here began, as {@link nextMoment} counts; `undefined` where nothing runs that is cached. */
export function contextBegan(): number | undefined {
  return isInView() ? currentView()?.began : undefined;
}

/**
 * Keeps what runs here, and all that it is made for, from being stored, and from being handed to others who wait for it.
 *
 * @param since - only what began after this moment, for a transaction its own beginning; without one all of it
 */
export function refuseRunning(reason: ReadRefusal, since = -1): void {
  if (isInView()) currentView()?.refuseRead(reason, since);
}
