import { type Duration, LONGEST_MS, parseDuration } from '../base/duration.js';
import { isTag } from '../invalidation/tags.js';
import type { ValueOptions } from './value-option-types.js';
import { VALUE_OPTIONS } from './value-options.js';
import { LARGEST_BODY } from './view-option-checks.js';

const NAMES: ReadonlySet<string> = new Set(VALUE_OPTIONS);

/** Strings of which it is known how long they are; somebody who makes them up has more, and pays for reading them. */
const MOST_STRINGS = 100;
const lengths = new Map<string, number>();
/** The last one that was looked for in there. */
let lastText = '0s';

/**
 * Whether options, or a ttl in their place, are ones that `readValueOptions` would take: seen at a glance, for a hit, which needs
 * nothing else of them. They are made anew for most calls, so that remembering them would cost more than looking.
 *
 * @returns false also where that takes more than a glance
 */
export function areSound(given: Duration | ValueOptions<never> | undefined): boolean {
  if (given === undefined) return true;
  if (typeof given !== 'object' || given === null) return given === 'forever' || isDuration(given);
  const prototype: unknown = Object.getPrototypeOf(given);
  if (prototype !== Object.prototype && prototype !== null) return false;
  // What nearly all say first, and by name: a property whose name is only known when it runs is read several times slower.
  const { ttl, tags } = given;
  if (ttl !== undefined && !isLifetime(ttl)) return false;
  if (tags !== undefined && typeof tags !== 'function' && !areTags(tags)) return false;
  for (const name in given) {
    if (name === 'ttl' || name === 'tags') continue;
    const value: unknown = given[name as keyof ValueOptions];
    if (value === undefined ? !NAMES.has(name) : !isSound(name, value, given)) return false;
  }
  return true;
}

function isSound(name: string, value: unknown, given: ValueOptions<never>): boolean {
  switch (name as keyof ValueOptions) {
    case 'clone':
      return value === 'structured' || value === 'freeze' || value === false;
    case 'storeIf':
    case 'isStale':
      return typeof value === 'function';
    case 'forceRefresh':
    case 'trackReads':
      return typeof value === 'boolean';
    case 'name':
      return typeof value === 'string' && value !== '';
    case 'version':
      return isCount(value, 0);
    case 'maxTags':
    case 'maxRefreshes':
      return isCount(value, 1);
    case 'maxValueBytes':
      return isCount(value, 1) && (value as number) <= LARGEST_BODY;
    case 'cacheErrors':
      return typeof value === 'function' || isDuration(value);
    case 'staleWhileRevalidate':
    case 'staleIfError':
      return isDuration(value);
    case 'refreshTimeout':
      return lengthOf(value) > 0;
    case 'softTimeout':
      // It is what is stale that answers then.
      return lengthOf(value) > 0 && (lengthOf(given.staleIfError) > 0 || lengthOf(given.staleWhileRevalidate) > 0);
    case 'hardTimeout':
      return lengthOf(value) > (given.softTimeout === undefined ? 0 : lengthOf(given.softTimeout));
    case 'jitter':
    case 'earlyRefresh':
      // Less than the ttl, which may be the cache's own.
      return given.ttl === 'forever' ? isDuration(value) : lengthOf(value) < lengthOf(given.ttl);
    default:
      return false;
  }
}

function isLifetime(ttl: unknown): boolean {
  return ttl === lastText || isDuration(ttl) || ttl === 'forever' || typeof ttl === 'function';
}

function areTags(value: unknown): boolean {
  if (!Array.isArray(value)) return false;
  // By index, as others pass over holes.
  for (let i = 0; i < value.length; i++) if (!isTag(value[i])) return false;
  return true;
}

function isCount(value: unknown, least: number): boolean {
  return Number.isSafeInteger(value) && (value as number) >= least;
}

function isDuration(value: unknown): boolean {
  return typeof value === 'number' ? value >= 0 && value <= LONGEST_MS / 1000 : lengthOf(value) >= 0;
}

/** Milliseconds; NaN for what is no duration. */
function lengthOf(value: unknown): number {
  if (typeof value === 'string') {
    const length = lengths.get(value);
    if (length === undefined) return read(value);
    lastText = value;
    return length;
  }
  return typeof value === 'number' && isDuration(value) ? value * 1000 : Number.NaN;
}

function read(value: string): number {
  let ms: number;
  try {
    ms = parseDuration('', value);
  } catch {
    return Number.NaN;
  }
  if (lengths.size < MOST_STRINGS) lengths.set(value, ms);
  return ms;
}
