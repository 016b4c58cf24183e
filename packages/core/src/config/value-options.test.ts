import { describe, expect, it } from '@jest/globals';
import type { ValueDefaults, ValueOptions } from './value-option-types.js';
import { readValueOptions } from './value-options.js';

function read(given: ValueOptions, defaults: Partial<ValueDefaults> = {}) {
  let unsaid = 0;
  const policy = readValueOptions(
    'set',
    given,
    { lifetimeMs: undefined, maxBytes: 100, copying: 'structured', ...defaults },
    () => {
      unsaid++;
    },
  );
  return { ...policy, unsaid };
}

describe('the lifetime of a value', () => {
  it.each([
    ['its own', { ttl: 5, tags: ['t'] }, 9, 5_000, 0],
    ['the cache’s', {}, 9, 9, 0],
    ['the cache’s, with tags', { tags: ['t'] }, 9, 9, 0],
    ['without end, with tags', { tags: ['t'] }, undefined, Number.POSITIVE_INFINITY, 0],
    ['without end, with tags of the value', { tags: () => [] }, undefined, Number.POSITIVE_INFINITY, 0],
    ['5 minutes where nobody says', {}, undefined, 300_000, 1],
    ['5 minutes where no tag says', { tags: [] }, undefined, 300_000, 1],
    ['none', { ttl: 0 }, undefined, 0, 0],
  ] as const)('is %s', (_what, given, lifetimeMs, expected, unsaid) => {
    expect(read(given, { lifetimeMs })).toMatchObject({ lifetimeMs: expected, unsaid });
  });

  it('is checked where a function says it', () => {
    const { lifetimeMs } = read({ ttl: (value) => value as number });
    if (typeof lifetimeMs !== 'function') throw new Error('a function');
    expect([lifetimeMs(2), lifetimeMs('forever')]).toEqual([2_000, Number.POSITIVE_INFINITY]);
    expect(() => lifetimeMs(-1)).toThrow('set.ttl');
    expect(() => lifetimeMs(undefined)).toThrow('set.ttl');
  });
});

describe('other options of a value', () => {
  it('have their defaults', () => {
    expect(read({ ttl: 1 }, { copying: 'freeze' })).toMatchObject({
      tags: [],
      maxTags: 64,
      whileRevalidateMs: 0,
      ifErrorMs: 0,
      refreshTimeoutMs: 30_000,
      maxRefreshes: 32,
      isForced: false,
      copying: 'freeze',
      route: '(values)',
    });
    expect(read({ ttl: 1 }).errorLifetimeMs(new Error())).toBe(0);
    expect(read({ ttl: 1, clone: false }, { copying: 'freeze' }).copying).toBe(false);
  });

  it('may say of an error how long it is kept', () => {
    const { errorLifetimeMs } = read({ ttl: 1, cacheErrors: (error) => error as number });
    expect(errorLifetimeMs(2)).toBe(2_000);
    expect(() => errorLifetimeMs('never')).toThrow('set.cacheErrors');
  });

  it('must be known to the call, and less than the ttl where they are a part of it', () => {
    expect(() =>
      readValueOptions(
        'add',
        { storeIf: () => true, ttl: 1 },
        { lifetimeMs: 1, maxBytes: 1, copying: false },
        () => {},
        ['ttl'],
      ),
    ).toThrow('add.storeIf');
    expect(() => read({ jitter: 5 }, { lifetimeMs: 5_000 })).toThrow('set.jitter');
    expect(read({ jitter: 5, ttl: () => 1 }).jitterMs).toBe(5_000);
  });
});
