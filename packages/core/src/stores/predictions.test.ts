import { describe, expect, it } from '@jest/globals';
import { Predictions } from './predictions.js';

describe('predictions', () => {
  it('are the tags that were learned last', () => {
    const predictions = new Predictions();
    expect(predictions.of('k')).toEqual([]);
    predictions.learn('k', ['a', 'b']);
    predictions.learn('k', ['b']);
    predictions.learn('k', ['b']);
    expect(predictions.of('k')).toEqual(['b']);
    expect(predictions.size).toBe(2);
  });

  it('are bounded by tags and keys together: what was learned first is forgotten first', () => {
    const predictions = new Predictions(100);
    for (let i = 0; i < 1000; i++) {
      predictions.learn(
        `k${i}`,
        Array.from({ length: i % 5 }, (_, n) => `t${n}`),
      );
      expect(predictions.size).toBeLessThanOrEqual(100);
    }
    expect(predictions.of('k999').length).toBe(4);
    expect(predictions.of('k900')).toEqual([]);
    predictions.learn(
      'huge',
      Array.from({ length: 200 }, (_, n) => `t${n}`),
    );
    expect(predictions.size).toBe(0);
  });

  it('are bounded by characters: keys and tags hold what clients sent', () => {
    const predictions = new Predictions();
    const long = 'z'.repeat(15_990);
    for (let i = 0; i < 1000; i++) predictions.learn(`k${1000 + i}${long}`, [`t${1000 + i}${long}`]);
    expect(predictions.size).toBe(2 * 250);
    expect(predictions.of(`k1999${long}`)).toHaveLength(1);
    expect(predictions.of(`k1749${long}`)).toEqual([]);
    for (let i = 0; i < 1000; i++) predictions.learn(`k1999${long}`, [`${i}`]);
    expect(predictions.size).toBe(2 * 250);
  });
});
