import { describe, expect, it } from '@jest/globals';
import { CacheKey } from '../engine/cache-key.js';
import { ROOT, spaceIn, ValueKey } from '../values/value-key.js';
import { shownKeys } from './shown-keys.js';

const rules = { keyPrefix: '', space: '', isIgnored: () => false };
const keyOf = (url: string, own?: string, more: { host?: string; rewritten?: string; prefix?: string } = {}) => {
  const { host = 'shop.example', rewritten = '', prefix = '' } = more;
  const target = { method: 'GET', scheme: 'https', host, url, rewritten, beside: '' };
  return new CacheKey(target, { ...rules, keyPrefix: prefix }, own).text;
};
const SHOP = 'GET https://shop.example';

describe('keys of views in advice', () => {
  it.each([
    ['what differs in a query', ['/s?_=1&q=tea', '/s?_=2&q=tea'], [`${SHOP}/s?_=<differs>&q=…`]],
    [
      'a parameter that is not always there',
      ['/s?q=tea', '/s?_=2&q=tea'],
      [`${SHOP}/s?q=…`, `${SHOP}/s?_=<differs>&q=…`],
    ],
    ['a query without names', ['/s?SECRET1', '/s?SECRET2'], [`${SHOP}/s?(1 other) <differs>`]],
    ['what is no name of anybody’s', ['/s?SECRET%201=x'], [`${SHOP}/s?(1 other) …`]],
    [
      'how many have names that are not usual',
      ['/s?q=tea&SECRET=1&b=2', '/s?Token=3&SECRETS=1&b=2'],
      [`${SHOP}/s?q=<differs>&(2 others) <differs>`, `${SHOP}/s?Token=<differs>&(2 others) <differs>`],
    ],
    ['a path', ['/cities/7', '/cities/vienna'], [`${SHOP}/cities/7`, `${SHOP}/cities/vienna`]],
    ['a token in a path', ['/reset/0123456789abcdef', '/reset/fedcba9876543210'], [`${SHOP}/reset/<differs>`]],
    ['escapes of terminals', ['/s?q=\u001b[31m', '/\u001b[31m'], [`${SHOP}/s?q=<differs>`, `${SHOP}/\\u001b[31m`]],
  ])('have %s', (_what, urls, expected) => {
    expect(shownKeys(urls.map((url) => keyOf(url)))).toEqual(expected);
  });

  it('have nothing of what options and selecting headers add but its names', () => {
    const secrets = ['Bearer SECRET1', 'Bearer SECRET2', '\n~SECRET=3:SECRET\n=9:SECRET'];
    const keys = secrets.map(
      (own) => `${keyOf('/me', own, { prefix: 'v2' })}\n~accept=3:*/*\n~dnt\n~x-token=${own.length}:${own}`,
    );
    expect(shownKeys(keys)).toEqual([`${SHOP}/me, key <differs>, accept …, dnt …, x-token <differs>`]);
    const rewritten = shownKeys([keyOf('/me', 'SECRET', { rewritten: '/SECRET\n~SECRET=' })]);
    expect(rewritten).toEqual([`${SHOP}/me, rewritten …, key …`]);
    const inner = ['/a?_=1', '/a?_=2'].map((url) => keyOf(url, undefined, { rewritten: `${url}\n>inner` }));
    expect(shownKeys(inner)).toEqual([`${SHOP}/a?_=<differs>, inner view`]);
    const both = shownKeys([keyOf('/me', undefined, { rewritten: '/SECRET\n>inner' })]);
    expect(both).toEqual([`${SHOP}/me, rewritten …`]);
  });

  it('have no host that no browser sends, and none with a login', () => {
    const hosts = ['user:SECRET@shop.example', 'shop.example/SECRET', 'SECRET\n=6:SECRET'];
    expect(shownKeys(hosts.map((host) => keyOf('/', undefined, { host })))).toEqual(['GET <differs>']);
  });

  it('are cut', () => {
    expect(shownKeys([keyOf(`/${'x'.repeat(5_000)}`)])[0]).toHaveLength(100);
  });
});

describe('keys of values in advice', () => {
  const valueKey = (own: string, space = ROOT, version?: number) => new ValueKey(space, own, version).text;

  it.each([
    ['what they are of', [valueKey('session:SECRET1'), valueKey('session:SECRET2')], ['session:<differs>']],
    ['short numbers', [valueKey('page:17'), valueKey('page:18')], ['page:17', 'page:18']],
    ['their namespace', [valueKey('user:SECRET › ', spaceIn(ROOT, 'cart'), 2)], ['cart › user:…']],
    ['nothing where it may be anything', [valueKey('SECRET › x'), valueKey('0123456789abcdef:1')], ['<differs>']],
    ['nothing of half a character', [valueKey('SECRET\ud800')], ['…']],
  ])('have %s', (_what, keys, expected) => {
    expect(shownKeys(keys)).toEqual(expected);
  });
});
