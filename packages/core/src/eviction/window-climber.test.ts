import { describe, expect, it } from '@jest/globals';
import { WindowClimber } from './window-climber.js';

/** The share after so many periods in which the hit ratio is what `ratioAt` says of the share. */
function climbed(ratioAt: (share: number) => number, periods: number): number {
  const climber = new WindowClimber(0.01);
  let share = 0.01;
  for (let period = 0; period < periods; period++) {
    const hits = Math.round(1_000 * ratioAt(share));
    for (let i = 0; i < 1_000; i++) share = climber.count(i < hits, 100) ?? share;
  }
  return share;
}

describe('WindowClimber', () => {
  it('leaves a small window small where it serves best', () => {
    expect(climbed((share) => 0.8 - 0.5 * share, 100)).toBeLessThan(0.15);
  });

  it('widens the window towards what serves best', () => {
    const share = climbed((share) => 0.8 - 0.5 * Math.abs(share - 0.6), 100);
    expect(share).toBeGreaterThan(0.45);
    expect(share).toBeLessThan(0.75);
  });

  it('stays within the store whatever happens', () => {
    const share = climbed(Math.sqrt, 400);
    expect(share).toBeGreaterThan(0.005);
    expect(share).toBeLessThanOrEqual(0.99);
  });
});
