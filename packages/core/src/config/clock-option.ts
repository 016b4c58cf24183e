import { ConfigError } from '../base/errors.js';
import type { Clock } from '../ports/clock.js';

/** A clock, or nothing. */
export function readClock(setting: string, clock: unknown): Clock | undefined {
  if (clock === undefined) return undefined;
  const isClock =
    typeof clock === 'object' &&
    clock !== null &&
    ['now', 'monotonic', 'after'].every((name) => typeof (clock as Record<string, unknown>)[name] === 'function');
  if (!isClock) throw new ConfigError(setting, clock, 'a clock with now(), monotonic() and after()');
  return clock as Clock;
}
