import { SlotLists } from '../eviction/slot-lists.js';
import { DeadlineColumn } from './deadline-column.js';

const BITS = 6;
const BUCKETS = 1 << BITS;
const LEVELS = 4;
/** How many ticks ahead the wheel tells apart; what is due later waits in the last bucket and is looked at again there. */
const HORIZON = BUCKETS ** LEVELS;

/**
 * Finds the slots whose deadline has passed without looking at the others.
 *
 * A hierarchical timing wheel (Varghese and Lauck 1987, scheme 7): a bucket of level 0 holds what is due in one tick, one of
 * level n what is due within 64^n ticks, and is dealt out to the level below when its time begins. Linking and unlinking are
 * O(1); a slot is moved at most three times, and once more for each 64^4 ticks.
 *
 * It never calls a slot early, by its deadline in whole milliseconds; late by one tick at most, as far as it is advanced in time and
 * its budget allows. 12 bytes a slot, from the first deadline on; nothing before.
 */
export class TimerWheel {
  readonly #tickMs: number;
  readonly #origin: number;
  readonly #buckets = new SlotLists(LEVELS * BUCKETS);
  readonly #deadlines: DeadlineColumn;
  #slots = 0;
  /** Whether there has been any deadline yet. */
  #isUsed = false;
  /** The tick reached: buckets of earlier ticks are empty. Those of this one are, too, unless the budget ran out in them. */
  #tick = 0;
  #count = 0;

  /**
   * @param tickMs - how late a slot may be called
   * @param now - the moment the wheel begins, in the milliseconds that all its times are in
   */
  constructor(tickMs: number, now: number) {
    this.#tickMs = tickMs;
    this.#origin = now;
    this.#deadlines = new DeadlineColumn(now);
  }

  /** How many slots have a deadline. */
  get count(): number {
    return this.#count;
  }

