import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { isIgnoredByDefault } from '../config/ignored-query.js';
import { isTag } from '../invalidation/tags.js';
import { type InvalidationTarget, tagsOf } from '../invalidation/target.js';
import { CacheKey, KeyMaker, type KeyRules, type RequestTarget } from './cache-key.js';

const rules: KeyRules = { keyPrefix: '', space: '', isIgnored: isIgnoredByDefault };
const base: RequestTarget = { method: 'GET', scheme: 'http', host: 'h', url: '/', rewritten: '', beside: '' };
const keyOf = (target: Partial<RequestTarget>, own?: string, more: Partial<KeyRules> = {}) =>
  new CacheKey({ ...base, ...target }, { ...rules, ...more }, own);

describe('CacheKey.text', () => {
  it('reads as a request line', () => {
    expect(keyOf({ scheme: 'https', host: 'Example.org:8080', url: '/a/b?y=2&x=1' }).text).toBe(
      'GET https://example.org:8080/a/b?x=1&y=2',
    );
  });

  it.each([
    ['order of query names', { url: '/a?b=2&a=1' }, { url: '/a?a=1&b=2' }],
    ['letter case of the host', { host: 'EXAMPLE.org' }, { host: 'example.ORG' }],
    ['ignored names', { url: '/a?utm_source=x&q=1&gclid=2' }, { url: '/a?q=1' }],
    ['a query that is empty or all ignored', { url: '/a?' }, { url: '/a?fbclid=1' }],
  ] as const)('is one for another %s', (_what, some, other) => {
    expect(keyOf(some).text).toBe(keyOf(other).text);
  });

  it.each([
    ['method', { method: 'GET' }, { method: 'POST' }],
    ['scheme', { scheme: 'http' }, { scheme: 'https' }],
    ['host', { host: 'a' }, { host: 'b' }],
    ['port', { host: 'a' }, { host: 'a:8080' }],
    ['path', { url: '/a' }, { url: '/a/' }],
    ['letter case of the path', { url: '/a' }, { url: '/A' }],
    ['order of values', { url: '/?q=a&q=b' }, { url: '/?q=b&q=a' }],
    ['what middleware made of the URL', { url: '/a', rewritten: '/b' }, { url: '/a', rewritten: '/c' }],
    ['whether middleware touched the URL', { url: '/a', rewritten: '/b' }, { url: '/a' }],
  ] as const)('differs by %s', (_what, some, other) => {
    expect(keyOf(some).text).not.toBe(keyOf(other).text);
  });

  it('differs by prefix, by space and by what the key option returned, empty included', () => {
    const texts = [
      keyOf({}),
      keyOf({}, ''),
      keyOf({}, 'x'),
      keyOf({}, undefined, { keyPrefix: 'x' }),
      keyOf({}, undefined, { space: 'x' }),
      keyOf({}, 'x', { keyPrefix: 'x' }),
    ].map(({ text }) => text);
    expect(new Set(texts).size).toBe(texts.length);
  });
});

/** Whatever a part is made of, it is made of what keys are made of. */
const shard = fc.constantFrom(
  '\n',
  '>',
  '#',
  '!',
  '=',
  '/',
  '?',
  '&',
  '://',
  ':',
  ' ',
  '~',
  '1',
  '3:',
  'a',
  'b',
  'GET',
  'http',
);
const hostile = fc.oneof(
  fc.array(shard, { maxLength: 6 }).map((parts) => parts.join('')),
  fc.string({ maxLength: 8 }),
);
/** Already lower case, since a host has none. */
const host = hostile.map((text) => text.toLowerCase());
const url = hostile.map((text) => `/${text}`);
const prefix = hostile.filter((text) => text === '' || isTag(text));
const input = fc.record({
  method: fc.constantFrom('GET', 'POST', 'QUERY'),
  scheme: hostile,
  host,
  url,
  rewritten: hostile,
  beside: hostile,
  keyPrefix: prefix,
  space: fc.constantFrom('', 'early'),
  own: fc.option(hostile, { nil: undefined }),
});
type Input = typeof input extends fc.Arbitrary<infer T> ? T : never;

