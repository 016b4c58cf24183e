import { describe, expect, it } from '@jest/globals';
import { ConfigError } from '../base/errors.js';
import { isIgnoredByDefault, readIgnoredQuery } from './ignored-query.js';

describe('isIgnoredByDefault', () => {
  it.each(['utm_source', 'utm_', 'gclid', 'fbclid', 'msclkid', '_ga', '_gl', 'mc_eid'])('ignores %s', (name) => {
    expect(isIgnoredByDefault(name)).toBe(true);
  });

  it.each(['utm', 'UTM_source', 'q', '', 'gclid2', 'xgclid', '_gat', 'ref', 'page'])('does not ignore %j', (name) => {
    expect(isIgnoredByDefault(name)).toBe(false);
  });
});

describe('readIgnoredQuery', () => {
  it('replaces the default list', () => {
    const isIgnored = readIgnoredQuery('ignoreQuery', ['ref', 'x_*']);
    expect(['ref', 'x_', 'x_y', 'reference', 'utm_source', 'x'].map(isIgnored)).toEqual([
      ...[true, true, true, false, false, false],
    ]);
    expect(readIgnoredQuery('ignoreQuery', undefined)).toBe(isIgnoredByDefault);
    expect(readIgnoredQuery('ignoreQuery', [])('utm_source')).toBe(false);
  });

  it.each([['*'], ['a*b'], ['**'], [''], [5]])('refuses %j', (name) => {
    expect(() => readIgnoredQuery('cachePage.ignoreQuery', ['q', name])).toThrow(ConfigError);
    expect(() => readIgnoredQuery('cachePage.ignoreQuery', ['q', name])).toThrow(/^cachePage\.ignoreQuery: /);
  });
});
