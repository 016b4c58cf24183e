import type { Cache } from '@viewcache/core';

// Two copies of the package in one process must count together.
const slot = Symbol.for('viewcache.views');
const shared = globalThis as { [slot]?: { counts: WeakMap<Cache, number>; onDefault: number } };
shared[slot] ??= { counts: new WeakMap(), onDefault: 0 };
const views = shared[slot];

/**
 * The key space of the next view of a cache; none for the first, which is the only one in most apps.
 *
 * Two views of one URL answer differently, or there would be one: which of them a request reaches may depend on the
 * visitor, or on the app. So each keeps to itself what it stores. Counted per cache and in order of creation, which is
 * the same in all processes that run the same code.
 */
export function nextSpace(cache: Cache | undefined): string {
  let count: number;
  if (cache === undefined) {
    count = ++views.onDefault;
  } else {
    count = (views.counts.get(cache) ?? 0) + 1;
    views.counts.set(cache, count);
  }
  return count === 1 ? '' : `view${count}`;
}
