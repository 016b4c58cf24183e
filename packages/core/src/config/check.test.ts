import { describe, expect, it } from '@jest/globals';
import { ConfigError } from '../base/errors.js';
import { checkCount, checkFunction, checkOneOf, checkOptions, checkStrings, parseBytes } from './check.js';

const KB = 1024;

describe('parseBytes', () => {
  it.each([
    [1, 1],
    ['1', 1],
    ['512b', 512],
    ['1kb', KB],
    ['1.5kb', 1.5 * KB],
    ['256mb', 256 * KB ** 2],
    ['256MB', 256 * KB ** 2],
    [' 1gb ', KB ** 3],
  ])('%j is %d', (value, bytes) => {
    expect(parseBytes('maxBytes', value)).toBe(bytes);
  });

  it.each([
    0,
    -1,
    1.5,
    Number.NaN,
    2 ** 53,
    '0',
    '0.5b',
    '',
    'mb',
    '1 mb',
    '1tb',
    '-1kb',
    '1e6',
    '99999999999gb',
    null,
    undefined,
    {},
  ])('refuses %p', (value) => {
    expect(() => parseBytes('maxBytes', value)).toThrow(/^maxBytes: /);
    expect(() => parseBytes('maxBytes', value)).toThrow(ConfigError);
  });
});

describe('checks', () => {
  it('let right values through as they are', () => {
    const list = ['a', 'b'];
    const work = () => {};
    checkOptions('what', { a: 1 }, ['a', 'b']);
    expect(checkOneOf('s', 'b', ['a', 'b'])).toBe('b');
    expect(checkFunction('s', work, 'x')).toBe(work);
    expect(checkFunction('s', undefined, 'x')).toBeUndefined();
    expect(checkCount('s', 5, 5)).toBe(5);
    expect(checkStrings('s', list, 'x')).toBe(list);
    expect(checkStrings('s', [], 'x')).toEqual([]);
  });

  it.each<[string, () => unknown]>([
    ['an option nobody reads', () => checkOptions('what', { c: 1 }, ['a', 'b'])],
    ['an option of Object’s', () => checkOptions('what', { toString: 1 }, ['a'])],
    ['options that are a list', () => checkOptions('what', ['a'], ['a'])],
    ['options that are a Map', () => checkOptions('what', new Map(), ['a'])],
    ['options that are a Promise', () => checkOptions('what', Promise.resolve({ a: 1 }), ['a'])],
    ['options that are a function', () => checkOptions('what', () => {}, ['a'])],
    ['another word', () => checkOneOf('s', 'c', ['a', 'b'])],
    ['what is no word', () => checkOneOf('s', undefined, ['a', 'b'])],
    ['what is no function', () => checkFunction('s', null as unknown, 'x')],
    ['a count below', () => checkCount('s', 4, 5)],
    ['a count in words', () => checkCount('s', '5', 5)],
    ['half a count', () => checkCount('s', 5.5, 5)],
    ['a count beyond whole numbers', () => checkCount('s', 2 ** 53, 5)],
    ['no list', () => checkStrings('s', 'a', 'x')],
    ['a list of others', () => checkStrings('s', ['a', 5], 'x')],
    ['an empty string', () => checkStrings('s', ['a', ''], 'x')],
    // biome-ignore lint/suspicious/noSparseArray: a comma too many is what is tested.
    ['a list with a hole', () => checkStrings('s', [, 'a'], 'x')],
  ])('refuse %s', (_what, check) => {
    expect(check).toThrow(ConfigError);
    expect(check).toThrow(/^(s|what(\.\w+)?): /);
  });

  it('take the options of a class, and those without a prototype', () => {
    class Settings {
      a = 1;
    }
    expect(() => checkOptions('what', new Settings(), ['a'])).not.toThrow();
    expect(() => checkOptions('what', Object.assign(Object.create(null), { a: 1 }), ['a'])).not.toThrow();
  });

  it.each<[string, () => unknown, string]>([
    ['an option', () => checkOptions('what', { tag: 'x' }, ['ttl', 'tags']), 'use only ttl, tags; did you mean tags?'],
    [
      'an option of many, where the list would hide it',
      () => checkOptions('what', { tag: 'x' }, ['tags', ...Array.from({ length: 30 }, (_, i) => `option${i}`)]),
      "what.tag: 'x' is not allowed; did you mean tags? Use only tags, option0, ",
    ],
    ['a word', () => checkOneOf('s', 'LRU', ['lru', 'fifo']), "use 'lru', 'fifo'; did you mean 'lru'?"],
    ['a list', () => checkStrings('s', '_ga', 'names of cookies'), "a list of names of cookies; did you mean ['_ga']?"],
  ])('say what was probably meant by %s', (_what, check, message) => {
    expect(check).toThrow(message);
  });

  it.each([
    ['ttls', "'x'"],
    ['curl', "'x'"],
    ['tls', "'***'"],
    ['tlsOptions', "'***'"],
    ['TLSOptions', "'***'"],
    ['redisURL', "'***'"],
    ['redis_url', "'***'"],
    ['passwrd', "'***'"],
    ['mytoken', "'***'"],
    ['tlx', "'***'"],
    ['Store', "'***'"],
  ])('show what stands under a wrong name unless it may be a secret: %s', (name, shown) => {
    expect(() => checkOptions('what', { [name]: 'x' }, name === 'tlx' ? ['a', 'tls'] : ['a'])).toThrow(
      `what.${name}: ${shown} is not allowed`,
    );
  });
});
