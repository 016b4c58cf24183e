import { describe, expect, it } from '@jest/globals';
import { CacheError, ConfigError } from '../base/errors.js';
import type { ViewOptions } from './view-option-types.js';
import { readViewOptions, VIEW_OPTIONS } from './view-options.js';

type Given = ViewOptions<object, object>;
const read = (options: unknown) => readViewOptions('cachePage', options as Given);

describe('readViewOptions', () => {
  it('has the defaults of the documentation', () => {
    const policy = read(300);
    expect(policy).toMatchObject({
      lifetimeMs: 300_000,
      key: undefined,
      vary: [],
      tags: [],
      when: undefined,
      storeIf: undefined,
      statuses: undefined,
      maxBodyBytes: 1024 ** 2,
      maxTags: 64,
      stripCookies: undefined,
      honours: undefined,
      placeholders: [],
      cacheStatus: 'short',
    });
    expect([...policy.methods]).toEqual(['GET', 'HEAD']);
    expect(policy.keys.plain('GET', 'http', 'h', '/?utm_source=x&b&a').text).toBe('GET http://h/?a&b');
  });

  it.each([
    [300, 300_000],
    ['5m', 300_000],
    [0, 0],
    [{ ttl: '250ms' }, 250],
    ['forever', Number.POSITIVE_INFINITY],
    ['origin', 'origin'],
    [{ ttl: 'origin' }, 'origin'],
  ])('reads the ttl %j', (options, lifetimeMs) => {
    expect(read(options).lifetimeMs).toBe(lifetimeMs);
  });

  it.each([
    [true, { fraction: 0.1, maxMs: 86_400_000 }],
    [{}, { fraction: 0.1, maxMs: 86_400_000 }],
    [
      { fraction: 1, max: '1h' },
      { fraction: 1, maxMs: 3_600_000 },
    ],
    [false, undefined],
  ])('reads heuristicFreshness: %j', (heuristicFreshness, limits) => {
    expect(read({ ttl: 'origin', heuristicFreshness }).heuristics).toEqual(limits);
  });

  it.each([
    [{ ttl: 'origin' }, 3_600_000],
    [{ ttl: 'origin', revalidateFor: 0 }, 0],
    [{ ttl: 60 }, 0],
    [{ ttl: 60, revalidateFor: '5m' }, 300_000],
  ])('keeps stale responses to be validated: %j', (options, ms) => {
    expect(read(options).revalidatableMs).toBe(ms);
  });

  it('reads a lifetime for each status', () => {
    const { statuses } = read({ ttl: 60, statuses: { 200: '5m', 404: 10, 410: 'forever', 500: 0 } });
    expect([...(statuses ?? [])]).toEqual([
      [200, 300_000],
      [404, 10_000],
      [410, Number.POSITIVE_INFINITY],
      [500, 0],
    ]);
  });

  it('reads every option', () => {
    const functions = { key: () => 'k', tags: () => ['t'], when: () => true, storeIf: () => true };
    const nonce = () => 'n';
    const policy = read({
      ttl: 1,
      ...functions,
      keyPrefix: 'shop',
      vary: ['X-B', 'x-a', 'X-A'],
      statuses: [200, 404, 599],
      methods: ['get', 'POST'],
      maxBodyBytes: '2mb',
      maxTags: 3,
      stripCookies: ['_ga'],
      storeCookies: ['lang'],
      honourRequest: ['no-cache'],
      placeholders: { nonce },
      ignoreQuery: ['ref'],
      cacheStatus: 'full',
    });
    expect(policy).toMatchObject({ ...functions, vary: ['x-a', 'x-b'], maxBodyBytes: 2 * 1024 ** 2, maxTags: 3 });
    expect(policy.placeholders).toEqual([['nonce', nonce]]);
    const sets = [policy.methods, policy.stripCookies, policy.storeCookies, policy.honours].map((set) => [
      ...(set ?? []),
    ]);
    expect(sets).toEqual([['GET', 'POST'], ['_ga'], ['lang'], ['no-cache']]);
    expect([...(policy.statuses ?? [])]).toEqual([
      [200, undefined],
      [404, undefined],
      [599, undefined],
    ]);
    expect(policy.keys.plain('GET', 'http', 'h', '/?ref=x').text).toBe('GET http://h/\n#shop');
  });

  it.each<[string, unknown]>([
    ['ttl', -1],
    ['ttl', Number.NaN],
    ['ttl', null],
    ['ttl', undefined],
    ['ttl', '5 apples'],
    ['ttl', { ttl: undefined }],
    ['ttl', { trackReads: false }],
    ['trackReads', { trackReads: 'yes' }],
    ['ttl', { ttl: Number.POSITIVE_INFINITY }],
    ['ttl', { ttl: 'Forever' }],
    ['tll', { ttl: 1, tll: 2 }],
    ['key', { ttl: 1, key: 'x' }],
    ['keyPrefix', { ttl: 1, keyPrefix: 5 }],
    ['keyPrefix', { ttl: 1, keyPrefix: 'a\nb' }],
    ['keyPrefix', { ttl: 1, keyPrefix: 'x'.repeat(257) }],
    ['vary', { ttl: 1, vary: 'accept' }],
    ['vary', { ttl: 1, vary: ['not a name'] }],
    ['vary', { ttl: 1, vary: ['*'] }],
    ['vary', { ttl: 1, vary: [''] }],
    // biome-ignore lint/suspicious/noSparseArray: a comma too many is what is tested.
    ['vary', { ttl: 1, vary: [, 'a'] }],
    ['tags', { ttl: 1, tags: 'users' }],
    ['tags', { ttl: 1, tags: [''] }],
    ['tags', { ttl: 1, tags: [5] }],
    ['tags', { ttl: 1, tags: [undefined] }],
    // biome-ignore lint/suspicious/noSparseArray: a comma too many is what is tested.
    ['tags', { ttl: 1, tags: [, 'a'] }],
    ['tags', { ttl: 1, tags: {} }],
    ['tags', { ttl: 1, tags: null }],
    ['when', { ttl: 1, when: true }],
    ['storeIf', { ttl: 1, storeIf: 'yes' }],
    ['statuses', { ttl: 1, statuses: 200 }],
    ['statuses', { ttl: 1, statuses: [] }],
    ['statuses', { ttl: 1, statuses: [206] }],
    ['statuses', { ttl: 1, statuses: [304] }],
    ['statuses', { ttl: 1, statuses: [100] }],
    ['statuses', { ttl: 1, statuses: [600] }],
    ['statuses', { ttl: 1, statuses: ['200'] }],
    ['statuses', { ttl: 1, statuses: {} }],
    ['statuses', { ttl: 1, statuses: null }],
    ['statuses', { ttl: 1, statuses: { 206: 1 } }],
    ['statuses', { ttl: 1, statuses: { ok: 1 } }],
    ['statuses.404', { ttl: 1, statuses: { 404: '10 s' } }],
    ['statuses.404', { ttl: 1, statuses: { 404: undefined } }],
    ['statuses.200', { ttl: 1, statuses: { 200: 'origin' } }],
    ['revalidateFor', { ttl: 1, revalidateFor: -1 }],
    ['revalidateFor', { ttl: 'origin', revalidateFor: 'forever' }],
    ['revalidateFor', { ttl: 1, revalidateFor: null }],
    ['storeCookies', { ttl: 1, storeCookies: 'lang' }],
    ['storeCookies', { ttl: 1, storeCookies: ['lang=de'] }],
    ['methods', { ttl: 1, methods: [] }],
    ['methods', { ttl: 1, methods: 'GET' }],
    ['methods', { ttl: 1, methods: ['POST'] }],
    ['methods', { ttl: 1, methods: ['GET', 'a b'], key: () => 'x' }],
    ['maxBodyBytes', { ttl: 1, maxBodyBytes: 0 }],
    ['maxBodyBytes', { ttl: 1, maxBodyBytes: '100gb' }],
    ['maxBodyBytes', { ttl: 1, maxBodyBytes: 1024 ** 3 + 1 }],
    ['maxTags', { ttl: 1, maxTags: 0 }],
    ['stripCookies', { ttl: 1, stripCookies: '_ga' }],
    ['stripCookies', { ttl: 1, stripCookies: '' }],
    ['stripCookies', { ttl: 1, stripCookies: [''] }],
    ['stripCookies', { ttl: 1, stripCookies: ['_ga=1'] }],
    ['stripCookies', { ttl: 1, stripCookies: ['a b'] }],
    ['honourRequest', { ttl: 1, honourRequest: ['no-transform'] }],
    ['honourRequest', { ttl: 1, honourRequest: 'no-cache' }],
    ['placeholders', { ttl: 1, placeholders: 5 }],
    ['placeholders', { ttl: 1, placeholders: null }],
    ['placeholders.nonce', { ttl: 1, placeholders: { nonce: 'x' } }],
    ['ignoreQuery', { ttl: 1, ignoreQuery: ['a*b'] }],
    ['cacheStatus', { ttl: 1, cacheStatus: 'loud' }],
    // Two profiles mixed.
    ['statuses', { ttl: 'origin', statuses: [200] }],
    ['heuristicFreshness', { ttl: 60, heuristicFreshness: true }],
    ['heuristicFreshness', { ttl: 'origin', heuristicFreshness: 0.1 }],
    ['heuristicFreshness', { ttl: 'origin', heuristicFreshness: null }],
    ['heuristicFreshness.share', { ttl: 'origin', heuristicFreshness: { share: 1 } }],
    ['heuristicFreshness.fraction', { ttl: 'origin', heuristicFreshness: { fraction: 1.1 } }],
    ['heuristicFreshness.fraction', { ttl: 'origin', heuristicFreshness: { fraction: 0 } }],
    ['heuristicFreshness.fraction', { ttl: 'origin', heuristicFreshness: { fraction: '0.1' } }],
    ['heuristicFreshness.max', { ttl: 'origin', heuristicFreshness: { max: 'long' } }],
  ])('refuses at once, naming cachePage.%s: %p', (setting, options) => {
    expect(() => read(options)).toThrow(ConfigError);
    expect(() => read(options)).toThrow(new RegExp(`^cachePage\\.${setting.replace('.', '\\.')}: `));
  });

  it.each<[unknown, string]>([
    [{ ttl: 1, tag: 'x' }, 'did you mean tags?'],
    [{ ttl: 1, tags: 'city' }, "or a function; did you mean ['city']?"],
    [{ TTL: 1 }, 'did you mean ttl?'],
    ['300', "cachePage.ttl: '300' is not allowed; use a number of seconds from 0 to 100 years, or a string such as "],
    ['300', "or 'origin'; did you mean 300 or '300s'?"],
    ['Forever', "did you mean 'forever'?"],
    [[], "cachePage: an empty list is not allowed; use a ttl, such as 300 or '5m', or an object with some of ttl, key"],
    [new Map(), "cachePage: a Map is not allowed; use a ttl, such as 300 or '5m', or an object with some of ttl, key"],
    [
      { ttl: 1, vary: 'accept' },
      "a list of names of request fields, such as 'accept-language'; did you mean ['accept']?",
    ],
    [{ ttl: 1, stripCookies: 5 }, "a list of names of cookies, such as '_ga'"],
    [{ ttl: 1, methods: 'GET' }, 'a list of methods: GET and HEAD; others only with a `key`'],
    [{ ttl: 1, honourRequest: 5 }, "a list of request directives, of 'no-cache', 'no-store'"],
    [{ ttl: 1, ignoreQuery: 'ref' }, "a list of names of query parameters, such as 'utm_*'; did you mean ['ref']?"],
    [{ ttl: 1, statuses: [] }, 'cachePage.statuses: an empty list is not allowed; use final statuses'],
    [{ ttl: 1, cacheStatus: 'Full' }, "did you mean 'full'?"],
  ])('says of %j what was meant: %s', (options, message) => {
    expect(() => read(options)).toThrow(message);
  });

  it('records bodies of 1 GB at most, and says so', () => {
    expect(read({ ttl: 1, maxBodyBytes: '1gb' }).maxBodyBytes).toBe(1024 ** 3);
    expect(() => read({ ttl: 1, maxBodyBytes: '2gb' })).toThrow("'2gb' is not allowed; use at most '1gb'");
  });

  it('never throws anything but an error of ours, whatever is given for an option', () => {
    const values = [
      null,
      '',
      0,
      1,
      true,
      [],
      {},
      [null],
      () => {},
      Symbol('x'),
      Number.NaN,
      'x',
      ['x'],
      [[]],
      new Map(),
    ];
    for (const name of VIEW_OPTIONS) {
      for (const value of values) {
        try {
          read({ ttl: 1, [name]: value });
        } catch (error) {
          expect([name, value, error instanceof CacheError]).toEqual([name, value, true]);
        }
      }
    }
  });

  it('takes option names that the adapter reads itself', () => {
    expect(() => readViewOptions('cachePage', { ttl: 1, cache: {} } as Given, ['cache'])).not.toThrow();
    expect(() => read({ ttl: 1, cache: {} })).toThrow(/^cachePage\.cache: /);
  });
});
