import { describe, expect, it } from '@jest/globals';
import {
  controlFields,
  type DownstreamAnswer,
  type DownstreamControl,
  withNoStore,
  withStaleControl,
} from './downstream.js';

const OWN = Number.POSITIVE_INFINITY;
const MADE = Date.UTC(2026, 0, 1);

describe('what caches further out are told', () => {
  const told = (
    control: Partial<DownstreamControl>,
    answer: Partial<DownstreamAnswer> = {},
  ): Record<string, string> => {
    const fields = controlFields(
      { browserMs: OWN, sharedMs: undefined, targets: [], ...control },
      { lifetimeMs: 300_000, generatedAt: MADE, isPersonal: false, has: () => false, ...answer },
    );
    return Object.fromEntries(fields.flatMap((name, i) => (i % 2 === 0 ? [[name, fields[i + 1] ?? '']] : [])));
  };

  it('is the lifetime of the response, in Cache-Control and as an instant in Expires', () => {
    expect(told({})).toEqual({ 'Cache-Control': 'max-age=300', Expires: 'Thu, 01 Jan 2026 00:05:00 GMT' });
  });

  it('is what each kind of cache is told for itself, and never longer than the lifetime', () => {
    const control = { browserMs: 10_000, sharedMs: 60_000, targets: [['CDN-Cache-Control', 3_600_000]] as const };
    expect(told(control)).toEqual({
      'Cache-Control': 'max-age=10, s-maxage=60',
      Expires: 'Thu, 01 Jan 2026 00:00:10 GMT',
      'CDN-Cache-Control': 'max-age=300',
    });
  });

  it.each([
    [999, 'max-age=0'],
    [OWN, 'max-age=31536000'],
  ])('of a lifetime of %d ms is %s', (lifetimeMs, value) => {
    expect(told({}, { lifetimeMs })['Cache-Control']).toBe(value);
  });

  it.each(['cache-control', 'expires'])('is nothing where the response has %s already', (name) => {
    expect(told({}, { has: (it) => it === name })).toEqual({});
  });

  it('leaves a targeted field that is there as it is', () => {
    const control = {
      targets: [
        ['CDN-Cache-Control', OWN],
        ['X-Cache-Control', OWN],
      ] as const,
    };
    expect(told(control, { has: (it) => it === 'cdn-cache-control' })).toMatchObject({
      'X-Cache-Control': 'max-age=300',
    });
    expect(told(control, { has: (it) => it === 'cdn-cache-control' })).not.toHaveProperty('CDN-Cache-Control');
  });

  it('is for the browser alone where a cookie may go along', () => {
    const control = { sharedMs: OWN, targets: [['CDN-Cache-Control', OWN]] as const };
    expect(told(control, { isPersonal: true })).toEqual({
      'Cache-Control': 'private, max-age=300',
      Expires: 'Thu, 01 Jan 2026 00:05:00 GMT',
    });
  });
});

describe('an answer that nobody may keep', () => {
  it('says no-store, and nothing else of lifetimes to anybody', () => {
    const fields = ['cache-control', 'max-age=9', 'Expires', 'x', 'CDN-Cache-Control', 'max-age=9', 'ETag', '"1"'];
    expect(withNoStore([...fields, 'Surrogate-Control', 'max-age=9'])).toEqual([
      'ETag',
      '"1"',
      'Cache-Control',
      'no-store',
    ]);
  });
});

describe('a stale answer', () => {
  it.each([
    [[], ['Cache-Control', 's-maxage=0']],
    [
      ['Cache-Control', 'max-age=60, S-Maxage=600, public'],
      ['Cache-Control', 'max-age=60, public, s-maxage=0'],
    ],
    [
      ['Cache-Control', 'public', 'cache-control', 's-maxage=1'],
      ['Cache-Control', 'public, s-maxage=0'],
    ],
    [
      ['Expires', 'x', 'CDN-Cache-Control', 'max-age=9'],
      ['Expires', 'x', 'Cache-Control', 's-maxage=0'],
    ],
  ])('is kept by no shared cache: %j becomes %j', (fields, expected) => {
    expect(withStaleControl(fields)).toEqual(expected);
  });
});
