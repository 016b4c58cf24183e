import { describe, expect, it } from '@jest/globals';
import { AutoScores } from './auto-scores.js';

const hits = (...counts: number[]) => Uint32Array.from(counts);

/** The scores of two candidates, the first of which decides, after these epochs of a thousand requests. */
function after(...epochs: readonly (readonly [first: number, second: number])[]): AutoScores {
  const scores = new AutoScores(2);
  for (const [first, second] of epochs) scores.add(hits(first, second), 1_000, 0);
  return scores;
}

describe('AutoScores', () => {
  it('knows nothing before the first epoch', () => {
    const scores = after();
    expect([scores.isKnown, scores.ratio(0), scores.better(0)]).toEqual([false, 0, 0]);
  });

  it('weighs what was late more than what was before', () => {
    const scores = after([500, 400], [400, 450]);
    expect(scores.ratio(0)).toBeCloseTo((0.85 * 0.5 + 0.4) / 1.85, 6);
  });

  it('changes from a point on, and for less where little is missed', () => {
    expect(after([500, 509]).better(0)).toBe(0);
    expect(after([500, 511]).better(0)).toBe(1);
    expect(after([980, 983]).better(0)).toBe(1);
  });

  it('takes an epoch that is ten points worse for another load', () => {
    const before = Array.from({ length: 10 }, () => [500, 380] as const);
    expect(after(...before, [400, 490]).better(0)).toBe(0);
    expect(after(...before, [0, 490]).better(0)).toBe(1);
  });

  it('has ever more patience with a load that goes to and fro', () => {
    const scores = new AutoScores(2);
    let current = 0;
    let changes = 0;
    for (let epoch = 0; epoch < 400; epoch++) {
      // The first is a little better over all.
      scores.add(epoch % 6 < 3 ? hits(45, 10) : hits(10, 40), 100, current);
      const better = scores.better(current);
      if (better !== current) changes++;
      current = better;
    }
    expect(changes).toBeLessThan(150);
  });

  it('knows nothing once cleared', () => {
    const scores = after([500, 600]);
    scores.clear();
    expect(scores.isKnown).toBe(false);
  });
});
