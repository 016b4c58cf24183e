import type { EvictionPolicy, PolicyLimits } from '../ports/eviction-policy.js';
import { LruPolicy } from './lru.js';
import { MruPolicy } from './mru.js';
import { S3FifoPolicy } from './s3fifo.js';
import type { SlotFacts } from './slot-facts.js';
import { TinyLfuPolicy } from './tinylfu.js';

/** A policy that `auto` may choose. */
export interface Candidate {
  readonly name: string;
  /** New and empty; live and as a ghost alike. */
  create(limits: PolicyLimits, facts: SlotFacts, random: () => number): EvictionPolicy;
}

const tinylfu = (name: string, window: number): Candidate => ({
  name,
  create: (limits, facts, random) => new TinyLfuPolicy(limits, { window, random }, facts),
});

/** Where `auto` begins: short runs end before it can know better. */
export const FIRST_CANDIDATE = 2;

/**
 * What `auto` chooses from: one for each kind of load.
 *
 * The other policies are better than all of these nowhere by much, and each more costs its simulation.
 */
export const CANDIDATES: readonly Candidate[] = [
  { name: 'lru', create: () => new LruPolicy() },
  { name: 's3fifo', create: (limits, facts) => new S3FifoPolicy(limits, facts) },
  tinylfu('tinylfu', 0.01),
  tinylfu('tinylfu-wide', 0.2),
  { name: 'mru', create: () => new MruPolicy() },
];
