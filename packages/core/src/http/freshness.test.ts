import { describe, expect, it } from '@jest/globals';
import { parseCacheControl } from './cache-control.js';
import {
  currentAgeMs,
  explicitLifetimeMs,
  forbidsStale,
  heuristicLifetimeMs,
  initialAgeMs,
  isAcceptable,
  isFresh,
} from './freshness.js';
import { formatHttpDate } from './http-date.js';

const date = Date.UTC(2026, 0, 1);
const hour = 3_600_000;
const inAnHour = formatHttpDate(date + hour);
const anHourAgo = formatHttpDate(date - hour);

describe('freshness lifetime (RFC 9111 §4.2.1)', () => {
  it.each([
    ['s-maxage over max-age', 's-maxage=10, max-age=60', undefined, 10_000],
    ['s-maxage over max-age, also when it is longer', 'max-age=1, s-maxage=3600', undefined, hour],
    ['max-age over Expires', 'max-age=60', inAnHour, 60_000],
    ['max-age over an Expires in the past', 'max-age=60', anHourAgo, 60_000],
    ['max-age over an Expires that is no date', 'max-age=60', '0', 60_000],
    ['max-age=0 over an Expires to come', 'max-age=0', inAnHour, 0],
    ['an invalid max-age over an Expires to come', "max-age='60'", inAnHour, 0],
    ['Expires minus Date', '', inAnHour, hour],
    ['nothing of an Expires in the past', '', anHourAgo, 0],
    ['nothing of an Expires that is no date', '', 'tomorrow', 0],
    ['nothing of Expires: 0', '', 0, 0],
    ['the first of two Expires', '', [inAnHour, anHourAgo], hour],
    ['the first of two Expires, also when it is past', '', [anHourAgo, inAnHour], 0],
    ['no lifetime from public', 'public, must-revalidate', undefined, undefined],
    ['no lifetime from nothing', '', undefined, undefined],
  ])('takes %s', (_, cacheControl, expires, lifetime) => {
    expect(explicitLifetimeMs(parseCacheControl(cacheControl), expires, date)).toBe(lifetime);
  });
});

describe('heuristic freshness (RFC 9111 §4.2.2)', () => {
  const limits = { fraction: 0.1, maxMs: 24 * hour };
  const none = parseCacheControl(undefined);

  it('is a fraction of the time since Last-Modified, up to a limit', () => {
    expect(heuristicLifetimeMs(200, none, date - 10 * hour, date, limits)).toBeCloseTo(hour);
    expect(heuristicLifetimeMs(200, none, 0, date, limits)).toBe(24 * hour);
  });

  it.each([201, 202, 403, 502, 503, 504, 599])('is never assumed for %i', (status) => {
    expect(heuristicLifetimeMs(status, none, 0, date, limits)).toBeUndefined();
    expect(heuristicLifetimeMs(status, parseCacheControl('public'), 0, date, limits)).toBe(24 * hour);
  });

  it('is not assumed without Last-Modified, or with one to come', () => {
    expect(heuristicLifetimeMs(200, none, undefined, date, limits)).toBeUndefined();
    expect(heuristicLifetimeMs(200, none, date + 1, date, limits)).toBeUndefined();
  });
});

describe('age (RFC 9111 §4.2.3)', () => {
  it.each([
    ['nothing', { age: 0, generatedAt: date, requestTime: date, responseTime: date }, 0],
    ['its Age', { age: 5, generatedAt: date, requestTime: date, responseTime: date }, 5000],
    ['its Date', { age: 0, generatedAt: date - 7000, requestTime: date, responseTime: date }, 7000],
    ['the greater of both', { age: 5, generatedAt: date - 7000, requestTime: date, responseTime: date }, 7000],
    ['its Age and the delay', { age: 5, generatedAt: date, requestTime: date - 3000, responseTime: date }, 8000],
    ['no less for a Date to come', { age: 5, generatedAt: date + hour, requestTime: date, responseTime: date }, 5000],
  ])('begins with %s', (_, sources, age) => {
    expect(initialAgeMs(sources)).toBe(age);
  });

  it('grows with the clock, and never shrinks when that is set back', () => {
    expect(currentAgeMs(5000, date, date + 10_000)).toBe(15_000);
    expect(currentAgeMs(5000, date, date - hour)).toBe(5000);
  });

  it('ends freshness when it reaches the lifetime, to the millisecond (§4.2)', () => {
    expect(isFresh(1000, 999)).toBe(true);
    expect(isFresh(1000, 1000)).toBe(false);
    expect(isFresh(Number.POSITIVE_INFINITY, 1e15)).toBe(true);
  });
});

describe('serving stale (RFC 9111 §4.2.4)', () => {
  it.each(['must-revalidate', 'proxy-revalidate', 'no-cache', 's-maxage=60'])('is forbidden by %s', (directive) => {
    expect(forbidsStale(parseCacheControl(`max-age=1, ${directive}`))).toBe(true);
  });

  it.each(['', 'max-age=1, stale-while-revalidate=5', 'no-cache="x"', 'public'])('is not forbidden by %j', (line) => {
    expect(forbidsStale(parseCacheControl(line))).toBe(false);
  });
});

describe('request directives (RFC 9111 §5.2.1)', () => {
  it.each([
    ['', 10_000, true, true],
    ['', 60_000, true, false],
    ['no-cache', 0, true, false],
    ['max-age=10', 10_000, true, true],
    ['max-age=10', 10_001, true, false],
    ['max-age=0', 0, true, true],
    ['min-fresh=20', 40_000, true, true],
    ['min-fresh=20', 40_001, true, false],
    ['max-stale', 999_000, true, true],
    ['max-stale', 999_000, false, false],
    ['max-stale=5', 65_000, true, true],
    ['max-stale=5', 65_001, true, false],
    ['max-stale=5, min-fresh=1', 62_000, true, false],
  ])('%j accepts an age of %i ms with a lifetime of a minute (stale allowed: %p): %p', (line, age, stale, expected) => {
    expect(isAcceptable(parseCacheControl(line), 60_000, age, stale)).toBe(expected);
  });
});
