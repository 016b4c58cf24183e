import type { StatusLifetimes } from '../config/lifetimes.js';
import { parseAge } from '../http/age.js';
import type { CacheControl } from '../http/cache-control.js';
import { explicitLifetimeMs, type HeuristicLimits, heuristicLifetimeMs, initialAgeMs } from '../http/freshness.js';
import { parseHttpDate } from '../http/http-date.js';
import type { FieldValue } from '../http/syntax.js';
import type { ResponseHead } from './response-head.js';

/** What a response says of its own freshness, in milliseconds. */
export interface OriginFreshness {
  /** `undefined` when it states none, and none may be guessed. */
  readonly lifetimeMs: number | undefined;
  /** How old it was when the handler wrote it: not 0 where it was itself got from somewhere that had kept it. */
  readonly initialAgeMs: number;
}

/** What is known of the response's own word on it. */
export interface StatedFreshness {
  readonly cacheControl: CacheControl;
  /** `undefined` also where it does not count. */
  readonly expires: FieldValue;
  readonly lastModified: number | undefined;
}

/** Reads lifetime and age of a response that was written now (RFC 9111 §4.2.1–4.2.3). */
export function originFreshness(
  head: ResponseHead,
  { cacheControl, expires, lastModified }: StatedFreshness,
  now: number,
  heuristics: HeuristicLimits | undefined,
): OriginFreshness {
  const date = head.field('date');
  // A handler's Date has whole seconds: its response is not as old as the part of a second that was cut off.
  const written = typeof date === 'string' ? parseHttpDate(date, now) : undefined;
  const generatedAt = written === undefined || Math.abs(now - written) < 1000 ? now : written;
  const explicit = explicitLifetimeMs(cacheControl, expires, written ?? now);
  const lifetimeMs =
    explicit ??
    (heuristics === undefined
      ? undefined
      : heuristicLifetimeMs(head.status, cacheControl, lastModified, generatedAt, heuristics));
  const age = parseAge(head.field('age')) ?? 0;
  return { lifetimeMs, initialAgeMs: initialAgeMs({ age, generatedAt, requestTime: now, responseTime: now }) };
}

/** The lifetime that a view's own options give a response of this status, in milliseconds. */
export function statedByPolicy(
  { lifetimeMs, statuses }: { readonly lifetimeMs: number | 'origin'; readonly statuses: StatusLifetimes | undefined },
  status: number,
): number | undefined {
  return statuses?.get(status) ?? (lifetimeMs === 'origin' ? undefined : lifetimeMs);
}
