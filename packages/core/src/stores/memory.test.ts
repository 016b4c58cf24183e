import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, it, jest } from '@jest/globals';
import { ConfigError } from '../base/errors.js';
import type { PolicyFactory } from '../eviction/policies.js';
import type { RemovalReason } from '../ports/local-store.js';
import { FakeClock } from '../testing/fake-clock.js';
import { MemoryStore, type MemoryStoreOptions } from './memory.js';

type Told = [key: string, value: unknown, reason: RemovalReason];

function storeOf<V = string>(options: Omit<MemoryStoreOptions<V>, 'clock'> = {}) {
  const clock = new FakeClock();
  const told: Told[] = [];
  const store = new MemoryStore<V>({ clock, onRemove: (...removal) => told.push(removal), ...options });
  return { clock, store, told, keys: () => [...store.entries()].map(([key]) => key).sort() };
}

const FOREVER = Number.POSITIVE_INFINITY;

describe('MemoryStore', () => {
  it('hands out what was set, by reference', () => {
    const { store } = storeOf<object>();
    const value = {};
    expect(store.get('a')).toBeUndefined();
    expect(store.set('a', value, 10, FOREVER)).toBe(true);
    expect(store.get('a')).toBe(value);
    expect(store.peek('a')).toBe(value);
    expect([store.size, store.bytes]).toEqual([1, 10]);
  });

  it('replaces the value and the weight of a key', () => {
    const { store, told } = storeOf();
    store.set('a', 'one', 10, FOREVER);
    store.set('a', 'two', 4, FOREVER);
    expect([store.get('a'), store.size, store.bytes]).toEqual(['two', 1, 4]);
    expect(told).toEqual([['a', 'one', 'replaced']]);
  });

  it('deletes, and says whether there was something', () => {
    const { store, told } = storeOf();
    store.set('a', 'one', 10, FOREVER);
    expect([store.delete('a'), store.delete('a')]).toEqual([true, false]);
    expect([store.size, store.bytes]).toEqual([0, 0]);
    expect(told).toEqual([['a', 'one', 'deleted']]);
  });

  it('clears, tells of each value, and goes on working', () => {
    const { store, told, clock, keys } = storeOf({ maxEntries: 100 });
    for (let i = 0; i < 100; i++) store.set(`k${i}`, 'v', 1, 1_000);
    store.clear();
    expect(told).toHaveLength(100);
    expect(new Set(told.map(([, , reason]) => reason))).toEqual(new Set(['deleted']));
    expect([store.size, store.bytes, clock.pendingTimers]).toEqual([0, 0, 0]);
    for (let i = 0; i < 150; i++) store.set(`n${i}`, 'v', 1, FOREVER);
    expect(keys()).toHaveLength(100);
    clock.advance(5_000);
    expect(store.size).toBe(100);
  });
});

describe('MemoryStore ordered', () => {
  it('yields what would leave first first, with the time it has left', () => {
    const { store, clock } = storeOf();
    store.set('a', 'A', 1, 5_000);
    store.set('b', 'B', 1, FOREVER);
    store.set('c', 'C', 1, 1_000);
    store.get('a');
    clock.advance(1_000);
    expect([...store.ordered()]).toEqual([
      ['b', 'B', FOREVER],
      ['a', 'A', 4_000],
    ]);
  });

  it('comes by everything that stays, whatever is set, used and deleted on the way', () => {
    const { store } = storeOf({ maxEntries: 500 });
    for (let i = 0; i < 400; i++) store.set(`stays ${i}`, 'v', 1, FOREVER);
    const met = new Set<string>();
    let count = 0;
    for (const [key] of store.ordered()) {
      met.add(key);
      // The one that comes next leaves its place in the order, and others take the places of those that have left.
      store.get(`stays ${(count * 7) % 400}`);
      store.set(`comes ${count}`, 'v', 1, FOREVER);
      if (count % 2 === 1) for (const gone of [count, count - 1]) store.delete(`comes ${gone}`);
      if (++count > 5_000) break;
    }
    expect(count).toBeLessThan(1_600);
    expect([...met].filter((key) => key.startsWith('stays'))).toHaveLength(400);
  });
});

