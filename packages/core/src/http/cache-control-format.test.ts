import { describe, expect, it } from '@jest/globals';
import { type CacheControlDirectives, formatCacheControl } from './cache-control-format.js';

describe('formatCacheControl (RFC 9111 §5.2.2, RFC 5861, RFC 8246)', () => {
  it.each<[CacheControlDirectives, string]>([
    [{}, ''],
    [{ noStore: false, maxAge: 60 }, 'max-age=60'],
    [
      { staleIfError: 2, maxAge: 60, public: true, sMaxage: 0, immutable: true, staleWhileRevalidate: 1 },
      'public, max-age=60, s-maxage=0, immutable, stale-while-revalidate=1, stale-if-error=2',
    ],
    [
      { private: true, noCache: true, noStore: true, maxAge: 0, mustRevalidate: true },
      'private, no-cache, no-store, max-age=0, must-revalidate',
    ],
    [{ private: ['Set-Cookie', 'x-user'], public: true }, 'public, private="set-cookie, x-user"'],
    [{ noCache: ['set-cookie'] }, 'no-cache="set-cookie"'],
    [{ mustUnderstand: true, noStore: true, maxAge: 60 }, 'no-store, max-age=60, must-understand'],
    [{ proxyRevalidate: true, noTransform: true }, 'proxy-revalidate, no-transform'],
    [{ maxAge: 1e12 }, 'max-age=2147483648'],
  ])('writes %j as %j', (directives, expected) => {
    expect(formatCacheControl(directives)).toBe(expected);
  });

  it.each<[unknown, RegExp]>([
    [{ public: true, private: true }, /public and private/],
    [{ private: true, sMaxage: 60 }, /sMaxage/],
    [{ noStore: true, maxAge: 60 }, /maxAge/],
    [{ noStore: true, public: true }, /noStore and public/],
    [{ mustRevalidate: true, staleIfError: 60 }, /staleIfError/],
    [{ maxAge: -1 }, /maxAge/],
    [{ maxAge: 1.5 }, /maxAge/],
    [{ maxAge: Number.NaN }, /maxAge/],
    [{ maxAge: Number.POSITIVE_INFINITY }, /maxAge/],
    [{ maxAge: '60' }, /maxAge/],
    [{ maxAge: true }, /maxAge/],
    [{ maxage: 60 }, /maxage is not a directive/],
    [{ constructor: true }, /constructor is not a directive/],
    [{ public: 'yes' }, /public/],
    [{ public: ['a'] }, /public/],
    [{ private: [] }, /private/],
    [{ private: 'set-cookie' }, /private/],
    [{ noCache: ['a"\r\nset-cookie: x'] }, /noCache/],
  ])('refuses %j', (directives, message) => {
    expect(() => formatCacheControl(directives as CacheControlDirectives)).toThrow(TypeError);
    expect(() => formatCacheControl(directives as CacheControlDirectives)).toThrow(message);
  });
});
