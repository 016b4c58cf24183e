import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { NO_CACHE_CONTROL, parseCacheControl } from './cache-control.js';
import { type CacheControlDirectives, formatCacheControl } from './cache-control-format.js';
import { anyText } from './text.test.support.js';

describe('Cache-Control grammar (RFC 9111 §5.2)', () => {
  it.each([
    ['MaX-aGe=60', { maxAge: 60 }],
    ['No-StOrE', { noStore: true }],
    ['PRIVATE, Max-Age=60', { private: true, maxAge: 60 }],
    ['max-age=60,s-maxage=10', { maxAge: 60, sMaxage: 10 }],
    [' ,, max-age=60 ,\t, public , ', { maxAge: 60, public: true }],
    [
      'must-revalidate, proxy-revalidate, must-understand',
      { mustRevalidate: true, proxyRevalidate: true, mustUnderstand: true },
    ],
    ['no-transform, immutable', { noTransform: true, immutable: true }],
    ['stale-while-revalidate=5, stale-if-error=6', { staleWhileRevalidate: 5, staleIfError: 6 }],
    ['only-if-cached, min-fresh=4', { onlyIfCached: true, minFresh: 4 }],
    ['foobar, max-age=60, x=y', { maxAge: 60 }],
    ['no-store=please', { noStore: true }],
    ['private-ish, no-storey', {}],
    ['', {}],
  ])('reads %j', (line, expected) => {
    expect(parseCacheControl(line)).toEqual({ ...NO_CACHE_CONTROL, ...expected });
  });

  it.each([
    ['extension="max-age=3600", max-age=1', 1],
    ['max-age=1, extension="max-age=3600"', 1],
    ['extension="a, max-age=3600, b", max-age=1', 1],
    ['extension="a\\", max-age=3600", max-age=1', 1],
    ['extension= "a, max-age=3600, b", max-age=1', 1],
    ['extension="max-age=3600"', undefined],
  ])('sees no directive inside the quoted string of %j', (line, maxAge) => {
    expect(parseCacheControl(line).maxAge).toBe(maxAge);
  });

  it('reads what follows a quote that is never closed', () => {
    expect(parseCacheControl('x="oops, no-store, private')).toMatchObject({ noStore: true, private: true });
  });

  it('takes repeated lines together', () => {
    expect(parseCacheControl(['max-age=60', 'PRIVATE', 's-maxage=1'])).toMatchObject({
      maxAge: 60,
      private: true,
      sMaxage: 1,
    });
  });

  it('says nothing for an absent field', () => {
    expect(parseCacheControl(undefined)).toBe(NO_CACHE_CONTROL);
    expect(parseCacheControl([])).toEqual(NO_CACHE_CONTROL);
  });
});

describe('delta-seconds (RFC 9111 §1.2.2, §4.2.1)', () => {
  it.each([
    ['max-age=0', 0],
    ['max-age=003600', 3600],
    ['max-age="3600"', 3600],
    ['max-age=2147483648', 2_147_483_648],
    ['max-age=99999999999', 2_147_483_648],
    [`max-age=${'9'.repeat(400)}`, 2_147_483_648],
    ["max-age='3600'", 0],
    ['max-age=-100', 0],
    ['max-age=+100', 0],
    ['max-age=3600.0', 0],
    ['max-age=1e3', 0],
    ['max-age=a3600', 0],
    ['max-age=3600a', 0],
    ['max-age=', 0],
    ['max-age', 0],
    ['max-age =3600', 0],
    ['max-age= 3600', 0],
    ['max-age="3600', 0],
    ['max-age=٣', 0],
  ])('reads %j as %p', (line, seconds) => {
    expect(parseCacheControl(line).maxAge).toBe(seconds);
  });

  it('takes the first of several values', () => {
    expect(parseCacheControl('max-age=1, max-age=1800').maxAge).toBe(1);
    expect(parseCacheControl(['max-age=x', 'max-age=1800']).maxAge).toBe(0);
  });

  it('reads max-stale without a value as any staleness (§5.2.1.2)', () => {
    expect(parseCacheControl('max-stale').maxStale).toBe(Number.POSITIVE_INFINITY);
    expect(parseCacheControl('max-stale=10').maxStale).toBe(10);
    expect(parseCacheControl('max-stale=x').maxStale).toBe(0);
  });
});

describe('no-cache and private with field names (RFC 9111 §5.2.2.4, §5.2.2.7)', () => {
  it.each([
    ['no-cache="Set-Cookie, X-User"', ['set-cookie', 'x-user']],
    ['no-cache=set-cookie', ['set-cookie']],
    ['no-cache="a", no-cache="b"', ['a', 'b']],
    ['no-cache="a", no-cache', true],
    ['no-cache, no-cache="a"', true],
    ['no-cache=""', true],
    ['no-cache=', true],
    ['no-cache =a', true],
    ['no-cache="a b"', true],
    ['no-cache="a, b', true],
  ])('reads %j as %j', (line, expected) => {
    expect(parseCacheControl(line).noCache).toEqual(expected);
    expect(parseCacheControl(line.replaceAll('no-cache', 'Private')).private).toEqual(expected);
  });
});

describe('parseCacheControl, whatever it is given', () => {
  it('takes more field names than a response has fields for all of them, rather than time', () => {
    const field = Array.from({ length: 50_000 }, (_, i) => `private="x-${i}"`).join(', ');
    expect(parseCacheControl(field).private).toBe(true);
    expect(parseCacheControl('private="a", private="b"').private).toEqual(['a', 'b']);
  });

  const pieces = fc.constantFrom(
    ',',
    '"',
    '\\',
    '=',
    ' ',
    '\t',
    'max-age',
    'private',
    'no-store',
    '60',
    "'",
    'é',
    '\0',
  );
  const hostile = fc.oneof(
    anyText(),
    fc.array(pieces).map((parts) => parts.join('')),
  );

  it('never throws, and yields whole seconds from 0 to 2^31', () => {
    fc.assert(
      fc.property(fc.oneof(hostile, fc.array(hostile)), (field) => {
        const { maxAge } = parseCacheControl(field);
        expect(maxAge === undefined || (Number.isInteger(maxAge) && maxAge >= 0 && maxAge <= 2 ** 31)).toBe(true);
      }),
    );
  });

  it('finds no-store among any other members outside quotes', () => {
    const member = fc.constantFrom('max-age=1', 'x="a, b"', 'public', 'y', '', 'z="\\""', 'w=1');
    fc.assert(
      fc.property(fc.array(member), fc.array(member), (before, after) => {
        expect(parseCacheControl([...before, 'No-Store', ...after].join(',')).noStore).toBe(true);
      }),
    );
  });

  it('reads back what formatCacheControl wrote', () => {
    const seconds = fc.nat(2 ** 31 - 1);
    const fields = fc.oneof(fc.constant(true), fc.array(fc.constantFrom('set-cookie', 'x-a', '*!'), { minLength: 1 }));
    const directives: fc.Arbitrary<CacheControlDirectives> = fc.record(
      {
        private: fields,
        noCache: fields,
        maxAge: seconds,
        mustUnderstand: fc.constant(true),
        noTransform: fc.constant(true),
        immutable: fc.constant(true),
        proxyRevalidate: fc.constant(true),
        staleWhileRevalidate: seconds,
        staleIfError: seconds,
      },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(directives, (given) => {
        expect(parseCacheControl(formatCacheControl(given))).toEqual({ ...NO_CACHE_CONTROL, ...given });
      }),
    );
  });
});
