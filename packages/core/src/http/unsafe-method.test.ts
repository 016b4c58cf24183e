import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { anyText } from './text.test.support.js';
import { invalidatedBy, isSafeMethod } from './unsafe-method.js';

const targetUri = 'https://a.example/cities?page=2';
const post = { method: 'POST', targetUri, status: 200 };

describe('safe methods (RFC 9110 §9.2.1)', () => {
  it.each(['GET', 'HEAD', 'OPTIONS', 'TRACE', 'PROPFIND', 'REPORT', 'SEARCH', 'QUERY'])('%s is safe', (method) => {
    expect(isSafeMethod(method)).toBe(true);
    expect(invalidatedBy({ ...post, method })).toEqual([]);
  });

  it.each(['POST', 'PUT', 'DELETE', 'PATCH', 'MKCOL', 'FROBNICATE', 'get', ''])('%s is not', (method) => {
    expect(isSafeMethod(method)).toBe(false);
    expect(invalidatedBy({ ...post, method })).toEqual([targetUri]);
  });
});

describe('invalidation by an unsafe request (RFC 9111 §4.4)', () => {
  it.each([200, 201, 204, 301, 303, 399])('follows %i', (status) => {
    expect(invalidatedBy({ ...post, status })).toEqual([targetUri]);
  });

  it.each([100, 199, 400, 404, 500, 503])('does not follow %i', (status) => {
    expect(invalidatedBy({ ...post, status, location: '/x' })).toEqual([]);
  });

  it.each([
    ['/cities/7', 'https://a.example/cities/7'],
    ['7', 'https://a.example/7'],
    ['https://a.example:443/x#top', 'https://a.example/x'],
    ['HTTPS://A.EXAMPLE/x', 'https://a.example/x'],
    ['https://user:pw@a.example/x', 'https://a.example/x'],
    ['?page=3', 'https://a.example/cities?page=3'],
  ])('takes Location and Content-Location %j along', (reference, uri) => {
    expect(invalidatedBy({ ...post, location: reference })).toEqual([targetUri, uri]);
    expect(invalidatedBy({ ...post, contentLocation: reference })).toEqual([targetUri, uri]);
    expect(invalidatedBy({ ...post, location: reference, contentLocation: reference })).toEqual([targetUri, uri]);
  });

  it.each([
    'http://a.example/x',
    'https://b.example/x',
    'https://a.example:8443/x',
    '//b.example/x',
    '/\\b.example/x',
    'https://a.example@b.example/x',
    'https://a.example.b.example/x',
    'javascript:alert(1)',
    'data:,x',
    'https://[',
  ])('leaves %j alone: another origin', (location) => {
    expect(invalidatedBy({ ...post, location })).toEqual([targetUri]);
  });

  it.each(['/y', 'https://a.example/y'])('still invalidates a target URI that no parser understands', (location) => {
    expect(invalidatedBy({ ...post, targetUri: 'http://[/x', location })).toEqual(['http://[/x']);
  });

  it('never throws and never leaves the origin', () => {
    fc.assert(
      fc.property(fc.oneof(fc.webUrl(), anyText()), (location) => {
        for (const uri of invalidatedBy({ ...post, location })) expect(new URL(uri).origin).toBe('https://a.example');
      }),
    );
  });
});
