import type { EvictionPolicy, PolicyLimits } from '../ports/eviction-policy.js';
import type { Candidate } from './candidates.js';
import { HashIndex } from './hash-index.js';
import { SlotFacts } from './slot-facts.js';
import { widened } from './widened.js';

const FIRST_ROOM = 64;
/** Cells of the index for each slot. */
const CELLS = 2;

/**
 * Small caches without values, one for each candidate, that see the same requests.
 *
 * They share their slots and one index: a request is looked up once, a slot is free again when no candidate holds it any more.
 */
export class Ghosts {
  readonly #limits: PolicyLimits;
  readonly #policies: readonly EvictionPolicy[];
  readonly #facts: SlotFacts;
  readonly #hits: Uint32Array;
  readonly #counts: Uint32Array;
  readonly #bytes: Float64Array;
  #index = new HashIndex(CELLS * FIRST_ROOM);
  #weights = new Uint32Array(0);
  /** A bit for each candidate that holds the slot. */
  #holders = new Uint8Array(0);
  #free: number[] = [];
  #used = 0;
  #room = 0;
  #hasEvicted = false;

  /** @param limits - of one of them */
  constructor(candidates: readonly Candidate[], limits: PolicyLimits, random: () => number) {
    this.#limits = limits;
    this.#facts = new SlotFacts(limits);
    this.#policies = candidates.map((candidate) => candidate.create(limits, this.#facts, random));
    this.#hits = new Uint32Array(candidates.length);
    this.#counts = new Uint32Array(candidates.length);
    this.#bytes = new Float64Array(candidates.length);
    this.#grow(FIRST_ROOM);
  }

  /** Hits of each candidate since {@link forgetHits}. */
  get hits(): Uint32Array {
    return this.#hits;
  }

  /** Whether one has had to evict: until then all hold the same. */
  get hasEvicted(): boolean {
    return this.#hasEvicted;
  }

  /** How many values the fullest holds. */
  get size(): number {
    return this.#counts.reduce((most, count) => Math.max(most, count), 0);
  }

  forgetHits(): void {
    this.#hits.fill(0);
  }

  /** A request for a key, of a value that weighs so much: each candidate has it, or stores it now. */
  request(hash: number, weight: number): void {
    const { maxBytes } = this.#limits;
    if (weight > maxBytes) return;
    let slot = this.#index.find(hash, this.#facts.hashes);
    if (slot < 0) slot = this.#take(hash, weight);
    // What a candidate holds it holds by the weight that was first seen: all of them share it.
    const held = this.#weights[slot] as number;
    let holders = this.#holders[slot] as number;
    for (let i = 0; i < this.#policies.length; i++) {
      const policy = this.#policies[i] as EvictionPolicy;
      if ((holders & (1 << i)) !== 0) {
        policy.hit(slot);
        this.#hits[i] = (this.#hits[i] as number) + 1;
        continue;
      }
      this.#makeRoom(i, hash, held);
      policy.insert(slot, hash, held);
      holders |= 1 << i;
      this.#holders[slot] = holders;
      this.#counts[i] = (this.#counts[i] as number) + 1;
      this.#bytes[i] = (this.#bytes[i] as number) + held;
    }
  }

  /** A key was deleted, or its value has expired. */
  forget(hash: number): void {
    const slot = this.#index.find(hash, this.#facts.hashes);
    if (slot < 0) return;
    const holders = this.#holders[slot] as number;
    for (let i = 0; i < this.#policies.length; i++) if ((holders & (1 << i)) !== 0) this.#leave(i, slot);
  }

  #makeRoom(i: number, hash: number, weight: number): void {
    const { maxBytes, maxEntries } = this.#limits;
    while ((this.#counts[i] as number) >= maxEntries || (this.#bytes[i] as number) + weight > maxBytes) {
      this.#hasEvicted = true;
      this.#leave(i, (this.#policies[i] as EvictionPolicy).victim(weight, hash));
    }
  }

  #leave(i: number, slot: number): void {
    (this.#policies[i] as EvictionPolicy).remove(slot);
    this.#counts[i] = (this.#counts[i] as number) - 1;
    this.#bytes[i] = (this.#bytes[i] as number) - (this.#weights[slot] as number);
    const holders = (this.#holders[slot] as number) & ~(1 << i);
    this.#holders[slot] = holders;
    if (holders !== 0) return;
    this.#index.delete(slot, this.#facts.hashes);
    this.#free.push(slot);
  }

  #take(hash: number, weight: number): number {
    const slot = this.#free.pop() ?? this.#used++;
    if (slot >= this.#room) this.#grow(2 * this.#room);
    this.#facts.note(slot, hash, weight);
    this.#weights[slot] = weight;
    this.#index.add(slot, this.#facts.hashes);
    return slot;
  }

  #grow(room: number): void {
    this.#facts.grow(room);
    this.#weights = widened(this.#weights, room);
    this.#holders = widened(this.#holders, room);
    for (const policy of this.#policies) policy.grow(room);
    // Every slot so far is taken: there was no other.
    this.#index = new HashIndex(CELLS * room);
    for (let slot = 0; slot < this.#room; slot++) this.#index.add(slot, this.#facts.hashes);
    this.#room = room;
  }
}
