import { describe, expect, it } from '@jest/globals';
import { SlotIndex } from './slot-index.js';

const MANY = 75_000;
/** As many maps of V8 as it takes: beyond 65,536 keys there is more than one. */
const filled = (keyOf: (i: number) => string) => {
  const index = new SlotIndex(MANY);
  for (let i = 0; i < MANY; i++) index.add(keyOf(i), i);
  return index;
};

describe('SlotIndex', () => {
  it.each<[string, (i: number) => string]>([
    ['short', (i) => i.toString(36)],
    ['that end alike', (i) => `GET https://example.org/customers/${i}/orders?limit=50&sort=desc`],
    ['of no Latin letters', (i) => `каталог/${i}/€`],
  ])('finds each of many keys %s, and none that was taken out', (_, keyOf) => {
    const index = filled(keyOf);
    for (let i = 0; i < MANY; i += 3) index.delete(keyOf(i));
    let wrong = 0;
    for (let i = 0; i < MANY; i++) if (index.get(keyOf(i)) !== (i % 3 === 0 ? undefined : i)) wrong++;
    expect([wrong, index.size]).toEqual([0, MANY - MANY / 3]);
  });

  it('yields every key once, with its slot', () => {
    const index = filled((i) => `key ${i}`);
    const slots = new Set<number>();
    for (const [key, slot] of index.entries()) if (key === `key ${slot}`) slots.add(slot);
    expect(slots.size).toBe(MANY);
  });

  it('is as new after clear', () => {
    const index = filled((i) => `key ${i}`);
    index.clear();
    expect([index.size, index.get('key 7'), [...index.entries()]]).toEqual([0, undefined, []]);
    index.add('key 7', 1);
    expect([index.size, index.get('key 7')]).toEqual([1, 1]);
  });
});
