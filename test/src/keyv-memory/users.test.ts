import { describe, expect, it } from '@jest/globals';
import { memoryStore } from '@viewcache/core/keyv-memory';
import { FakeClock } from '@viewcache/core/testing';
import { createCache } from 'cache-manager';
import { Keyv } from 'keyv';
import { Keyv as Keyv6 } from 'keyv6';

describe.each([
  ['Keyv 5', Keyv],
  ['Keyv 6', Keyv6 as unknown as typeof Keyv],
])('memoryStore under %s', (_, AnyKeyv) => {
  it('keeps its limits, and tells what left', async () => {
    const left: string[] = [];
    const store = memoryStore({
      maxEntries: 2,
      policy: 'lru',
      onEvict: (key, _value, reason) => left.push(`${key} ${reason}`),
    });
    const keyv = new AnyKeyv({ store, namespace: 'n' });
    for (const key of ['a', 'b', 'c']) await keyv.set(key, { key });
    expect(await keyv.get(['a', 'b', 'c'])).toEqual([undefined, { key: 'b' }, { key: 'c' }]);
    expect(left).toEqual([expect.stringMatching(/^n::?a evicted$/)]);
    expect(await keyv.delete('b')).toBe(true);
    expect([await keyv.has('b'), await keyv.has('c')]).toEqual([false, true]);
  });

  it('hands out what nobody else can change, with and without its serialization', async () => {
    const off = { serialize: undefined, deserialize: undefined, serialization: false };
    for (const options of [{}, off as object]) {
      const keyv = new AnyKeyv({ store: memoryStore(), ...options });
      const value = { tags: ['a'], at: 1 };
      await keyv.set('k', value);
      value.tags.push('b');
      const first = (await keyv.get('k')) as typeof value;
      first.tags.push('c');
      expect(await keyv.get('k')).toEqual({ tags: ['a'], at: 1 });
      expect((await keyv.getMany(['k']))[0]).toEqual({ tags: ['a'], at: 1 });
    }
  });

  it('clears one namespace of those that share a memory, and leaves the others', async () => {
    const store = memoryStore();
    const [one, two] = ['one', 'two'].map((namespace) => new AnyKeyv({ store: store.share(), namespace }));
    for (const keyv of [one, two]) for (let i = 0; i < 2_500; i++) await keyv?.set(`k${i}`, i);
    await one?.clear();
    expect([await one?.get('k0'), await two?.get('k2499'), store.size]).toEqual([undefined, 2_499, 2_500]);
  });

  it('leaves nothing behind that clear() was to remove, where several use one store as it is', async () => {
    const store = memoryStore();
    const [one, two] = ['one', 'two'].map((namespace) => new AnyKeyv({ store, namespace }));
    await one?.set('k', 1);
    await two?.set('k', 2);
    await one?.clear();
    expect(await one?.get('k')).toBeUndefined();
  });

  it('leaves nothing behind where another Keyv was made on the store as it is afterwards', async () => {
    const store = memoryStore();
    const one = new AnyKeyv({ store, namespace: 'one' });
    await one.set('k', 1);
    const two = new AnyKeyv({ store, namespace: 'two' });
    await two.set('k', 2);
    await one.clear();
    expect(await one.get('k')).toBeUndefined();
  });

  it('leaves nothing behind of what was restored where two use the store as it is', async () => {
    const former = memoryStore();
    await new AnyKeyv({ store: former, namespace: 'one' }).set('k', 1);
    const store = memoryStore();
    const [one] = ['one', 'two'].map((namespace) => new AnyKeyv({ store, namespace }));
    await store.restore(await former.snapshot());
    expect(await one?.get('k')).toBe(1);
    await one?.clear();
    expect(await one?.get('k')).toBeUndefined();
  });

  it('is walked through by each namespace of those that share a memory', async () => {
    const store = memoryStore();
    const namespaces = ['a', 'ab', 'ca'];
    const keyvs = namespaces.map((namespace) => new AnyKeyv({ store: store.share(), namespace }));
    for (const keyv of keyvs) await keyv.set('k', 1);
    for (const [i, keyv] of keyvs.entries()) {
      const found: string[] = [];
      const walk = keyv.iterator as unknown as (namespace: string) => AsyncIterable<[string, number]>;
      for await (const [key] of walk.call(keyv, namespaces[i] as string)) found.push(key);
      expect(found).toEqual(['k']);
    }
  });

  it('is walked through with iterator(), expired values left out', async () => {
    const keyv = new AnyKeyv({ store: memoryStore(), namespace: 'n' });
    for (let i = 0; i < 2_100; i++) await keyv.set(`k${i}`, i, i % 2 === 0 ? 1e-3 : undefined);
    const found = new Map<string, number>();
    const walk = keyv.iterator as unknown as (namespace: string) => AsyncIterable<[string, number]>;
    for await (const [key, value] of walk.call(keyv, 'n')) found.set(key, value);
    for (let i = 1; i < 2_100; i += 2) expect(found.get(`k${i}`)).toBe(i);
  });
});

describe('clear() of Keyv 5, which the store does', () => {
  it('leaves nothing of a namespace in memory that has expired and not left yet', async () => {
    const clock = new FakeClock(Date.now());
    const store = memoryStore({ clock });
    const keyv = new Keyv({ store: store.share(), namespace: 'n' });
    await keyv.set('k', 1, 1);
    // Not by a timer of its own: those of the fake clock run when it is advanced, and go by its time.
    clock.advance(1);
    await keyv.clear();
    expect(store.size).toBe(0);
  });
});

describe('memoryStore by its types', () => {
  it('is a store for both versions as it is', async () => {
    const all: readonly (Keyv | Keyv6)[] = [
      new Keyv({ store: memoryStore() }),
      new Keyv(memoryStore()),
      new Keyv6({ store: memoryStore() }),
      new Keyv6(memoryStore()),
    ];
    for (const keyv of all) expect(await keyv.set('k', 1)).toBe(true);
  });
});

describe('memoryStore under cache-manager', () => {
  it('wraps, counts lifetimes and keeps its limits', async () => {
    const store = memoryStore({ maxEntries: 10, policy: 'lru' });
    const cache = createCache({ stores: [new Keyv({ store })], ttl: 60_000 });
    let runs = 0;
    for (let i = 0; i < 3; i++) expect(await cache.wrap('report', async () => ({ run: ++runs }))).toEqual({ run: 1 });
    for (let i = 0; i < 50; i++) await cache.set(`k${i}`, i);
    expect(store.size).toBe(10);
    expect(await cache.mget(['k49', 'k0'])).toEqual([49, undefined]);
    await cache.clear();
    expect(store.size).toBe(0);
  });
});
