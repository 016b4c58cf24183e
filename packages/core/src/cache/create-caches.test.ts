import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { ConfigError } from '../base/errors.js';
import { FakeClock } from '../testing/fake-clock.js';
import type { Cache } from './cache.js';
import { createCache } from './create-cache.js';
import { createCaches } from './create-caches.js';
import { runtimeOf } from './runtime.js';

afterEach(() => {
  jest.restoreAllMocks();
});

/** A store that remembers the keys it was asked for. */
function spied() {
  const keys: string[] = [];
  const values = new Map<string, unknown>();
  const keyv = {
    get: async (key: string) => {
      keys.push(key);
      return values.get(key);
    },
    set: async (key: string, value: unknown) => {
      keys.push(key);
      values.set(key, value);
      return true;
    },
    delete: async (key: string) => values.delete(key),
  };
  return { keyv, keys };
}

describe('createCaches', () => {
  it('makes a cache for each name, and only those are enumerated', async () => {
    const caches = createCaches({ default: {}, pages: { maxBytes: '1mb' }, off: { store: 'off:' } });
    expect(Object.keys(caches)).toEqual(['default', 'pages', 'off']);
    expect(runtimeOf(caches.off)?.isOff).toBe(true);
    expect(runtimeOf(caches.pages)?.isOff).toBe(false);
    await caches.close();
  });

  it('gives each a namespace of its own, so that they can share one store', async () => {
    const { keyv, keys } = spied();
    const caches = createCaches({
      default: { store: keyv },
      pages: { store: keyv },
      own: { store: keyv, namespace: 'x' },
    });
    const asked = async (cache: Cache): Promise<string> => {
      keys.length = 0;
      await cache.invalidate({ tags: 'a' });
      const namespaces = new Set(keys.map((key) => key.slice(0, key.indexOf(':'))));
      expect(namespaces.size).toBe(1);
      return [...namespaces].join();
    };
    expect(await asked(caches.default)).toBe('viewcache');
    expect(await asked(caches.pages)).toBe('viewcache.pages');
    expect(await asked(caches.own)).toBe('x');
    await caches.close();
  });

  it('takes a cache that was made already, and leaves it open', async () => {
    const own = createCache();
    const closed = jest.spyOn(own, 'close');
    const caches = createCaches({ default: own, pages: {} });
    expect(caches.default).toBe(own);
    const pages = jest.spyOn(caches.pages, 'close');
    await caches.close();
    expect(pages).toHaveBeenCalledTimes(1);
    expect(closed).not.toHaveBeenCalled();
    await own.close();
  });

  it.each<[string, unknown]>([
    ['caches.pages.maxBytes: ', { pages: { maxBytes: '5 apples' } }],
    ['caches.pages.maxByte: ', { default: {}, pages: { maxByte: 5 } }],
    ['caches.pages.store: ', { pages: { store: 'redsi://me:hunter2@h' } }],
    ['caches.pages.store.password: ', { pages: { store: { url: 'redis://h', password: '' } } }],
    ['caches.pages: ', { pages: 'memory:' }],
    ['caches.pages: ', { pages: null }],
    ['caches.pages: ', { pages: 'redis://me:hunter2@h' }],
    [
      'caches.b.namespace: ',
      { a: { store: 'redis://h/1?namespace=x' }, b: { store: 'redis://h:6379/1', namespace: 'x' } },
    ],
    [
      'caches.default.namespace: ',
      { a: { store: 'redis://h', namespace: 'viewcache' }, default: { store: 'redis://h' } },
    ],
    ['createCaches: ', 'redis://me:hunter2@h'],
    ['caches.close: ', { close: {} }],
    ['createCaches: ', { 'a b': {} }],
    ['createCaches: ', { ['x'.repeat(33)]: {} }],
    ['createCaches: ', null],
    ['createCaches: ', []],
  ])('refuses at once, naming %s%j', (named, options) => {
    const make = () => createCaches(options as never);
    expect(make).toThrow(ConfigError);
    expect(make).toThrow(new RegExp(`^${named.replaceAll('.', '\\.')}`));
    expect(make).not.toThrow(/hunter2/);
  });

  it('names the cache that has the same store and namespace, and takes two that are in memory', async () => {
    const store = 'memcached://127.0.0.1:1?namespace=x';
    expect(() => createCaches({ a: { store }, b: {}, c: { store } })).toThrow(
      "caches.c.namespace: 'x' is not allowed; use another one, or one cache: caches.a has the same store and namespace",
    );
    await createCaches({ a: { namespace: 'x' }, b: { namespace: 'x' } }).close();
  });

  it('says what to write for a store that stands alone', () => {
    expect(() => createCaches({ a: 'redis://h' } as never)).toThrow("did you mean { store: 'redis://h' }?");
    expect(() => createCaches('redis://h' as never)).toThrow("did you mean { default: { store: 'redis://h' } }?");
  });

  it('opens nothing where one is wrong', () => {
    const { keyv } = spied();
    const on = jest.fn();
    expect(() => createCaches({ a: { store: { ...keyv, on } as never }, b: { policy: 'best' as never } })).toThrow(
      ConfigError,
    );
    expect(on).not.toHaveBeenCalled();
  });

  it('leaves nothing open where only a driver knows that one is wrong', async () => {
    const clock = new FakeClock();
    const options = { a: { store: 'memcached://127.0.0.1:1', clock }, b: { store: 'redis://[:::]:1' } };
    expect(() => createCaches(options)).toThrow(ConfigError);
    await clock.advanceAsync(0);
    expect(clock.pendingTimers).toBe(0);
  });
});
