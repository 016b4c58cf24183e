import { describe, expect, it } from '@jest/globals';
import { hashKey } from '../eviction/hash.js';
import { KeySample } from './key-sample.js';

/** How much of what is noted is said to be asked for again. */
function shareOf(sample: KeySample, keys: Iterable<string>) {
  const counts = { new: 0, again: 0, returned: 0 };
  for (const key of keys) sample.note(hashKey(key), counts);
  return { again: counts.again / (counts.new + counts.again), counts };
}

function* keysOf(times: number, name: (i: number) => number | string) {
  for (let i = 0; i < times; i++) yield `GET http://shop.example/search?q=${name(i)}`;
}

describe('a sample of keys', () => {
  it('knows each of a few keys', () => {
    const { counts } = shareOf(
      new KeySample(),
      keysOf(7, (i) => i % 3),
    );
    expect(counts).toEqual({ new: 3, again: 4, returned: 0 });
  });

  it('calls no key old that is new, however many there are', () => {
    const sample = new KeySample();
    const { again, counts } = shareOf(
      sample,
      keysOf(100_000, (i) => i),
    );
    expect(again).toBeLessThan(0.001);
    expect(counts.new / 100_000).toBeCloseTo(1, 0);
  });

  it.each([200, 2_000, 20_000])('counts nine tenths again where each of %i is asked for ten times', (count) => {
    const { again } = shareOf(
      new KeySample(),
      keysOf(count * 10, (i) => i % count),
    );
    expect(again).toBeGreaterThan(0.85);
    expect(again).toBeLessThan(0.95);
  });

  it('tells what comes back after it has left for space from what is only made again', () => {
    let sample = new KeySample();
    const counts = { new: 0, again: 0, returned: 0 };
    for (const key of ['a', 'b']) sample.note(hashKey(key), counts);
    sample.left(hashKey('a'));
    sample.left(hashKey('never stored'));
    for (const key of ['a', 'b', 'a']) sample.note(hashKey(key), counts);
    expect(counts).toEqual({ new: 2, again: 3, returned: 1 });
    sample.left(hashKey('b'));
    sample = new KeySample(sample);
    sample.left(hashKey('a'));
    for (const key of ['a', 'b']) sample.note(hashKey(key), counts);
    expect(counts).toEqual({ new: 2, again: 5, returned: 3 });
  });

  it('holds no more than 256 hashes, of now and before', () => {
    let sample = new KeySample();
    for (let window = 0; window < 5; window++) {
      shareOf(
        sample,
        keysOf(20_000, (i) => `${window}-${i}`),
      );
      expect(sample.size).toBeLessThanOrEqual(256);
      sample = new KeySample(sample);
    }
  });

  it('knows what was asked for in the window before, and not what was before that', () => {
    const first = new KeySample();
    shareOf(
      first,
      keysOf(50_000, (i) => i),
    );
    const second = new KeySample(first);
    expect(
      shareOf(
        second,
        keysOf(50_000, (i) => i),
      ).again,
    ).toBeGreaterThan(0.5);
    const fourth = new KeySample(new KeySample(second));
    expect(
      shareOf(
        fourth,
        keysOf(50_000, (i) => i),
      ).again,
    ).toBe(0);
  });

  it('looks at more keys again when fewer come', () => {
    const busy = new KeySample();
    shareOf(
      busy,
      keysOf(100_000, (i) => i),
    );
    let sample = new KeySample(busy);
    for (let window = 0; window < 8; window++) sample = new KeySample(sample);
    expect(
      shareOf(
        sample,
        keysOf(100, (i) => `quiet ${i}`),
      ).counts,
    ).toEqual({ new: 100, again: 0, returned: 0 });
  });
});
