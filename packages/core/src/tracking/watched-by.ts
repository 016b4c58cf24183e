import { ConfigError } from '../base/errors.js';
import type { Cache } from '../cache/cache.js';
import { isCache } from '../cache/runtime.js';
import { noteWatched } from '../cache/watched-sources.js';

/**
 * Notes that a data source is watched for a cache: from now on what it makes tracks reads, unless an option says otherwise.
 * Several sources may be watched for one cache, and one source for several.
 *
 * @param cache - one made by `createCache()`, or `defaultCache()`, which stands for whichever is the default one
 * @returns ends it; once is enough, more often does nothing
 * @throws {@link ConfigError} for anything that is no cache
 */
export function watchedBy(cache: Cache): () => void {
  if (!isCache(cache)) throw new ConfigError('cache', cache, 'a cache made by createCache()');
  return noteWatched(cache);
}
