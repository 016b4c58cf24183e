import { describe, expect, it } from '@jest/globals';
import { errorOf, openOn, stores } from './stores.js';

describe.each(stores.slice(1))('two processes with values in %s', (_name, store) => {
  it('add at the same time: one of all is told that it was', async () => {
    const { cache, other } = await openOn(store);
    const caches = [cache, await other(), await other(), await other()];
    for (let round = 0; round < 20; round++) {
      const added = await Promise.all(caches.map((it, i) => it.add(`k${round}`, i, 60)));
      expect(added.filter(Boolean)).toHaveLength(1);
      expect(await (await other()).get(`k${round}`)).toBe(added.indexOf(true));
    }
  });

  it('all count', async () => {
    const { cache, other } = await openOn(store);
    const caches = [cache, await other(), await other(), await other()];
    const sums = await Promise.all(caches.flatMap((it) => Array.from({ length: 25 }, () => it.increment('n'))));
    expect(new Set(sums).size).toBe(100);
    expect(Math.max(...sums)).toBe(100);
  });

  it.each(['bounded', 'strict'] as const)('keep no error for longer than L1 may lag (%s)', async (consistency) => {
    const { cache, other, jump } = await openOn(store, { consistency });
    const peer = await other();
    const options = { ttl: 60, cacheErrors: 60, tags: ['t'] };
    const fail = () => {
      throw new Error('old');
    };
    for (const key of ['written', 'invalidated']) await errorOf(cache.getOrSet(key, fail, options));
    await peer.set('written', 'new', 60);
    await peer.invalidate({ tags: 't' });
    if (consistency === 'bounded') jump(1_500);
    expect(await cache.getOrSet('written', () => 'made', options)).toBe('new');
    expect(await cache.getOrSet('invalidated', () => 'made', options)).toBe('made');
  });
});
