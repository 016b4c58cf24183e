import { describe, expect, it } from '@jest/globals';
import { BackOff } from './back-off.js';

describe('BackOff', () => {
  it('rests for a second after a failure, to the millisecond', () => {
    const backOff = new BackOff();
    expect(backOff.isResting('k', 0)).toBe(false);
    backOff.failed('k', 500);
    expect([500, 1_499, 1_500].map((now) => backOff.isResting('k', now))).toEqual([true, true, false]);
    expect(backOff.isResting('other', 500)).toBe(false);
  });

  it('rests twice as long after each further failure, up to 30 s', () => {
    const backOff = new BackOff();
    const rests: number[] = [];
    for (let i = 0, now = 0; i < 7; i++) {
      backOff.failed('k', now);
      const from = now;
      while (backOff.isResting('k', now)) now += 500;
      rests.push(now - from);
    }
    expect(rests).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000]);
  });

  it('takes failures of a crowd for one', () => {
    const backOff = new BackOff();
    for (let i = 0; i < 50; i++) backOff.failed('k', i);
    expect([backOff.isResting('k', 999), backOff.isResting('k', 1_000)]).toEqual([true, false]);
  });

  it('begins anew after a success', () => {
    const backOff = new BackOff();
    backOff.failed('k', 0);
    backOff.failed('k', 1_000);
    backOff.succeeded('k');
    expect(backOff.isResting('k', 1_001)).toBe(false);
    backOff.failed('k', 5_000);
    expect([backOff.isResting('k', 5_999), backOff.isResting('k', 6_000)]).toEqual([true, false]);
  });

  it('remembers a bounded number of keys, and none of a length that only an attacker chooses', () => {
    const backOff = new BackOff();
    for (let i = 0; i <= 1_000; i++) backOff.failed(`k${i}`, 0);
    expect([0, 1, 1_000].map((i) => backOff.isResting(`k${i}`, 1))).toEqual([false, true, true]);
    const long = 'x'.repeat(2_049);
    backOff.failed(long, 0);
    expect(backOff.isResting(long, 1)).toBe(false);
  });
});
