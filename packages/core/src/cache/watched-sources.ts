import type { Cache } from './cache.js';
import { homeOf } from './runtime.js';

/** A data source whose reads and writes somebody tells a cache. */
interface WatchedSource {
  readonly cache: Cache;
}

// Whichever copy of the package an adapter has, the views of another one are to know.
const slot = Symbol.for('viewcache.watched-sources');
const copies = globalThis as { [slot]?: Set<WatchedSource> };
copies[slot] ??= new Set();
const watched = copies[slot];

/** Notes that a data source is watched for a cache, until what is returned is called. */
export function noteWatched(cache: Cache): () => void {
  const source = { cache };
  watched.add(source);
  return () => {
    watched.delete(source);
  };
}

/** Whether any data source is watched for the cache of this tag table, by its own name or as the default one. */
export function isWatched(home: object): boolean {
  for (const { cache } of watched) if (homeOf(cache) === home) return true;
  return false;
}
