import { afterEach, describe, expect, it } from '@jest/globals';
import type { CacheEvent } from '@viewcache/core';
import { type FreshCache, freshCache } from '@viewcache/core/testing';
import { stores } from '../values/stores.js';

let fresh: FreshCache;
let events: CacheEvent[];
afterEach(() => fresh.end());

async function open(store: string): Promise<void> {
  fresh = freshCache({ store });
  events = [];
  fresh.cache.on((event) => void events.push(event));
  await fresh.cache.ready();
}

const failures = (): CacheEvent[] => events.filter(({ type }) => type === 'store-error');

describe.each(stores.slice(1))('a clock that a test leads, with %s', (_name, store) => {
  it('makes nothing late of what the store is asked', async () => {
    await open(String(store));
    const options = { ttl: '1m', staleWhileRevalidate: '5m' } as const;
    for (let i = 0; i < 20; i++) {
      const making = fresh.cache.getOrSet(`k${i}`, () => i, options);
      fresh.clock.advance('10s');
      expect(await making).toBe(i);
      // Whatever is still said to the store behind the answer.
      fresh.clock.advance('10s');
    }
    expect(failures()).toEqual([]);
    expect(fresh.cache.health().shared?.state).toBe('up');
  });
});
