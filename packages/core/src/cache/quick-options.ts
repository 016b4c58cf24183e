import type { Duration } from '../base/duration.js';
import { areSound } from '../config/sound-options.js';
import type { ValueOptions } from '../config/value-option-types.js';
import type { Copying } from '../values/copying.js';

/**
 * How callers are kept apart where a fresh value answers whatever else the options say; `undefined` where it may not.
 *
 * @param usual - what the cache says
 */
export function copyingOf(options: Duration | ValueOptions<never> | undefined, usual: Copying): Copying | undefined {
  if (!areSound(options)) return undefined;
  if (typeof options !== 'object') return usual;
  if (options.forceRefresh === true || options.isStale !== undefined || options.earlyRefresh !== undefined)
    return undefined;
  return options.clone ?? usual;
}

/** Whether these are options that say nothing but this ttl, as most do. */
export function isOnly(ttl: unknown, options: Duration | ValueOptions<never> | undefined): boolean {
  if (typeof options !== 'object' || options === null || options.ttl !== ttl) return false;
  for (const name in options) if (name !== 'ttl') return false;
  return Object.getPrototypeOf(options) === Object.prototype;
}
