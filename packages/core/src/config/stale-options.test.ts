import { describe, expect, it } from '@jest/globals';
import { ConfigError } from '../base/errors.js';
import type { ViewOptions } from './view-option-types.js';
import { readViewOptions } from './view-options.js';

const read = (options: object) =>
  readViewOptions('cachePage', { ttl: 60, ...options } as ViewOptions<object, object>).stale;

describe('readStaleOptions', () => {
  it('serves nothing stale by default', () => {
    expect(read({})).toEqual({
      whileRevalidateMs: undefined,
      ifErrorMs: undefined,
      revalidate: 'background',
      refreshTimeoutMs: 30_000,
      maxRefreshes: 32,
      earlyRefreshMs: 0,
      jitterMs: 0,
      softTimeoutMs: undefined,
      hardTimeoutMs: undefined,
    });
  });

  it('reads every option, durations as everywhere', () => {
    const options = {
      ...{ staleWhileRevalidate: 30, staleIfError: '1h', revalidate: 'leader', refreshTimeout: '5s', maxRefreshes: 1 },
      ...{ earlyRefresh: '10s', jitter: '250ms', softTimeout: 0.2, hardTimeout: '3s' },
    };
    expect(read(options)).toEqual({
      ...{ whileRevalidateMs: 30_000, ifErrorMs: 3_600_000, revalidate: 'leader', refreshTimeoutMs: 5_000 },
      ...{ maxRefreshes: 1, earlyRefreshMs: 10_000, jitterMs: 250, softTimeoutMs: 200, hardTimeoutMs: 3_000 },
    });
  });

  it('takes 0 for none where there is something to leave out', () => {
    const policy = read({ staleWhileRevalidate: 0, staleIfError: 0, earlyRefresh: 0, jitter: 0 });
    expect(policy).toMatchObject({ whileRevalidateMs: 0, ifErrorMs: 0, earlyRefreshMs: 0, jitterMs: 0 });
  });

  it('leaves parts of a lifetime that the response will state to be bounded then', () => {
    expect(read({ ttl: 'origin', earlyRefresh: '1h', jitter: '1h' })).toMatchObject({ earlyRefreshMs: 3_600_000 });
    expect(read({ ttl: 'forever', jitter: '1h' })).toMatchObject({ jitterMs: 3_600_000 });
  });

  it.each<[string, object]>([
    ['staleWhileRevalidate', { staleWhileRevalidate: -1 }],
    ['staleWhileRevalidate', { staleWhileRevalidate: true }],
    ['staleWhileRevalidate', { staleWhileRevalidate: null }],
    ['staleWhileRevalidate', { staleWhileRevalidate: 'forever' }],
    ['staleIfError', { staleIfError: 'an hour' }],
    ['staleIfError', { staleIfError: Number.NaN }],
    ['revalidate', { revalidate: 'foreground' }],
    ['revalidate', { revalidate: null }],
    ['refreshTimeout', { refreshTimeout: 0 }],
    ['refreshTimeout', { refreshTimeout: null }],
    ['maxRefreshes', { maxRefreshes: 0 }],
    ['maxRefreshes', { maxRefreshes: '32' }],
    ['maxRefreshes', { maxRefreshes: Number.POSITIVE_INFINITY }],
    ['earlyRefresh', { earlyRefresh: 60 }],
    ['earlyRefresh', { earlyRefresh: '2m' }],
    ['jitter', { jitter: 60 }],
    ['jitter', { ttl: 0, jitter: 1 }],
    ['softTimeout', { softTimeout: 0 }],
    ['softTimeout', { softTimeout: -1 }],
    ['hardTimeout', { hardTimeout: 0 }],
    ['hardTimeout', { softTimeout: 2, hardTimeout: 2 }],
    ['hardTimeout', { softTimeout: '3s', hardTimeout: '2s' }],
  ])('refuses %s, naming it: %j', (name, options) => {
    let error: unknown;
    try {
      read(options);
    } catch (thrown) {
      error = thrown;
    }
    expect(error).toBeInstanceOf(ConfigError);
    expect((error as ConfigError).message).toContain(`cachePage.${name}`);
  });
});
