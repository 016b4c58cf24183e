import { describe, expect, it } from '@jest/globals';
import { type CacheOptions, ConfigError, createCache } from '@viewcache/core';
import { cacheControl, cachePage, varyOn } from '@viewcache/express';

/** What a start that must fail has to say. */
function expectRefusal(start: () => unknown, setting: string, value: unknown, allowed: RegExp): void {
  let thrown: unknown;
  try {
    start();
  } catch (error) {
    thrown = error;
  }
  expect(thrown).toBeInstanceOf(ConfigError);
  const { message, code } = thrown as ConfigError;
  expect(code).toBe('ERR_CACHE_CONFIG');
  expect(message).toContain(setting);
  expect(message).toContain(value === undefined || typeof value === 'function' ? '' : String(value));
  expect(message).toMatch(allowed);
}

describe('bad input when the app starts: cachePage', () => {
  it('a second argument, which nobody would read', () => {
    const cache = createCache();
    const call = cachePage as (ttl: number, options: object) => unknown;
    expectRefusal(
      () => call(300, { cache }),
      'cachePage: an object with cache',
      undefined,
      /use one argument, such as \{ ttl: 300, cache \}/,
    );
  });

  it.each([
    -1,
    Number.NaN,
    Number.POSITIVE_INFINITY,
    Number.NEGATIVE_INFINITY,
    null,
    undefined,
    true,
    '5 apples',
    '-5m',
    '',
    'never',
    1e300,
  ])('ttl %p, alone and among options', (ttl) => {
    expectRefusal(() => cachePage(ttl as never), 'ttl', ttl, /'5m'/);
    expectRefusal(() => cachePage({ ttl: ttl as never }), 'ttl', ttl, /'5m'/);
  });

  it.each<[option: string, value: unknown, allowed: RegExp]>([
    ['maxAge', 300, /only ttl, key/],
    ['TTL', 300, /only ttl, key/],
    ['key', 'user', /function/],
    ['keyPrefix', 5, /string/],
    ['keyPrefix', 'a\nb', /control/],
    ['vary', 'cookie', /list/],
    ['vary', ['not a name'], /names of request fields/],
    ['vary', ['*'], /names of request fields/],
    ['tags', [''], /1 to 256/],
    ['tags', 'cities', /list/],
    ['when', true, /function/],
    ['storeIf', 'always', /function/],
    ['statuses', [], /\[200, 404\]/],
    ['statuses', [206], /206/],
    ['statuses', [304], /304/],
    ['statuses', [99], /final/],
    ['statuses', '404', /final/],
    ['methods', ['POST'], /key/],
    ['methods', ['GET', 'PUT'], /key/],
    ['methods', [], /GET and HEAD/],
    ['maxBodyBytes', 0, /bytes/],
    ['maxBodyBytes', '5 apples', /'256mb'/],
    ['maxTags', 0, /whole number/],
    ['stripCookies', 'sid', /list/],
    ['honourRequest', ['reload'], /'no-cache'/],
    ['placeholders', { nonce: 'x' }, /function/],
    ['placeholders', null, /function/],
    ['ignoreQuery', ['*'], /utm_\*/],
    ['ignoreQuery', 'utm_*', /list/],
    ['cacheStatus', 'verbose', /'none', 'short', 'full'/],
    ['cache', {}, /createCache/],
    ['beforeMiddleware', 'yes', /true, false/],
  ])('%s: %j', (option, value, allowed) => {
    const shown = Array.isArray(value) || typeof value === 'object' ? undefined : value;
    expectRefusal(() => cachePage({ ttl: 60, [option]: value } as never), option, shown, allowed);
  });

  it.each([
    ['origin', 'statuses', [200]],
    ['origin', 'statuses', { 404: 10 }],
    [60, 'heuristicFreshness', true],
  ])('two profiles mixed: ttl %j with %s', (ttl, option, value) => {
    expectRefusal(() => cachePage({ ttl, [option]: value } as never), option, undefined, /'origin'/);
  });

  it.each([[[]], [[300]], [() => 300], [Symbol('ttl')]])('options that are %p', (options) => {
    expect(() => cachePage(options as never)).toThrow(ConfigError);
  });
});

describe('bad input when the app starts: createCache', () => {
  it.each([
    'redis:/wrong',
    'memcache://localhost',
    'memory',
    'mongodb://user:password@db',
    'http://localhost',
    '',
    'memory:?maxBites=5',
    'memory:?maxBytes=5apples',
    'memory:?maxEntries=0',
    'memory:?policy=newest',
  ])('store %j', (store) => {
    expect(() => createCache({ store })).toThrow(ConfigError);
  });

  it('shows no password of a store’s URL', () => {
    expect(() => createCache({ store: 'nosuch://user:hunter2@db' })).toThrow(/^(?!.*hunter2)/s);
  });

  it.each<[string, unknown]>([
    ['store', 5],
    ['store', null],
    ['store', { get() {} }],
    ['namespace', 'a b'],
    ['maxBytes', '5 apples'],
    ['maxBytes', -1],
    ['maxEntries', 0],
    ['maxEntries', 1.5],
    ['policy', 'newest'],
    ['deadline', 0],
    ['collapseTimeout', '-1s'],
    ['l1MaxLag', Number.NaN],
    ['maxVariants', 0],
    ['clock', {}],
    ['stores', 'memory:'],
  ])('%s: %j', (option, value) => {
    const start = () => createCache({ [option]: value } as CacheOptions);

    expect(start).toThrow(ConfigError);
    expect(start).toThrow(option);
  });
});

describe('bad input when the app starts: varyOn and cacheControl', () => {
  it.each([['not a name'], ['*'], [''], [5 as never]])('varyOn(%j)', (name) => {
    expect(() => varyOn(name)).toThrow(ConfigError);
  });

  it('varyOn() of nothing', () => {
    expect(() => varyOn()).toThrow(ConfigError);
  });

  it.each([[{ maxAge: -1 }], [{ public: true, private: true }], [{ maxage: 5 } as never]])(
    'cacheControl(%j)',
    (directives) => {
      expect(() => cacheControl(directives)).toThrow(ConfigError);
    },
  );
});
