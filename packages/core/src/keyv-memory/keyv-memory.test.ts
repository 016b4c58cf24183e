import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { ConfigError } from '../base/errors.js';
import { SnapshotError } from '../base/snapshot-error.js';
import { FakeClock } from '../testing/fake-clock.js';
import { type KeyvMemoryOptions, memoryStore } from './index.js';

const storeOf = (options: KeyvMemoryOptions = {}) => {
  const clock = new FakeClock();
  return { clock, store: memoryStore({ clock, ...options }) };
};

describe('memoryStore', () => {
  it('hands out what was set until its lifetime has passed', async () => {
    const { clock, store } = storeOf();
    await store.set('a', 'text', 1_000);
    await store.set('b', { n: 1 });
    await store.set('c', 'for ever', 0);
    clock.advance(999);
    expect(await store.getMany(['a', 'b', 'none'])).toEqual(['text', { n: 1 }, undefined]);
    clock.advance(1);
    expect([await store.get('a'), await store.has('a'), store.peek('a')]).toEqual([undefined, false, undefined]);
    expect([await store.get('c'), store.size]).toEqual(['for ever', 2]);
  });

  it('hands out nothing that expired in a turn that took long', async () => {
    const clock = new FakeClock();
    const begin = clock.monotonic();
    // What a reading at the beginning of the turn said.
    const store = memoryStore({ clock: Object.assign(clock, { recent: () => begin }) });
    await store.set('a', 'a', 10);
    clock.advance(20);
    expect(await store.get('a')).toBeUndefined();
  });

  it('keeps to its bytes: keys, values and their places counted', async () => {
    const left: string[] = [];
    const { store } = storeOf({
      maxBytes: 10_000,
      policy: 'lru',
      onEvict: (key, _, reason) => left.push(`${key} ${reason}`),
    });
    await store.set('wide', '€'.repeat(1_000));
    expect(store.bytes).toBeGreaterThanOrEqual(2_000 + 140);
    for (let i = 0; i < 100; i++) await store.set(`k${i}`, 'x'.repeat(300));
    expect(store.bytes).toBeLessThanOrEqual(10_000);
    expect(store.bytes).toBeGreaterThanOrEqual(store.size * (300 + 140));
    expect(left[0]).toBe('wide evicted');
    expect(await store.set('huge', 'x'.repeat(20_000))).toBe(false);
  });

  it('tells what left, and why', async () => {
    const left: unknown[] = [];
    const { clock, store } = storeOf({ maxEntries: 2, policy: 'lru', onEvict: (...told) => left.push(told) });
    await store.set('a', { n: 1 });
    await store.set('a', 'two', 500);
    await store.delete('a');
    await store.set('b', 'b', 500);
    await store.set('c', 'c');
    await store.set('d', 'd');
    clock.advance(1_000);
    await store.set('e', 'e', 500);
    clock.advance(500);
    expect(store.prune()).toBe(1);
    expect(left).toEqual([
      ['a', { n: 1 }, 'replaced'],
      ['a', 'two', 'deleted'],
      ['b', 'b', 'evicted'],
      ['c', 'c', 'evicted'],
      ['e', 'e', 'expired'],
    ]);
  });

  it('says which policy decides: auto, unless another was named', () => {
    expect(storeOf().store.eviction).toMatchObject({ policy: 'auto', switches: 0 });
    expect(storeOf({ policy: { name: 'lfu', ageing: true } }).store.eviction.current).toMatch(/lfu/);
  });

  it.each<[KeyvMemoryOptions['clone'], boolean, boolean]>([
    ['structured', false, false],
    ['freeze', true, true],
    [false, true, false],
  ])('with clone %s hands out the same object: %s, frozen: %s', async (clone, isSame, isFrozen) => {
    const { store } = storeOf({ clone });
    await store.set('a', { list: [1], at: { x: 1 } });
    const [first, second] = (await store.getMany(['a', 'a'])) as { list: number[] }[];
    expect(first).toEqual({ list: [1], at: { x: 1 } });
    expect([first === second, Object.isFrozen(first?.list)]).toEqual([isSame, isFrozen]);
  });

  it('refuses what it cannot copy, and keeps what it had of others', async () => {
    const { store } = storeOf();
    await store.set('a', 'a');
    await expect(store.set('b', { run: () => 1 })).rejects.toThrow(TypeError);
    expect([store.size, await store.get('a')]).toEqual([1, 'a']);
  });

  it('weighs by a function of its user, and as usual where that fails', async () => {
    const warning = jest.spyOn(process, 'emitWarning').mockImplementation(() => {});
    const answers: unknown[] = [7, Number.NaN, 'heavy', Promise.reject(new Error()), new Error('no scales')];
    const weigh = () => {
      const answer = answers.shift();
      if (answer instanceof Error) throw answer;
      return answer as number;
    };
    const { store } = storeOf({ weigh });
    await store.set('a', 'a');
    expect(store.bytes).toBe(7);
    for (const key of ['b', 'c', 'd', 'e']) await store.set(key, key);
    expect([store.size, store.bytes > 7 + 4 * 140]).toEqual([5, true]);
    expect(warning).toHaveBeenCalledTimes(4);
    warning.mockRestore();
  });

  it.each<[string, object]>([
    ['maxBytes', { maxBytes: '5 apples' }],
    ['maxBytes', { maxBytes: 0 }],
    ['maxEntries', { maxEntries: 0 }],
    ['maxEntries', { maxEntries: 2 ** 23 + 1 }],
    ['maxEntries', { maxEntries: '10' }],
    ['maxEntries', { maxEntries: null }],
    ['policy', { policy: 'best' }],
    ['policy.victim', { policy: { name: 'mine', grow() {}, insert() {}, hit() {}, remove() {} } }],
    ['clock', { clock: Date }],
    ['clock', { clock: null }],
    ['policy', { policy: 7 }],
    ['policy.grow', { policy: () => ({ name: 'none' }) }],
    ['onEvict', { onEvict: 'log' }],
    ['weigh', { weigh: 1 }],
    ['clone', { clone: true }],
    ['max', { max: 100 }],
    ['ttl', { ttl: 100 }],
  ])('throws for a wrong %s, and names it', (setting, options) => {
    const make = () => memoryStore(options);
    expect(make).toThrow(ConfigError);
    expect(make).toThrow(new RegExp(`^memoryStore\\.${setting}: `));
  });
});

