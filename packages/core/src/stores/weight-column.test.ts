import { describe, expect, it } from '@jest/globals';
import { WeightColumn } from './weight-column.js';

describe('WeightColumn', () => {
  it('keeps what each weighs: all the same, then not, then more than 32 bits hold', () => {
    const weights = new WeightColumn();
    weights.grow(3);
    for (const slot of [0, 1, 2]) weights.put(slot, 10);
    expect([0, 1, 2].map((slot) => weights.at(slot))).toEqual([10, 10, 10]);
    weights.put(1, 0);
    weights.grow(5);
    weights.put(4, 7);
    expect([0, 1, 2, 4].map((slot) => weights.at(slot))).toEqual([10, 0, 10, 7]);
    weights.put(2, 2 ** 40);
    weights.grow(6);
    weights.put(5, 2 ** 32);
    expect([0, 1, 2, 4, 5].map((slot) => weights.at(slot))).toEqual([10, 0, 2 ** 40, 7, 2 ** 32]);
  });
});
