import type { Cache } from '../cache/cache.js';
import { homeOf } from '../cache/runtime.js';
import type { ReadReason } from '../engine/tag-reasons.js';
import type { ViewContext } from '../engine/view-context.js';
import type { ReadRefusal } from '../engine/view-refusal.js';
import { currentView, isInView, leaveView, views } from '../engine/view-storage.js';

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
  const run = running();
  if (run !== undefined) recordIn(run, cache, tags, reason);
}

/** What runs at a moment, to say something of it later, from wherever that is known. */
export interface Running {
  /** {@link refuseRunning} of it. */
  refuseRead(reason: ReadRefusal, since: number): void;
  /** {@link recordIn} of it. */
  record(home: object, tags: readonly string[], reason: ReadReason): void;
}

/**
 * The view, producer or memoized function that runs here: where its reads end, something else may. To ask for it once and say
 * all of it costs less than to ask each time.
 */
export function running(): Running | undefined {
  return currentRun();
}

/** {@link recordRead} for what {@link running} has returned. */
export function recordIn(run: Running, cache: Cache, tags: readonly string[], reason: ReadReason): void {
  const home = homeOf(cache);
  if (home !== undefined) run.record(home, tags, reason);
}

/**
 * Carries out what has been told already: these caches are to hear nothing of what is read in it. What is made here for another
 * cache hears of it as ever.
 */
export function unrecorded<T>(told: readonly Cache[], work: () => T): T {
  const homes = told.map(homeOf);
  let run = currentRun();
  while (run?.home !== undefined && homes.includes(run.home)) run = run.outer;
  return run === undefined ? leaveView(work) : work();
}

function currentRun(): ViewContext | undefined {
  return views.open > 0 ? currentView() : undefined;
}

/** When what runs here began, as {@link nextMoment} counts; `undefined` where nothing runs that is cached. */
export function contextBegan(): number | undefined {
  return currentRun()?.began;
}

/**
 * Keeps what runs here, and all that it is made for, from being stored, and from being handed to others who wait for it.
 *
 * @param since - only what began after this moment, for a transaction its own beginning; without one all of it
 */
export function refuseRunning(reason: ReadRefusal, since = -1): void {
  currentRun()?.refuseRead(reason, since);
}
