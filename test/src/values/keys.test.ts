import { describe, expect, it } from '@jest/globals';
import { ConfigError, type ValueCache } from '@viewcache/core';
import fc from 'fast-check';
import { errorOf, openMemory, openOn, stores } from './stores.js';

const part = fc.oneof(
  fc.constantFrom(':', '::', '=', ' ', '\n', '1', '2:', 'a', 'a:', '*', '\0', '__proto__', '=1:2:a: b'),
  fc.string({ minLength: 1, maxLength: 4, unit: 'binary' }),
);
const place = fc.record({
  namespaces: fc.array(part, { maxLength: 3 }),
  version: fc.option(fc.nat(12), { nil: undefined }),
  key: part,
});

describe('a key in a namespace, of a version', () => {
  it('is one of its own: no text makes it another one', async () => {
    const { cache } = await openMemory();
    await fc.assert(
      fc.asyncProperty(fc.array(place, { minLength: 2, maxLength: 6 }), async (places) => {
        await cache.purge({ all: true });
        // `a:b` is `b` in `a`, and so are the two in their turn.
        const id = ({ namespaces, version, key }: (typeof places)[number]) =>
          JSON.stringify([namespaces.map((name) => `${name}:`).join(''), version, key]);
        const stored = new Map<string, number>();
        const call = ({ namespaces, version, key }: (typeof places)[number]) => {
          let handle: ValueCache = cache;
          for (const name of namespaces) handle = handle.namespace(name);
          return { handle, key, options: version === undefined ? {} : { version } };
        };
        for (const [i, each] of places.entries()) {
          const { handle, key, options } = call(each);
          await handle.set(key, i, { ttl: 60, ...options });
          stored.set(id(each), i);
        }
        for (const each of places) {
          const { handle, key, options } = call(each);
          expect(await handle.get(key, options)).toBe(stored.get(id(each)));
        }
        const [first] = places as [(typeof places)[number]];
        const { handle, key, options } = call(first);
        await handle.delete(key, options);
        stored.delete(id(first));
        for (const each of places) {
          const other = call(each);
          expect(await other.handle.get(other.key, other.options)).toBe(stored.get(id(each)));
        }
      }),
      { numRuns: 300, interruptAfterTimeLimit: 2_500 },
    );
  });
});

describe.each(stores)('namespaces in %s', (_name, store) => {
  it('end what they hold by its keys there, and leave it to staleIfError', async () => {
    const { cache } = await openOn(store);
    const carts = cache.namespace('cart');
    const keys = [1, 2, 3, 'guest:1', 'guest:2'];
    const fill = async () => {
      await cache.set('1', 'outer', 60);
      await carts.setMany(
        keys.map((key) => [key, 'old'] as const),
        { ttl: 60, staleIfError: '1h' },
      );
    };
    const left = async () => [...(await carts.getMany(keys)).keys()];
    await fill();
    expect(await carts.invalidate({ key: [1, 2] })).toMatchObject({ durable: true });
    expect(await left()).toEqual([3, 'guest:1', 'guest:2']);
    await carts.invalidate({ keys: 'guest:*' });
    expect(await left()).toEqual([3]);
    await fill();
    await carts.invalidate({ keys: ['*'] });
    expect([await left(), await cache.get('1')]).toEqual([[], 'outer']);
    const failing = () => carts.getOrSet(1, () => Promise.reject(new Error('down')), { ttl: 60, staleIfError: '1h' });
    // Memcached can only purge.
    if (store?.startsWith('memcached') !== true) expect(await failing()).toBe('old');
    await carts.delete(1);
    expect(await errorOf(failing())).toMatchObject({ message: 'down' });
    for (const target of [{ tags: 'a' }, { namespace: 'cart' }, {}, undefined, 'a'])
      expect(await errorOf(carts.invalidate(target as never))).toBeInstanceOf(ConfigError);
  });

  it('and what is in no namespace are ended by several keys at once', async () => {
    const { cache } = await openOn(store);
    const keys = ['a', 'b', 'c:1', 'd:1', 'e'];
    for (const key of keys) await cache.set(key, 1, 60);
    await cache.invalidate({ key: ['a', 'b'] });
    await cache.purge({ keys: ['c:*', 'd:*'] });
    expect([...(await cache.getMany(keys)).keys()]).toEqual(['e']);
  });

  it('hold the same key apart', async () => {
    const { cache } = await openOn(store);
    const [carts, users] = [cache.namespace('cart'), cache.namespace('user')];
    await carts.set('7', 'cart', 60);
    await users.set('7', 'user', 60);
    await cache.set('7', 'none', 60);
    await cache.set('cart:7', 'colon', 60);
    const read = async () => [
      await carts.get('7'),
      await users.get('7'),
      await cache.get('7'),
      await cache.get('cart:7'),
    ];
    expect(await read()).toEqual(['cart', 'user', 'none', 'colon']);
    await carts.delete('7');
    expect(await read()).toEqual([undefined, 'user', 'none', 'colon']);
    // An invalidation goes by text.
    await carts.set('7', 'cart', 60);
    await cache.invalidate({ key: 'cart:7' });
    expect(await read()).toEqual([undefined, 'user', 'none', undefined]);
    await users.increment('n');
    expect([await users.get('n'), await carts.get('n'), await cache.get('n')]).toEqual([1, undefined, undefined]);
  });

  it('are invalidated whole, with what is in them', async () => {
    const { cache } = await openOn(store);
    const shop = cache.namespace('shop');
    const [nested, inOneGo] = [shop.namespace('eu'), cache.namespace('shop:eu')];
    const store3 = async () => {
      await shop.set('a', 1, 60);
      await nested.set('a', 2, 60);
      await cache.set('a', 3, 60);
    };
    const read = async () => [await shop.get('a'), await inOneGo.get('a'), await cache.get('a')];
    await store3();
    expect(await read()).toEqual([1, 2, 3]);
    await cache.invalidate({ namespace: 'shop:eu' });
    expect(await read()).toEqual([1, undefined, 3]);
    await store3();
    await cache.invalidate({ namespace: 'shop' });
    expect(await read()).toEqual([undefined, undefined, 3]);
    // However it was named when it was stored.
    await inOneGo.set('a', 2, 60);
    await cache.invalidate({ namespace: 'shop' });
    expect(await nested.get('a')).toBeUndefined();
  });

  it('are reached by key and by prefix, as text', async () => {
    const { cache } = await openOn(store);
    const users = cache.namespace('user');
    const fill = async () => {
      await users.setMany({ '1': 'a', '1:page': 'b', '2': 'c' }, 60);
      await cache.set('user:1:cart', 'd', 60);
    };
    const read = async () => [...(await users.getMany(['1', '1:page', '2'])).keys(), await cache.has('user:1:cart')];
    await fill();
    await cache.invalidate({ keys: 'user:1:*' });
    expect(await read()).toEqual(['1', '2', false]);
    await fill();
    await cache.invalidate({ key: 'user:1' });
    expect(await read()).toEqual(['1:page', '2', true]);
    await cache.invalidate({ keys: 'user:*' });
    expect(await read()).toEqual([false]);
  });
});
