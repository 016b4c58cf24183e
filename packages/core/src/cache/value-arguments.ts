import type { Duration } from '../base/duration.js';
import { ConfigError } from '../base/errors.js';
import type { CountingCall } from '../base/value-errors.js';
import { checkOptions } from '../config/check.js';
import { readForever } from '../config/lifetimes.js';
import { INCREMENT_OPTIONS, type IncrementOptions, type Key } from '../config/value-call-options.js';
import type { ValueOptions } from '../config/value-option-types.js';
import { NO_OPTIONS } from './known-policies.js';

/** Options that a call was given, or a ttl in their place. */
export function withTtl<O extends ValueOptions<never>>(options: Duration | O | undefined): O {
  if (options === undefined) return NO_OPTIONS as O;
  if (typeof options === 'object' && options !== null) return options;
  return { ttl: options } as unknown as O;
}

export function checkList<K extends Key>(what: string, keys: readonly K[]): readonly K[] {
  if (!Array.isArray(keys)) throw new ConfigError(`${what}.keys`, keys, 'a list of keys');
  return keys;
}

/** What is to be stored, whichever way it was handed in. */
export function entriesOf<T>(
  what: string,
  values: Iterable<readonly [Key, T]> | Readonly<Record<string, T>>,
): readonly (readonly [Key, T])[] {
  if (typeof values !== 'object' || values === null)
    throw new ConfigError(`${what}.values`, values, 'a Map, an object, or a list of pairs [key, value]');
  if (!(Symbol.iterator in values)) return Object.entries(values);
  const entries = [...(values as Iterable<readonly [Key, T]>)];
  const wrong = entries.findIndex((entry) => !Array.isArray(entry) || entry.length !== 2);
  if (wrong >= 0) throw new ConfigError(`${what}.values[${wrong}]`, entries[wrong], 'a pair: [key, value]');
  return entries;
}

/** By how much is counted, and how what is counted is kept: from 0, and for good, where nothing is said. */
export function readCount(
  call: CountingCall,
  step: number | IncrementOptions,
  more: Duration | IncrementOptions | undefined,
) {
  const isLeftOut = typeof step === 'object' && step !== null && more === undefined;
  const by = isLeftOut ? 1 : step;
  checkNumber(`${call}.by`, by, 'a finite number, or options in its place');
  const options = isLeftOut ? step : withTtl<IncrementOptions>(more);
  checkOptions(call, options, INCREMENT_OPTIONS);
  const { initial = 0, ttl, tags, version } = options;
  checkNumber(`${call}.initial`, initial);
  if (typeof tags === 'function') throw new ConfigError(`${call}.tags`, tags, 'a list of tags');
  if (ttl !== undefined) readForever(`${call}.ttl`, ttl);
  const given = { ...(tags !== undefined && { tags }), ttl: ttl ?? (tags === undefined ? 'forever' : undefined) };
  return { by, initial, version, given };
}

function checkNumber(setting: string, value: unknown, allowed = 'a finite number'): asserts value is number {
  if (typeof value !== 'number' || !Number.isFinite(value)) throw new ConfigError(setting, value, allowed);
}