/** One pair of inputs in two differs in one part only, where collisions hide. */
const inputs = fc.oneof(
  fc.tuple(input, input),
  fc
    .tuple(
      input,
      input,
      fc.constantFrom('scheme', 'host', 'url', 'rewritten', 'beside', 'keyPrefix', 'own', 'space', 'method'),
    )
    .map(([some, other, part]): [Input, Input] => [some, { ...some, [part]: other[part as keyof Input] }]),
  // The end of one part moves to the beginning of the next.
  fc
    .tuple(
      input,
      fc.constantFrom(
        'scheme:host',
        'host:url',
        'url:rewritten',
        'rewritten:beside',
        'beside:keyPrefix',
        'keyPrefix:own',
      ),
      hostile,
    )
    .map(([some, seam, text]): [Input, Input] => {
      const [left = 'host', right = 'url'] = seam.split(':') as (keyof Input)[];
      return [
        { ...some, [left]: `${some[left]}${text}` },
        { ...some, [right]: `${text}${some[right] ?? ''}` },
      ];
    }),
);

const asKey = ({ keyPrefix, space, own, ...target }: Input) =>
  new CacheKey(target, { keyPrefix, space, isIgnored: () => false }, own);

/** What the key has to tell: a query as its pairs. */
function meaning({ url: target, ...rest }: Input): string {
  const [path, ...query] = target.split('?');
  const pairs = query
    .join('?')
    .split('&')
    .filter((pair) => pair !== '');
  return JSON.stringify([rest.own === undefined, rest, path, pairs]);
}

describe('CacheKey.text, for any inputs', () => {
  it('never makes one key of two different inputs, whatever delimiters are injected', () => {
    fc.assert(
      fc.property(inputs, ([some, other]) => {
        const isSame = asKey(some).text === asKey(other).text;
        // Different order of pairs may be the same query: that is query.test.ts.
        if (isSame && meaning(some) !== meaning(other)) {
          expect(sorted(some)).toBe(sorted(other));
        }
        if (meaning(some) === meaning(other)) expect(isSame).toBe(true);
      }),
      { numRuns: 20_000 },
    );
  });

  it.each<[string, Partial<Input>, Partial<Input>]>([
    ['a host with a path', { host: 'a/b', url: '/c' }, { host: 'a', url: '/b/c' }],
    ['a host with a query', { host: 'a/b?x', url: '/c' }, { host: 'a', url: '/b?x/c' }],
    [
      'a scheme with a host',
      { scheme: 'http://a/b', host: 'c', url: '/d' },
      { scheme: 'http', host: 'a', url: '/b://c/d' },
    ],
    ['a rewritten URL with a prefix', { rewritten: '/a\n#p' }, { rewritten: '/a', keyPrefix: 'p' }],
    ['a rewritten URL with what is beside it', { rewritten: '/a\n@1:b' }, { rewritten: '/a', beside: 'b' }],
    ['what is beside a URL with a prefix', { beside: 'b\n#p' }, { beside: 'b', keyPrefix: 'p' }],
    ['a rewritten URL with a key', { rewritten: '/a\n=1:k' }, { rewritten: '/a', own: 'k' }],
    ['a URL with a rewritten one', { url: '/a\n>/b' }, { url: '/a', rewritten: '/b' }],
    ['a prefix with a space', { keyPrefix: 'p!early' }, { keyPrefix: 'p', space: 'early' }],
    ['a key with a line feed', { own: 'k\n~accept=1:x' }, { own: 'k' }],
    ['a key that looks like another’s length', { own: '1:k' }, { own: 'k' }],
  ])('keeps %s apart', (_what, some, other) => {
    const whole: Input = { ...base, method: 'GET', keyPrefix: '', space: '', own: undefined };
    expect(asKey({ ...whole, ...some }).text).not.toBe(asKey({ ...whole, ...other }).text);
  });
});

