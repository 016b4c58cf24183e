import { afterAll, describe, expect, it } from '@jest/globals';
import { SilentProxy } from '../servers/silent-proxy.js';
import { gate } from '../support/gate.js';
import { errorOf, openMemory, openOn, servers, stores } from './stores.js';

const shared = stores.flatMap(([name, store]) => (store === undefined ? [] : [[name, store] as const]));
const large = 'x'.repeat(2_000);
const options = { ttl: 60, maxValueBytes: 1_000 };

describe.each(shared)('a value over maxValueBytes in %s', (_name, store) => {
  it('is not stored by set, and ends what was there', async () => {
    const { cache, warnings } = await openOn(store, options);
    expect(await cache.set('k', 'small')).toBe(true);
    expect(await cache.set('k', large)).toBe(false);
    expect(await cache.setMany({ a: 'small', b: large })).toEqual(['b']);
    expect(await errorOf(cache.add('c', large))).toMatchObject({ reason: 'value' });
    expect([...(await cache.getMany(['k', 'a', 'b', 'c'])).keys()]).toEqual(['a']);
    const { stored, refusals } = await cache.explain({ key: 'k' });
    const detail = 'its 2004 bytes are more than maxValueBytes allows (1000)';
    expect(stored.filter(({ state }) => state === 'fresh')).toEqual([]);
    expect(refusals).toEqual([expect.objectContaining({ key: 'k', reason: 'too-large', detail })]);
    expect(cache.stats().refused).toEqual({ 'too-large': 3 });
    expect(warnings()).toEqual([`(values): ${detail}; it was not stored (k)`]);
  });

  it('answers all who wait, and is made anew for who comes later', async () => {
    const { cache } = await openOn(store, options);
    const made = gate();
    let runs = 0;
    const make = async () => {
      runs++;
      await made.passed;
      return large;
    };
    const f = cache.memoize(make, { name: 'f' });
    const waiting = [cache.getOrSet('k', make), cache.getOrSet('k', make), f(), f()];
    made.open();
    expect(await Promise.all(waiting)).toEqual([large, large, large, large]);
    expect(runs).toBe(2);
    await cache.getOrSet('k', make);
    expect(runs).toBe(3);
    expect(f.cacheInfo().size).toBe(0);
  });

  it('is stored where its call allows it', async () => {
    const { cache, other } = await openOn(store, options);
    expect(await cache.set('k', large, { maxValueBytes: '1mb' })).toBe(true);
    await cache.getOrSet('made', () => large, { maxValueBytes: 3_000 });
    const second = await other();
    expect([await second.get('k'), await second.get('made')]).toEqual([large, large]);
  });
});

describe('a large value', () => {
  it('of up to 1 MB is stored in a shared store, if nothing is said', async () => {
    const { cache } = await openOn(servers.redis.url, { ttl: 60 });
    expect(await cache.set('k', 'x'.repeat(1_000_000))).toBe(true);
    expect(await cache.set('k', 'x'.repeat(1_048_576))).toBe(false);
  });

  it('is bounded in memory alone by maxBytes', async () => {
    const { cache } = await openMemory({ ...options, maxBytes: '1mb' });
    expect(await cache.set('k', large)).toBe(true);
    expect(await cache.set('k', 'x'.repeat(2_000_000))).toBe(false);
    expect(cache.stats().refused).toEqual({ 'too-large': 1 });
  });

  it.each([0, 'lots', '2gb'])('has no limit of %j', async (maxValueBytes) => {
    await expect(openMemory({ maxValueBytes })).rejects.toThrow(/^maxValueBytes: /);
    const { cache } = await openMemory();
    await expect(cache.set('k', 1, { maxValueBytes })).rejects.toThrow(/^set\.maxValueBytes: /);
  });
});

describe('what the shared store did not take in time', () => {
  const proxies: SilentProxy[] = [];
  afterAll(() => {
    for (const proxy of proxies) proxy.close();
  });
  const open = async () => {
    const proxy = await SilentProxy.start(Number(new URL(servers.redis.url).port));
    proxies.push(proxy);
    return { proxy, ...(await openOn(`redis://127.0.0.1:${proxy.port}`, { ttl: 60, deadline: '1s' })) };
  };

  it('is explained and counted, of set', async () => {
    const { cache, proxy } = await open();
    proxy.silence();
    expect(await cache.set('k', 1)).toBe(false);
    const { shared, refusals } = await cache.explain({ key: 'k' });
    expect(shared).toBe('silent');
    expect(refusals).toEqual([expect.objectContaining({ key: 'k', reason: 'store-unavailable', count: 1 })]);
    expect(cache.stats().refused).toEqual({ 'store-unavailable': 1 });
  });

  it('is explained and counted, of what a producer has made, which memory has', async () => {
    const { cache, proxy } = await open();
    const run = gate();
    const made = cache.getOrSet('k', () => {
      proxy.silence();
      run.open();
      return 1;
    });
    await run.passed;
    expect(await made).toBe(1);
    const { stored, refusals } = await cache.explain({ key: 'k' });
    expect(stored).toEqual([expect.objectContaining({ where: 'memory' })]);
    expect(refusals).toEqual([expect.objectContaining({ reason: 'store-unavailable' })]);
    expect(cache.stats()).toMatchObject({ stored: 1, refused: { 'store-unavailable': 1 } });
    expect(cache.stats().routes['(values)']).toMatchObject({ misses: 1, stored: 1, refused: 1 });
  });
});
