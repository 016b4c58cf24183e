import { CacheableMemory } from '@cacheable/memory';
import { SieveCache } from '@neophi/sieve-cache';
import { LRUCache } from 'lru-cache';
import { LRUMap } from 'mnemonist';
import QuickLRU from 'quick-lru';
import { newCache } from 'transitory';
import { SystemClock } from '../../../packages/core/dist/cache/system-clock.js';
import type { PolicyName } from '../../../packages/core/dist/eviction/policies.js';
import { MemoryStore } from '../../../packages/core/dist/stores/memory.js';

/** A cache as the race uses it. */
export interface Contender {
  get(key: string): unknown;
  set(key: string, value: object): unknown;
}

/** Makes a cache of so many entries. */
export type OpenContender = (entries: number) => Contender;

const ROOMY = 2 ** 40;

/** The store with one of its policies; time is asked for once, as the engine does for each request. */
function ours(policy: PolicyName): OpenContender {
  return (entries) => {
    const clock = new SystemClock();
    const store = new MemoryStore<object>({ clock, maxBytes: ROOMY, maxEntries: entries, policy });
    const now = clock.monotonic();
    return {
      get: (key) => store.get(key, now),
      set: (key, value) => store.set(key, value, 1, Number.POSITIVE_INFINITY),
    };
  };
}

/** Ours by policy, the others as their documentation sets them up, without lifetimes. */
export const CONTENDERS: Readonly<Record<string, OpenContender>> = {
  'lru-cache': (max) => new LRUCache<string, object>({ max }),
  'viewcache lru': ours('lru'),
  'viewcache s3fifo': ours('s3fifo'),
  'viewcache tinylfu': ours('tinylfu'),
  'viewcache sieve': ours('sieve'),
  'viewcache auto': ours('auto'),
  'quick-lru': (maxSize) => new QuickLRU<string, object>({ maxSize }),
  mnemonist: (entries) => new LRUMap<string, object>(entries),
  '@neophi/sieve-cache': (entries) => new SieveCache<string, object>(entries),
  transitory: (entries) => {
    const cache = newCache<string, object>().maxSize(entries).build();
    return { get: (key) => cache.getIfPresent(key) ?? undefined, set: (key, value) => cache.set(key, value) };
  },
  '@cacheable/memory': (lruSize) => new CacheableMemory({ lruSize, useClone: false, checkInterval: 0 }),
};