  /** Makes room for slots `0 … slots - 1`. */
  grow(slots: number): void {
    this.#slots = Math.max(slots, this.#slots);
    this.#deadlines.grow(slots);
    if (this.#isUsed) this.#buckets.grow(slots);
  }

  /** When the slot is due, in whole milliseconds from the wheel's beginning; `Infinity` when it has no deadline. */
  deadline(slot: number): number {
    return this.#deadlines.at(slot);
  }

  /** Whether the slot has a deadline, and it has passed. */
  isPast(slot: number, now: number): boolean {
    return this.#count > 0 && this.#deadlines.isPast(slot, now);
  }

  /**
   * Gives a slot that has none a deadline, `Infinity` to leave it without.
   *
   * @returns when {@link advance} must be called at the latest, on this slot's account
   */
  schedule(slot: number, deadline: number, now: number): number {
    if (deadline === Number.POSITIVE_INFINITY) return deadline;
    if (!this.#isUsed) {
      this.#isUsed = true;
      this.#buckets.grow(this.#slots);
    }
    this.#deadlines.put(slot, deadline, now);
    // Nobody advances an empty wheel; it catches up here.
    if (this.#count++ === 0) this.#tick = Math.max(this.#tick, this.#tickOf(now));
    return this.#timeOf(Math.min(this.#link(slot, this.#deadlines.at(slot)), this.#tick + BUCKETS));
  }

  /** Takes the slot's deadline back, if it has one. */
  cancel(slot: number): void {
    if (this.#count === 0 || this.#deadlines.at(slot) === Number.POSITIVE_INFINITY) return;
    this.#buckets.remove(slot);
    this.#forget(slot);
  }

  /**
   * Calls `expire` for the slots whose deadline has passed, each without its deadline by then.
   *
   * `expire` must not give or take back deadlines other than the slot's own.
   *
   * @param budget - how many slots to look at before giving the turn back
   * @returns false when the budget ran out: call again in the next turn
   */
  advance(now: number, expire: (slot: number) => void, budget: number = Number.POSITIVE_INFINITY): boolean {
    const target = this.#tickOf(now);
    let left = budget;
    while (this.#count > 0) {
      left = this.#empty(now, expire, left);
      if (left === 0) return false;
      const next = this.#nextTick();
      if (next > target) break;
      this.#tick = next;
    }
    this.#tick = Math.max(this.#tick, target);
    return true;
  }

  /** {@link advance} without a budget and to the millisecond, not to the last whole tick. */
  advanceExactly(now: number, expire: (slot: number) => void): void {
    this.advance(now, expire);
    // What falls due within the running tick is in the buckets of the next.
    for (let level = 0; level < LEVELS; level++) {
      const bucket = bucketBeginning(level, this.#tick + 1);
      if (bucket < 0) break;
      for (const slot of this.#buckets.fromOldest(bucket)) {
        if (this.deadline(slot) > now) continue;
        this.#buckets.remove(slot);
        this.#forget(slot);
        expire(slot);
      }
    }
  }

  /**
   * When {@link advance} must be called next; `Infinity` when no slot has a deadline.
   *
   * At most 64 ticks ahead, because a timer set for then may stand still while the machine is suspended.
   */
  wakeAt(): number {
    return this.#count === 0
      ? Number.POSITIVE_INFINITY
      : this.#timeOf(Math.min(this.#nextTick(), this.#tick + BUCKETS));
  }

  /** Takes every deadline back. */
  clear(): void {
    this.#buckets.clear();
    this.#deadlines.clear();
    this.#count = 0;
  }

  #tickOf(now: number): number {
    return Math.floor((now - this.#origin) / this.#tickMs);
  }

  #timeOf(tick: number): number {
    return this.#origin + tick * this.#tickMs;
  }

  #forget(slot: number): void {
    this.#deadlines.remove(slot);
    this.#count--;
  }

  /** Puts the slot where its deadline belongs as seen from the tick reached; returns the tick its bucket is emptied at. */
  #link(slot: number, deadline: number): number {
    // Rounded up: a bucket is emptied when its tick has begun, and that must not be before the deadline.
    const exact = Math.max(Math.ceil((deadline - this.#origin) / this.#tickMs), this.#tick + 1);
    const due = Math.min(exact, this.#tick + HORIZON - 1);
    const ahead = due - this.#tick;
    const level = ahead < BUCKETS ? 0 : ahead < BUCKETS ** 2 ? 1 : ahead < BUCKETS ** 3 ? 2 : 3;
    const position = due >>> (BITS * level);
    this.#buckets.push(level * BUCKETS + (position % BUCKETS), slot);
    return position * BUCKETS ** level;
  }

  /** Empties the buckets whose time begins with the tick reached; returns what is left of the budget. */
  #empty(now: number, expire: (slot: number) => void, budget: number): number {
    let left = budget;
    for (let level = 0; level < LEVELS; level++) {
      const bucket = bucketBeginning(level, this.#tick);
      if (bucket < 0) break;
      for (let slot = this.#buckets.oldest(bucket); slot >= 0; slot = this.#buckets.oldest(bucket)) {
        if (left === 0) return 0;
        left--;
        this.#buckets.remove(slot);
        const deadline = this.deadline(slot);
        // After a long pause much is past its deadline before it has come down to level 0.
        if (deadline > now) {
          this.#link(slot, deadline);
        } else {
          this.#forget(slot);
          expire(slot);
        }
      }
    }
    return left;
  }

  /** The first tick after the one reached with a bucket to empty: hours in which nothing is due are passed in one step. */
  #nextTick(): number {
    let next = Number.POSITIVE_INFINITY;
    for (let level = 0; level < LEVELS; level++) {
      const span = BUCKETS ** level;
      const position = Math.floor(this.#tick / span);
      for (let ahead = position + 1; ahead <= position + BUCKETS && ahead * span < next; ahead++)
        if (!this.#buckets.isEmpty(level * BUCKETS + (ahead % BUCKETS))) next = ahead * span;
    }
    return next;
  }
}

/** The bucket of a level whose time begins with this tick, -1 when none does, nor does any of a higher level then. */
function bucketBeginning(level: number, tick: number): number {
  const span = BUCKETS ** level;
  return tick % span === 0 ? level * BUCKETS + ((tick / span) % BUCKETS) : -1;
}
