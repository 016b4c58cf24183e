import type { EvictionPolicy, PolicyLimits } from '../ports/eviction-policy.js';
import { AutoScores } from './auto-scores.js';
import { CANDIDATES, type Candidate, FIRST_CANDIDATE } from './candidates.js';
import { Ghosts } from './ghosts.js';
import { Handover } from './handover.js';
import { SlotFacts } from './slot-facts.js';

const HASHES = 2 ** 32;
/** Values a ghost is to hold at least: the sample is as small as that allows. */
const GHOST_SIZE = 256;
const SMALLEST_SAMPLE = 64;
/** Requests of an epoch for each value that a ghost holds. */
const EPOCH = 4;
/** Slots moved with each value that comes in, and with each hit, while policies change. */
const MOVES_PER_INSERT = 32;
const MOVES_PER_HIT = 8;

/** Why another policy decides from now on. */
export interface AutoSwitch {
  readonly from: string;
  readonly to: string;
  /** What each candidate answers of what is asked for, by its simulation: 0 to 1, of late more than before. */
  readonly hitRatios: Readonly<Record<string, number>>;
}

/** Settings of an {@link AutoPolicy}. */
export interface AutoSettings {
  /** At least 0 and below 1. */
  readonly random: () => number;
  readonly onSwitch: (change: AutoSwitch) => void;
}

/**
 * Chooses among policies by what each would have answered, and changes where another is better.
 *
 * A sample of the keys, by their hashes, goes through a small cache of each candidate that holds no values (miniature simulations,
 * Waldspurger et al., ATC 2017): with 1/64 of the keys and 1/64 of the room, it has the hit ratio of the whole. On a change the
 * values go over to the new policy some at a time, so that no request waits for it. A hit on what is not in the sample costs one
 * comparison more than its policy; 5 bytes a slot at most beyond it.
 */
export class AutoPolicy implements EvictionPolicy {
  readonly name = 'auto';
  readonly #limits: PolicyLimits;
  readonly #random: () => number;
  readonly #onSwitch: (change: AutoSwitch) => void;
  readonly #candidates: readonly Candidate[] = CANDIDATES;
  readonly #facts: SlotFacts;
  readonly #scores = new AutoScores(CANDIDATES.length);
  #hashes: Uint32Array;
  #current = FIRST_CANDIDATE;
  #live: EvictionPolicy;
  #handover: Handover | undefined;
  #ghosts: Ghosts;
  /** One of so many keys is in the sample. */
  #oneOf: number;
  /** Hashes below are in the sample. */
  #sampled: number;
  /** Of slots with hashes below, hits are looked at: those of the sample, or while policies change, all. */
  #attention: number;
  #count = 0;
  #lastVictim = -1;
  /** Requests of the sample in this epoch, and how many it has. */
  #requests = 0;
  #epoch = 0;
  /** The ghosts are full: from now on they tell the candidates apart. */
  #isWarm = false;

  constructor(limits: PolicyLimits, { random = Math.random, onSwitch = () => {} }: Partial<AutoSettings> = {}) {
    this.#limits = limits;
    this.#random = random;
    this.#onSwitch = onSwitch;
    this.#facts = new SlotFacts(limits);
    this.#hashes = this.#facts.hashes;
    this.#live = this.#create(FIRST_CANDIDATE);
    this.#oneOf = sampleFor(limits.maxEntries);
    this.#sampled = this.#attention = Math.floor(HASHES / this.#oneOf);
    this.#ghosts = this.#makeGhosts();
  }

  /** What decides now. */
  get current(): string {
    return this.#nameOf(this.#current);
  }

