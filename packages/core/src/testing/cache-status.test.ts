import { AssertionError } from 'node:assert';
import { describe, expect, it } from '@jest/globals';
import { cacheStatusWriter } from '../http/cache-status.js';
import { type Answered, cacheStatusOf } from './cache-status.js';

const HIT = 'viewcache; hit; ttl=297';

describe('cacheStatusOf (RFC 9211)', () => {
  it.each<[string, Answered]>([
    ['a fetch Response', new Response('', { headers: { 'Cache-Status': HIT } })],
    ['a Headers', new Headers({ 'cache-status': HIT })],
    ['an object with lower-case headers', { headers: { 'cache-status': HIT } }],
    ['an object with headers as they were written', { headers: { 'Cache-Status': HIT } }],
    ['headers alone', { 'Cache-Status': HIT }],
    ['a list of field lines', { headers: { 'cache-status': ['proxy; fwd=miss', HIT] } }],
    ['a Map', new Map([['cache-status', HIT]])],
  ])('reads %s', (_what, answered) => {
    expect(cacheStatusOf(answered)).toMatchObject({ hit: true, ttl: 297, fwd: undefined, stored: false });
  });

  it('reads every parameter back that is ever written', () => {
    const detail = 'input header cookie "x"; hit';
    const key = 'GET http://localhost/a?b, viewcache; hit';
    const said = { fwd: 'stale', fwdStatus: 503, stored: true, collapsed: true, ttl: -12, key, detail } as const;
    const field = cacheStatusWriter('viewcache').write(said);
    expect(cacheStatusOf({ 'cache-status': field })).toEqual({ hit: false, ...said, field });
  });

  it.each([
    // What is nearest to the client comes last (§2).
    ['viewcache; fwd=uri-miss, viewcache; hit', 'viewcache', true],
    ['viewcache; fwd=uri-miss; key="a, viewcache; hit", cdn; hit', 'viewcache', false],
    ['viewcache; fwd=uri-miss, "my cdn"; hit', 'my cdn', true],
    ['viewcache; hit=?0', 'viewcache', false],
    ['viewcache; hit; fwd=stale', 'viewcache', false],
    ['(viewcache other); hit, viewcache; fwd=miss', 'viewcache', false],
  ])('of %j reads what %s says', (field, cache, hit) => {
    expect(cacheStatusOf({ headers: { 'cache-status': field } }, cache).hit).toBe(hit);
  });

  it.each<[unknown, RegExp]>([
    [{ headers: {} }, /no Cache-Status: no cachePage is in front/],
    [new Response(''), /no Cache-Status/],
    [{ 'cache-status': 'cdn; hit' }, /no word of viewcache: cdn; hit/],
    [{ 'cache-status': 'viewcache; hit,' }, /not what RFC 9211 allows: viewcache; hit,/],
    [{ 'cache-status': 'viewcache hit' }, /not what RFC 9211 allows/],
  ])('fails for %p', (answered, message) => {
    expect(() => cacheStatusOf(answered as Answered)).toThrow(AssertionError);
    expect(() => cacheStatusOf(answered as Answered)).toThrow(message);
  });

  it.each<[unknown, RegExp]>([
    [undefined, /undefined is not a response/],
    [null, /null is not a response/],
    [HIT, /string is not a response/],
    [Promise.resolve({}), /await it first/],
  ])('says what is wrong with %p', (answered, message) => {
    expect(() => cacheStatusOf(answered as Answered)).toThrow(message);
  });
});