describe('MemoryStore limits', () => {
  it('evicts as many as a heavy value needs, the policy’s choice first', () => {
    const { store, told, keys } = storeOf({ maxBytes: 100 });
    for (const key of ['a', 'b', 'c', 'd']) store.set(key, key, 25, FOREVER);
    store.get('a');
    store.set('e', 'e', 50, FOREVER);
    expect(keys()).toEqual(['a', 'd', 'e']);
    expect(told.map(([key, , reason]) => `${key} ${reason}`)).toEqual(['b evicted', 'c evicted']);
  });

  it('makes room where a value that is held weighs more by now, and counts one that weighs less', () => {
    const { store, told, keys } = storeOf({ maxBytes: 100 });
    for (const key of ['a', 'b', 'c']) store.set(key, key, 30, FOREVER);
    store.reweigh('c', 'c', 45);
    expect([keys(), store.bytes]).toEqual([['b', 'c'], 75]);
    expect(told).toEqual([['a', 'a', 'evicted']]);
    store.reweigh('c', 'c', 5);
    expect(store.bytes).toBe(35);
    store.reweigh('c', 'c', 101);
    expect([keys(), store.bytes]).toEqual([['b'], 30]);
  });

  it('weighs nothing anew that is not there any more', () => {
    const { store } = storeOf({ maxBytes: 100 });
    store.set('a', 'new', 30, FOREVER);
    store.reweigh('a', 'old', 60);
    store.reweigh('b', 'b', 60);
    expect([store.size, store.bytes]).toEqual([1, 30]);
  });

  it('evicts nobody to replace a value in a full store', () => {
    const { store, told } = storeOf({ maxEntries: 3, maxBytes: 30 });
    for (const key of ['a', 'b', 'c']) store.set(key, 'old', 10, FOREVER);
    store.set('b', 'new', 10, FOREVER);
    expect(told).toEqual([['b', 'old', 'replaced']]);
    expect(store.size).toBe(3);
  });

  it('refuses a value heavier than the store, and the key’s older value is gone', () => {
    const { store, told, keys } = storeOf({ maxBytes: 100 });
    store.set('a', 'small', 10, FOREVER);
    store.set('b', 'other', 10, FOREVER);
    expect(store.set('a', 'huge', 101, FOREVER)).toBe(false);
    expect(keys()).toEqual(['b']);
    expect(told).toEqual([['a', 'small', 'replaced']]);
    expect(store.set('a', 'just fits', 100, FOREVER)).toBe(true);
    expect(keys()).toEqual(['a']);
  });

  it.each([Number.NaN, -1, Number.POSITIVE_INFINITY])('refuses the weight %d', (weight) => {
    const { store } = storeOf();
    expect(store.set('a', 'v', weight, FOREVER)).toBe(false);
    expect([store.size, store.bytes]).toEqual([0, 0]);
  });

  it.each([0, -5, Number.NaN])('stores nothing for a lifetime of %d', (ttl) => {
    const { store, clock } = storeOf();
    store.set('a', 'old', 1, FOREVER);
    expect(store.set('a', 'v', 1, ttl)).toBe(false);
    expect([store.size, clock.pendingTimers]).toEqual([0, 0]);
  });

  it('counts a fraction of a byte as a byte, so that the sum stays exact', () => {
    const { store } = storeOf();
    store.set('a', 'v', 0.1, FOREVER);
    store.set('b', 'v', 0.2, FOREVER);
    expect(store.bytes).toBe(2);
  });

  it('bounds values that weigh nothing by number, also when only bytes are set', () => {
    const { store } = storeOf({ maxBytes: 1_000 });
    for (let i = 0; i < 3_000; i++) store.set(`k${i}`, 'v', 0, FOREVER);
    expect(store.size).toBe(1_024);
  });

  it.each([
    ['maxBytes', Number.POSITIVE_INFINITY],
    ['maxBytes', 0],
    ['maxBytes', Number.NaN],
    ['maxBytes', 1.5],
    ['maxEntries', Number.POSITIVE_INFINITY],
    ['maxEntries', -1],
    ['maxEntries', 2 ** 23 + 1],
  ])('throws at start-up for %s = %d: it is never unbounded', (setting, value) => {
    const make = () => new MemoryStore({ clock: new FakeClock(), [setting]: value });
    expect(make).toThrow(ConfigError);
    expect(make).toThrow(new RegExp(`^${setting}: ${value} is not allowed`));
  });

  it('takes a policy by name or made for its limits', () => {
    const { store, keys } = storeOf({ maxEntries: 2, policy: 'fifo' });
    for (const key of ['a', 'b']) store.set(key, key, 1, FOREVER);
    store.get('a');
    store.set('c', 'c', 1, FOREVER);
    expect(keys()).toEqual(['b', 'c']);
    const policy = jest.fn<PolicyFactory>(() => {
      throw new Error('seen');
    });
    expect(() => new MemoryStore({ clock: new FakeClock(), maxBytes: 512_000, policy })).toThrow('seen');
    expect(policy).toHaveBeenCalledWith({ maxBytes: 512_000, maxEntries: 2_000 });
  });

  it('stays bounded under 20,000 distinct keys, with one timer', () => {
    const { store, clock, told } = storeOf({ maxEntries: 1_000, maxBytes: 1_000_000 });
    const most = { size: 0, bytes: 0, timers: 0 };
    for (let i = 0; i < 20_000; i++) {
      store.set(`GET https://example.org/?attack=${i}`, 'v', 1 + (i % 3_000), 1 + ((i * 7_919) % 600_000));
      most.size = Math.max(most.size, store.size);
      most.bytes = Math.max(most.bytes, store.bytes);
      most.timers = Math.max(most.timers, clock.pendingTimers);
      if (i % 1_000 === 999) clock.advance(700);
    }
    expect(most.size).toBe(1_000);
    expect(most.bytes).toBeLessThanOrEqual(1_000_000);
    expect(most.timers).toBe(1);
    expect(told.length + store.size).toBe(20_000);
    clock.advance(602_000);
    expect([store.size, store.bytes, clock.pendingTimers, told.length]).toEqual([0, 0, 0, 20_000]);
  });
});

