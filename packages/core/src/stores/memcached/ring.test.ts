import { describe, expect, it } from '@jest/globals';
import { Ring, type Seat } from './ring.js';

const seat = (host: string, weight = 1, port = 11211): Seat => ({ host, port, weight });
const keys = Array.from({ length: 20_000 }, (_, i) => `vc.abc:e:${i.toString(36)}key`);
const shares = (ring: Ring, count: number): number[] => {
  const counts = new Array<number>(count).fill(0);
  for (const key of keys) counts[ring.placeOf(key)] = (counts[ring.placeOf(key)] ?? 0) + 1;
  return counts.map((it) => it / keys.length);
};

describe('placement', () => {
  it('is fixed: the same in every process and every release', () => {
    const ring = new Ring([seat('a'), seat('b'), seat('c', 2)]);
    expect(['vc:e:1', 'vc:e:2', 'vc:e:3', 'vc:g', 'vc:t:x', 'vc:t:y'].map((key) => ring.placeOf(key))).toEqual(PLACES);
    expect(ring.fingerprint).toBe(FINGERPRINT);
  });

  it('does not depend on the order of the list', () => {
    const one = [seat('a'), seat('b', 3), seat('c')];
    const other = [one[2], one[0], one[1]] as Seat[];
    const [first, second] = [new Ring(one), new Ring(other)];
    expect(first.fingerprint).toBe(second.fingerprint);
    expect(keys.filter((key) => one[first.placeOf(key)] !== other[second.placeOf(key)])).toEqual([]);
  });

  it('follows the weights', () => {
    for (const share of shares(new Ring([seat('a'), seat('b'), seat('c'), seat('d')]), 4)) {
      expect(share).toBeGreaterThan(0.18);
      expect(share).toBeLessThan(0.32);
    }
    for (const [light, heavy] of [
      [1, 3],
      [512, 1_536],
    ] as const) {
      const [small = 0, large = 0] = shares(new Ring([seat('a', light), seat('b', heavy)]), 2);
      expect(large / small).toBeGreaterThan(2.2);
      expect(large / small).toBeLessThan(4);
    }
  });

  it('moves few keys when the list grows by one', () => {
    const list = [seat('a'), seat('b'), seat('c')];
    const [before, after] = [new Ring(list), new Ring([...list, seat('d')])];
    const moved = keys.filter((key) => before.placeOf(key) !== after.placeOf(key));
    expect(moved.length / keys.length).toBeLessThan(0.35);
    expect(moved.filter((key) => after.placeOf(key) !== 3)).toEqual([]);
  });

  it('has the entries of the log where the sequence is', () => {
    const ring = new Ring([seat('a'), seat('b'), seat('c')]);
    const places = Array.from({ length: 100 }, (_, i) => ring.placeOf(`vc:g/${i}`));
    expect(new Set(places)).toEqual(new Set([ring.placeOf('vc:g')]));
  });

  it('has another fingerprint for another list, weight or port', () => {
    const lists = [
      [seat('a'), seat('b')],
      [seat('a')],
      [seat('a'), seat('b', 2)],
      [seat('a'), seat('b', 1, 11212)],
      [seat('a'), seat('c')],
    ];
    expect(new Set(lists.map((list) => new Ring(list).fingerprint)).size).toBe(lists.length);
    expect(new Ring([seat('A')]).fingerprint).toBe(new Ring([seat('a')]).fingerprint);
  });

  it.each([
    [[], 'no Memcached server is named'],
    [[seat('a'), seat('A')], 'a Memcached server is named twice'],
    [[seat('a', 0)], 'the weight of a Memcached server is a number above 0'],
    [[seat('a', Number.NaN)], 'the weight of a Memcached server is a number above 0'],
  ])('refuses the list %#', (list, message) => {
    expect(() => new Ring(list)).toThrow(new TypeError(message));
  });
});

const PLACES: readonly number[] = [1, 1, 2, 0, 2, 2];
const FINGERPRINT = 'HRU6i2mfaSS6l4By9e5Jw1DpsMOK98AcuhS6qfK0QQk';