describe('memoryStore snapshots', () => {
  let folder = '';
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'viewcache-memory-'));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));
  const keysOf = async (store: ReturnType<typeof memoryStore>) => {
    const keys: string[] = [];
    for await (const [key] of store.iterator()) keys.push(key);
    return keys.sort();
  };

  it('bring back values of every kind, with the time they have left', async () => {
    const { clock, store } = storeOf();
    const values = {
      text: 'é €',
      tree: { at: new Date(5), tags: ['a'] },
      bytes: Buffer.from([1, 2]),
      set: new Set([1]),
    };
    for (const [key, value] of Object.entries(values)) await store.set(key, value, 10_000);
    await store.set('short', 'short', 2_000);
    await store.set('ever', 'ever');
    const path = join(folder, 'cache.snap');
    expect((await store.save(path)).bytes).toBe((await stat(path)).size);
    expect((await stat(path)).mode & 0o077).toBe(0);

    const later = new FakeClock(clock.now() + 4_000);
    const warm = memoryStore({ clock: later });
    expect(await warm.restore(path)).toEqual({ entries: 5 });
    for (const [key, value] of Object.entries(values)) expect(await warm.get(key)).toEqual(value);
    later.advance(5_999);
    expect(await keysOf(warm)).toEqual(['bytes', 'ever', 'set', 'text', 'tree']);
    later.advance(1);
    expect(await keysOf(warm)).toEqual(['ever']);
    expect(await memoryStore({ clock: later }).restore(await store.snapshot())).toEqual({ entries: 6 - 5 });
  });

  it('keep the order of the policy, and what a smaller store has room for', async () => {
    const { clock, store } = storeOf({ policy: 'lru' });
    for (const key of ['a', 'b', 'c', 'd']) await store.set(key, key);
    await store.get('a');
    const small = memoryStore({ clock, maxEntries: 3, policy: 'lru' });
    await small.restore(await store.snapshot());
    expect(await keysOf(small)).toEqual(['a', 'c', 'd']);
    await small.set('e', 'e');
    expect(await keysOf(small)).toEqual(['a', 'd', 'e']);
  });

  it('are never longer lived than when they were written, whatever the clock says', async () => {
    const { clock, store } = storeOf();
    await store.set('a', 'a', 1_000);
    const back = new FakeClock(clock.now() - 86_400_000);
    const warm = memoryStore({ clock: back });
    expect(await warm.restore(await store.snapshot())).toEqual({ entries: 1 });
    back.advance(1_000);
    expect(await warm.get('a')).toBeUndefined();
  });

  it('bring nothing back that was set or deleted while they were written', async () => {
    const { clock, store } = storeOf();
    for (let i = 0; i < 1_000; i++) await store.set(`k${i}`, 'old');
    const writing = store.snapshot();
    await store.delete('k3');
    await store.set('k4', 'new');
    const warm = memoryStore({ clock });
    expect(await warm.restore(await writing)).toEqual({ entries: 998 });
    expect([await warm.get('k3'), await warm.get('k4'), await warm.get('k5')]).toEqual([undefined, undefined, 'old']);
    const clearing = store.snapshot();
    await store.clear();
    expect(await memoryStore({ clock }).restore(await clearing)).toEqual({ entries: 0 });
  });

  it('hold nothing that was deleted before they were handed out', async () => {
    const { clock, store } = storeOf();
    for (let i = 0; i < 1_200; i++) await store.set(`k${i}`, 'x'.repeat(5_000));
    let isWriting = true;
    const writing = store.snapshot().finally(() => {
      isWriting = false;
    });
    const deleted: string[] = [];
    while (isWriting) {
      deleted.push(`k${deleted.length}`);
      await store.delete(deleted.at(-1) as string);
      await new Promise((resolve) => setImmediate(resolve));
    }
    const warm = memoryStore({ clock });
    await warm.restore(await writing);
    expect(deleted.length).toBeGreaterThan(60);
    expect(deleted.filter((key) => warm.peek(key) !== undefined)).toEqual([]);
    expect(warm.size).toBe(store.size);
  });

  it('leave as it is what was set or deleted while they were read', async () => {
    const { clock, store } = storeOf();
    for (let i = 0; i < 1_000; i++) await store.set(`k${i}`, 'old');
    const warm = memoryStore({ clock });
    await warm.set('k1', 'before');
    const reading = warm.restore(await store.snapshot());
    await warm.delete('k2');
    await warm.set('k3', 'new');
    expect(await reading).toEqual({ entries: 997 });
    expect(await warm.getMany(['k1', 'k2', 'k3', 'k4'])).toEqual(['before', undefined, 'new', 'old']);
  });

  it('count as empty where they are none, with the reason', async () => {
    const { clock, store } = storeOf();
    await store.set('a', 'a');
    const snapshot = await store.snapshot();
    const warm = memoryStore({ clock });
    const path = join(folder, 'cache.snap');
    expect(await warm.restore(path)).toEqual({ entries: 0, defect: 'missing' });
    expect(await warm.restore(folder)).toEqual({ entries: 0, defect: 'missing' });
    await writeFile(path, 'something else');
    expect(await warm.restore(path)).toEqual({ entries: 0, defect: 'foreign' });
    expect(await warm.restore(snapshot.subarray(0, -1))).toEqual({ entries: 0, defect: 'corrupt' });
    clock.advance('1h');
    expect(await warm.restore(snapshot, { maxAge: '30m' })).toEqual({ entries: 0, defect: 'outdated' });
    expect([await warm.restore(snapshot, { maxAge: '1h' }), warm.size]).toEqual([{ entries: 1 }, 1]);
    await expect(warm.restore(snapshot, { maxAge: 'long' as '1h' })).rejects.toThrow('restore.maxAge');
  });

  it.each<[string, (store: ReturnType<typeof memoryStore>) => Promise<unknown>]>([
    ['restore', (store) => store.restore(undefined as unknown as string)],
    ['restore', (store) => store.restore(new URL('file:///cache.snap') as unknown as string)],
    ['restore.maxage', (store) => store.restore('cache.snap', { maxage: '1m' } as object)],
    ['restore', (store) => store.restore('cache.snap', '10m' as unknown as object)],
    ['save', (store) => store.save('')],
  ])('refuse what is no argument of %s, and name it', async (setting, run) => {
    const wrong = run(storeOf().store);
    await expect(wrong).rejects.toThrow(ConfigError);
    await expect(wrong).rejects.toThrow(new RegExp(`^${setting}: `));
  });

  it('say where they cannot be written', async () => {
    const { store } = storeOf();
    const saving = store.save(join(folder, 'no', 'such', 'folder'));
    await expect(saving).rejects.toThrow(SnapshotError);
    await expect(saving).rejects.toMatchObject({ code: 'ERR_CACHE_SNAPSHOT', cause: { code: 'ENOENT' } });
  });
});
