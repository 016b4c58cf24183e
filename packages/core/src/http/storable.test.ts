import { describe, expect, it } from '@jest/globals';
import { parseCacheControl } from './cache-control.js';
import {
  type Exchange,
  isHeuristicallyCacheable,
  type NotStoredReason,
  type StandardPolicy,
  type ViewPolicy,
  whyNotStored,
  whyNotStoredByStandard,
} from './storable.js';

function exchange(changes: Omit<Partial<Exchange>, 'cacheControl'> & { cacheControl?: string } = {}): Exchange {
  return {
    method: 'GET',
    status: 200,
    vary: [],
    hasSetCookie: false,
    hasAuthorization: false,
    hasContentRange: false,
    ...changes,
    cacheControl: parseCacheControl(changes.cacheControl),
  };
}

const view: ViewPolicy = { ttlMs: 300_000 };
const standard: StandardPolicy = { lifetimeMs: 60_000, hasValidator: false };

describe('what no profile stores (RFC 9111 §3)', () => {
  it.each<[NotStoredReason | undefined, Parameters<typeof exchange>[0]]>([
    [undefined, {}],
    ['method', { method: 'HEAD' }],
    ['method', { method: 'HEAD', isKeyed: true }],
    ['method', { method: 'POST' }],
    ['method', { method: 'get' }],
    [undefined, { method: 'POST', isKeyed: true }],
    ['partial', { status: 206 }],
    ['status', { status: 103 }],
    ['status', { status: 304 }],
    ['status', { status: 600 }],
    ['status', { status: Number.NaN }],
    ['private', { cacheControl: 'Private, max-age=60' }],
    ['private', { cacheControl: 'public, PRIVATE' }],
    [undefined, { cacheControl: 'private="x-user", max-age=60' }],
    ['no-store', { cacheControl: 'max-age=60, No-Store' }],
    ['no-cache', { cacheControl: 'max-age=60, NO-CACHE' }],
    [undefined, { cacheControl: 'no-cache="x-user", max-age=60' }],
    ['vary-star', { vary: '*' }],
    [undefined, { vary: ['accept'] }],
    ['set-cookie', { hasSetCookie: true }],
    ['set-cookie', { hasSetCookie: true, cacheControl: 'public, max-age=60' }],
    ['no-store', { requestNoStore: true }],
    ['authorization', { hasAuthorization: true }],
    ['authorization', { hasAuthorization: true, cacheControl: 'max-age=60, proxy-revalidate, immutable' }],
    [undefined, { hasAuthorization: true, cacheControl: 'public' }],
    [undefined, { hasAuthorization: true, cacheControl: 's-maxage=60' }],
    [undefined, { hasAuthorization: true, cacheControl: 'must-revalidate' }],
    ['private', { hasAuthorization: true, cacheControl: 'private, must-revalidate' }],
  ])('%s for %j', (reason, changes) => {
    expect(whyNotStored(exchange(changes), view)).toBe(reason);
    expect(whyNotStoredByStandard(exchange(changes), standard)).toBe(reason);
  });
});

describe('the view profile', () => {
  it.each([201, 203, 204, 301, 404, 500])('stores no %i unless it is asked to', (status) => {
    expect(whyNotStored(exchange({ status }), view)).toBe('status');
    expect(whyNotStored(exchange({ status }), { ...view, statuses: new Set([status]) })).toBeUndefined();
  });

  it('stores no 206 and no 304 even when asked to', () => {
    const statuses = new Set([206, 304]);
    expect(whyNotStored(exchange({ status: 206 }), { ...view, statuses })).toBe('partial');
    expect(whyNotStored(exchange({ status: 304 }), { ...view, statuses })).toBe('status');
  });

  it.each([
    ['max-age=0', 'ttl'],
    ['s-maxage=0', 'ttl'],
    ['s-maxage=0, max-age=60', 'ttl'],
    ['s-maxage=60, max-age=0', undefined],
    ['max-age=-5', 'ttl'],
    ['max-age=1', undefined],
  ])('obeys a lifetime of zero: %s', (cacheControl, reason) => {
    expect(whyNotStored(exchange({ cacheControl }), view)).toBe(reason);
  });

  it.each([0, -1, Number.NaN])('stores nothing with a ttl of %p', (ttlMs) => {
    expect(whyNotStored(exchange(), { ttlMs })).toBe('ttl');
  });

  it('obeys no-store beside must-understand', () => {
    expect(whyNotStored(exchange({ cacheControl: 'no-store, must-understand' }), view)).toBe('no-store');
  });
});

describe('the standard profile', () => {
  it.each([200, 201, 202, 203, 204, 299, 301, 302, 303, 307, 308, 400, 403, 404, 410, 499, 500, 502, 503, 504, 599])(
    'stores %i with explicit freshness',
    (status) => {
      expect(whyNotStoredByStandard(exchange({ status }), standard)).toBeUndefined();
    },
  );

  it.each([428, 429, 431, 511])('never stores %i (RFC 6585)', (status) => {
    expect(whyNotStoredByStandard(exchange({ status }), standard)).toBe('status');
  });

  it('stores nothing without freshness, or with none left', () => {
    expect(whyNotStoredByStandard(exchange(), { lifetimeMs: undefined, hasValidator: true })).toBe('freshness');
    expect(whyNotStoredByStandard(exchange(), { lifetimeMs: 0, hasValidator: true })).toBe('ttl');
  });

  it.each([
    [200, 'must-understand, no-store, max-age=60', undefined],
    [404, 'must-understand, max-age=60', undefined],
    [299, 'must-understand, max-age=60', 'must-understand'],
    [499, 'must-understand, no-store, max-age=60', 'must-understand'],
    [599, 'must-understand, max-age=60', 'must-understand'],
  ])('weighs must-understand for %i: %s (§5.2.2.3)', (status, cacheControl, reason) => {
    expect(whyNotStoredByStandard(exchange({ status, cacheControl }), standard)).toBe(reason);
  });

  it('stores what has to be validated only when asked to, and only with a validator', () => {
    const noCache = exchange({ cacheControl: 'no-cache' });
    const toValidate = { lifetimeMs: undefined, hasValidator: true, storeToValidate: true };
    expect(whyNotStoredByStandard(noCache, toValidate)).toBeUndefined();
    expect(whyNotStoredByStandard(noCache, { ...toValidate, hasValidator: false })).toBe('no-cache');
    expect(whyNotStoredByStandard(noCache, { ...toValidate, storeToValidate: false })).toBe('no-cache');
    expect(whyNotStoredByStandard(exchange(), toValidate)).toBeUndefined();
    expect(whyNotStoredByStandard(exchange({ status: 202 }), toValidate)).toBe('freshness');
    expect(whyNotStoredByStandard(exchange({ status: 202, cacheControl: 'public' }), toValidate)).toBeUndefined();
    expect(whyNotStoredByStandard(exchange(), { ...toValidate, lifetimeMs: 0 })).toBeUndefined();
  });
});

describe('heuristically cacheable statuses (RFC 9110 §15.1, RFC 7725)', () => {
  it.each([200, 203, 204, 300, 301, 308, 404, 405, 410, 414, 451, 501])('%i is one', (status) => {
    expect(isHeuristicallyCacheable(status)).toBe(true);
  });

  it.each([201, 202, 206, 302, 307, 403, 502, 503, 504, 599])('%i is none', (status) => {
    expect(isHeuristicallyCacheable(status)).toBe(false);
  });
});
