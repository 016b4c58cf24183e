import { describe, expect, it } from '@jest/globals';
import { parseCacheControl } from './cache-control.js';
import { isHopByHop, isStoredField, withheldFields } from './hop-by-hop.js';

const none = parseCacheControl(undefined);

describe('fields that are not stored (RFC 9111 §3.1)', () => {
  it.each([
    'connection',
    'keep-alive',
    'proxy-authenticate',
    'proxy-authentication-info',
    'proxy-authorization',
    'proxy-connection',
    'te',
    'trailer',
    'transfer-encoding',
    'upgrade',
  ])('leaves %s out', (name) => {
    expect(isHopByHop(name)).toBe(true);
    expect(isStoredField(name, withheldFields(undefined, none))).toBe(false);
  });

  it.each(['content-type', 'set-cookie', 'content-security-policy', 'etag', 'x-a'])('keeps %s', (name) => {
    expect(isStoredField(name, withheldFields(undefined, none))).toBe(true);
  });

  it.each([
    ['close, X-A', none],
    [['close', 'x-b,x-a'], none],
    [undefined, parseCacheControl('private="X-A"')],
    [undefined, parseCacheControl('no-cache="x-b, X-A", max-age=1')],
    ['close', parseCacheControl('no-cache="x-a"')],
  ])('leaves out what Connection %j and the directives name', (connection, cacheControl) => {
    const withheld = withheldFields(connection, cacheControl);
    expect(isStoredField('x-a', withheld)).toBe(false);
    expect(isStoredField('x-c', withheld)).toBe(true);
  });
});
