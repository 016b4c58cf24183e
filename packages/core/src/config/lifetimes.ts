import { type Duration, parseDuration } from '../base/duration.js';
import { ConfigError } from '../base/errors.js';
import { nearest } from '../base/near-miss.js';
import type { HeuristicLimits } from '../http/freshness.js';
import { checkOptions } from './check.js';

/** The ttl of a view in milliseconds, or the standard profile. */
export function readTtl(setting: string, ttl: unknown): number | 'origin' {
  if (ttl === 'origin') return 'origin';
  return readLifetime(setting, ttl, ", 'forever', or 'origin'", ['forever', 'origin']);
}

/** A ttl in milliseconds, or without an end. */
export function readForever(setting: string, ttl: unknown): number {
  return readLifetime(setting, ttl, " or 'forever'", ['forever']);
}

function readLifetime(setting: string, ttl: unknown, allowed: string, words: readonly string[]): number {
  if (ttl === 'forever') return Number.POSITIVE_INFINITY;
  try {
    return parseDuration(setting, ttl);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    const word = typeof ttl === 'string' ? nearest(ttl, words) : undefined;
    throw new ConfigError(setting, ttl, error.allowed + allowed, word === undefined ? error.suggestion : `'${word}'`);
  }
}

/** Statuses that are stored, with the lifetime of each; `undefined` where it is the view's. */
export type StatusLifetimes = ReadonlyMap<number, number | undefined>;

/** Reads the `statuses` option: a list, or lifetimes by status. */
export function readStatuses(setting: string, statuses: unknown): StatusLifetimes | undefined {
  if (statuses === undefined) return undefined;
  const allowed =
    "final statuses other than 206 and 304, such as [200, 404], or each with its ttl, { 200: '5m', 404: '10s' }";
  const isList = Array.isArray(statuses);
  if (typeof statuses !== 'object' || statuses === null) throw new ConfigError(setting, statuses, allowed);
  const entries: [unknown, unknown][] = isList
    ? Array.from(statuses as readonly unknown[], (status) => [status, undefined])
    : Object.entries(statuses).map(([status, ttl]) => [Number(status), ttl]);
  if (entries.length === 0) throw new ConfigError(setting, statuses, allowed);
  const lifetimes = new Map<number, number | undefined>();
  for (const [status, ttl] of entries) {
    const isFinal = typeof status === 'number' && Number.isInteger(status) && status >= 200 && status <= 599;
    if (!isFinal || status === 206 || status === 304) {
      throw new ConfigError(setting, isList ? status : statuses, allowed);
    }
    lifetimes.set(status, isList ? undefined : readForever(`${setting}.${status}`, ttl));
  }
  return lifetimes;
}

/** Bounds of a lifetime that is guessed from how long a response has not changed. */
export interface HeuristicFreshness {
  /** Part of the time since Last-Modified: above 0, at most 1. @defaultValue 0.1 */
  readonly fraction?: number;
  /** The longest lifetime that is guessed. @defaultValue `'1d'` */
  readonly max?: Duration;
}

/** Reads the `heuristicFreshness` option. */
export function readHeuristics(setting: string, value: unknown): HeuristicLimits | undefined {
  if (value === undefined || value === false) return undefined;
  const given: HeuristicFreshness = value === true ? {} : (value as HeuristicFreshness);
  if (typeof given !== 'object' || given === null) {
    throw new ConfigError(setting, value, "true, false, or { fraction: 0.1, max: '1d' }");
  }
  checkOptions(setting, given, ['fraction', 'max']);
  const { fraction = 0.1, max = '1d' } = given;
  if (typeof fraction !== 'number' || !(fraction > 0 && fraction <= 1)) {
    throw new ConfigError(`${setting}.fraction`, fraction, 'a number above 0 and up to 1');
  }
  return { fraction, maxMs: parseDuration(`${setting}.max`, max) };
}
