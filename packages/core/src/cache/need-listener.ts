import { ConfigError } from '../base/errors.js';
import { printable } from '../base/printable.js';
import type { CacheListener } from '../telemetry/telemetry.js';

/**
 * What `cache.on` is given.
 *
 * @throws {@link ConfigError} for anything else: an event's name stands first with other emitters
 */
export function needListener(listener: CacheListener): CacheListener {
  if (typeof listener === 'function') return listener;
  const given: unknown = listener;
  const meant =
    typeof given === 'string' ? `cache.on((event) => { if (event.type === '${printable(given)}') … })` : undefined;
  throw new ConfigError('cache.on', given, 'one function, which is told of every event', meant);
}
