import { describe, expect, it } from '@jest/globals';
import { Handover } from './handover.js';
import { LruPolicy } from './lru.js';
import { SlotFacts } from './slot-facts.js';

const SLOTS = 1_000;

function begun() {
  const facts = new SlotFacts({ maxBytes: SLOTS, maxEntries: SLOTS });
  const [from, to] = [new LruPolicy(), new LruPolicy()];
  for (const part of [facts, from, to]) part.grow(2 * SLOTS);
  for (let slot = 0; slot < SLOTS; slot++) {
    facts.note(slot, slot, 1);
    from.insert(slot);
  }
  return { from, to, handover: new Handover(from, to, facts, SLOTS) };
}

describe('Handover', () => {
  it('moves as many as it is told, the worst first', () => {
    const { to, handover } = begun();
    handover.move(10);
    expect([...to.order()]).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(handover.waiting).toBe(SLOTS - 10);
    handover.move(10 * SLOTS);
    expect([...to.order()]).toEqual(Array.from({ length: SLOTS }, (_, slot) => slot));
    expect([handover.waiting, [...handover.order()]]).toEqual([0, []]);
  });

  it('has what comes in with the new policy, and what leaves taken from where it is', () => {
    const { from, to, handover } = begun();
    handover.move(1);
    to.insert(SLOTS);
    handover.taken(SLOTS);
    expect([handover.holder(SLOTS), handover.holder(0), handover.holder(1)]).toEqual([to, to, from]);
    for (const slot of [0, 1, SLOTS]) handover.remove(slot);
    expect(handover.waiting).toBe(SLOTS - 2);
    // A slot that was freed and taken again is with the new one.
    to.insert(1);
    handover.taken(1);
    expect(handover.holder(1)).toBe(to);
    handover.move(SLOTS);
    expect(new Set(to.order()).size).toBe(SLOTS - 1);
  });
});
