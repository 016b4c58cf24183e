import { parseDuration } from '../base/duration.js';
import { ConfigError } from '../base/errors.js';
import { printable } from '../base/printable.js';
import type { Copying } from '../values/copying.js';
import { UNNAMED, type ValuePolicy } from '../values/value-policy.js';
import { checkBoolean, checkCount, checkFunction, checkOptions, listed } from './check.js';
import { readForever } from './lifetimes.js';
import { readStaleOptions, STALE_OPTIONS } from './stale-options.js';
import { readTrackReads } from './track-reads.js';
import type { ValueDefaults, ValueOptions } from './value-option-types.js';
import { readBodyLimit, readTags } from './view-option-checks.js';

/** The names of {@link ValueOptions}. */
export const VALUE_OPTIONS: readonly string[] = [
  'ttl',
  'tags',
  'trackReads',
  'maxTags',
  'maxValueBytes',
  'version',
  'storeIf',
  'isStale',
  'forceRefresh',
  'cacheErrors',
  'clone',
  'name',
  ...STALE_OPTIONS.filter((name) => name !== 'revalidate'),
];

const COPYING = ['structured', 'freeze'] as const;
/** For a value of which nobody has said how long it is good. */
const UNSAID_MS = 300_000;

/**
 * Reads the options of a value.
 *
 * @param what - the function's name, for errors: `getOrSet`
 * @param known - the names of the options that the function knows
 * @param onUnsaid - told where neither a ttl nor a tag says how long the value is good
 * @throws {@link ConfigError} that names the setting, the value given and what is allowed
 */
export function readValueOptions<T>(
  what: string,
  given: ValueOptions<T>,
  defaults: ValueDefaults,
  onUnsaid: () => void,
  known: readonly string[] = VALUE_OPTIONS,
): ValuePolicy {
  checkOptions(what, given, known);
  const { tags = [], name = UNNAMED } = given;
  const said = readValueTtl(`${what}.ttl`, given.ttl) ?? defaults.lifetimeMs;
  const isUnsaid = said === undefined && !hasTags(given);
  if (isUnsaid) onUnsaid();
  const lifetimeMs = said ?? (isUnsaid ? UNSAID_MS : Number.POSITIVE_INFINITY);
  if (typeof name !== 'string' || name === '')
    throw new ConfigError(`${what}.name`, name, 'a string that is not empty');
  const stale = readStaleOptions(what, given, typeof lifetimeMs === 'number' ? lifetimeMs : Number.POSITIVE_INFINITY);
  const whileRevalidateMs = stale.whileRevalidateMs ?? 0;
  const ifErrorMs = stale.ifErrorMs ?? 0;
  if (stale.softTimeoutMs !== undefined && whileRevalidateMs === 0 && ifErrorMs === 0)
    throw new ConfigError(
      `${what}.softTimeout`,
      given.softTimeout,
      'staleIfError or staleWhileRevalidate beside it, or hardTimeout to wait no longer at all',
      undefined,
      'leaves nothing that may answer in time',
    );
  return {
    lifetimeMs,
    isUnsaid,
    trackReads: readTrackReads(`${what}.trackReads`, given.trackReads),
    tags: readTags(`${what}.tags`, tags) as ValuePolicy['tags'],
    maxTags: checkCount(`${what}.maxTags`, given.maxTags ?? 64, 1),
    maxBytes: readBodyLimit(`${what}.maxValueBytes`, given.maxValueBytes ?? defaults.maxBytes),
    whileRevalidateMs,
    ifErrorMs,
    jitterMs: stale.jitterMs,
    earlyRefreshMs: stale.earlyRefreshMs,
    maxRefreshes: stale.maxRefreshes,
    refreshTimeoutMs: stale.refreshTimeoutMs,
    softTimeoutMs: stale.softTimeoutMs,
    hardTimeoutMs: stale.hardTimeoutMs,
    storeIf: checkFunction(`${what}.storeIf`, given.storeIf, 'a function of the value') as ValuePolicy['storeIf'],
    isStale: checkFunction(`${what}.isStale`, given.isStale, 'a function of the value') as ValuePolicy['isStale'],
    isForced: checkBoolean(`${what}.forceRefresh`, given.forceRefresh ?? false),
    errorLifetimeMs: readErrorLifetime(`${what}.cacheErrors`, given.cacheErrors ?? 0),
    copying: readCopying(`${what}.clone`, given.clone ?? defaults.copying),
    route: printable(name),
  };
}

/** The `clone` option of a cache or of a value. */
export function readCopying(setting: string, value: unknown): Copying {
  const found = value === false ? false : COPYING.find((word) => word === value);
  if (found === undefined) throw new ConfigError(setting, value, `${listed(COPYING)}, or false`);
  return found;
}

/** The version of a value: part of its key. */
export function readVersion(setting: string, version: unknown): number | undefined {
  return version === undefined ? undefined : checkCount(setting, version, 0);
}

function readValueTtl(setting: string, ttl: unknown): ValuePolicy['lifetimeMs'] | undefined {
  if (ttl === undefined) return undefined;
  if (typeof ttl !== 'function') return readForever(setting, ttl);
  return (value) => readForever(setting, ttl(value));
}

function hasTags({ tags }: ValueOptions<never>): boolean {
  return typeof tags === 'function' || (tags !== undefined && tags.length > 0);
}

function readErrorLifetime(setting: string, value: unknown): ValuePolicy['errorLifetimeMs'] {
  if (typeof value === 'function') return (error) => parseDuration(setting, value(error));
  const ms = parseDuration(setting, value);
  return () => ms;
}
