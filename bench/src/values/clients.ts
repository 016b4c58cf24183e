import { createCache } from '@viewcache/core';
import { createCache as createDedupe } from 'async-cache-dedupe';
import { BentoCache, bentostore } from 'bentocache';
import { memoryDriver } from 'bentocache/drivers/memory';
import { createCache as createCacheManager } from 'cache-manager';
import { Cacheable } from 'cacheable';
import { LRUCache } from 'lru-cache';
import pMemoize from 'p-memoize';
import { MAX_ENTRIES, type OpenClient } from './client.js';

const HOUR = 3_600_000;

/** Each as its documentation sets it up, with room for as many values where it has a setting for that. */
export const CLIENTS = {
  map: () => (make) => {
    const map = new Map<string, unknown>();
    return {
      async get(id) {
        const key = `city:${id}`;
        const known = map.get(key);
        if (known !== undefined) return known;
        const value = await make(id);
        map.set(key, value);
        return value;
      },
      set: async (id, value) => map.set(`city:${id}`, value),
      clear: () => map.clear(),
    };
  },
  viewcache: viewcache('structured'),
  'viewcache-tag': viewcache('structured', true),
  'viewcache-freeze': viewcache('freeze'),
  'viewcache-false': viewcache(false),
  'viewcache-memoize': memoized('structured'),
  'viewcache-memoize-freeze': memoized('freeze'),
  'viewcache-memoize-false': memoized(false),
  'cache-manager': () => (make) => {
    const cache = createCacheManager({ ttl: HOUR });
    return {
      get: (id) => cache.wrap(`city:${id}`, async () => make(id)),
      set: (id, value) => cache.set(`city:${id}`, value),
      clear: () => cache.clear(),
    };
  },
  cacheable: () => (make) => {
    const cache = new Cacheable({ ttl: HOUR });
    return {
      get: (id) => cache.getOrSet(`city:${id}`, async () => make(id)),
      set: (id, value) => cache.set(`city:${id}`, value),
      clear: () => cache.clear(),
    };
  },
  bentocache: () => (make) => {
    const cache = new BentoCache({
      default: 'values',
      stores: { values: bentostore().useL1Layer(memoryDriver({ maxItems: MAX_ENTRIES })) },
    });
    return {
      get: (id) => cache.getOrSet({ key: `city:${id}`, ttl: '1h', factory: async () => make(id) }),
      set: (id, value) => cache.set({ key: `city:${id}`, ttl: '1h', value }),
      clear: () => cache.clear(),
    };
  },
  'bentocache-reference': () => (make) => {
    const cache = new BentoCache({
      default: 'values',
      stores: { values: bentostore().useL1Layer(memoryDriver({ maxItems: MAX_ENTRIES, serialize: false })) },
    });
    return {
      get: (id) => cache.getOrSet({ key: `city:${id}`, ttl: '1h', factory: async () => make(id) }),
      set: (id, value) => cache.set({ key: `city:${id}`, ttl: '1h', value }),
      clear: () => cache.clear(),
    };
  },
  'lru-cache': () => (make) => {
    const cache = new LRUCache<string, object | string>({
      max: MAX_ENTRIES,
      ttl: HOUR,
      fetchMethod: async (key) => make(Number(key.slice(5))) as object,
    });
    return {
      get: (id) => cache.fetch(`city:${id}`),
      set: async (id, value) => cache.set(`city:${id}`, value as object),
      clear: () => cache.clear(),
    };
  },
  'p-memoize': () => (make) => {
    const cache = new Map<number, unknown>();
    const memoized = pMemoize(async (id: number) => make(id), { cache });
    return { get: (id) => memoized(id), clear: () => cache.clear() };
  },
  'async-cache-dedupe': () => (make) => {
    const cache = createDedupe({ ttl: 3_600, storage: { type: 'memory', options: { size: MAX_ENTRIES } } }).define(
      'city',
      async (id: number) => make(id),
    );
    return { get: (id) => cache.city(id), clear: () => cache.clear() };
  },
} satisfies Record<string, () => OpenClient>;

export type ClientName = keyof typeof CLIENTS;

function memoized(clone: 'structured' | 'freeze' | false): () => OpenClient {
  return () => (make) => {
    const cache = createCache({ clone, maxEntries: MAX_ENTRIES });
    const city = cache.memoize(async (id: number) => make(id), { name: 'city', ttl: '1h' });
    return { get: (id) => city(id), clear: () => city.cacheClear() };
  };
}

function viewcache(clone: 'structured' | 'freeze' | false, isTagged = false): () => OpenClient {
  return () => (make) => {
    const cache = createCache({ clone, maxEntries: MAX_ENTRIES });
    return {
      get: isTagged
        ? (id) => cache.getOrSet(`city:${id}`, async () => make(id), { ttl: '1h', tags: [`cities#${id}`] })
        : (id) => cache.getOrSet(`city:${id}`, async () => make(id), { ttl: '1h' }),
      set: (id, value) => cache.set(`city:${id}`, value, '1h'),
      clear: () => cache.invalidate({ all: true }),
    };
  };
}
