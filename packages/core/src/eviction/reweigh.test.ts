import { describe, expect, it } from '@jest/globals';
import type { EvictionPolicy } from '../ports/eviction-policy.js';
import { AutoPolicy } from './auto.js';
import { hashKey } from './hash.js';
import { seeded } from './model-run.test.support.js';
import { createPolicy } from './policies.js';

const limits = { maxEntries: 40, maxBytes: 1_000 };

/** The slots that leave while values of random weights come in; each is told of at once as it is, or as another weight and then corrected. */
function victims(policy: EvictionPolicy, isCorrected: boolean): number[] {
  const random = seeded(7);
  const weights = new Map<number, number>();
  const left: number[] = [];
  policy.grow(200);
  for (let i = 0; i < 3_000; i++) {
    const slot = Math.floor(random() * 200);
    const weight = 1 + Math.floor(random() ** 3 * 300);
    if (weights.has(slot)) {
      policy.hit(slot);
      continue;
    }
    const sum = () => [...weights.values()].reduce((total, each) => total + each, 0);
    while (weights.size >= limits.maxEntries || sum() + weight > limits.maxBytes) {
      const victim = policy.victim(weight, 0);
      policy.remove(victim);
      weights.delete(victim);
      left.push(victim);
    }
    weights.set(slot, weight);
    policy.insert(slot, hashKey(`key ${slot}`), isCorrected ? 301 - weight : weight);
    if (isCorrected) policy.reweigh?.(slot, weight);
  }
  return left;
}

describe('a value that weighs otherwise by now', () => {
  it('counts to s3fifo as if it had weighed that before', () => {
    const expected = victims(createPolicy('s3fifo', limits), false);
    expect(expected.length).toBeGreaterThan(500);
    expect(victims(createPolicy('s3fifo', limits), true)).toEqual(expected);
  });

  it('leaves the sooner with gdsf, the heavier it has become', () => {
    const policy = createPolicy('gdsf', limits);
    policy.grow(3);
    for (const slot of [0, 1, 2]) policy.insert(slot, slot, 10);
    policy.reweigh?.(2, 100);
    expect(policy.victim(1, 0)).toBe(2);
    policy.reweigh?.(2, 5);
    policy.reweigh?.(0, 7);
    expect([...policy.order()]).toEqual([1, 0, 2]);
    expect(policy.victim(1, 0)).toBe(1);
  });

  it.each(['gdsf', 'tinylfu', 'auto'] as const)('leaves %s able to tell what has to leave', (name) => {
    const policy = name === 'auto' ? new AutoPolicy(limits) : createPolicy(name, limits);
    expect(victims(policy, true).length).toBeGreaterThan(500);
  });
});
