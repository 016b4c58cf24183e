import { ConfigError } from '../base/errors.js';
import type { Cache } from '../cache/cache.js';
import { MostAsked } from './most-asked.js';

/** URLs that visitors of a cache ask for, counted while it is wanted. */
export interface UrlCount {
  /**
   * Those that were asked for most, first: whole URLs, as `cache.warm` takes them.
   *
   * @param count - how many at most
   */
  top(count: number): readonly string[];
  /** Counts no more, and forgets nothing. */
  stop(): void;
}

/** As keys of views begin: the method, and the URL in one line. */
const VIEW = /^GET (https?:\/\/[^\n/]+\/[^\n]*)/;

/**
 * Counts which URLs of cached views are asked for, hits and misses alike, from now on: what to warm where no access log is at
 * hand, or after a restart, if it was written to a file. Bounded; costs each hit an event.
 *
 * @param cache - whose views
 * @throws {@link ConfigError} for what is no cache
 *
 * @example
 * ```ts
 * const asked = countUrls(cache);
 * process.once('SIGTERM', () => writeFileSync('warm.json', JSON.stringify(asked.top(500))));
 * ```
 */
export function countUrls(cache: Pick<Cache, 'on'>): UrlCount {
  if (typeof (cache as { on?: unknown } | undefined)?.on !== 'function')
    throw new ConfigError('countUrls.cache', cache, 'the cache whose views are counted: countUrls(cache)');
  const asked = new MostAsked();
  const stop = cache.on((event) => {
    if (event.type !== 'hit' && event.type !== 'miss') return;
    const url = VIEW.exec(event.key)?.[1];
    if (url !== undefined) asked.add(url);
  });
  return { top: (count) => asked.top(count), stop };
}
