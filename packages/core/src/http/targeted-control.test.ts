import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { NO_CACHE_CONTROL } from './cache-control.js';
import { parseDictionary } from './structured-fields.js';
import { targetedControl } from './targeted-control.js';

const TARGETS = ['my-cache-control', 'cdn-cache-control'];

describe('targeted Cache-Control (RFC 9213 §2.2)', () => {
  const read = (fields: Record<string, string | string[]>) => targetedControl(TARGETS, (name) => fields[name]);

  it('takes the first target of the list that is there', () => {
    expect(read({ 'cdn-cache-control': 'max-age=600' })).toEqual({ ...NO_CACHE_CONTROL, maxAge: 600 });
    expect(read({ 'cdn-cache-control': 'max-age=600', 'my-cache-control': 'no-store' })).toEqual({
      ...NO_CACHE_CONTROL,
      noStore: true,
    });
  });

  it.each([
    ['is empty', ''],
    ['has a directive in capitals, which is no key', 'Max-Age=60'],
    ['ends in a comma', 'max-age=60,'],
    ['has a character that nothing may have', 'max-age=60, foo=@@'],
    ['has a quote that is never closed', 'max-age=60, a="b'],
    ['has two values beside one another', 'max-age=60 30'],
    ['has a number out of range', 'max-age=9999999999999999'],
  ])('does not count a field that %s, and asks the next', (_what, broken) => {
    expect(read({ 'my-cache-control': broken, 'cdn-cache-control': 'max-age=5' })?.maxAge).toBe(5);
    expect(read({ 'my-cache-control': broken })).toBeUndefined();
  });

  it('is nothing where there is no target, so that Cache-Control counts', () => {
    expect(read({ 'cache-control': 'max-age=60' })).toBeUndefined();
    expect(targetedControl([], () => 'max-age=60')).toBeUndefined();
  });

  it.each<[string, object]>([
    ['max-age=60;x=1;y', { maxAge: 60 }],
    ['max-age=60, max-age=30', { maxAge: 30 }],
    ['max-age=60, unknown=(1 2;a "x"), private', { maxAge: 60, private: true }],
    ['max-age="60"', { maxAge: 60 }],
    ['max-age=-1', { maxAge: 0 }],
    ['max-age=1.5', { maxAge: 0 }],
    ['max-age=soon', { maxAge: 0 }],
    ['max-age=:aGk=:', { maxAge: 0 }],
    ['max-age', { maxAge: 0 }],
    ['no-store=?0, max-age=1', { maxAge: 1 }],
    ['no-store=?1', { noStore: true }],
    ['no-cache="set-cookie, x-y"', { noCache: ['set-cookie', 'x-y'] }],
    ['private=(a b)', { private: true }],
    ['must-revalidate, stale-if-error=5', { mustRevalidate: true, staleIfError: 5 }],
  ])('reads %s', (field, directives) => {
    expect(read({ 'cdn-cache-control': field })).toEqual({ ...NO_CACHE_CONTROL, ...directives });
  });

  it('reads several lines as one value', () => {
    expect(read({ 'cdn-cache-control': ['max-age=9', 'public'] })).toEqual({
      ...NO_CACHE_CONTROL,
      maxAge: 9,
      public: true,
    });
  });
});

describe('a dictionary (RFC 9651 §4.2.2)', () => {
  it('never throws, whatever the field', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary-ascii' }), (field) => {
        expect(() => parseDictionary(field)).not.toThrow();
      }),
    );
  });

  it('has each key that was written, with its last value', () => {
    const key = fc.stringMatching(/^[a-z*][a-z0-9_\-.*]{0,9}$/);
    fc.assert(
      fc.property(fc.array(fc.tuple(key, fc.integer()), { minLength: 1 }), (pairs) => {
        const members = parseDictionary(pairs.map(([name, value]) => `${name}=${value}`).join(' ,\t'));
        const expected = new Map(pairs.map(([name, value]) => [name, { kind: 'integer', value: value + 0 }]));
        expect(members).toEqual(expected);
      }),
    );
  });

  it('reads a long field in time that grows with its length', () => {
    const field = `a="${'\\\\'.repeat(50_000)}`;
    const begin = performance.now();
    expect(parseDictionary(field)).toBeUndefined();
    expect(performance.now() - begin).toBeLessThan(5_000);
  });
});
