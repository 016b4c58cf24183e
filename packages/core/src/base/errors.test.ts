import { describe, expect, it } from '@jest/globals';
import { CacheError, ConfigError } from './errors.js';
import { StoreBusyError, StoreFailedError, StoreOpenError, StoreTimeoutError } from './store-errors.js';

const all = [
  new ConfigError('ttl', -1, 'a duration'),
  new StoreTimeoutError('redis', 'getMany', 50),
  new StoreFailedError('redis', 'set', new Error('boom')),
  new StoreOpenError('redis', 'set'),
  new StoreBusyError('redis', 'set', 256),
];
const classes = [ConfigError, StoreTimeoutError, StoreFailedError, StoreOpenError, StoreBusyError] as const;

describe('CacheError', () => {
  it.each(all)('$name is a CacheError with a stable code and a name', (error) => {
    expect(error).toBeInstanceOf(CacheError);
    expect(error).toBeInstanceOf(Error);
    expect(error.code).toMatch(/^ERR_CACHE_[A-Z_]+$/);
    expect(error.name).toBe(error.constructor.name);
  });

  it('tells its kinds apart', () => {
    for (const error of all) {
      const kinds = classes.filter((kind) => error instanceof kind);
      expect(kinds.map(({ name }) => name)).toEqual([error.name]);
    }
    expect(new Set(all.map(({ code }) => code)).size).toBe(all.length);
  });

  it('knows errors of another copy of the package by their brand and code', () => {
    const foreign = Object.assign(new Error('from the other copy'), {
      [Symbol.for('viewcache.error')]: true,
      code: 'ERR_CACHE_CONFIG',
    });
    expect(foreign instanceof CacheError).toBe(true);
    expect(foreign instanceof ConfigError).toBe(true);
    expect(foreign instanceof StoreOpenError).toBe(false);
  });

  it.each([
    ['an error with the code alone', Object.assign(new Error('x'), { code: 'ERR_CACHE_CONFIG' })],
    ['a plain error', new Error('x')],
    ['null', null],
    ['a string', 'ERR_CACHE_CONFIG'],
    ['undefined', undefined],
  ])('does not take %s for its own', (_what, value) => {
    expect(value instanceof CacheError).toBe(false);
    expect(value instanceof ConfigError).toBe(false);
  });
});

describe('ConfigError', () => {
  it.each([
    ["'5 apples'", '5 apples'],
    ['-1', -1],
    ['NaN', Number.NaN],
    ['null', null],
    ['undefined', undefined],
    ['an object with a, b', { a: 1, b: 2 }],
    ['an object with no keys', {}],
    ['the function pick', function pick() {}],
    ['the function (anonymous)', () => {}],
    ['Symbol(x)', Symbol('x')],
    ['an object with no keys', Object.create(null)],
    ['an empty list', []],
    ['a list of 2', ['a', 'b']],
    ['a Map', new Map([['a', 1]])],
    ['a Date', new Date()],
    ['an Error', new Error('x')],
    ['a Promise', Promise.resolve()],
    [
      'a BoundPool',
      new (class BoundPool {
        options = {};
      })(),
    ],
    ['an object with a', Object.create({ constructor: 'of nothing' }, { a: { value: 1, enumerable: true } })],
  ])('says %s', (described, value) => {
    const error = new ConfigError('ttl', value, 'a duration');
    expect(error.message).toBe(`ttl: ${described} is not allowed; use a duration`);
    expect([error.setting, error.value, error.allowed]).toEqual(['ttl', value, 'a duration']);
    expect(error.suggestion).toBeUndefined();
  });

  it('ends with what was probably meant', () => {
    const error = new ConfigError('ttl', '300', 'a duration', "300 or '300s'");
    expect(error.message).toBe("ttl: '300' is not allowed; use a duration; did you mean 300 or '300s'?");
    expect(error.suggestion).toBe("300 or '300s'");
  });

  it('says what is wrong where it is not the value, also under a longer name', () => {
    const error = new ConfigError('store', 'redis:', 'npm install x', undefined, 'needs x, which is not installed');
    expect(error.message).toBe("store: 'redis:' needs x, which is not installed; use npm install x");
    const named = error.named('caches.a.store');
    expect(named.message).toBe("caches.a.store: 'redis:' needs x, which is not installed; use npm install x");
    expect([named.setting, named.value, named.allowed]).toEqual(['caches.a.store', 'redis:', 'npm install x']);
  });
});
