import type { LocalItem } from '../engine/local-item.js';

/** Between the first two; each further time it is twice as long. */
const SHORTEST_MS = 1_000;
/** … up to twelve days, longer than which no timer is. */
const MOST_DOUBLED = 20;
/** As often as may happen to what is written by hand. */
const SUSPICIOUS = 4;

interface Mark {
  readonly times: number;
  readonly at: number;
  /** What it was to be made new from is there yet, and has answered before that. */
  readonly isOld: boolean;
}

/**
 * What was made new by itself, and how often in a row. What is invalidated again before any visitor has asked for it waits twice as
 * long each time: a page that writes what it has read would be made for ever, and for nobody.
 */
export class MadeNew {
  readonly #marks = new WeakMap<LocalItem, Mark>();

  /** How often in a row no visitor has had it made, nor has found it since. */
  timesOf(item: LocalItem): number {
    const mark = this.#marks.get(item);
    return mark === undefined || (!mark.isOld && (item.hasAnswered || item.wasOfUse)) ? 0 : mark.times;
  }

  /** Milliseconds until it may be made new; 0 or less where that is now. */
  waitMs(item: LocalItem, now: number): number {
    const times = this.timesOf(item);
    return times === 0 ? 0 : (this.#marks.get(item)?.at ?? now) + waitMs(times) - now;
  }

  /** @param after - what is stored in its place now: the same, where nothing could be */
  made(item: LocalItem, after: LocalItem | undefined, now: number): void {
    if (after !== undefined) this.#marks.set(after, { times: this.timesOf(item) + 1, at: now, isOld: after === item });
  }
}

/** How long what was made new so often in a row is left as it is. */
export function waitMs(times: number): number {
  return SHORTEST_MS * 2 ** Math.min(times, MOST_DOUBLED);
}

/** Whether so often in a row, each time within the time that it was to wait, is told. */
export function isTold(times: number): boolean {
  return times >= SUSPICIOUS;
}

export const WHY =
  'and no visitor has asked for it meanwhile: it is made new later and later until one does; what is warmed may write what it reads';
