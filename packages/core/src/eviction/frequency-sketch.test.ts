import { describe, expect, it } from '@jest/globals';
import { FrequencySketch } from './frequency-sketch.js';
import { hashKey } from './hash.js';

function sketchOf(entries: number): FrequencySketch {
  const sketch = new FrequencySketch();
  sketch.fit(entries);
  return sketch;
}

const hashes = Array.from({ length: 4_000 }, (_, i) => hashKey(`key ${i}`));

describe('FrequencySketch', () => {
  it('counts a key up to 15, and another not at all', () => {
    const sketch = sketchOf(64);
    const [hash = 0, other = 0] = hashes;
    for (let seen = 1; seen <= 20; seen++) {
      sketch.add(hash);
      expect(sketch.estimate(hash)).toBe(Math.min(seen, 15));
    }
    expect(sketch.estimate(other)).toBe(0);
  });

  it('estimates too high at times, but never too low, and seldom by much', () => {
    const sketch = sketchOf(2_000);
    // 1, 2 or 3 times each, below the number at which it halves.
    for (let round = 0; round < 3; round++)
      hashes.forEach((hash, i) => {
        if (i % 3 >= round) sketch.add(hash);
      });
    const tooHigh = hashes.map((hash, i) => sketch.estimate(hash) - ((i % 3) + 1));
    expect(Math.min(...tooHigh)).toBe(0);
    expect(tooHigh.filter((by) => by > 0).length / hashes.length).toBeLessThan(0.15);
  });

  it('halves what it has counted after ten sights for each value of the store, block by block', () => {
    const sketch = sketchOf(8);
    const [hash = 0] = hashes;
    for (let i = 0; i < 12; i++) sketch.add(hash);
    let sights = 12;
    while (sketch.estimate(hash) > 6 && sights < 200) sketch.add(hashes[++sights] as number);
    expect(sketch.estimate(hash)).toBe(6);
    expect(sights).toBeGreaterThanOrEqual(80);
    expect(sights).toBeLessThan(110);
  });

  it('keeps what it has counted when the store grows', () => {
    const sketch = sketchOf(16);
    for (const hash of hashes.slice(0, 10)) for (let i = 0; i < 5; i++) sketch.add(hash);
    sketch.fit(4_096);
    for (const hash of hashes.slice(0, 10)) expect(sketch.estimate(hash)).toBeGreaterThanOrEqual(5);
  });

  it('forgets everything when cleared', () => {
    const sketch = sketchOf(64);
    sketch.add(hashes[0] as number);
    sketch.clear();
    expect(sketch.estimate(hashes[0] as number)).toBe(0);
  });
});
