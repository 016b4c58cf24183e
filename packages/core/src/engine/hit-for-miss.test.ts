import { describe, expect, it } from '@jest/globals';
import { HitForMiss } from './hit-for-miss.js';

describe('HitForMiss', () => {
  it('remembers a key for its lifetime, and not at the end of it', () => {
    const mark = new HitForMiss(2_000);
    mark.add('k', 10_000);
    expect(mark.has('k', 10_000)).toBe(true);
    expect(mark.has('k', 11_999)).toBe(true);
    expect(mark.has('k', 12_000)).toBe(false);
    expect(mark.has('other', 10_000)).toBe(false);
  });

  it('begins anew when the key turns out not storable again', () => {
    const mark = new HitForMiss(2_000);
    mark.add('k', 0);
    mark.add('k', 1_500);
    expect(mark.has('k', 3_000)).toBe(true);
  });

  it('forgets a key that was stored after all', () => {
    const mark = new HitForMiss(2_000);
    mark.add('k', 0);
    mark.delete('k');
    mark.delete('never there');
    expect(mark.has('k', 1)).toBe(false);
  });

  it('holds 10,000 keys, the latest', () => {
    const mark = new HitForMiss(2_000);
    for (let i = 0; i < 10_000; i++) mark.add(`k${i}`, i / 100);
    mark.add('k0', 150);
    mark.add('one more', 150);
    expect(mark.has('k0', 160)).toBe(true);
    expect(mark.has('k1', 160)).toBe(false);
    expect(mark.has('k2', 160)).toBe(true);
    expect(mark.has('one more', 160)).toBe(true);
  });
});
