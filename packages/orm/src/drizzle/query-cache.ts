import { refuseRunning } from '@viewcache/core/tracking';
import { Replaced } from '../source/replaced.js';
import type { DatabaseLike } from './drizzle-types.js';

/**
 * What Drizzle keeps of results by itself is thrown away before the commit, or never: whatever is made of that is not stored.
 */
const hits: Replaced<object> = new Replaced('get', (original) => {
  return async function get(...given) {
    const kept = await original.apply(this, given);
    if (kept !== undefined) refuseRunning('older-snapshot');
    return kept;
  };
});

/** Hears of what comes out of the cache that a database was made with, if any. */
export function attachToCache({ $cache }: DatabaseLike, party: object): () => void {
  const { get } = ($cache ?? {}) as { readonly get?: unknown };
  return typeof get === 'function' ? hits.on($cache as object, party) : () => {};
}