function sorted(given: Input): string {
  const mark = given.url.indexOf('?');
  const [path, query] = mark < 0 ? [given.url, ''] : [given.url.slice(0, mark), given.url.slice(mark + 1)];
  return JSON.stringify({
    ...given,
    url: [
      path,
      query
        .split('&')
        .filter((pair) => pair !== '')
        .sort(),
    ],
  });
}

describe('CacheKey.tags', () => {
  const names = (target: InvalidationTarget) => tagsOf(target, { isIgnored: isIgnoredByDefault });
  const reaches = (target: InvalidationTarget, key: CacheKey) => names(target).some((tag) => key.tags.includes(tag));
  const key = keyOf(
    { scheme: 'https', host: 'Example.org', url: '/users/1/posts?page=2&utm_source=x&a=1' },
    'user:123:page',
    { keyPrefix: 'site' },
  );

  it.each<[InvalidationTarget]>([
    [{ all: true }],
    [{ key: 'user:123:page' }],
    [{ keys: 'user:*' }],
    [{ keys: 'user:123:*' }],
    [{ namespace: 'site' }],
    [{ url: '/users/1/posts?a=1&page=2' }],
    [{ url: '/users/1/posts?utm_medium=y&page=2&a=1' }],
    [{ url: 'http://EXAMPLE.org/users/1/posts?page=2&a=1' }],
    [{ url: '/users/1/posts', queries: 'all' }],
    [{ url: 'https://example.org/users/1/posts?whatever', queries: 'all' }],
    [{ path: '/users/1/posts' }],
    [{ path: '/users/1/posts/*' }],
    [{ path: '/users/1/*' }],
    [{ path: '/users/*' }],
    [{ path: '/*' }],
  ])('are reached by %j', (target) => {
    expect(reaches(target, key)).toBe(true);
  });

  it.each<[InvalidationTarget]>([
    [{ key: 'user:123' }],
    [{ key: 'user:123:page:' }],
    [{ keys: 'user:12:*' }],
    [{ keys: 'user:123:page:*' }],
    [{ namespace: 'sit' }],
    [{ namespace: 'user:123:page' }],
    [{ url: '/users/1/posts' }],
    [{ url: '/users/1/posts?page=2' }],
    [{ url: 'http://other.org/users/1/posts?page=2&a=1' }],
    [{ url: '/users/1/post', queries: 'all' }],
    [{ path: '/users/1' }],
    [{ path: '/users/1/posts/2/*' }],
    [{ path: '/user/*' }],
    [{ path: '/Users/*' }],
    [{ tags: 'users' }],
  ])('are not reached by %j', (target) => {
    expect(reaches(target, key)).toBe(false);
  });

  it('of a URL without a query are reached by its path, with and without all queries', () => {
    const plain = keyOf({ url: '/users' });
    expect(reaches({ path: '/users' }, plain)).toBe(true);
    expect(reaches({ path: '/users/*' }, plain)).toBe(true);
    expect(reaches({ url: '/users', queries: 'all' }, plain)).toBe(true);
    expect(reaches({ url: '/users?' }, plain)).toBe(true);
    expect(reaches({ namespace: 'x' }, plain)).toBe(false);
  });

  it('are no more than a handful, however deep the path', () => {
    expect(keyOf({ url: `/${'a/'.repeat(500)}?x=1` }, 'k:'.repeat(500), { keyPrefix: 'p' }).tags.length).toBeLessThan(
      17,
    );
  });

  it('urlTags stand for this URL on this host, for what an unsafe request invalidates', () => {
    expect(key.tags).toEqual(expect.arrayContaining([...key.urlTags]));
    expect(keyOf({ host: 'other', url: '/users/1/posts?page=2&a=1' }).tags).not.toEqual(
      expect.arrayContaining([...key.urlTags]),
    );
  });
});

