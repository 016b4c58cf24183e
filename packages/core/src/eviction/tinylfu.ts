import type { EvictionPolicy, PolicyLimits } from '../ports/eviction-policy.js';
import { FrequencySketch } from './frequency-sketch.js';
import { SlotFacts } from './slot-facts.js';
import { SlotLists } from './slot-lists.js';
import { widened } from './widened.js';
import { WindowClimber } from './window-climber.js';

const WINDOW = 0;
const PROBATION = 1;
const PROTECTED = 2;
const REGION = 3;
const REGION_BITS = 2;
const PROTECTED_SHARE = 0.8;
const FIRST_WINDOW = 0.01;
/** Slots that change lists in one call at most: a large store takes several to fit a window of another size. */
const MOVES = 16;
/** From which frequency on a candidate that loses is now and then taken all the same, and how often. */
const WARM = 6;
const LUCK = 1 / 128;

/** Settings of a {@link TinyLfuPolicy}. */
export interface TinyLfuSettings {
  /** The window's share of the store, above 0 and below 1; else it is found by trying. */
  readonly window: number | undefined;
  /** At least 0 and below 1. */
  readonly random: () => number;
}

/**
 * Lets in only what was asked for more often lately than what would have to leave for it.
 *
 * W-TinyLFU (Einziger et al. 2017 and 2018): newcomers live in a window, 1 % of the store at first. What leaves it competes with
 * the least recently used of the rest, by the frequencies that a sketch has counted, of keys that are not held, too. Strong under
 * scans and loops; a hit costs a note in the sketch. A loser that was seen often is let in at times, so that nobody can keep
 * keys out by raising the count of others.
 */
export class TinyLfuPolicy implements EvictionPolicy {
  readonly name: string = 'tinylfu';
  readonly #lists = new SlotLists(3);
  readonly #facts: SlotFacts;
  readonly #sketch = new FrequencySketch();
  readonly #maxBytes: number;
  readonly #maxEntries: number;
  readonly #random: () => number;
  readonly #climber: WindowClimber | undefined;
  /** A slot's region, and above it the epoch of the sketch in which its counters were found full; 0 for none. */
  #states = new Uint16Array(0);
  #windowMost = 0;
  #protectedMost = 0;
  #windowCost = 0;
  #protectedCost = 0;
  #count = 0;

  constructor(
    limits: PolicyLimits,
    { window, random = Math.random }: Partial<TinyLfuSettings> = {},
    facts: SlotFacts = new SlotFacts(limits),
  ) {
    this.#facts = facts;
    this.#maxBytes = limits.maxBytes;
    this.#maxEntries = limits.maxEntries;
    this.#random = random;
    this.#climber = window === undefined ? new WindowClimber(FIRST_WINDOW) : undefined;
    this.#divide(window ?? FIRST_WINDOW);
  }

  grow(slots: number): void {
    this.#lists.grow(slots);
    this.#facts.grow(slots);
    this.#sketch.fit(Math.min(slots, this.#maxEntries));
    this.#states = widened(this.#states, slots);
  }

