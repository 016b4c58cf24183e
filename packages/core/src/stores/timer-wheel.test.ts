import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { TimerWheel } from './timer-wheel.js';

const TICK = 1000;
const DAY = 86_400_000;
const START = 12_345.5;

/** A wheel, its time, and what it has called so far. */
function wheelOf(slots: number) {
  const wheel = new TimerWheel(TICK, START);
  wheel.grow(slots);
  const fired: { slot: number; at: number }[] = [];
  const state = { now: START };
  return {
    wheel,
    fired,
    state,
    after: (slot: number, ms: number) => wheel.schedule(slot, state.now + ms, state.now),
    advanceTo(now: number, budget?: number) {
      state.now = now;
      return wheel.advance(now, (slot) => fired.push({ slot, at: now }), budget);
    },
  };
}

describe('TimerWheel', () => {
  it.each([
    1,
    999,
    1_000,
    1_001,
    63_000,
    64_000,
    64_001,
    4_095_000,
    4_096_000,
    4_097_500,
    262_143_000,
    262_144_000,
    30 * DAY,
    195 * DAY,
  ])('calls a slot that is due in %i ms not before, and within a tick after, when woken as it asks', (ms) => {
    const { wheel, fired, state, after, advanceTo } = wheelOf(1);
    advanceTo(START + 4_711_300);
    const deadline = state.now + ms;
    let wake = after(0, ms);
    let [shortest, longest] = [Number.POSITIVE_INFINITY, 0];
    while (fired.length === 0 && wake > state.now) {
      shortest = Math.min(shortest, wake - state.now);
      longest = Math.max(longest, wake - state.now);
      advanceTo(wake);
      wake = wheel.wakeAt();
    }
    expect(shortest).toBeGreaterThan(0);
    expect(longest).toBeLessThanOrEqual(64 * TICK);
    expect(fired[0]?.at).toBeGreaterThanOrEqual(deadline);
    expect(fired[0]?.at).toBeLessThan(deadline + TICK);
    expect(wheel.count).toBe(0);
    expect(wake).toBe(Number.POSITIVE_INFINITY);
  });

  it('does not call early, and misses nobody by more than a tick, over random deadlines, cancellations and leaps', () => {
    const near = (ms: number) => fc.integer({ min: -2_500, max: 2_500 }).map((jitter) => Math.max(1, ms + jitter));
    const span = fc.oneof(
      fc.integer({ min: 1, max: 5_000 }),
      ...[64, 4_096, 262_144, 16_777_216].map((ticks) => near(ticks * TICK)),
      fc.integer({ min: 1, max: 600 * DAY }),
    );
    const act = fc.oneof(
      { weight: 4, arbitrary: fc.record({ slot: fc.nat(31), ttl: span }) },
      { weight: 1, arbitrary: fc.record({ cancel: fc.nat(31) }) },
      { weight: 2, arbitrary: fc.record({ leap: span, exactly: fc.boolean() }) },
    );
    fc.assert(
      fc.property(fc.array(act, { maxLength: 120, size: 'max' }), (acts) => {
        const { wheel, fired, state, advanceTo } = wheelOf(32);
        const deadlines = new Map<number, number>();
        for (const step of acts) {
          if ('slot' in step) {
            if (deadlines.has(step.slot)) wheel.cancel(step.slot);
            deadlines.set(step.slot, state.now + step.ttl);
            wheel.schedule(step.slot, state.now + step.ttl, state.now);
          } else if ('cancel' in step) {
            wheel.cancel(step.cancel);
            deadlines.delete(step.cancel);
          } else {
            const now = state.now + step.leap;
            fired.length = 0;
            if (step.exactly) {
              state.now = now;
              wheel.advanceExactly(now, (slot) => fired.push({ slot, at: now }));
            } else advanceTo(now);
            for (const { slot } of fired) {
              expect(deadlines.get(slot)).toBeLessThanOrEqual(now);
              expect(wheel.deadline(slot)).toBe(Number.POSITIVE_INFINITY);
              expect(deadlines.delete(slot)).toBe(true);
            }
            for (const deadline of deadlines.values())
              expect(deadline).toBeGreaterThan(now - (step.exactly ? 0 : TICK));
          }
          expect(wheel.count).toBe(deadlines.size);
          const earliest = Math.min(...deadlines.values());
          if (deadlines.size === 0) expect(wheel.wakeAt()).toBe(Number.POSITIVE_INFINITY);
          else expect(wheel.wakeAt()).toBeLessThan(earliest + TICK);
        }
      }),
      { seed: 2026, numRuns: 120 },
    );
  });

  it('says at schedule when it must be woken for the slot, whatever waits besides', () => {
    const { wheel, after } = wheelOf(3);
    expect(after(0, 40_000)).toBe(wheel.wakeAt());
    const sooner = after(1, 1_500);
    expect(sooner).toBe(START + 2_000);
    expect(wheel.wakeAt()).toBe(sooner);
    expect(after(2, Number.POSITIVE_INFINITY)).toBe(Number.POSITIVE_INFINITY);
    expect(wheel.count).toBe(2);
  });

  it('gives the turn back when its budget is spent, and goes on where it stopped', () => {
    const { wheel, fired, state, after, advanceTo } = wheelOf(101);
    for (let slot = 0; slot < 100; slot++) after(slot, 5_000);
    const due = START + 5_000;
    for (let turn = 1; turn <= 3; turn++) {
      expect(advanceTo(due + turn, 30)).toBe(false);
      expect(fired).toHaveLength(30 * turn);
    }
    // A slot given meanwhile is not lost, nor called with the rest.
    after(100, 2_000);
    expect(advanceTo(due + 4, 30)).toBe(true);
    expect(fired).toHaveLength(100);
    expect(wheel.wakeAt()).toBe(START + 8_000);
    advanceTo(START + 8_000);
    expect(fired.at(-1)?.slot).toBe(100);
    expect(state.now).toBe(START + 8_000);
  });

  it('spends its budget on dealing out a wide bucket too', () => {
    const { wheel, fired, after, advanceTo } = wheelOf(100);
    for (let slot = 0; slot < 100; slot++) after(slot, 5_000_000);
    let turns = 1;
    const cascade = START + 4_096_000;
    while (!advanceTo(cascade, 30)) turns++;
    expect(turns).toBe(4);
    expect(fired).toHaveLength(0);
    expect(wheel.count).toBe(100);
    advanceTo(START + 5_000_000);
    expect(fired).toHaveLength(100);
  });

  it('leaps over years, and over what is due beyond its horizon', () => {
    const { fired, after, advanceTo } = wheelOf(3);
    after(0, 1_000);
    after(1, 500 * DAY);
    after(2, 5_000 * DAY);
    advanceTo(START + 365 * DAY);
    expect(fired.map(({ slot }) => slot)).toEqual([0]);
    advanceTo(START + 500 * DAY - 1);
    expect(fired).toHaveLength(1);
    advanceTo(START + 500 * DAY);
    expect(fired.map(({ slot }) => slot)).toEqual([0, 1]);
    advanceTo(START + 5_000 * DAY);
    expect(fired.map(({ slot }) => slot)).toEqual([0, 1, 2]);
  });

  it('catches up when it was empty for long, so that the next slot is not dealt out needlessly', () => {
    const { wheel, state, after } = wheelOf(1);
    state.now = START + 10 * DAY;
    expect(after(0, 3_000)).toBe(state.now + 3_000);
    expect(wheel.wakeAt()).toBe(state.now + 3_000);
  });

  it('keeps deadlines when it grows, and has none after clear', () => {
    const { wheel, fired, after, advanceTo } = wheelOf(2);
    after(0, 3_000);
    after(1, 100_000);
    wheel.grow(500);
    after(499, 3_000);
    advanceTo(START + 3_000);
    expect(fired.map(({ slot }) => slot).sort()).toEqual([0, 499]);
    wheel.clear();
    expect([wheel.count, wheel.deadline(1)]).toEqual([0, Number.POSITIVE_INFINITY]);
    advanceTo(START + 200_000);
    expect(fired).toHaveLength(2);
  });
});
