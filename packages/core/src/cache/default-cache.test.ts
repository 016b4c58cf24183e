import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { ConfigError } from '../base/errors.js';
import type { Cache } from './cache.js';
import { createCache } from './create-cache.js';
import { currentDefaultCache, defaultCache, restoreDefaultCache, setDefaultCache } from './default-cache.js';
import { runtimeOf } from './runtime.js';

const slot = Symbol.for('viewcache.default-cache');
const shared = globalThis as { [slot]?: unknown };

describe('defaultCache', () => {
  const url = process.env['CACHE_URL'];

  const forget = () => {
    restoreDefaultCache(undefined);
    if (url === undefined) delete process.env['CACHE_URL'];
    else process.env['CACHE_URL'] = url;
  };
  beforeEach(forget);
  afterEach(forget);

  it('is one for the process, in memory, when nothing says otherwise', () => {
    delete process.env['CACHE_URL'];
    expect(defaultCache()).toBe(defaultCache());
    expect(runtimeOf(defaultCache())?.isOff).toBe(false);
    expect(shared[slot]).toMatchObject({ cache: currentDefaultCache() });
  });

  it.each([
    ['off:', true],
    ['', false],
  ])('follows CACHE_URL=%j', (store, isOff) => {
    process.env['CACHE_URL'] = store;
    expect(runtimeOf(defaultCache())?.isOff).toBe(isOff);
  });

  it('throws for a wrong CACHE_URL, each time, and works once it is right', () => {
    process.env['CACHE_URL'] = 'redsi://user:secret@host';
    for (let i = 0; i < 2; i++) expect(() => defaultCache()).toThrow(ConfigError);
    expect(() => defaultCache()).not.toThrow(/secret/);
    process.env['CACHE_URL'] = 'memory:';
    expect(defaultCache().stats().entries).toBe(0);
  });

  it('is what it was set to', () => {
    const own = createCache();
    setDefaultCache(own);
    expect(runtimeOf(defaultCache())).toBe(runtimeOf(own));
  });

  it('is not made before it is used', () => {
    defaultCache();
    expect(currentDefaultCache()).toBeUndefined();
    defaultCache().stats();
    expect(currentDefaultCache()).toBeDefined();
  });

  it('is not set to what stands for whichever is set', () => {
    expect(() => setDefaultCache(defaultCache())).toThrow(/stands for whichever is set/);
  });

  it.each([undefined, null, {}, 'memory:', new Map()])('is not set to %p', (value) => {
    expect(() => setDefaultCache(value as unknown as Cache)).toThrow(ConfigError);
  });
});
