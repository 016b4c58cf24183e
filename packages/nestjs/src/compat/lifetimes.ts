import { ConfigError, type Duration } from '@viewcache/core';
import { ignoreRejection } from '@viewcache/core/node';

/** The longest that is taken at its word; whatever is longer has no end. */
const LONGEST_MS = 100 * 365 * 86_400_000;

/**
 * How long something is kept, of a number of milliseconds: 0 means without an end, as in `cache-manager`; what is negative
 * is over already.
 *
 * @param setting - the option's name, for the error
 * @throws {@link ConfigError} for anything else, such as the text of an environment variable, which never ended there
 */
export function lifetimeOf(setting: string, ttl: unknown): Duration {
  if (ttl === undefined || ttl === null || ttl === 0) return 'forever';
  if (typeof ttl === 'number' && !Number.isNaN(ttl)) {
    if (ttl < 0) return 0;
    return ttl > LONGEST_MS ? 'forever' : `${Math.max(1, Math.round(ttl))}ms`;
  }
  ignoreRejection(ttl);
  throw new ConfigError(setting, ttl, 'a number of milliseconds; 0: without an end');
}

/**
 * Refuses a lifetime that is set for good, and over before it begins; a single call may have one.
 *
 * @throws {@link ConfigError} as {@link lifetimeOf}
 */
export function checkLifetime(setting: string, ttl: unknown): Duration {
  if (typeof ttl === 'number' && ttl < 0)
    throw new ConfigError(setting, ttl, 'a number of milliseconds from 0 up; 0: without an end');
  return lifetimeOf(setting, ttl);
}

/** When something is over that is kept from now on, in milliseconds since the epoch; `undefined`: never. */
export function endOf(ttl: number | undefined, now: number): number | undefined {
  return ttl === undefined || ttl === 0 || ttl > LONGEST_MS ? undefined : now + ttl;
}
