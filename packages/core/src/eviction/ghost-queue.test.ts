import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { GhostQueue } from './ghost-queue.js';

describe('GhostQueue', () => {
  it('remembers what a list searched from end to end does', () => {
    const act = fc.record({ hash: fc.nat(40), cost: fc.integer({ min: 1, max: 30 }), takes: fc.boolean() });
    fc.assert(
      fc.property(
        fc.array(act, { maxLength: 400, size: 'max' }),
        fc.integer({ min: 1, max: 200 }),
        fc.integer({ min: 1, max: 20 }),
        (acts, maxCost, maxEntries) => {
          const queue = new GhostQueue(maxCost, maxEntries);
          let list: { hash: number; cost: number }[] = [];
          const sum = () => list.reduce((total, { cost }) => total + cost, 0);
          for (const { hash, cost, takes } of acts) {
            const known = list.some((each) => each.hash === hash);
            list = list.filter((each) => each.hash !== hash);
            if (takes) {
              expect(queue.take(hash)).toBe(known);
              continue;
            }
            queue.add(hash, cost);
            if (cost > maxCost) continue;
            while (sum() + cost > maxCost || list.length >= maxEntries) list.shift();
            list.push({ hash, cost });
          }
          for (const { hash } of list) expect(queue.take(hash)).toBe(true);
        },
      ),
      { seed: 2026, numRuns: 200 },
    );
  });

  it('forgets everything when cleared', () => {
    const queue = new GhostQueue(10, 10);
    queue.add(1, 1);
    queue.clear();
    expect(queue.take(1)).toBe(false);
  });
});
