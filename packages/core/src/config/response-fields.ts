import { ConfigError } from '../base/errors.js';
import { type CacheControlDirectives, formatCacheControl } from '../http/cache-control-format.js';

/** What `never_cache` of Django sends: no cache keeps it, and a browser's own validates it anew. */
export const NEVER_CONTROL = 'private, no-cache, no-store, must-revalidate, max-age=0';

/**
 * Makes a Cache-Control field of directives.
 *
 * @throws {@link ConfigError} for those that contradict one another
 */
export function readDirectives(what: string, directives: CacheControlDirectives): string {
  try {
    return formatCacheControl(directives);
  } catch (error) {
    const why = error instanceof Error ? ` (${error.message})` : '';
    throw new ConfigError(what, directives, `directives of RFC 9111 §5.2.2 that agree${why}`);
  }
}

/**
 * Checks the names of fields that a response says it varies by.
 *
 * @throws {@link ConfigError} for anything but names of request fields, and for none
 */
export function checkVaryNames(what: string, names: readonly string[]): readonly string[] {
  const allowed = "names of request fields, such as 'Accept-Language'";
  if (names.length === 0) throw new ConfigError(what, undefined, allowed);
  for (const name of names) {
    // `*` is a token too, and says that nobody knows what selects: nothing would ever be stored.
    if (typeof name !== 'string' || name === '*' || !/^[\w!#$%&'*+.^`|~-]+$/.test(name)) {
      throw new ConfigError(what, name, allowed);
    }
  }
  return names;
}