describe('MemoryStore expiry', () => {
  it('hands a value out until its lifetime has passed, to the millisecond', () => {
    const { store, clock, told } = storeOf();
    store.set('a', 'v', 1, 1_500);
    clock.advance(1_499);
    expect([store.get('a'), store.peek('a')]).toEqual(['v', 'v']);
    clock.advance(1);
    expect([store.peek('a'), [...store.entries()], store.size]).toEqual([undefined, [], 1]);
    expect(told).toEqual([]);
    expect(store.get('a')).toBeUndefined();
    expect(told).toEqual([['a', 'v', 'expired']]);
    expect([store.size, store.bytes, clock.pendingTimers]).toEqual([0, 0, 0]);
  });

  it('drops what nobody asks for within a second of its expiry', () => {
    const { store, clock, told } = storeOf();
    for (let i = 0; i < 50; i++) store.set(`k${i}`, 'v', 1, 1_000 * i + 500);
    for (let second = 1; second <= 50; second++) {
      clock.advance(1_000);
      expect(store.size).toBe(50 - second);
    }
    expect(told.every(([, , reason]) => reason === 'expired')).toBe(true);
    expect(clock.pendingTimers).toBe(0);
  });

  it('counts the lifetime of a replaced value anew', () => {
    const { store, clock } = storeOf();
    store.set('a', 'one', 1, 1_000);
    clock.advance(900);
    store.set('a', 'two', 1, 1_000);
    clock.advance(900);
    expect(store.get('a')).toBe('two');
    store.set('a', 'three', 1, FOREVER);
    clock.advance(10_000_000);
    expect(store.get('a')).toBe('three');
    expect(clock.pendingTimers).toBe(0);
  });

  it('calls what is past its expiry expired, whatever removes it, and absent', () => {
    const { store, clock, told } = storeOf({ maxEntries: 3 });
    for (const key of ['replaced', 'deleted', 'evicted']) store.set(key, 'v', 1, 100);
    clock.advance(100);
    store.set('replaced', 'new', 1, FOREVER);
    expect(store.delete('deleted')).toBe(false);
    for (const key of ['x', 'y']) store.set(key, 'v', 1, FOREVER);
    expect(told.map(([key, , reason]) => `${key} ${reason}`)).toEqual([
      'replaced expired',
      'deleted expired',
      'evicted expired',
    ]);
  });

  it('keeps no timer where nothing can expire, and none after the last value that could has left', () => {
    const { store, clock } = storeOf({ maxEntries: 2 });
    store.set('a', 'v', 1, FOREVER);
    expect(clock.pendingTimers).toBe(0);
    store.set('b', 'v', 1, 60_000);
    expect(clock.pendingTimers).toBe(1);
    store.delete('b');
    expect(clock.pendingTimers).toBe(0);
    store.set('c', 'v', 1, 60_000);
    for (const key of ['d', 'e']) store.set(key, 'v', 1, FOREVER);
    expect(clock.pendingTimers).toBe(0);
  });

  it('wakes up for a value that is due before the others', () => {
    const { store, clock } = storeOf();
    store.set('late', 'v', 1, 50_000);
    store.set('soon', 'v', 1, 2_000);
    expect(clock.pendingTimers).toBe(1);
    clock.advance(2_000);
    expect(store.size).toBe(1);
  });

  it('expires thousands at once in turns of 250, and hands none of them out meanwhile', () => {
    const { store, clock, told } = storeOf({ maxEntries: 9_000 });
    for (let i = 0; i < 2_250; i++) store.set(`k${i}`, 'v', 1, 5_000);
    clock.advance(4_999);
    expect(store.size).toBe(2_250);
    for (let turn = 1; turn <= 8; turn++) {
      clock.advance(1);
      expect(store.size).toBe(2_250 - 250 * turn);
      expect([...store.entries()]).toEqual([]);
    }
    clock.advance(1);
    expect([store.size, told.length, clock.pendingTimers]).toEqual([0, 2_250, 0]);
  });

  it('goes on with a listener that never ends in one later turn at a time', () => {
    const clock = new FakeClock();
    let calls = 0;
    const store: MemoryStore<string> = new MemoryStore<string>({
      clock,
      maxEntries: 2,
      onRemove(key) {
        calls++;
        store.set(key, 'again', 1, FOREVER);
      },
    });
    for (let i = 0; i < 12; i++) store.set(`k${i}`, 'v', 1, FOREVER);
    expect(clock.pendingTimers).toBe(1);
    const before = calls;
    clock.advance(1);
    // A thousand of its own, and those that waited.
    expect(calls - before).toBeLessThan(1_100);
    expect(clock.pendingTimers).toBe(1);
  });

  it('prunes at once what is past its expiry, to the millisecond, and says how many', () => {
    const { store, clock, keys } = storeOf();
    store.set('forever', 'v', 1, FOREVER);
    for (let i = 1; i <= 3_000; i++) store.set(`k${i}`, 'v', 1, i);
    clock.advance(250);
    expect(store.prune()).toBe(250);
    expect(store.size).toBe(2_751);
    clock.stepWallClock(2_749);
    expect(store.prune()).toBe(2_749);
    expect(keys()).toEqual(['forever', 'k3000']);
    expect(store.prune()).toBe(0);
  });

  it('hands out nothing from before a suspension, and drops it soon after, though its timer stood still', () => {
    const { store, clock } = storeOf();
    store.set('asked', 'v', 1, 3_600_000);
    store.set('not asked', 'v', 1, 3_600_000);
    clock.stepWallClock(7_200_000);
    expect(store.get('asked')).toBeUndefined();
    clock.advance(64_000);
    expect(store.size).toBe(0);
  });

  it('is not moved by a wall clock set back', () => {
    const { store, clock } = storeOf();
    store.set('a', 'v', 1, 10_000);
    clock.stepWallClock(-86_400_000);
    clock.advance(10_000);
    expect(store.size).toBe(0);
  });

  it('stops its timer when closed, and still hands out nothing past its expiry', () => {
    const { store, clock } = storeOf();
    store.set('a', 'v', 1, 1_000);
    store.close();
    store.set('b', 'v', 1, 1_000);
    expect(clock.pendingTimers).toBe(0);
    clock.advance(5_000);
    expect([store.get('a'), store.get('b'), store.size]).toEqual([undefined, undefined, 0]);
  });
});

