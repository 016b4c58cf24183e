import { afterEach, describe, expect, it } from '@jest/globals';
import { ConfigError } from '../base/errors.js';
import type { Cache } from '../cache/cache.js';
import { createCache } from '../cache/create-cache.js';
import { currentDefaultCache, defaultCache, restoreDefaultCache } from '../cache/default-cache.js';
import { FakeClock } from './fake-clock.js';
import { freshCache, pauseCache, resetCache } from './isolation.js';

afterEach(() => restoreDefaultCache(undefined));

describe('freshCache', () => {
  it('is the default cache until it ends, and the one before is again', async () => {
    defaultCache().stats();
    const own = currentDefaultCache();
    const fresh = freshCache();
    expect(currentDefaultCache()).toBe(fresh.cache);
    await fresh.end();
    expect(currentDefaultCache()).toBe(own);
  });

  it('leaves none behind where there was none', async () => {
    await freshCache().end();
    expect(currentDefaultCache()).toBeUndefined();
  });

  it('takes nobody else’s place when it ends late', async () => {
    const first = freshCache();
    const second = freshCache();
    await first.end();
    expect(currentDefaultCache()).toBe(second.cache);
    await second.end();
  });

  it('lives by its clock', async () => {
    const { cache, clock, end } = freshCache();
    await cache.set('k', 1, '5m');
    clock.advance(299_999);
    expect(await cache.get('k')).toBe(1);
    clock.advance('1ms');
    expect(await cache.get('k')).toBeUndefined();
    await end();
  });

  it('takes the options of a cache, and a clock of the test’s', async () => {
    const clock = new FakeClock();
    const fresh = freshCache({ clock, store: 'off:' });
    expect(fresh.clock).toBe(clock);
    await fresh.cache.set('k', 1, 60);
    expect(await fresh.cache.get('k')).toBeUndefined();
    await fresh.end();
    expect(() => freshCache({ store: 'nothing:' })).toThrow(ConfigError);
  });
});

describe('resetCache', () => {
  it('forgets what is stored, and what was counted', async () => {
    const cache = createCache({ clock: new FakeClock() });
    await cache.set('k', 1, 60);
    await cache.get('k');
    await cache.invalidate({ tags: 'a' });
    const pristine = createCache({ clock: new FakeClock() }).stats();
    expect(cache.stats()).not.toEqual(pristine);
    await resetCache(cache);
    expect(cache.stats()).toEqual(pristine);
    expect(await cache.get('k')).toBeUndefined();
  });

  it('keeps what is under way from being stored', async () => {
    const cache = createCache();
    let finish: (value: number) => void = () => {};
    const asked = cache.getOrSet('k', () => new Promise<number>((resolve) => (finish = resolve)), 60);
    await resetCache(cache);
    finish(1);
    expect(await asked).toBe(1);
    expect(await cache.has('k')).toBe(false);
  });

  it('forgets errors that were kept', async () => {
    const cache = createCache();
    const options = { ttl: 60, cacheErrors: 60 };
    const fails = () => Promise.reject(new Error('first'));
    await expect(cache.getOrSet('k', fails, options)).rejects.toThrow('first');
    await resetCache(cache);
    expect(await cache.getOrSet('k', () => 2, options)).toBe(2);
  });

  it('means the default cache where none is named', async () => {
    await defaultCache().set('k', 1, 60);
    await resetCache();
    expect(await defaultCache().has('k')).toBe(false);
  });
});

describe('pauseCache', () => {
  it('lets values be made as if there were no cache, and what is stored is there afterwards', async () => {
    const cache = createCache();
    let runs = 0;
    const ask = () => cache.getOrSet('k', () => ++runs, 60);
    await ask();
    const resume = pauseCache(cache);
    expect([await ask(), await ask(), await cache.get('k'), await cache.has('k')]).toEqual([2, 3, undefined, false]);
    expect(await cache.getOrSetMany(['k', 'l'], () => ({ k: 9, l: 9 }), 60)).toEqual(
      new Map([
        ['k', 9],
        ['l', 9],
      ]),
    );
    resume();
    expect([await ask(), await cache.has('l')]).toEqual([1, false]);
  });

  it('lets nobody wait for another', async () => {
    const cache = createCache();
    const resume = pauseCache(cache);
    let runs = 0;
    await Promise.all([1, 2, 3].map(() => cache.getOrSet('k', async () => ++runs, 60)));
    expect(runs).toBe(3);
    resume();
  });

  it('hears of what is written and invalidated meanwhile', async () => {
    const cache = createCache();
    await cache.setMany({ a: 1, b: 1, c: 1 }, { ttl: 60, tags: ['t'] });
    const resume = pauseCache(cache);
    await cache.set('a', 2, 60);
    await cache.delete('b');
    await cache.invalidate({ tags: 't' });
    resume();
    expect(await cache.getMany(['a', 'b', 'c'])).toEqual(new Map([['a', 2]]));
  });

  it('goes on with the last of several, each of which counts once', async () => {
    const cache = createCache();
    await cache.set('k', 1, 60);
    const [one, other] = [pauseCache(cache), pauseCache(cache)];
    one();
    one();
    expect(await cache.has('k')).toBe(false);
    other();
    expect(await cache.has('k')).toBe(true);
  });

  it('does not switch on what is off', async () => {
    const cache = createCache({ store: 'off:' });
    pauseCache(cache)();
    let runs = 0;
    await cache.getOrSet('k', () => ++runs, 60);
    await cache.getOrSet('k', () => ++runs, 60);
    expect(runs).toBe(2);
  });

  it('is for caches only', () => {
    expect(() => pauseCache({} as Cache)).toThrow(ConfigError);
  });
});
