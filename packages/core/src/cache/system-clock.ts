import { AsyncResource } from 'node:async_hooks';
import type { Clock, Timer } from '../ports/clock.js';

/** The longest delay setTimeout takes; it fires at once for a longer one. */
const LONGEST_TIMEOUT = 2 ** 31 - 1;

/**
 * How far the wall clock may run ahead of the steady one before it counts: above the rounding of `Date.now()`, so that
 * rounding does not add up, and small against every lifetime.
 */
const SLACK_MS = 5;

/** How often one reading is used: a timer does not run in a turn that never ends, such as that of a loop over hits. */
const USES = 32;

/** The process's own context, so that a timer neither keeps a request's context alive nor runs in it. */
const outsideRequests = new AsyncResource('viewcache.clock');

/** The two readings of the machine that {@link SystemClock} is made from. */
export interface MachineClocks {
  /** Milliseconds since the epoch, whole; may be stepped. */
  wall(): number;
  /** Milliseconds of running time; never goes back, and may stand still while the machine is suspended. */
  steady(): number;
}

const machine: MachineClocks = { wall: () => Date.now(), steady: () => performance.now() };

/**
 * The machine's {@link Clock}.
 *
 * `monotonic` takes the larger of what the steady clock and the wall clock say has passed, because the steady clock of most
 * systems stops while the machine is suspended: a copy trusted for a second must not wake up trusted an hour later. A wall
 * clock set forward therefore ages what is stored, which costs revalidations and nothing else; one set back changes nothing.
 * Resolution 1 ms; never more than 5 ms behind.
 */
export class SystemClock implements Clock {
  readonly #machine: MachineClocks;
  #wall: number;
  /** Wall minus steady, when they were last compared: what a jump of the wall clock is measured against. */
  #offset: number;
  /** What wall-clock jumps have added to the steady clock so far. */
  #added = 0;
  #last: number;
  /** How often the last reading may still be taken for the present: not once it is a millisecond old. */
  #left = 0;
  #ageing: NodeJS.Timeout | undefined;

  constructor(clocks: MachineClocks = machine) {
    this.#machine = clocks;
    this.#wall = clocks.wall();
    this.#last = clocks.steady();
    this.#offset = this.#wall - this.#last;
  }

  now(): number {
    return this.#machine.wall();
  }

  monotonic(): number {
    const wall = this.#machine.wall();
    // Within one millisecond the second reading is saved; nothing is lost, since what passed is counted from the offset.
    if (wall === this.#wall) return this.#last;
    this.#wall = wall;
    const steady = this.#machine.steady();
    const ahead = wall - steady - this.#offset;
    if (ahead > SLACK_MS) this.#added += ahead;
    if (ahead > SLACK_MS || ahead < -SLACK_MS) this.#offset += ahead;
    const elapsed = steady + this.#added;
    if (elapsed > this.#last) this.#last = elapsed;
    return this.#last;
  }

  recent(): number {
    return this.#left-- > 0 ? this.#last : this.#readForAWhile();
  }

  #readForAWhile(): number {
    this.#left = USES;
    if (this.#ageing === undefined)
      this.#ageing = outsideRequests.runInAsyncScope(startAgeing, undefined, () => {
        this.#left = 0;
      });
    else this.#ageing.refresh();
    return this.monotonic();
  }

  after(delayMs: number, run: () => void): Timer {
    return outsideRequests.runInAsyncScope(startTimer, undefined, delayMs, run);
  }
}

function startAgeing(run: () => void): NodeJS.Timeout {
  return setTimeout(run, 1).unref();
}

function startTimer(delayMs: number, run: () => void): Timer {
  // Once others have had their turn, and not a millisecond later: for work that is done in a thousand turns that is a second.
  if (delayMs <= 0) {
    const next = setImmediate(run).unref();
    return { cancel: () => clearImmediate(next) };
  }
  let handle: NodeJS.Timeout | undefined;
  let left = delayMs;
  const wait = (): void => {
    const part = Math.min(left, LONGEST_TIMEOUT);
    left -= part;
    handle = setTimeout(left > 0 ? wait : run, part).unref();
  };
  if (left !== Number.POSITIVE_INFINITY) wait();
  return { cancel: () => clearTimeout(handle) };
}
