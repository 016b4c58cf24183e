import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { type CacheStatus, cacheStatusWriter } from './cache-status.js';
import { anyText } from './text.test.support.js';

const writer = cacheStatusWriter('viewcache');

describe('Cache-Status (RFC 9211 §2)', () => {
  it.each<[CacheStatus, string]>([
    [{}, 'viewcache'],
    [{ hit: true, ttl: 293 }, 'viewcache; hit; ttl=293'],
    [{ fwd: 'uri-miss', stored: true }, 'viewcache; fwd=uri-miss; stored'],
    [{ fwd: 'vary-miss', fwdStatus: 304, collapsed: true }, 'viewcache; fwd=vary-miss; fwd-status=304; collapsed'],
    [{ fwd: 'stale', ttl: -5, stored: false }, 'viewcache; fwd=stale; ttl=-5'],
    [{ fwd: 'uri-miss', detail: 'set-cookie' }, 'viewcache; fwd=uri-miss; detail=set-cookie'],
    [{ hit: true, fwd: 'stale' }, 'viewcache; fwd=stale'],
    [{ hit: true, key: 'GET http://a/?q="x"\\' }, 'viewcache; hit; key="GET http://a/?q=\\"x\\"\\\\"'],
    [{ detail: 'two words' }, 'viewcache; detail="two words"'],
    [{ detail: '' }, 'viewcache; detail=""'],
    [{ detail: '1st' }, 'viewcache; detail="1st"'],
  ])('writes %j as %s', (status, expected) => {
    expect(writer.write(status)).toBe(expected);
  });

  it.each([
    [293, '293'],
    [0, '0'],
    [-0.5, '-1'],
    [1.9, '1'],
    [-0, '0'],
    [1e15, '999999999999999'],
    [Number.NEGATIVE_INFINITY, '-999999999999999'],
    [Number.NaN, '0'],
  ])('writes a hit with ttl %p', (ttl, expected) => {
    expect(writer.hit(ttl)).toBe(`viewcache; hit; ttl=${expected}`);
  });

  it('leaves the ttl of what never ends out', () => {
    expect(writer.hit(Number.POSITIVE_INFINITY)).toBe('viewcache; hit');
    expect(writer.write({ hit: true, ttl: Number.POSITIVE_INFINITY })).toBe('viewcache; hit');
  });

  it('quotes a cache name that is no token', () => {
    expect(cacheStatusWriter('my cache').hit(1)).toBe('"my cache"; hit; ttl=1');
  });
});

describe('strings (RFC 8941 §3.3.3)', () => {
  it.each([
    ['a\r\nSet-Cookie: x', '"a%0D%0ASet-Cookie: x"'],
    ['Zürich', '"Z%C3%BCrich"'],
    ['\ud800', '"%EF%BF%BD"'],
    ['😀', '"%F0%9F%98%80"'],
    ['\0\x7f', '"%00%7F"'],
  ])('writes %j as %s', (key, expected) => {
    expect(writer.write({ key })).toBe(`viewcache; key=${expected}`);
  });

  it('cuts long values', () => {
    expect(writer.write({ key: '😀'.repeat(5000) }).length).toBeLessThan(2000);
    expect(writer.write({ detail: 'a'.repeat(5000) }).length).toBeLessThan(300);
  });

  it('lets nothing break out, and says the same thing back', () => {
    const text = fc.oneof(anyText(), fc.string({ unit: fc.constantFrom('"', '\\', ';', ',', 'a') }));
    const string = /^"((?:[\x20\x21\x23-\x5b\x5d-\x7e]|\\["\\])*)"$/;
    fc.assert(
      fc.property(text, (key) => {
        const written = writer.write({ key }).slice('viewcache; key='.length);
        const content = string.exec(written)?.[1];
        expect(content).toBeDefined();
        if (/^[\x20-\x7e]*$/.test(key)) expect(content?.replace(/\\(.)/g, '$1')).toBe(key);
      }),
    );
  });

  it('writes details as tokens only where the grammar allows', () => {
    const token = /^[A-Za-z*][!#$%&'*+\-.^_`|~0-9A-Za-z:/]*$/;
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme-ascii', maxLength: 20 }), (detail) => {
        const written = writer.write({ detail }).slice('viewcache; detail='.length);
        expect(written.startsWith('"')).toBe(!token.test(detail));
      }),
    );
  });
});
