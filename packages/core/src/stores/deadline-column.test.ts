import { describe, expect, it } from '@jest/globals';
import { DeadlineColumn } from './deadline-column.js';

const DAY = 86_400_000;
const START = 1_000.25;

function columnOf(slots: number) {
  const column = new DeadlineColumn(START);
  column.grow(slots);
  return column;
}

describe('DeadlineColumn', () => {
  it('has none before one is given, also where nothing was', () => {
    const column = columnOf(2);
    expect([column.at(0), column.isPast(0, START + 500 * DAY)]).toEqual([Number.POSITIVE_INFINITY, false]);
    column.put(0, START + 10, START);
    expect([column.at(0), column.at(1)]).toEqual([START + 10, Number.POSITIVE_INFINITY]);
    column.remove(0);
    expect(column.at(0)).toBe(Number.POSITIVE_INFINITY);
  });

  it('is past its deadline to the millisecond', () => {
    const column = columnOf(1);
    column.put(0, START + 1_500, START);
    expect([column.isPast(0, START + 1_499), column.isPast(0, START + 1_500)]).toEqual([false, true]);
  });

  it.each([48, 49.71026961805556, 50, 5_000])('keeps what is %d days ahead, beside what is near', (days) => {
    const column = columnOf(3);
    const far = START + Math.floor(days * DAY);
    column.put(0, START + 5, START);
    column.put(1, far, START);
    column.grow(5);
    column.put(4, START + 7, START);
    expect([column.at(0), column.at(2), column.at(4)]).toEqual([START + 5, Number.POSITIVE_INFINITY, START + 7]);
    // One number stands for none, and gives way by a millisecond.
    expect(far - column.at(1)).toBeLessThanOrEqual(1);
    expect([column.isPast(1, far - 2), column.isPast(1, far)]).toEqual([false, true]);
  });

  it('goes on for years without ever taking a deadline for another', () => {
    const column = columnOf(3);
    column.put(0, START + 20 * DAY, START);
    for (let day = 0; day < 1_000; day += 7) {
      const now = START + day * DAY;
      column.put(1, now + 23 * DAY, now);
      expect(column.at(1)).toBe(now + 23 * DAY);
      expect(column.isPast(0, now)).toBe(day >= 20);
      expect([column.isPast(1, now), column.isPast(2, now)]).toEqual([false, false]);
    }
  });
});
