import { describe, expect, it } from '@jest/globals';
import type { Cache } from '@viewcache/core';
import { gate } from '../support/gate.js';
import { openOn, stores, until } from './stores.js';

/** Ways to ask what a producer, which may fail, says of `k`. */
const calls: Record<string, (cache: Cache, produce: () => Promise<string>) => () => Promise<unknown>> = {
  getOrSet: (cache, produce) => () => cache.getOrSet('k', produce, { ttl: 60, tags: ['t'] }),
  'getOrSet with cacheErrors': (cache, produce) => () =>
    cache.getOrSet('k', produce, { ttl: 60, tags: ['t'], cacheErrors: 60 }),
  getOrSetMany: (cache, produce) => async () => {
    const load = async () => ({ k: await produce() });
    return (await cache.getOrSetMany(['k'], load, { ttl: 60, tags: ['t'] })).get('k');
  },
  memoize: (cache, produce) => {
    const fn = cache.memoize(async (_key: string) => await produce(), { name: 'f', ttl: 60, tags: ['t'] });
    return () => fn('k');
  },
};

/** What makes what a run has read until now old. */
const writes: Record<string, (cache: Cache) => Promise<unknown>> = {
  'invalidate by its tag': (cache) => cache.invalidate({ tags: 't' }),
  'purge by its tag': (cache) => cache.purge({ tags: 't' }),
  'invalidate by its key': (cache) => cache.invalidate({ key: 'k' }),
  delete: (cache) => cache.delete('k'),
  'a set that stores nothing': (cache) => cache.set('k', 'x', 0),
};

describe.each(stores)('a run that fails, and began before an invalidation, in %s', (_name, store) => {
  const cases = Object.keys(calls).flatMap((call) =>
    // What memoize keeps has no key that is named so.
    Object.keys(writes).flatMap((write) => (call === 'memoize' && !write.includes('tag') ? [] : [[call, write]])),
  );
  it.each(cases)('tells its error to nobody who asks behind it: %s, %s', async (call, write) => {
    const { cache } = await openOn(store);
    const begun: (() => void)[] = [];
    const produce = async (): Promise<string> => {
      const { passed, open } = gate();
      const run = begun.push(open);
      await passed;
      if (run === 1) throw new Error('not found');
      return `found by run ${run}`;
    };
    const ask = calls[call]?.(cache, produce) as () => Promise<unknown>;
    const told = (asked: Promise<unknown>) => asked.catch((error: Error) => error.message);
    const first = told(ask());
    await until(() => begun.length === 1);
    await writes[write]?.(cache);
    const later = [told(ask()), told(ask())];
    begun[0]?.();
    expect(await first).toBe('not found');
    await until(() => begun.length === 2);
    begun[1]?.();
    expect(await Promise.all(later)).toEqual(['found by run 2', 'found by run 2']);
    expect([await ask(), begun.length]).toEqual(['found by run 2', 2]);
  });
});
