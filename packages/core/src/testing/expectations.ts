import { AssertionError } from 'node:assert';
import type { ForwardReason } from '../http/cache-status.js';
import { type Answered, cacheStatusOf, type SeenCacheStatus } from './cache-status.js';

/** What is said of an answer beside how it came about; what is left out may be anything. */
export interface ExpectedStatus {
  readonly fwd?: ForwardReason;
  readonly fwdStatus?: number;
  readonly stored?: boolean;
  readonly collapsed?: boolean;
  /** Seconds, exactly: with a clock that stands still. */
  readonly ttl?: number;
  readonly key?: string;
  /** Why it was not stored: with `cacheStatus: 'full'`. */
  readonly detail?: string;
}

/** What a person makes of `fwd`. */
const BECAUSE: Readonly<Record<ForwardReason, string>> = {
  bypass: 'the request was let past the cache',
  method: 'its method is not cached',
  'uri-miss': 'nothing was stored for this URI, of which host and port are a part',
  'vary-miss': 'nothing was stored for its values of the headers in Vary',
  miss: 'nothing was stored, and the answer before this one could not be',
  request: 'the request asked for a new answer',
  stale: 'what was stored had been invalidated, or was too old',
  partial: 'it asked for a range, and nothing was stored',
};

/**
 * Fails unless an answer came from what was stored: a hit, also one for which it waited with others.
 *
 * @returns what the cache says of the answer
 * @throws `AssertionError`, which says what happened instead
 *
 * @example
 * ```ts
 * await request(server).get('/cities/7');
 * expectHit(await request(server).get('/cities/7'), { ttl: 300 });
 * ```
 */
export function expectHit(answered: Answered, expected: ExpectedStatus = {}): SeenCacheStatus {
  const status = cacheStatusOf(answered);
  const isHit = status.hit || status.collapsed;
  if (!isHit) throw failure(`a hit, but the handler ran: ${why(status)}`, status, { hit: true }, expectHit);
  if (status.hit && status.ttl !== undefined && status.ttl < 0 && expected.ttl === undefined)
    throw failure('a fresh hit, but it was stale: see expectStale', status, { hit: true }, expectHit);
  return compare(status, expected, expectHit);
}

/**
 * Fails unless the handler ran for an answer, for whatever reason; not for a request that was let past the cache.
 *
 * @example
 * ```ts
 * expectMiss(await fetch(url), { fwd: 'stale' });   // what was stored had been invalidated
 * ```
 */
export function expectMiss(answered: Answered, expected: ExpectedStatus = {}): SeenCacheStatus {
  return missed(cacheStatusOf(answered), expected, expectMiss);
}

/**
 * Fails unless the handler ran and its answer is stored, as far as the head of the answer could tell.
 *
 * @example
 * ```ts
 * expectStored(await fetch(url));
 * expectHit(await fetch(url));
 * ```
 */
export function expectStored(answered: Answered, expected: ExpectedStatus = {}): SeenCacheStatus {
  const status = missed(cacheStatusOf(answered), expected, expectStored);
  if (status.stored) return status;
  throw failure(`an answer that is stored, and it is not${detailOf(status)}`, status, { stored: true }, expectStored);
}

/**
 * Fails if an answer is, or was, stored: unless the handler ran, or the request was let past the cache, and nothing is kept.
 *
 * @example
 * ```ts
 * expectNotStored(await request(server).get('/cart'));   // never somebody else's cart
 * ```
 */
export function expectNotStored(answered: Answered, expected: ExpectedStatus = {}): SeenCacheStatus {
  const status = cacheStatusOf(answered);
  if (status.hit || status.collapsed || status.stored)
    throw failure('an answer that is not stored, and it is', status, { stored: false }, expectNotStored);
  return compare(status, expected, expectNotStored);
}

/**
 * Fails unless an answer came from what is stored and not fresh any more: at once, or because the handler failed.
 *
 * @example
 * ```ts
 * clock.advance('6m');
 * expectStale(await fetch(url));   // with staleWhileRevalidate
 * ```
 */
export function expectStale(answered: Answered, expected: ExpectedStatus = {}): SeenCacheStatus {
  const status = cacheStatusOf(answered);
  const { hit, fwd, stored, ttl } = status;
  // Where the handler has failed, a ttl is that of what answered in its stead; not below 0 if it was invalidated early.
  const isInstead = fwd === 'stale' && !stored && ttl !== undefined;
  const isStale = isInstead || (hit && ttl !== undefined && ttl < 0);
  if (!isStale) throw failure('a stale answer', status, { fwd: 'stale' }, expectStale);
  return compare(status, expected, expectStale);
}

/**
 * Fails unless a request was let past the cache: `when`, `neverCache()`, a paused cache, a method that is not cached.
 *
 * @example
 * ```ts
 * expectBypass(await request(server).get('/cities/7').set('Cookie', 'preview=1'));
 * ```
 */
export function expectBypass(answered: Answered, expected: ExpectedStatus = {}): SeenCacheStatus {
  const status = cacheStatusOf(answered);
  if (!isPast(status)) throw failure('a request that is let past the cache', status, { fwd: 'bypass' }, expectBypass);
  return compare(status, expected, expectBypass);
}

function missed(status: SeenCacheStatus, expected: ExpectedStatus, by: Expect): SeenCacheStatus {
  if (status.hit || status.collapsed) throw failure('a miss, but the handler did not run', status, { hit: false }, by);
  if (isPast(status)) throw failure(`a miss, but ${why(status)}`, status, { fwd: 'miss' }, by);
  return compare(status, expected, by);
}

function isPast({ fwd }: SeenCacheStatus): boolean {
  return fwd === 'bypass' || fwd === 'method' || fwd === 'partial';
}

function why(status: SeenCacheStatus): string {
  const because = status.fwd === undefined ? undefined : BECAUSE[status.fwd];
  return `${because ?? 'it does not say why'}${detailOf(status)}`;
}

function detailOf({ detail }: SeenCacheStatus): string {
  return detail === undefined ? '' : ` (${detail})`;
}

type Expect = (answered: Answered, expected?: ExpectedStatus) => SeenCacheStatus;

function compare(status: SeenCacheStatus, expected: ExpectedStatus, by: Expect): SeenCacheStatus {
  for (const [name, value] of Object.entries(expected) as [keyof ExpectedStatus, unknown][]) {
    if (value === undefined || status[name] === value) continue;
    throw failure(`${name} to be ${show(value)}, and it is ${show(status[name])}`, status, { [name]: value }, by);
  }
  return status;
}

function show(value: unknown): string {
  return value === undefined ? 'not said' : String(value);
}

function failure(
  what: string,
  status: SeenCacheStatus,
  expected: Readonly<Record<string, unknown>>,
  stackStartFn: Expect,
): AssertionError {
  const actual = Object.fromEntries(Object.keys(expected).map((name) => [name, status[name as keyof SeenCacheStatus]]));
  const message = `expected ${what}. Cache-Status: ${status.field}`;
  return new AssertionError({ message, actual, expected, operator: stackStartFn.name, stackStartFn });
}
