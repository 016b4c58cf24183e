import { parseDuration } from '../base/duration.js';
import { ConfigError } from '../base/errors.js';
import type { Clock, Timer } from '../ports/clock.js';

interface PendingTimer {
  readonly due: number;
  readonly run: () => void;
}

/** The wall clock a test begins at, unless it says otherwise: a Thursday with round numbers. */
const START = Date.UTC(2026, 0, 1, 12);

const ADVANCE = 'FakeClock.advance';
const NUMERIC = /^\d+(?:\.\d+)?$/;

/**
 * A {@link Clock} that stands still until the test moves it.
 *
 * It behaves as the real one does where tests are tempted to believe otherwise: a timer takes at least 1 ms, a wall clock
 * stepped forward also moves `monotonic` (nobody can tell it from a suspended machine) but fires no timer, and one stepped
 * back leaves `monotonic` alone.
 *
 * @example
 * ```ts
 * const clock = new FakeClock();
 * const cache = createCache({ clock });
 * await cache.set('greeting', 'hello', '5m');
 * clock.advance('5m');
 * await cache.get('greeting');  // undefined: its time is over
 * ```
 */
export class FakeClock implements Clock {
  #wall: number;
  // Not 0, so that a test does not pass by taking a time for "none", nor equal to the wall clock.
  #monotonic = 1_000_000;
  /** What timers are counted in: the machine's running time. */
  #running = 0;
  /** Ordered by due time, then by when they were set. */
  readonly #timers: PendingTimer[] = [];

  /** @param startMs - what `now()` says first, in milliseconds since the epoch */
  constructor(startMs: number = START) {
    this.#wall = startMs;
  }

  now(): number {
    return this.#wall;
  }

  monotonic(): number {
    return this.#monotonic;
  }

  after(delayMs: number, run: () => void): Timer {
    if (delayMs === Number.POSITIVE_INFINITY) return { cancel() {} };
    // As setTimeout has it: nothing fires sooner than 1 ms from now, so that a timer that sets itself again cannot stop time.
    // Nor between two milliseconds: fractions do not add up, and what has ended at a sum of them would not have at another.
    const timer: PendingTimer = { due: this.#running + Math.max(Math.ceil(delayMs || 0), 1), run };
    let at = this.#timers.length;
    while (at > 0 && (this.#timers[at - 1] as PendingTimer).due > timer.due) at--;
    this.#timers.splice(at, 0, timer);
    return {
      cancel: () => {
        const index = this.#timers.indexOf(timer);
        if (index >= 0) this.#timers.splice(index, 1);
      },
    };
  }

  /**
   * Lets time pass: both readings move, and each timer that falls due runs at its own moment, in order, those included that
   * were set meanwhile. What a timer throws is thrown here.
   *
   * @param time - milliseconds, or a string such as `'5m'`
   * @throws {@link ConfigError} for what is no time, and for one that would turn the clock back
   */
  advance(time: number | string): void {
    const target = this.#running + millisecondsOf(time);
    while (this.#runNext(target)) {}
    this.#moveTo(target);
  }

  /**
   * {@link advance}, letting promises settle before the first timer, between timers, and after the last.
   *
   * @example
   * ```ts
   * const answer = cache.getOrSet('report', slow, { ttl: 60, hardTimeout: '2s' });
   * await clock.advanceAsync('2s');
   * await answer;                 // throws ValueTimeoutError
   * ```
   */
  async advanceAsync(time: number | string): Promise<void> {
    const target = this.#running + millisecondsOf(time);
    await settle();
    while (this.#runNext(target)) await settle();
    this.#moveTo(target);
    await settle();
  }

  /**
   * Sets the wall clock forward or back, as an administrator or a time server does. Forward also stands for a machine that
   * was suspended. Fires no timer.
   */
  stepWallClock(ms: number): void {
    this.#wall += ms;
    if (ms > 0) this.#monotonic += ms;
  }

  /** How many timers wait: 0 at the end of a test says that nothing leaked. */
  get pendingTimers(): number {
    return this.#timers.length;
  }

  /** Milliseconds until the next timer fires; `Infinity` when none waits. */
  get nextTimerIn(): number {
    const next = this.#timers[0];
    return next === undefined ? Number.POSITIVE_INFINITY : next.due - this.#running;
  }

  #runNext(target: number): boolean {
    const next = this.#timers[0];
    if (next === undefined || next.due > target) return false;
    this.#timers.shift();
    this.#moveTo(next.due);
    next.run();
    return true;
  }

  #moveTo(running: number): void {
    const delta = running - this.#running;
    // A timer may itself have moved the clock beyond this point.
    if (delta <= 0) return;
    this.#running = running;
    this.#monotonic += delta;
    this.#wall += delta;
  }
}

function millisecondsOf(time: number | string): number {
  if (typeof time === 'number') {
    if (time >= 0 && time < Number.POSITIVE_INFINITY) return time;
  } else if (typeof time === 'string' && !NUMERIC.test(time)) return parseDuration(ADVANCE, time);
  // Elsewhere a number is seconds; whoever puts it into quotes here must not be told so.
  const meant = typeof time === 'string' ? `${Number(time)} or '${Number(time)}ms'` : undefined;
  throw new ConfigError(ADVANCE, time, "a number of milliseconds from 0 up, or a string such as '30s', '5m'", meant);
}

/** One turn of the event loop: every promise that could go on has gone on. */
function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