  /** What each candidate answers of what is asked for; empty until that is known. */
  get hitRatios(): Readonly<Record<string, number>> {
    if (!this.#scores.isKnown) return {};
    return Object.fromEntries(this.#candidates.map(({ name }, i) => [name, this.#scores.ratio(i)]));
  }

  grow(slots: number): void {
    this.#facts.grow(slots);
    this.#hashes = this.#facts.hashes;
    this.#live.grow(slots);
    this.#handover?.grow(slots);
  }

  insert(slot: number, hash: number, weight: number): void {
    this.#count++;
    // Not every policy notes what it does not need.
    this.#facts.note(slot, hash, weight);
    this.#live.insert(slot, hash, weight);
    if (this.#handover !== undefined) {
      this.#handover.taken(slot);
      this.#moveSome(MOVES_PER_INSERT);
    }
    if (hash < this.#sampled) this.#observe(hash, weight);
  }

  hit(slot: number): void {
    if ((this.#hashes[slot] as number) < this.#attention) this.#attend(slot);
    else this.#live.hit(slot);
  }

  reweigh(slot: number, weight: number): void {
    const holder = this.#handover?.holder(slot) ?? this.#live;
    if (holder.reweigh !== undefined) holder.reweigh(slot, weight);
    else this.#facts.reweigh(slot, weight);
  }

  remove(slot: number): void {
    this.#count--;
    if (this.#handover === undefined) this.#live.remove(slot);
    else {
      this.#handover.remove(slot);
      this.#moveSome(0);
    }
    const hash = this.#hashes[slot] as number;
    if (slot !== this.#lastVictim && hash < this.#sampled) this.#ghosts.forget(hash);
    this.#lastVictim = -1;
  }

  victim(incomingWeight: number, incomingHash: number): number {
    if (!this.#isWarm) this.#fitSample();
    const { waiting } = this.#handover ?? { waiting: 0 };
    if (this.#count === waiting) this.#moveSome(1);
    this.#lastVictim = this.#live.victim(incomingWeight, incomingHash);
    return this.#lastVictim;
  }

  *order(): Generator<number> {
    yield* this.#live.order();
    if (this.#handover !== undefined) yield* this.#handover.order();
  }

  clear(): void {
    this.#handover = undefined;
    this.#attention = this.#sampled;
    this.#live.clear();
    this.#count = 0;
    this.#lastVictim = -1;
    this.#restart();
  }

  #create(candidate: number): EvictionPolicy {
    const { create } = this.#candidates[candidate] as Candidate;
    return create(this.#limits, this.#facts, this.#random);
  }

  #nameOf(candidate: number): string {
    return (this.#candidates[candidate] as Candidate).name;
  }

  /** A hit that more than the live policy is to know of. */
  #attend(slot: number): void {
    const hash = this.#hashes[slot] as number;
    if (this.#handover === undefined) this.#live.hit(slot);
    else {
      this.#handover.holder(slot).hit(slot);
      this.#moveSome(MOVES_PER_HIT);
    }
    if (hash < this.#sampled) this.#observe(hash, this.#facts.costs[slot] as number);
  }

  #observe(hash: number, weight: number): void {
    this.#ghosts.request(hash, weight);
    this.#requests++;
    if (!this.#isWarm) {
      // While the ghosts filled, all answered the same.
      if (this.#ghosts.hasEvicted) this.#beginEpoch();
    } else if (this.#requests >= this.#epoch) {
      this.#scores.add(this.#ghosts.hits, this.#requests, this.#current);
      this.#beginEpoch();
      if (this.#handover === undefined) this.#change(this.#scores.better(this.#current));
      this.#fitSample();
    }
  }

  #beginEpoch(): void {
    this.#isWarm = true;
    this.#requests = 0;
    this.#epoch = EPOCH * this.#ghosts.size;
    this.#ghosts.forgetHits();
  }

  #change(to: number): void {
    if (to === this.#current) return;
    const from = this.#nameOf(this.#current);
    const former = this.#live;
    this.#live = this.#create(to);
    this.#live.grow(this.#hashes.length);
    this.#handover = new Handover(former, this.#live, this.#facts, this.#count);
    this.#attention = HASHES;
    this.#current = to;
    this.#onSwitch({ from, to: this.#nameOf(to), hitRatios: this.hitRatios });
  }

  #moveSome(slots: number): void {
    this.#handover?.move(slots);
    if (this.#handover?.waiting !== 0) return;
    this.#handover = undefined;
    this.#attention = this.#sampled;
  }

  /** Takes the sample for what the store holds when it is full, which under a limit by bytes is known only then. */
  #fitSample(): void {
    const fit = sampleFor(this.#count);
    if (fit <= 1.5 * this.#oneOf && this.#oneOf <= 1.5 * fit) return;
    this.#oneOf = fit;
    this.#sampled = Math.floor(HASHES / fit);
    if (this.#handover === undefined) this.#attention = this.#sampled;
    this.#restart();
  }

  #restart(): void {
    this.#ghosts = this.#makeGhosts();
    this.#scores.clear();
    this.#requests = 0;
    this.#isWarm = false;
  }

  #makeGhosts(): Ghosts {
    const { maxBytes, maxEntries } = this.#limits;
    const part = (limit: number): number => Math.max(1, Math.round(limit / this.#oneOf));
    const limits = { maxBytes: part(maxBytes), maxEntries: part(maxEntries) };
    return new Ghosts(this.#candidates, limits, this.#random);
  }
}

/** One of how many keys a store of so many values takes for its sample. */
function sampleFor(entries: number): number {
  return Math.min(Math.max(1, Math.floor(entries / GHOST_SIZE)), SMALLEST_SAMPLE);
}
