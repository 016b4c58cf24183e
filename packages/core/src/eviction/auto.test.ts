import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { AutoPolicy, type AutoSwitch } from './auto.js';
import { hashKey } from './hash.js';
import { seeded } from './model-run.test.support.js';

const SIZE = 1_000;

/** A store of so many values under `auto`, told what is asked for. */
function storeOf(maxEntries = SIZE, maxBytes = maxEntries) {
  const switches: AutoSwitch[] = [];
  const policy = new AutoPolicy(
    { maxEntries, maxBytes },
    { random: seeded(5), onSwitch: (change) => switches.push(change) },
  );
  const slotOf = new Map<number, number>();
  const held = new Map<number, { key: number; weight: number }>();
  const free: number[] = [];
  let bytes = 0;
  let room = 0;
  const leave = (slot: number): void => {
    const { key, weight } = held.get(slot) as { key: number; weight: number };
    held.delete(slot);
    slotOf.delete(key);
    bytes -= weight;
    policy.remove(slot);
    free.push(slot);
  };
  const ask = (key: number, weight = 1): boolean => {
    const known = slotOf.get(key);
    if (known !== undefined) {
      policy.hit(known);
      return true;
    }
    const hash = hashKey(String(key));
    while (held.size >= maxEntries || bytes + weight > maxBytes) leave(policy.victim(weight, hash));
    const slot = free.pop() ?? held.size;
    if (slot >= room) {
      room = Math.max(64, 2 * room);
      policy.grow(room);
    }
    slotOf.set(key, slot);
    held.set(slot, { key, weight });
    bytes += weight;
    policy.insert(slot, hash, weight);
    return false;
  };
  const forget = (key: number): void => {
    const slot = slotOf.get(key);
    if (slot !== undefined) leave(slot);
  };
  return { policy, switches, held, ask, forget };
}

const loop = (store: ReturnType<typeof storeOf>, keys: number, requests: number): number => {
  let hits = 0;
  for (let i = 0; i < requests; i++) if (store.ask(i % keys)) hits++;
  return hits;
};

describe('AutoPolicy', () => {
  it('begins with tinylfu, and knows nothing of the candidates until the store has been full for a while', () => {
    const { policy, ask } = storeOf();
    expect(policy.current).toBe('tinylfu');
    for (let key = 0; key < SIZE; key++) ask(key);
    expect(policy.hitRatios).toEqual({});
  });

  it('takes mru for a loop over more than the store holds, tells so with its reasons, and comes near the optimum', () => {
    const store = storeOf();
    loop(store, 1_500, 30_000);
    expect(store.policy.current).toBe('mru');
    expect(store.switches).toHaveLength(1);
    const [change] = store.switches;
    expect([change?.from, change?.to]).toEqual(['tinylfu', 'mru']);
    expect(change?.hitRatios).toEqual(store.switches[0]?.hitRatios);
    expect(Object.keys(change?.hitRatios ?? {})).toEqual(['lru', 's3fifo', 'tinylfu', 'tinylfu-wide', 'mru']);
    expect(change?.hitRatios['mru']).toBeGreaterThan(change?.hitRatios['tinylfu'] as number);
    // 999 of 1,499 is the most that a store of 1,000 can answer.
    expect(loop(store, 1_500, 30_000) / 30_000).toBeGreaterThan(999 / 1_499 - 0.001);
  });

  it('changes back when the load does', () => {
    const store = storeOf();
    loop(store, 1_500, 30_000);
    const random = seeded(4);
    // What is new is asked for often, and soon never again.
    for (let i = 0; i < 60_000; i++) store.ask(10_000 + Math.floor(i / 5) + Math.floor(random() ** 2 * 1_500));
    expect(store.policy.current).not.toBe('mru');
  });

  it('stays where it is when all answer alike', () => {
    const store = storeOf();
    const random = seeded(9);
    for (let i = 0; i < 60_000; i++) store.ask(Math.floor(random() * 4_000));
    expect(store.switches.length).toBeLessThanOrEqual(1);
  });

  it('finds the sample that suits a store which is limited by bytes', () => {
    // Room for 1,000,000 by number, for 1,000 by bytes: a ghost of 1/64 of that would hold 16.
    const store = storeOf(1_000_000, 100_000);
    let hits = 0;
    for (let i = 0; i < 40_000; i++) if (store.ask(i % 1_500, 100)) hits++;
    expect(store.policy.current).toBe('mru');
    expect(hits).toBeGreaterThan(22_000);
  });

  it('holds every slot in use exactly once, whatever happens and while it changes', () => {
    const act = fc.record({ key: fc.nat(400), kind: fc.nat(9), weight: fc.integer({ min: 0, max: 30 }) });
    fc.assert(
      fc.property(fc.array(act, { maxLength: 300, size: 'max' }), fc.boolean(), (acts, byBytes) => {
        const store = byBytes ? storeOf(200, 900) : storeOf(100, 1_000_000);
        // Loops make it change, and again.
        for (let i = 0; i < 3_000; i++) store.ask(i % 150, byBytes ? i % 12 : 1);
        for (const { key, kind, weight } of acts) {
          if (kind === 0) store.forget(key);
          else store.ask(key, weight);
        }
        const slots = [...store.policy.order()].sort((a, b) => a - b);
        expect(slots).toEqual([...store.held.keys()].sort((a, b) => a - b));
      }),
      { seed: 2026, numRuns: 30 },
    );
  });

  it('is as new after clear', () => {
    const store = storeOf(64);
    loop(store, 100, 5_000);
    store.policy.clear();
    expect([...store.policy.order()]).toEqual([]);
    expect(store.policy.hitRatios).toEqual({});
  });
});