describe('MemoryStore onRemove', () => {
  it('is called when the store is at rest: what set is there, what left is not', () => {
    const clock = new FakeClock();
    const seen: unknown[] = [];
    const store: MemoryStore<string> = new MemoryStore({
      clock,
      maxEntries: 2,
      onRemove: (key) => seen.push([key, store.peek(key), store.peek('c'), store.size]),
    });
    for (const key of ['a', 'b', 'c']) store.set(key, key, 1, FOREVER);
    expect(seen).toEqual([['a', undefined, 'c', 2]]);
  });

  it('may call the store; what leaves by that is told after what had left before', () => {
    const clock = new FakeClock();
    const told: string[] = [];
    const store: MemoryStore<string> = new MemoryStore({
      clock,
      maxBytes: 100,
      onRemove: (key, _value, reason) => {
        told.push(`${key} ${reason}`);
        if (key === 'a') {
          store.delete('heavy');
          store.set('again', 'v', 60, FOREVER);
          store.set('again', 'w', 60, FOREVER);
        }
        if (key === 'heavy') store.clear();
      },
    });
    for (const key of ['a', 'b', 'c']) store.set(key, key, 30, FOREVER);
    store.set('heavy', 'v', 100, FOREVER);
    expect(told).toEqual(['a evicted', 'b evicted', 'c evicted', 'heavy deleted', 'again replaced', 'again deleted']);
    expect([store.size, store.bytes]).toEqual([0, 0]);
  });

  it('may store an expired value anew from the timer', () => {
    const clock = new FakeClock();
    const store: MemoryStore<number> = new MemoryStore({
      clock,
      onRemove: (key, value, reason) => reason === 'expired' && store.set(key, value + 1, 1, 5_000),
    });
    for (let i = 0; i < 10; i++) store.set(`k${i}`, 0, 1, 5_000);
    clock.advance(15_000);
    expect(store.size).toBe(10);
    expect(new Set([...store.entries()].map(([, value]) => value))).toEqual(new Set([3]));
    expect(clock.pendingTimers).toBe(1);
  });

  it('harms neither the store nor the caller when it throws', () => {
    const warning = jest.spyOn(process, 'emitWarning').mockImplementation(() => {});
    const told: string[] = [];
    const clock = new FakeClock();
    const store = new MemoryStore<string>({
      clock,
      onRemove: (key) => {
        told.push(key);
        throw new Error(`no ${key}`);
      },
    });
    for (const key of ['a', 'b', 'c']) store.set(key, key, 1, 1_000);
    store.delete('a');
    clock.advance(1_000);
    expect(told).toEqual(['a', 'b', 'c']);
    expect(store.size).toBe(0);
    const texts = ['a', 'b', 'c'].map((key) => `the function that is told what left memory threw Error: no ${key}`);
    expect(warning.mock.calls.map(([text]) => text)).toEqual(texts);
    warning.mockRestore();
  });

  it('is not followed by any hold on the value', async () => {
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc') as () => void;
    const told: string[] = [];
    const { store, clock } = storeOf<object>({ onRemove: (key) => told.push(key) });
    const cleared = storeOf<object>({ onRemove: () => {} }).store;
    const refs = ['deleted', 'expired', 'replaced', 'cleared'].map((key) => {
      const value = { key };
      (key === 'cleared' ? cleared : store).set(key, value, 1, 100);
      return new WeakRef(value);
    });
    store.delete('deleted');
    store.set('replaced', {}, 1, FOREVER);
    clock.advance(1_000);
    cleared.clear();
    // A WeakRef holds its target until the turn it was made in has ended.
    await new Promise((resolve) => setImmediate(resolve));
    collect();
    expect(told).toEqual(['deleted', 'replaced', 'expired']);
    expect(refs.map((ref) => ref.deref())).toEqual([undefined, undefined, undefined, undefined]);
  });
});
