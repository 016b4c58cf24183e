import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { ConfigError } from '../base/errors.js';
import { createPolicy, type PolicyName } from './policies.js';

const limits = { maxEntries: 64, maxBytes: 1_000 };

describe('createPolicy', () => {
  it.each(['lru', 'fifo'] as const)('makes %s, new each time', (name) => {
    const policy = createPolicy(name, limits);
    expect(policy.name).toBe(name);
    expect(createPolicy(name, limits)).not.toBe(policy);
  });

  it.each(['lfru', 'toString', ''])('throws at start-up for %j and names what is allowed', (name) => {
    expect(() => createPolicy(name as PolicyName, limits)).toThrow(ConfigError);
    expect(() => createPolicy(name as PolicyName, limits)).toThrow(/^policy: '.*lru, fifo/);
  });
});

/** What the policies say in 40 lines, in the most obvious way: slots in an array, the next to leave first. */
function model(name: PolicyName) {
  const slots: number[] = [];
  return {
    slots,
    insert: (slot: number) => slots.push(slot),
    remove: (slot: number) => slots.splice(slots.indexOf(slot), 1),
    hit: (slot: number) => name === 'lru' && slots.push(...slots.splice(slots.indexOf(slot), 1)),
  };
}

describe.each(['lru', 'fifo'] as const)('%s', (name) => {
  it('chooses as a plain list does, whatever is stored, used and removed', () => {
    const act = fc.record({ slot: fc.nat(15), hit: fc.boolean() });
    fc.assert(
      fc.property(fc.array(act, { maxLength: 200, size: 'max' }), (acts) => {
        const policy = createPolicy(name, limits);
        const plain = model(name);
        let room = 1;
        policy.grow(room);
        for (const { slot, hit } of acts) {
          while (slot >= room) {
            room *= 2;
            policy.grow(room);
          }
          if (!plain.slots.includes(slot)) {
            policy.insert(slot, 0, 1);
            plain.insert(slot);
          } else if (hit) {
            policy.hit(slot);
            plain.hit(slot);
          } else {
            policy.remove(slot);
            plain.remove(slot);
          }
          expect([...policy.order()]).toEqual(plain.slots);
          if (plain.slots.length > 0) expect(policy.victim(1, 0)).toBe(plain.slots[0]);
        }
      }),
      { seed: 2026, numRuns: 50 },
    );
  });

  it('is as new after clear', () => {
    const policy = createPolicy(name, limits);
    policy.grow(4);
    for (const slot of [3, 1, 2]) policy.insert(slot, 0, 1);
    policy.clear();
    expect([...policy.order()]).toEqual([]);
    policy.insert(1, 0, 1);
    policy.insert(3, 0, 1);
    expect([...policy.order()]).toEqual([1, 3]);
  });
});