  insert(slot: number, hash: number, weight: number): void {
    this.#sketch.add(hash);
    this.#windowCost += this.#facts.note(slot, hash, weight);
    this.#states[slot] = WINDOW;
    this.#lists.push(WINDOW, slot);
    this.#count++;
    if (this.#climber !== undefined) this.#climb(false);
    for (let moves = MOVES; moves > 0 && this.#windowCost > this.#windowMost; moves--) {
      const oldest = this.#lists.oldest(WINDOW);
      if (oldest === slot) break;
      this.#leaveWindow(oldest);
    }
  }

  hit(slot: number): void {
    const state = this.#states[slot] as number;
    // Of what is popular the counters are full most of the time: that is seen here, without a look at them.
    if (state >>> REGION_BITS !== this.#sketch.epoch) this.#see(slot, state);
    const region = state & REGION;
    if (region === PROBATION) this.#protect(slot);
    else this.#lists.renew(region, slot);
    if (this.#climber !== undefined) this.#climb(true);
  }

  reweigh(slot: number, weight: number): void {
    const region = (this.#states[slot] as number) & REGION;
    const more = this.#facts.reweigh(slot, weight);
    if (region === WINDOW) this.#windowCost += more;
    else if (region === PROTECTED) this.#protectedCost += more;
  }

  remove(slot: number): void {
    const region = (this.#states[slot] as number) & REGION;
    const cost = this.#facts.costs[slot] as number;
    if (region === WINDOW) this.#windowCost -= cost;
    else if (region === PROTECTED) this.#protectedCost -= cost;
    this.#lists.remove(slot);
    this.#count--;
  }

  victim(incomingWeight: number): number {
    const incumbent = this.#leastOfRest();
    if (incumbent < 0) return this.#lists.oldest(WINDOW);
    if (this.#windowCost + this.#facts.costOf(incomingWeight) <= this.#windowMost) return incumbent;
    const candidate = this.#lists.oldest(WINDOW);
    if (candidate < 0) return incumbent;
    if (!this.#mayStay(candidate, incumbent)) return candidate;
    this.#leaveWindow(candidate);
    return incumbent;
  }

  *order(): Generator<number> {
    yield* this.#lists.fromOldest(PROBATION);
    yield* this.#lists.fromOldest(WINDOW);
    yield* this.#lists.fromOldest(PROTECTED);
  }

  clear(): void {
    this.#lists.clear();
    this.#sketch.clear();
    this.#windowCost = this.#protectedCost = this.#count = 0;
  }

  #divide(window: number): void {
    this.#windowMost = Math.min(this.#maxBytes - 1, Math.max(1, Math.round(this.#maxBytes * window)));
    this.#protectedMost = Math.floor((this.#maxBytes - this.#windowMost) * PROTECTED_SHARE);
  }

  #climb(isHit: boolean): void {
    const window = this.#climber?.count(isHit, this.#count);
    if (window !== undefined) this.#divide(window);
  }

  #leastOfRest(): number {
    const slot = this.#lists.oldest(PROBATION);
    return slot < 0 ? this.#lists.oldest(PROTECTED) : slot;
  }

  #mayStay(candidate: number, incumbent: number): boolean {
    const seen = this.#sketch.estimate(this.#facts.hashes[candidate] as number);
    if (seen > this.#sketch.estimate(this.#facts.hashes[incumbent] as number)) return true;
    return seen >= WARM && this.#random() < LUCK;
  }

  #see(slot: number, state: number): void {
    // Signed: larger numbers would be boxed on the way.
    const isFull = this.#sketch.add((this.#facts.hashes[slot] as number) | 0);
    if (isFull) this.#states[slot] = (this.#sketch.epoch << REGION_BITS) | (state & REGION);
  }

  /** Takes a slot out of probation, and as many into it as have no room in front of it any more. */
  #protect(slot: number): void {
    const { costs } = this.#facts;
    this.#lists.transfer(PROTECTED, slot);
    this.#enter(slot, PROTECTED);
    let cost = this.#protectedCost + (costs[slot] as number);
    for (let moves = MOVES; moves > 0 && cost > this.#protectedMost; moves--) {
      const oldest = this.#lists.oldest(PROTECTED);
      if (oldest === slot) break;
      this.#lists.transfer(PROBATION, oldest);
      this.#enter(oldest, PROBATION);
      cost -= costs[oldest] as number;
    }
    this.#protectedCost = cost;
  }

  /** Moves the oldest of the window to those in probation. */
  #leaveWindow(slot: number): void {
    this.#windowCost -= this.#facts.costs[slot] as number;
    this.#lists.transfer(PROBATION, slot);
    this.#enter(slot, PROBATION);
  }

  #enter(slot: number, region: number): void {
    this.#states[slot] = ((this.#states[slot] as number) & ~REGION) | region;
  }
}
