import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { EvictionPolicy } from '../ports/eviction-policy.js';
import { FakeClock } from '../testing/fake-clock.js';
import { MemoryStore } from './memory.js';

const FOREVER = Number.POSITIVE_INFINITY;

/** Evicts what was stored last. */
function newestFirst(changes: Partial<EvictionPolicy> = {}): EvictionPolicy {
  const slots = new Set<number>();
  return {
    name: 'newest-first',
    grow: () => {},
    insert: (slot) => void slots.add(slot),
    hit: () => {},
    remove: (slot) => void slots.delete(slot),
    victim: () => [...slots].at(-1) as number,
    order: () => [...slots].reverse(),
    clear: () => slots.clear(),
    ...changes,
  };
}

const fails = () => {
  throw new Error('not written yet');
};

describe('MemoryStore with a policy of its user', () => {
  const warnings: string[] = [];
  beforeEach(() => {
    warnings.length = 0;
    jest.spyOn(process, 'emitWarning').mockImplementation((text) => void warnings.push(String(text)));
  });
  afterEach(() => void jest.restoreAllMocks());

  const storeOf = (policy: EvictionPolicy) =>
    new MemoryStore<string>({ clock: new FakeClock(), maxEntries: 3, policy: () => policy });
  const keysOf = (store: MemoryStore<string>) => [...store.entries()].map(([key]) => key).sort();

  it('evicts what it says', () => {
    const store = storeOf(newestFirst());
    for (const key of ['a', 'b', 'c', 'd']) store.set(key, key, 1, FOREVER);
    expect(keysOf(store)).toEqual(['a', 'b', 'd']);
    expect([...store.ordered()].map(([key]) => key)).toEqual(['d', 'b', 'a']);
    expect(warnings).toEqual([]);
  });

  it('is told of what weighs otherwise by now, where it wants to know', () => {
    const told: number[][] = [];
    const store = storeOf(newestFirst({ reweigh: (slot, weight) => void told.push([slot, weight]) }));
    for (const key of ['a', 'b']) store.set(key, key, 1, FOREVER);
    store.reweigh('b', 'b', 7);
    expect([told, store.bytes]).toEqual([[[1, 7]], 8]);
    const other = storeOf(newestFirst());
    other.set('a', 'a', 1, FOREVER);
    other.reweigh('a', 'a', 7);
    expect([other.bytes, warnings]).toEqual([7, []]);
  });

  it.each<[string, Partial<EvictionPolicy>]>([
    ['insert throws', { insert: fails }],
    ['hit throws', { name: 'b', hit: fails }],
    ['remove throws', { name: 'c', remove: fails }],
    ['victim throws', { name: 'd', victim: fails }],
    ['victim names a slot that holds nothing', { name: 'e', victim: () => 17 }],
    ['victim answers nothing', { name: 'f', victim: () => undefined as unknown as number }],
    ['victim answers with text', { name: 'k', victim: () => '0' as unknown as number }],
    ['victim answers with a list', { name: 'l', victim: () => [0] as unknown as number }],
    ['victim answers with a bigint', { name: 'm', victim: () => 0n as unknown as number }],
    ['victim rejects', { name: 'n', victim: (async () => fails()) as unknown as () => number }],
    ['order rejects', { name: 'o', order: (async () => fails()) as unknown as () => number[] }],
    ['order yields text', { name: 'p', order: () => ['0', '1'] as unknown as number[] }],
    ['order throws', { name: 'g', order: fails }],
    ['order names a slot that holds nothing', { name: 'h', order: () => [0, 63] }],
    ['grow throws', { name: 'i', grow: fails }],
    ['clear throws', { name: 'j', clear: fails }],
  ])('keeps its limits and goes on with lru where its %s', (_, changes) => {
    const store = storeOf(newestFirst(changes));
    for (const key of ['a', 'b', 'c']) store.set(key, key, 1, FOREVER);
    expect([...store.ordered()].map(([key]) => key).sort()).toEqual(['a', 'b', 'c']);
    expect(store.get('a')).toBe('a');
    store.delete('c');
    for (const key of ['d', 'e', 'f']) store.set(key, key, 1, FOREVER);
    expect(store.size).toBe(3);
    store.clear();
    for (const key of ['a', 'b', 'c']) store.set(key, key, 1, FOREVER);
    store.get('a');
    store.set('d', 'd', 1, FOREVER);
    expect(keysOf(store)).toEqual(['a', 'c', 'd']);
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toMatch(/^the eviction policy '.*' failed, and lru goes on in its place: /);
  });

  it.each<[string, (store: MemoryStore<string>) => unknown]>([
    ['get', (store) => store.get('b')],
    ['set', (store) => store.set('more', 'more', 1, FOREVER)],
    ['delete', (store) => store.delete('a')],
    ['clear', (store) => store.clear()],
    ['prune', (store) => store.prune()],
    ['reweigh', (store) => store.reweigh('b', 'b', 9)],
  ])('finds nothing in the store that it decides for by %s, and is given up', (name, call) => {
    for (const method of ['insert', 'remove', 'victim'] as const) {
      warnings.length = 0;
      let store: MemoryStore<string> | undefined;
      const policy = newestFirst({ name: `${name} in ${method}` });
      const asked = policy[method] as (...told: number[]) => number;
      const changed = (...told: number[]) => {
        if (store?.size === 3) call(store);
        return asked(...told);
      };
      store = storeOf({ ...policy, [method]: changed });
      for (const key of ['a', 'b', 'c', 'd', 'e', 'f']) store.set(key, key, 1, FOREVER);
      expect([store.size, store.bytes, keysOf(store).length, warnings.length]).toEqual([3, 3, 3, 1]);
      expect(warnings[0]).toMatch(/called the store that it decides for/);
    }
  });

  it('harms nothing that goes on in its place by reading what is being stored', () => {
    let store: MemoryStore<string> | undefined;
    const own = newestFirst({ name: 'reader' });
    const keys = Array.from({ length: 10 }, (_, i) => `k${i}`);
    const insert = (...told: [number, number, number]) => {
      if ((store?.size ?? 0) >= 3) for (const key of keys) store?.get(key);
      own.insert(...told);
    };
    store = storeOf({ ...own, insert });
    for (let i = 0; i < 300; i++) store.set(keys[(i * 7) % 10] as string, 'v', 1, FOREVER);
    expect([store.size, keysOf(store).length, warnings.length]).toEqual([3, 3, 1]);
    for (const key of ['x', 'y', 'z']) store.set(key, key, 1, FOREVER);
    expect(keysOf(store)).toEqual(['x', 'y', 'z']);
  });

  it('is given up where it names slots without end', () => {
    const endless = function* () {
      for (;;) yield 0;
    };
    const store = storeOf(newestFirst({ name: 'endless', order: endless }));
    store.set('a', 'a', 1, FOREVER);
    expect([...store.ordered()].map(([key]) => key)).toEqual(['a']);
    expect(warnings).toHaveLength(1);
  });

  it('is given up where what it has promised is rejected', async () => {
    const store = storeOf(newestFirst({ name: 'q', hit: (async () => fails()) as () => void }));
    for (const key of ['a', 'b', 'c']) store.set(key, key, 1, FOREVER);
    store.get('a');
    await new Promise((resolve) => setImmediate(resolve));
    store.set('d', 'd', 1, FOREVER);
    expect([keysOf(store), warnings.length]).toEqual([['b', 'c', 'd'], 1]);
  });
});
