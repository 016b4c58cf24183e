import { describe, expect, it } from '@jest/globals';
import { FakeClock } from '../testing/fake-clock.js';
import { Trust } from './trust.js';

const LAG = 1_000;

describe('how far L1 is believed (PROTOCOL 4.5)', () => {
  it('is for ever where nobody else writes', () => {
    const trust = new Trust(new FakeClock(), Number.POSITIVE_INFINITY, 'strict');
    expect(trust.holds(0, 1e12)).toBe(true);
  });

  it('is for as long as it may lag after the read was sent, to the millisecond', () => {
    const trust = new Trust(new FakeClock(), LAG);
    expect([trust.holds(0, LAG), trust.holds(0, LAG + 1)]).toEqual([true, false]);
  });

  it('is for longer while a bus says that everything was told', () => {
    const trust = new Trust(new FakeClock(), LAG);
    trust.heardUpTo(5_000);
    expect([trust.holds(10, 5_000 + LAG), trust.holds(10, 5_001 + LAG)]).toEqual([true, false]);
  });

  it('never goes back behind what the bus has said', () => {
    const trust = new Trust(new FakeClock(), LAG);
    trust.heardUpTo(5_000);
    trust.heardUpTo(4_000);
    expect(trust.holds(10, 5_000 + LAG)).toBe(true);
  });

  it('ends for what was validated before something was missed, and in the same millisecond', () => {
    const clock = new FakeClock();
    const trust = new Trust(clock, LAG);
    const at = clock.monotonic();
    trust.missed();
    clock.advance(LAG + 1);
    const now = clock.monotonic();
    trust.heardUpTo(now);
    expect([trust.holds(at - 1, now), trust.holds(at, now), trust.holds(at + 1, now + LAG)]).toEqual([
      false,
      false,
      true,
    ]);
  });

  it('is never, without asking the store, where consistency is strict', () => {
    const trust = new Trust(new FakeClock(), LAG, 'strict');
    trust.heardUpTo(5_000);
    expect([trust.holds(5_000, 5_000), trust.allowsLag(0)]).toEqual([false, false]);
  });

  it('is bounded from when another process turns up', () => {
    let told = 0;
    const trust = new Trust(new FakeClock(), Number.POSITIVE_INFINITY, 'bounded', () => told++);
    trust.limitTo(LAG);
    expect([trust.holds(0, LAG), trust.holds(0, LAG + 1), told]).toEqual([true, false, 1]);
  });
});