describe('KeyMaker', () => {
  it('remembers plain keys by raw URL once they are worth it', () => {
    const maker = new KeyMaker(rules);
    const key = maker.plain('GET', 'http', 'h', '/a?b=2&a=1');
    expect(maker.plain('GET', 'http', 'h', '/a?b=2&a=1')).not.toBe(key);
    maker.remember(key);
    expect(maker.plain('GET', 'http', 'h', '/a?b=2&a=1')).toBe(key);
    expect(maker.plain('GET', 'http', 'h', '/a?a=1&b=2').text).toBe(key.text);
    expect(maker.special({ ...base, url: '/a?a=1&b=2' }).text).toBe(key.text);
    expect(maker.special({ ...base, url: '/a?a=1&b=2' }, 'own').text).not.toBe(key.text);
  });

  it('remembers a bounded number of hosts, each with one URL', () => {
    const maker = new KeyMaker(rules);
    const made = Array.from({ length: 20_000 }, (_, i) => maker.plain('GET', 'https', `host-${i}`, '/'));
    for (const key of made) maker.remember(key);
    let remembered = 0;
    while (maker.plain('GET', 'https', `host-${made.length - 1 - remembered}`, '/') === made.at(-1 - remembered))
      remembered++;
    expect(remembered).toBeGreaterThan(100);
    expect(remembered).toBeLessThan(4_500);
  });

  it('says of a remembered target what it would say of a new one, whatever was asked before', () => {
    const method = fc.constantFrom('GET', 'POST');
    const scheme = fc.oneof(fc.constantFrom('http', 'https'), hostile);
    const anyHost = fc.oneof(
      fc.constantFrom('h', 'H', 'GET https://h', 'get http://h', 'POST http://h', '5 httpsh'),
      hostile,
    );
    const target = fc.tuple(method, scheme, anyHost, fc.constantFrom('/', '/a', '/a?b&a', '/?'));
    fc.assert(
      fc.property(fc.array(target, { maxLength: 12 }), (targets) => {
        const maker = new KeyMaker(rules);
        for (const given of targets) {
          const key = maker.plain(...given);
          expect(key.text).toBe(new KeyMaker(rules).plain(...given).text);
          maker.remember(key);
        }
      }),
      { numRuns: 2_000 },
    );
  });

  it.each<[string, Parameters<KeyMaker['plain']>, Parameters<KeyMaker['plain']>]>([
    ['another scheme', ['GET', 'http', 'GET https://h', '/'], ['GET', 'https', 'h', '/']],
    ['another method', ['GET', 'http', 'POST http://h', '/'], ['POST', 'http', 'h', '/']],
  ])('does not mistake a host that looks like %s for it', (_what, some, other) => {
    for (const [first, second] of [
      [some, other],
      [other, some],
    ] as const) {
      const maker = new KeyMaker(rules);
      const one = maker.plain(...first);
      maker.remember(one);
      expect(maker.plain(...second).text).not.toBe(one.text);
    }
  });

  it('remembers a bounded number of targets, and no target that is very long', () => {
    const maker = new KeyMaker(rules);
    const made = Array.from({ length: 50_000 }, (_, i) => maker.plain('GET', 'http', 'h', `/item/${i}`));
    for (const key of made) maker.remember(key);
    // From the last one back, so that asking makes none forget another.
    let remembered = 0;
    while (maker.plain('GET', 'http', 'h', `/item/${made.length - 1 - remembered}`) === made.at(-1 - remembered))
      remembered++;
    expect(remembered).toBeGreaterThan(100);
    expect(remembered).toBeLessThan(6_000);
    const long = `/${'x'.repeat(2_000)}`;
    const longest = maker.plain('GET', 'http', 'h', long);
    maker.remember(longest);
    expect(maker.plain('GET', 'http', 'h', long)).not.toBe(longest);
  });
});
