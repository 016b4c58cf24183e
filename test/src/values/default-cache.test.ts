import { EventEmitter } from 'node:events';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { type Cache, type CacheEvent, createCache, defaultCache, memoized, setDefaultCache } from '@viewcache/core';
import { type FreshCache, freshCache, pauseCache, resetCache, settled } from '@viewcache/core/testing';
import { type CachePageOptions, cachePage } from '@viewcache/express';
import { expresses } from '../support/expresses.js';
import { closeAfterEach, serve } from '../support/site.js';

closeAfterEach();

// As a module has them, which is loaded before anybody says which cache is the default one.
const cache = defaultCache();
const outer = cache.namespace('a');
const inner = outer.namespace('b');
let runs = 0;
const memo = cache.memoize(async (id: number) => `${id}.${++runs}`, { name: 'default-cache.memo', ttl: '1h' });
const innerMemo = inner.memoize(async (id: number) => `${id}.${++runs}`, { name: 'default-cache.inner', ttl: '1h' });

let fresh: FreshCache;
beforeEach(() => {
  runs = 0;
  fresh = freshCache();
});
afterEach(() => fresh.end());

const next = async () => {
  await fresh.end();
  fresh = freshCache();
};

describe('what a module holds of defaultCache()', () => {
  it('is one, with all that a cache has', () => {
    expect(defaultCache()).toBe(cache);
    expect(Object.keys(cache).sort()).toEqual(Object.keys(createCache()).sort());
    expect(Object.keys(inner).sort()).toEqual(Object.keys(createCache().namespace('x')).sort());
  });

  const stores: readonly (readonly [string, Pick<Cache, 'getOrSet' | 'increment' | 'get'>])[] = [
    ['the cache', cache],
    ['a namespace', outer],
    ['a namespace in one', inner],
  ];
  it.each(stores)('%s has nothing left of the test before, and goes by the clock', async (_name, values) => {
    for (const _test of [1, 2]) {
      runs = 0;
      const ask = () => values.getOrSet('k', () => ++runs, '1h');
      expect([await ask(), await ask(), await values.increment('n', 1, '1h')]).toEqual([1, 1, 1]);
      fresh.clock.advance('2h');
      expect([await ask(), await values.increment('n', 1, '1h')]).toEqual([2, 1]);
      await next();
    }
  });

  it('has every other call of values', async () => {
    await cache.set('k', 1, 60);
    expect([await fresh.cache.get('k'), await cache.has('k'), await cache.add('k', 2, 60)]).toEqual([1, true, false]);
    expect(await cache.setMany({ m: 1 }, 60)).toEqual([]);
    expect(await fresh.cache.getMany(['k', 'm'])).toEqual(await cache.getMany(['k', 'm']));
    expect(await cache.getOrSetMany(['k', 'o'], () => ({ o: 3 }), 60)).toEqual(new Map(Object.entries({ k: 1, o: 3 })));
    await cache.namespace('ns').set('k', 1, 60);
    await cache.namespace('ns').invalidate({ key: 'k' });
    expect([await cache.namespace('ns').has('k'), await cache.ttl('never')]).toEqual([false, undefined]);
    expect([await cache.touch('k', 600), await cache.decrement('k')]).toEqual([true, 0]);
    const since = await cache.token();
    await cache.invalidate({ key: 'k' });
    expect(await cache.set('k', 5, { ttl: 60, tags: ['t'], since })).toBe(false);
    await cache.set('v', 1, { ttl: 60, version: 1 });
    expect(await cache.incrementVersion('v', { version: 1 })).toBe(2);
    await cache.delete('m');
    await cache.deleteMany(['o']);
    expect(await fresh.cache.getMany(['m', 'o'])).toEqual(new Map());
    await outer.set('k', 1, 60);
    await outer.clear();
    expect(await fresh.cache.namespace('a').has('k')).toBe(false);
    expect(() => cache.namespace('')).toThrow(/^namespace: /);
    expect((await cache.explain({ key: 'v' })).stored).toEqual((await fresh.cache.explain({ key: 'v' })).stored);
    expect(cache.explain('/x')).toEqual(fresh.cache.explain('/x'));
    expect([cache.stats(), cache.health()]).toEqual([fresh.cache.stats(), fresh.cache.health()]);
    await cache.ready();
  });

  it.each([
    ['the cache', memo],
    ['a namespace', innerMemo],
  ])('has functions that are memoized in %s', async (_name, fn) => {
    for (const run of [1, 2]) {
      expect([await fn(7), await fn(7), fn.cacheInfo().hits]).toEqual([`7.${run}`, `7.${run}`, 1]);
      if (run === 1) await next();
    }
    await fn.invalidate(7);
    expect(await fn(7)).toBe('7.3');
  });

  it('goes on with what it has made in a cache that is the default one again', async () => {
    expect(await innerMemo(7)).toBe('7.1');
    const other = freshCache();
    expect(await innerMemo(7)).toBe('7.2');
    await other.end();
    expect([await innerMemo(7), innerMemo.cacheInfo()]).toEqual([
      '7.1',
      expect.objectContaining({ hits: 1, misses: 1 }),
    ]);
  });

  it('may be the cache of a method', async () => {
    class Users {
      @memoized({ ttl: '1h', cache: outer }) async find(id: number): Promise<string> {
        return `${id}.${++runs}`;
      }
    }
    const users = new Users();
    expect([await users.find(1), await users.find(1)]).toEqual(['1.1', '1.1']);
    await next();
    expect([await users.find(1), await users.find(1)]).toEqual(['1.2', '1.2']);
  });

  it('invalidates, purges and sends in batches', async () => {
    const ask = () => cache.getOrSet('k', () => ++runs, { ttl: 60, tags: ['t'] });
    await ask();
    await cache.invalidate({ tags: 't' });
    expect(await ask()).toBe(2);
    await cache.purge({ tags: 't' });
    expect(await ask()).toBe(3);
    expect(await cache.batch(() => cache.invalidate({ tags: 't' }))).toMatchObject({ durable: true });
    expect(await ask()).toBe(4);
  });

  it('is heard of: listeners move with it, and go when they are told to', async () => {
    const heard: string[] = [];
    const listener = (event: CacheEvent) => {
      if (event.type === 'stored') heard.push(event.key);
    };
    const stop = cache.on(listener);
    fresh.cache.on(listener)(); // not the same, though it is the same function
    const first = fresh.cache;
    await cache.set('one', 1, 60);
    const other = freshCache();
    await cache.set('two', 1, 60);
    await first.set('not the default', 1, 60);
    await other.end();
    await cache.set('three', 1, 60);
    stop();
    await cache.set('four', 1, 60);
    expect(heard.map((key) => key.replace(/^.*\b(\w+)$/, '$1'))).toEqual(['one', 'two', 'three']);
    expect(() => cache.on(1 as never)).toThrow(/^cache\.on: /);
  });

  it('invalidates by events in whichever is the one when it is emitted', async () => {
    const users = new EventEmitter();
    const stop = cache.invalidateOn(users, 'updated', (id: number) => `users#${id}`);
    expect(() => cache.invalidateOn({} as never, 'updated', () => '')).toThrow(/^invalidateOn: /);
    for (const emits of [true, true, false]) {
      await cache.set('k', 1, { ttl: 60, tags: ['users#7'] });
      if (!emits) stop();
      users.emit('updated', 7);
      expect(await cache.has('k')).toBe(!emits);
      await next();
    }
  });

  it('tells of an event that names nothing', () => {
    const users = new EventEmitter();
    const said: string[] = [];
    fresh.cache.on((event) => void (event.type === 'warning' && said.push(event.message)));
    const stop = cache.invalidateOn(users, 'updated', () => ({}) as never);
    users.emit('updated');
    stop();
    expect(said).toEqual([expect.stringContaining("invalidateOn('updated') invalidated nothing")]);
  });

  it('is what helpers for tests may be handed', async () => {
    await cache.set('k', 1, 60);
    const resume = pauseCache(cache);
    expect(await cache.get('k')).toBeUndefined();
    resume();
    expect(await cache.get('k')).toBe(1);
    await settled(cache);
    await resetCache(cache);
    expect(await cache.has('k')).toBe(false);
  });
});

