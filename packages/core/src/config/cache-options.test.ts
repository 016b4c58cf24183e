import { inspect } from 'node:util';
import { describe, expect, it } from '@jest/globals';
import { ConfigError } from '../base/errors.js';
import { FakeClock } from '../testing/fake-clock.js';
import { type CacheOptions, readCacheOptions } from './cache-options.js';
import { hasZstd } from './compression.js';

const read = (options: unknown) => readCacheOptions(options as CacheOptions);
const keyv = { get: () => undefined, set: () => true, delete: () => true };

describe('readCacheOptions', () => {
  it('has the defaults of the documentation', () => {
    expect(read({})).toEqual({
      store: { kind: 'memory' },
      namespace: 'viewcache',
      version: '',
      secrets: [],
      compression: { threshold: 4096, coding: 'gzip' },
      maxBytes: 64 * 1024 * 1024,
      maxEntries: 100_000,
      policy: { name: 'auto', ageing: false, minAgeMs: 0 },
      deadlineMs: 50,
      collapseTimeoutMs: 10_000,
      l1MaxLagMs: 1_000,
      consistency: 'bounded',
      rewarm: [],
      onInvalidateFailure: 'queue',
      maxVariants: 32,
      values: { lifetimeMs: undefined, copying: 'structured', maxBytes: 1_048_576 },
      clock: undefined,
    });
  });

  it.each([
    ['memory:', { kind: 'memory' }],
    ['memory://', { kind: 'memory' }],
    ['memory:?policy=fifo', { kind: 'memory' }],
    ['memory://?policy=fifo', { kind: 'memory' }],
    ['off:', { kind: 'off' }],
    ['null:', { kind: 'null' }],
    [keyv, { kind: 'keyv', keyv }],
  ])('reads the store %p', (store, expected) => {
    expect(read({ store }).store).toEqual(expected);
  });

  it('takes settings from the URL, and an option before the same setting in the URL', () => {
    const store = 'memory:?maxBytes=256mb&maxEntries=1000&policy=fifo';
    expect(read({ store })).toMatchObject({ maxBytes: 256 * 1024 ** 2, maxEntries: 1_000, policy: { name: 'fifo' } });
    expect(read({ store, maxBytes: '1kb', policy: 'lru' })).toMatchObject({
      maxBytes: 1024,
      maxEntries: 1_000,
      policy: { name: 'lru' },
    });
    expect(read({ store: 'memory://?maxEntries=5' })).toMatchObject({ maxEntries: 5 });
    expect(read({ store, maxBytes: undefined })).toMatchObject({ maxBytes: 256 * 1024 ** 2 });
  });

  it('takes a deadline and a collapseTimeout of 1 ms', () => {
    expect(read({ deadline: '1ms', collapseTimeout: 0.001 })).toMatchObject({ deadlineMs: 1, collapseTimeoutMs: 1 });
  });

  it('reads every setting', () => {
    const clock = new FakeClock();
    expect(
      read({
        namespace: 'shop.v2-x_1',
        maxBytes: 5_000,
        maxEntries: 1,
        deadline: '20ms',
        collapseTimeout: 3,
        l1MaxLag: 0,
        maxVariants: 1,
        clock,
      }),
    ).toMatchObject({
      namespace: 'shop.v2-x_1',
      maxBytes: 5_000,
      maxEntries: 1,
      deadlineMs: 20,
      collapseTimeoutMs: 3_000,
      l1MaxLagMs: 0,
      maxVariants: 1,
      clock,
    });
  });

  it.each<[string, unknown, string]>([
    ['createCache', null, 'an object'],
    ['createCache', [], 'an object'],
    ['createCache', 'memory:', 'an object'],
    ['createCache.maxByte', { maxByte: 5 }, 'maxBytes'],
    ['store', { store: 'redsi://h' }, 'memory:'],
    ['store', { store: 'memory' }, 'memory:'],
    ['store', { store: '' }, 'memory:'],
    ['store', { store: 'MEMORY:' }, 'memory:'],
    ['store', { store: 'memory:maxBytes=1mb' }, 'memory:'],
    ['store', { store: 'memory:x?maxBytes=1mb' }, 'memory:'],
    ['store', { store: 5 }, 'Keyv'],
    ['store', { store: null }, 'Keyv'],
    ['store', { store: {} }, 'Keyv'],
    ['store', { store: { get: 1, set: 1, delete: 1 } }, 'Keyv'],
    ['store.url', { store: { url: 5 } }, 'Keyv'],
    ['store', { store: () => keyv }, 'Keyv'],
    ['memory: setting', { store: 'memory:?maxbytes=1' }, "'maxBytes'"],
    ['memory: setting', { store: 'memory:?namespace=x' }, "'maxBytes'"],
    ['policy', { store: 'memory:?policy=best' }, "'auto', 'lru', 'lfu'"],
    ['maxEntries', { store: 'memory:?maxEntries=many' }, 'a whole number from 1 up'],
    ['maxBytes', { store: 'memory:?maxBytes=5 apples' }, 'a number of bytes'],
    ['maxBytes', { maxBytes: 0 }, 'a number of bytes'],
    ['maxBytes', { maxBytes: -1 }, 'a number of bytes'],
    ['maxBytes', { maxBytes: 1.5 }, 'a number of bytes'],
    ['maxBytes', { maxBytes: Number.POSITIVE_INFINITY }, 'a number of bytes'],
    ['maxBytes', { maxBytes: Number.NaN }, 'a number of bytes'],
    ['maxBytes', { maxBytes: null }, 'a number of bytes'],
    ['maxBytes', { maxBytes: '64 megabytes' }, 'a number of bytes'],
    ['maxEntries', { maxEntries: 0 }, 'a whole number from 1 up'],
    ['maxEntries', { maxEntries: '1000' }, 'a whole number from 1 up'],
    ['maxEntries', { maxEntries: Number.POSITIVE_INFINITY }, 'a whole number from 1 up'],
    ['maxEntries', { maxEntries: 2.5 }, 'a whole number from 1 up'],
    ['policy', { policy: 'LRU' }, "'auto', 'lru', 'lfu'"],
    ['namespace', { namespace: '' }, 'a name of 1 to 64'],
    ['namespace', { namespace: 'a b' }, 'a name of 1 to 64'],
    ['namespace', { namespace: 'a\n' }, 'a name of 1 to 64'],
    ['namespace', { namespace: 'x'.repeat(65) }, 'a name of 1 to 64'],
    ['deadline', { deadline: 0 }, '1 ms'],
    ['deadline', { deadline: -1 }, 'seconds'],
    ['collapseTimeout', { collapseTimeout: '0s' }, '1 ms'],
    ['collapseTimeout', { collapseTimeout: '5 apples' }, 'seconds'],
    ['l1MaxLag', { l1MaxLag: Number.NaN }, 'seconds'],
    ['maxVariants', { maxVariants: 0 }, 'a whole number from 1 up'],
    ['clock', { clock: {} }, 'a clock'],
    ['clock', { clock: Date }, 'a clock'],
  ])('refuses at once, naming %s: %p', (setting, options, allowed) => {
    expect(() => read(options)).toThrow(ConfigError);
    expect(() => read(options)).toThrow(new RegExp(`^${setting}: .*[uU]se .*${allowed}`, 's'));
  });

  it.each([
    ['memory', "did you mean 'memory:'?"],
    ['MEMORY:', "did you mean 'memory:'?"],
    ['off', "did you mean 'off:'?"],
    ['null', "did you mean 'null:'?"],
    ['memory:?maxbytes=1', "did you mean 'maxBytes'?"],
  ])('says of the store %j what to write', (store, message) => {
    expect(() => read({ store })).toThrow(message);
  });

  it('takes the namespace, the version and what a request may lose from a shared store’s URL, and an option before it', () => {
    const store = 'redis://h?namespace=shop&version=v1%2B7&deadline=20ms&l1MaxLag=2s&maxBytes=1kb';
    const expected = { namespace: 'shop', version: 'v1+7', deadlineMs: 20, l1MaxLagMs: 2_000, maxBytes: 1024 };
    expect(read({ store })).toMatchObject(expected);
    expect(readCacheOptions({ store }, 'viewcache.pages').namespace).toBe('shop');
    expect(readCacheOptions({ store: 'redis://h' }, 'viewcache.pages').namespace).toBe('viewcache.pages');
    expect(read({ store, namespace: 'own', version: 'v2' })).toMatchObject({ namespace: 'own', version: 'v2' });
  });

  it.each([
    ['version', { version: '' }, '1 to 64 visible'],
    ['version', { version: 'a b' }, '1 to 64 visible'],
    ['version', { version: 'x'.repeat(65) }, '1 to 64 visible'],
    ['version', { version: 7 }, '1 to 64 visible'],
    ['version', { version: null }, '1 to 64 visible'],
    ['secret', { secret: '' }, 'of 16 characters'],
    ['secret', { secret: 'fifteen charact' }, 'of 16 characters'],
    ['secret', { secret: [] }, 'of 16 characters'],
    ['secret', { secret: ['long enough to do', 'short'] }, 'of 16 characters'],
    ['secret', { secret: 1234567890123456 }, 'of 16 characters'],
    ['secret', { secret: null }, 'of 16 characters'],
    ['compress', { compress: 'gzip' }, 'true, false'],
    ['compress', { compress: null }, 'true, false'],
    ['compress.coding', { compress: { coding: 'br' } }, "'gzip', 'zstd'"],
    ['compress.coding', { compress: { coding: null } }, "'gzip', 'zstd'"],
    ['compress.threshold', { compress: { threshold: '4 apples' } }, 'a number of bytes'],
    ['compress.thresold', { compress: { thresold: 1 } }, 'only threshold, coding'],
  ])('refuses at once, naming %s: %p', (setting, options, allowed) => {
    expect(() => read(options)).toThrow(ConfigError);
    expect(() => read(options)).toThrow(new RegExp(`^${setting}: .*[uU]se .*${allowed}`, 's'));
  });

  it('reads a secret, or several, and shows none', () => {
    expect(read({ secret: 'sixteen characte' }).secrets).toEqual(['sixteen characte']);
    expect(read({ secret: ['the new one is first', 'the old one follows'] }).secrets).toHaveLength(2);
    for (const options of [{ secret: 'hunter2' }, { sercet: 'hunter2 and more of it' }, { secret: ['hunter2'] }])
      expect(() => read(options)).not.toThrow(/hunter2/);
  });

  it.each([
    { secret: ['hunter2 and more of it', 'short'] },
    { secret: { key: 'hunter2' } },
    { secret: () => 'hunter2' },
    { store: { uri: 'redis://hunter2@host', password: 'hunter2' } },
    { store: ['redis://u:hunter2@host'] },
    { store: new URL('redis://u:hunter2@host') },
    { store: { url: new URL('redis://u:hunter2@host') } },
    { store: { url: 'rediss://host', tls: ['hunter2'] } },
    { store: { url: 'rediss://host', tls: { key: ['hunter2'] } } },
    { store: { url: 'rediss://host', tls: { passphrase: { is: 'hunter2' } } } },
    { redis: 'redis://u:hunter2@host' },
    { connection: { password: 'hunter2' } },
  ])('has nothing in an error that a log would print: %p', (options) => {
    const refused = (): unknown => {
      try {
        return read(options);
      } catch (error) {
        return error;
      }
    };
    expect(refused()).toBeInstanceOf(ConfigError);
    expect(inspect(refused(), { depth: 9 })).not.toContain('hunter2');
    expect(JSON.stringify(refused())).not.toContain('hunter2');
  });

  it('reads how bodies are compressed', () => {
    expect(read({ compress: false }).compression).toBeUndefined();
    expect(read({ compress: true }).compression).toEqual({ threshold: 4096, coding: 'gzip' });
    expect(read({ compress: { threshold: '1kb' } }).compression).toEqual({ threshold: 1024, coding: 'gzip' });
    expect(read({ compress: { threshold: 0 } }).compression).toEqual({ threshold: 0, coding: 'gzip' });
    const zstd = () => read({ compress: { coding: 'zstd' } }).compression;
    if (hasZstd) expect(zstd()).toEqual({ threshold: 4096, coding: 'zstd' });
    else expect(zstd).toThrow("use 'gzip' on Node");
  });

  it('says so of an option’s name, of a word and of a number in quotes', () => {
    expect(() => read({ maxEntires: 5 })).toThrow('did you mean maxEntries?');
    expect(() => read({ max: 500 })).toThrow('did you mean maxEntries?');
    expect(() => read({ maxSize: 500 })).toThrow('did you mean maxBytes?');
    expect(() => read({ policy: 'LRU' })).toThrow("did you mean 'lru'?");
    expect(() => read({ collapseTimeout: '10' })).toThrow("did you mean 10 or '10s'?");
    expect(() => read(new Date())).toThrow('createCache: a Date is not allowed; use an object with some of store');
  });

  it.each<[unknown, string]>([
    [
      'redis://h',
      "createCache: 'redis://h' is not allowed; use an object with the store in it; did you mean { store: 'redis://h' }?",
    ],
    ['redis://me:hunter2@h', "{ store: 'redis://***@h' }"],
    [
      keyv,
      'createCache: an object with get, set, delete is a store, and no options; use an object with the store in it',
    ],
    [new Map(), 'createCache: a Map is a store, and no options'],
  ])('says where a store belongs that stands alone: %p', (options, message) => {
    expect(() => read(options)).toThrow(message);
    expect(() => read(options)).not.toThrow(/hunter2/);
  });

  it.each([
    ['localhost:6379', "did you mean 'redis://localhost:6379'?"],
    ['cache.internal:11211', "did you mean 'memcached://cache.internal:11211'?"],
    ['http://h:6379', "did you mean 'redis://h:6379'?"],
    ['https://h:11211/', "did you mean 'memcached://h:11211'?"],
    ['localhost', "did you mean 'redis://localhost' or 'memcached://localhost'?"],
    ['', "did you mean 'memory:'?"],
    ['  ', "did you mean 'memory:'?"],
    [' redis://h', "store: 'redis://h' has a space or the end of a line around it; use the URL alone"],
    ['redis://me:hunter2@h\n', "store: 'redis://***@h' has a space or the end of a line around it"],
    ['memory: ', "store: 'memory:' has a space"],
    [
      'redis://h?secret=hunter2',
      "redis: setting: 'secret' is not allowed; use it as an option beside the store: createCache({ store, secret })",
    ],
    ['memory:?maxVariants=5', 'createCache({ store, maxVariants })'],
    ['memory:?maxEntries=', "maxEntries: '' is not allowed"],
    ['memory:?maxEntries=1e3', "maxEntries: '1e3' is not allowed"],
    [
      'redis://h?deadline=50',
      "deadline: '50' is not allowed; use a duration with its unit, such as '50ms', '2s', '5m'; did you mean deadline=50ms or deadline=50s?",
    ],
    ['redis://h?l1MaxLag=1.5', 'did you mean l1MaxLag=1.5ms or l1MaxLag=1.5s?'],
    ['redis://h?deadline=0', 'a duration of 1 ms or more'],
    ['redis://h?deadline=50 ms', "did you mean '50ms'?"],
  ])('says of the store’s URL %j what is meant', (store, message) => {
    expect(() => read({ store })).toThrow(message);
    expect(() => read({ store })).not.toThrow(/hunter2/);
  });

  it('takes 0 for a duration in a URL, which is the same in every unit', () => {
    expect(read({ store: 'redis://h?l1MaxLag=0' }).l1MaxLagMs).toBe(0);
  });
});
