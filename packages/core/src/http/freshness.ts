import type { CacheControl } from './cache-control.js';
import { parseHttpDate } from './http-date.js';
import { isHeuristicallyCacheable } from './storable.js';
import { type FieldValue, firstLine } from './syntax.js';

/**
 * The freshness lifetime that a response itself states, in milliseconds, for a shared cache (RFC 9111 §4.2.1).
 *
 * `s-maxage`, else `max-age`, else Expires minus Date. An Expires that is no date is in the past (§5.3).
 *
 * @param generatedAt - the response's Date in milliseconds since the epoch, or when it was received if it has none
 * @returns `undefined` when the response states none
 */
export function explicitLifetimeMs(
  cacheControl: CacheControl,
  expires: FieldValue,
  generatedAt: number,
): number | undefined {
  const seconds = cacheControl.sMaxage ?? cacheControl.maxAge;
  if (seconds !== undefined) return seconds * 1000;
  const line = firstLine(expires);
  if (line === undefined) return undefined;
  const until = parseHttpDate(line, generatedAt);
  return until === undefined ? 0 : Math.max(0, until - generatedAt);
}

/** Bounds of a lifetime that nobody stated. */
export interface HeuristicLimits {
  /** Part of the time since Last-Modified; 0.1 is what RFC 9111 §4.2.2 calls typical. */
  readonly fraction: number;
  /** Milliseconds it is at most. */
  readonly maxMs: number;
}

/**
 * The freshness lifetime that may be assumed for a response that states none, in milliseconds (RFC 9111 §4.2.2).
 *
 * Only for a status that is cacheable by default, or with `public`; and only where Last-Modified tells how long the
 * representation has been stable.
 *
 * @param lastModified - in milliseconds since the epoch
 * @param generatedAt - the response's Date, likewise
 * @returns `undefined` when nothing may be assumed
 */
export function heuristicLifetimeMs(
  status: number,
  cacheControl: CacheControl,
  lastModified: number | undefined,
  generatedAt: number,
  limits: HeuristicLimits,
): number | undefined {
  if (!cacheControl.public && !isHeuristicallyCacheable(status)) return undefined;
  if (lastModified === undefined || lastModified >= generatedAt) return undefined;
  return Math.min((generatedAt - lastModified) * limits.fraction, limits.maxMs);
}

/** When a response was asked for and received, in milliseconds since the epoch, and what it says of its own age. */
export interface AgeSources {
  /** Its Age field in seconds; 0 without one. */
  readonly age: number;
  /** Its Date field, or `responseTime` without one. */
  readonly generatedAt: number;
  readonly requestTime: number;
  readonly responseTime: number;
}

/**
 * How old a response was when it was received, in milliseconds: `corrected_initial_age` of RFC 9111 §4.2.3.
 *
 * Worked out once, when it is stored. From then on its age grows with the clock: see {@link currentAgeMs}.
 */
export function initialAgeMs({ age, generatedAt, requestTime, responseTime }: AgeSources): number {
  const apparentAge = Math.max(0, responseTime - generatedAt);
  const correctedAge = age * 1000 + Math.max(0, responseTime - requestTime);
  return Math.max(apparentAge, correctedAge);
}

/**
 * How old a stored response is now, in milliseconds (RFC 9111 §4.2.3).
 *
 * A clock that was set back does not make it younger than it was on arrival.
 */
export function currentAgeMs(initialAge: number, responseTime: number, now: number): number {
  return now > responseTime ? initialAge + (now - responseTime) : initialAge;
}

/** Whether a stored response is fresh: younger than its lifetime, not as old as it (RFC 9111 §4.2). */
export function isFresh(lifetimeMs: number, ageMs: number): boolean {
  return lifetimeMs > ageMs;
}

/**
 * Whether a response itself forbids being served stale by a shared cache (RFC 9111 §4.2.4).
 *
 * `must-revalidate`, `proxy-revalidate`, `no-cache`, and `s-maxage`, which includes `proxy-revalidate` (§5.2.2.10).
 */
export function forbidsStale(cacheControl: CacheControl): boolean {
  return (
    cacheControl.mustRevalidate ||
    cacheControl.proxyRevalidate ||
    cacheControl.noCache === true ||
    cacheControl.sMaxage !== undefined
  );
}

/**
 * Whether a stored response is what a request's own directives accept (RFC 9111 §5.2.1), where those are heard.
 *
 * @param mayBeStale - whether nothing forbids serving it stale, so that `max-stale` can be granted
 */
export function isAcceptable(request: CacheControl, lifetimeMs: number, ageMs: number, mayBeStale: boolean): boolean {
  if (request.noCache !== false) return false;
  if (request.maxAge !== undefined && ageMs > request.maxAge * 1000) return false;
  if (request.minFresh !== undefined && lifetimeMs - ageMs < request.minFresh * 1000) return false;
  if (isFresh(lifetimeMs, ageMs)) return true;
  return mayBeStale && request.maxStale !== undefined && ageMs - lifetimeMs <= request.maxStale * 1000;
}
