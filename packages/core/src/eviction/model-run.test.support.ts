import type { EvictionPolicy, PolicyLimits } from '../ports/eviction-policy.js';
import { hashKey } from './hash.js';
import type { PolicyModel } from './models.test.support.js';

/** Numbers from 0 up to 1, the same for a seed. */
export function seeded(seed: number): () => number {
  let state = seed >>> 0 || 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
}

/** What is wrong, where something is: `undefined` for a run in which policy and model agreed throughout. */
export type Disagreement = string | undefined;

/**
 * Does the same random things to a policy and to its model, as a store would: looks up, stores, deletes, lets expire, and evicts
 * what the policy says.
 *
 * @param operations - how many
 */
export function compareWithModel(
  policy: EvictionPolicy,
  model: PolicyModel,
  { maxEntries, maxBytes }: PolicyLimits,
  operations: number,
  seed: number,
): Disagreement {
  const random = seeded(seed);
  const below = (end: number): number => Math.floor(random() * end);
  const held = new Map<number, { slot: number; weight: number }>();
  const keyIn = new Map<number, number>();
  const free: number[] = [];
  const keys = 3 * maxEntries;
  let room = 0;
  let bytes = 0;
  const leave = (slot: number): void => {
    const key = keyIn.get(slot) as number;
    bytes -= held.get(key)?.weight as number;
    held.delete(key);
    keyIn.delete(slot);
    policy.remove(slot);
    model.remove(slot);
    free.push(slot);
  };
  for (let operation = 0; operation < operations; operation++) {
    // Some keys often, so that frequencies differ; what is often asked for changes with time.
    const key = (below(3) === 0 ? below(keys) : below(Math.ceil(keys / 6)) + (operation >>> 12)) % keys;
    const found = held.get(key);
    if (found !== undefined) {
      if (below(12) === 0) leave(found.slot);
      else {
        policy.hit(found.slot);
        model.hit(found.slot);
      }
      continue;
    }
    const weight =
      below(20) === 0 ? below(maxBytes) : Math.min(maxBytes, below(Math.ceil((2 * maxBytes) / maxEntries)));
    const hash = hashKey(String(key));
    while (held.size >= maxEntries || bytes + weight > maxBytes) {
      const expected = model.victim(weight);
      const victim = policy.victim(weight, hash);
      if (victim !== expected && model.equals?.().includes(victim) !== true)
        return `operation ${operation}: ${policy.name} evicts ${victim}, its model ${expected}`;
      leave(victim);
    }
    const slot = free.pop() ?? held.size;
    if (slot >= room) {
      room = Math.max(8, 2 * room);
      policy.grow(room);
      model.grow?.(room);
    }
    held.set(key, { slot, weight });
    keyIn.set(slot, key);
    bytes += weight;
    policy.insert(slot, hash, weight);
    model.insert(slot, hash, weight);
    if (operation % 97 === 0) {
      const order = [...policy.order()].sort((a, b) => a - b);
      const slots = [...keyIn.keys()].sort((a, b) => a - b);
      if (order.join() !== slots.join())
        return `operation ${operation}: ${policy.name} orders ${order}, held are ${slots}`;
    }
  }
  return undefined;
}
