import { describe, expect, it } from '@jest/globals';
import { ConfigError } from '@viewcache/core';
import { fillPath } from './fill-path.js';

describe('the pattern of a path', () => {
  it.each([
    ['/cities/:id', { id: 7 }, '/cities/7'],
    ['/cities/:id/x/:other', { id: 'a/b', other: 'a b' }, '/cities/a%2Fb/x/a%20b'],
    ['/files/*path', { path: 'a/b c/d' }, '/files/a/b%20c/d'],
    ['/files/{*path}', { path: 'a' }, '/files/a'],
    ['/cities', { lang: 'de', page: 2, no: undefined }, '/cities?lang=de&page=2'],
  ])('%s is filled in', (pattern, params, expected) => {
    expect(fillPath('Cities.findOne', pattern, params)).toBe(expected);
  });

  it.each(['/cities/:id', '/cities/:id?', '/files/*', '/a{/b}', '/(a|b)', '/ab?cd'])('%s is not', (pattern) => {
    expect(() => fillPath('Cities.findOne', pattern, {})).toThrow(ConfigError);
  });

  it.each(['', '.', '..', 'a/../b'])('takes nothing that leads elsewhere: %j', (path) => {
    expect(() => fillPath('Files.read', '/files/*path', { path })).toThrow(ConfigError);
  });
});
