import { describe, expect, it } from '@jest/globals';
import { seeded } from './model-run.test.support.js';
import { RandomPolicy } from './random.js';

describe('RandomPolicy', () => {
  it('evicts each as often as every other', () => {
    const policy = new RandomPolicy({ random: seeded(3) });
    policy.grow(8);
    for (let slot = 0; slot < 8; slot++) policy.insert(slot);
    const counts = new Array<number>(8).fill(0);
    for (let i = 0; i < 8_000; i++) {
      const slot = policy.victim();
      counts[slot] = (counts[slot] as number) + 1;
    }
    // 1,000 each, give or take five standard deviations.
    expect(Math.min(...counts)).toBeGreaterThan(850);
    expect(Math.max(...counts)).toBeLessThan(1_150);
  });

  it('spares what is younger than minAge while something older is to be found', () => {
    let now = 0;
    const policy = new RandomPolicy({ random: seeded(3), minAgeMs: 1_000, now: () => now });
    policy.grow(100);
    for (let slot = 0; slot < 50; slot++) policy.insert(slot);
    now = 1_000;
    for (let slot = 50; slot < 100; slot++) policy.insert(slot);
    let young = 0;
    for (let i = 0; i < 1_000; i++) if (policy.victim() >= 50) young++;
    // Eight draws find none of the older half once in 256.
    expect(young).toBeLessThan(15);
  });

  it('evicts the oldest it has drawn where all are young', () => {
    let now = 0;
    const policy = new RandomPolicy({ random: seeded(3), minAgeMs: 1_000_000, now: () => now });
    policy.grow(2);
    policy.insert(1);
    now = 5;
    policy.insert(0);
    let oldest = 0;
    for (let i = 0; i < 1_000; i++) if (policy.victim() === 1) oldest++;
    expect(oldest).toBeGreaterThan(980);
  });
});