describe.each(expresses)('pages and values of the default cache, in Express %s', (_version, express) => {
  it.each<[string, Partial<CachePageOptions>]>([
    ['that name no cache', {}],
    ['that name it', { cache }],
  ])('%s go together', async (_name, options) => {
    const app = express();
    app.get('/', cachePage({ ttl: '5m', ...options }), async (_req, res) => {
      res.json(await cache.getOrSet('k', () => ++runs, { ttl: '1h', tags: ['t'] }));
    });
    app.put('/', async (_req, res) => {
      await cache.invalidate({ tags: 't' });
      res.json('done');
    });
    const site = await serve(app);
    for (const _test of [1, 2]) {
      runs = 0;
      const hits = [];
      for (const method of ['GET', 'GET', 'PUT', 'GET'] as const) {
        const { text, isHit } = await site.ask('/', { method });
        if (method === 'GET') hits.push([text, isHit]);
      }
      expect(hits).toEqual([
        ['1', false],
        ['1', true],
        ['2', false],
      ]);
      fresh.clock.advance('2h');
      expect((await site.get('/')).text).toBe('3');
      await next();
    }
  });
});

describe('a default cache that nobody has made yet', () => {
  it('is not made by what a module does before setDefaultCache()', async () => {
    await fresh.end();
    const heard: string[] = [];
    cachePage({ ttl: 60, cache });
    cache.memoize(async () => 1, { name: 'default-cache.unmade', ttl: 60 });
    const stop = cache.on((event) => heard.push(event.type));
    await cache.close();
    const held = globalThis as { [Key in symbol]?: { cache?: Cache } };
    expect(held[Symbol.for('viewcache.default-cache')]).toMatchObject({ cache: undefined });

    fresh = freshCache();
    await cache.set('k', 1, 60);
    stop();
    expect([heard, await fresh.cache.has('k')]).toEqual([expect.arrayContaining(['stored']), true]);
  });

  it('is the one that is set', async () => {
    const own = createCache();
    setDefaultCache(own);
    await cache.set('k', 1, 60);
    expect(await own.has('k')).toBe(true);
    await cache.close();
  });
});
