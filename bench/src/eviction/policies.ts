import { AgeingLfuPolicy } from '../../../packages/core/dist/eviction/ageing-lfu.js';
import { AutoPolicy } from '../../../packages/core/dist/eviction/auto.js';
import { createPolicy, type PolicyFactory } from '../../../packages/core/dist/eviction/policies.js';
import { RandomPolicy } from '../../../packages/core/dist/eviction/random.js';
import { TinyLfuPolicy } from '../../../packages/core/dist/eviction/tinylfu.js';

/** Numbers from 0 up to 1, the same each time: a table is to be the same, too. */
export function seeded(): () => number {
  let state = 2026;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
}

/** The fixed policies, by what they are called in the table. */
export const FIXED: Readonly<Record<string, PolicyFactory>> = {
  lru: (limits) => createPolicy('lru', limits),
  fifo: (limits) => createPolicy('fifo', limits),
  mru: (limits) => createPolicy('mru', limits),
  random: () => new RandomPolicy({ random: seeded() }),
  lfu: (limits) => createPolicy('lfu', limits),
  'lfu, ageing': () => new AgeingLfuPolicy(),
  sieve: (limits) => createPolicy('sieve', limits),
  s3fifo: (limits) => createPolicy('s3fifo', limits),
  tinylfu: (limits) => new TinyLfuPolicy(limits, { random: seeded() }),
  'tinylfu, 1 %': (limits) => new TinyLfuPolicy(limits, { window: 0.01, random: seeded() }),
  gdsf: (limits) => createPolicy('gdsf', limits),
};

export const auto: PolicyFactory = (limits) => new AutoPolicy(limits, { random: seeded() });
