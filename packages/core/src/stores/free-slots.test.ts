import { describe, expect, test } from '@jest/globals';
import { FreeSlots } from './free-slots.js';

describe('FreeSlots', () => {
  test('hands out what was given back, the last first, across the ends of pieces', () => {
    const free = new FreeSlots();
    const model: number[] = [];
    // Up and down in steps that end within pieces and at their ends.
    for (const step of [1, 1023, 1, -1, -1, 2048, -1024, -2047, 5000, -4999, 3]) {
      for (let i = 0; i < Math.abs(step); i++) {
        if (step > 0) {
          const slot = model.length * 7;
          model.push(slot);
          free.push(slot);
        } else {
          expect(free.pop()).toBe(model.pop());
        }
      }
    }
    while (model.length > 0) expect(free.pop()).toBe(model.pop());
    expect(free.pop()).toBeUndefined();
  });

  test('has none once it is cleared', () => {
    const free = new FreeSlots();
    free.push(1);
    free.clear();
    expect(free.pop()).toBeUndefined();
    free.push(2);
    expect(free.pop()).toBe(2);
  });
});
