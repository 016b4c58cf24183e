import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { normalizeQuery } from './query.js';

const nothingIgnored = () => false;
const normal = (query: string) => normalizeQuery(query, nothingIgnored);

describe('a query that a parser may read otherwise', () => {
  it.each([
    ['utm_x=1;q=2', 'a semicolon after what is ignored'],
    ['b=1;a=2&a=1', 'a semicolon anywhere'],
    [`${'utm_x&'.repeat(100)}q=1`, 'more pairs than some read'],
    [`b&${'a&'.repeat(100)}`, 'more pairs than some read, in another order'],
  ])('is left as it is: %s has %s', (query) => {
    expect(normalizeQuery(query, (name) => name === 'utm_x')).toBe(query);
  });
});

describe('normalizeQuery', () => {
  it.each([
    ['names in another order', 'b=2&a=1', 'a=1&b=2'],
    ['three names', 'c=3&a=1&b=2', 'a=1&b=2&c=3'],
    ['nothing', '', ''],
    ['empty pairs', '&a=1&&b=2&', 'a=1&b=2'],
    ['a name without a value', 'b&a', 'a&b'],
    ['a pair without a name', 'a=1&=x', '=x&a=1'],
    ['values of one name, which keep their order', 'q=b&q=a', 'q=b&q=a'],
    ['values of one name around another', 'q=b&a=1&q=a', 'a=1&q=b&q=a'],
    ['a name in brackets, which meets its bare name in the handler', 'b=1&a[]=2&a=1&a[x]=3', 'a[]=2&a=1&a[x]=3&b=1'],
    ['an encoded bracket', 'b=1&a%5B%5D=2&a=1', 'a%5B%5D=2&a=1&b=1'],
    ['an encoded name', 'b=1&%61=2&a=1', '%61=2&a=1&b=1'],
    ['a plus in a name, which is a space', 'b=1&a+x=1&a%20x=2', 'a+x=1&a%20x=2&b=1'],
    ['a name that is no valid encoding', 'b=1&%zz=2', '%zz=2&b=1'],
    ['a name that begins with a bracket', '[b]=1&[a]=2&Z=1', 'Z=1&[a]=2&[b]=1'],
    ['a name all in brackets, which meets its bare name too', 'b=1&a=2&[a]=1&[a][x]=3', 'a=2&[a]=1&[a][x]=3&b=1'],
    ['encoded brackets around a name', 'b=1&a=2&%5Ba%5D=1&a=0', 'a=2&%5Ba%5D=1&a=0&b=1'],
    ['empty brackets, which are the first of a list', 'b=1&0=2&[]=1', '0=2&[]=1&b=1'],
    ['a bracket that nothing closes', 'b=1&[a=2&a=1', '[a=2&a=1&b=1'],
    ['a bracket in front of brackets', 'b=1&[=2&[[a]]=1', '[=2&[[a]]=1&b=1'],
    ['an equals sign in a value', 'b=x=y&a=1', 'a=1&b=x=y'],
  ])('orders %s', (_what, query, expected) => {
    expect(normal(query)).toBe(expected);
  });

  it('keeps `q=a&q=b`, `q=ab` and `q=a,b` three', () => {
    expect(new Set(['q=a&q=b', 'q=ab', 'q=a,b', 'q=a%26q=b'].map(normal)).size).toBe(4);
  });

  it.each(['&', 'x&', 'utm_source&'])('leaves one of more than 100 parameters as it is: %j and others', (filler) => {
    const query = `${filler.repeat(100)}b=2&a=1`;
    expect(normalizeQuery(query, (name) => name.startsWith('utm_'))).toBe(query);
    expect(normalizeQuery(query.slice(2 * filler.length), (name) => name.startsWith('utm_'))).toMatch(/^a=1&b=2/);
  });

  it('leaves ignored names out, also when they are encoded', () => {
    const query = 'utm_source=x&b=2&utm%5Fmedium=y&a=1';
    expect(normalizeQuery(query, (name) => name.startsWith('utm_'))).toBe('a=1&b=2');
  });

  it('asks about decoded names, each as it stands', () => {
    const asked: string[] = [];
    normalizeQuery('a%5B%5D=1&b+c&%zz=1&=x', (name) => {
      asked.push(name);
      return false;
    });
    expect(asked).toEqual(['a[]', 'b c', '%zz', '']);
  });
});

const name = fc.constantFrom(
  'a',
  'b',
  'a[]',
  'a[x]',
  '[a]',
  '[b]x',
  '[]',
  '%61',
  'a%5B0%5D',
  'b+c',
  'b c',
  '',
  '%',
  'A',
  'constructor',
);
const value = fc.constantFrom('', '=', '=1', '=2', '=a,b', '=%26', '=1=2');
const pair = fc.oneof(
  { weight: 4, arbitrary: fc.tuple(name, value).map((parts) => parts.join('')) },
  { weight: 1, arbitrary: fc.string({ maxLength: 6 }).map((text) => text.replace(/[&;]/g, '')) },
);
const pairs = fc.array(pair, { maxLength: 6 });

/** What a handler can tell: the pairs of each variable, in their order. */
function meaning(query: readonly string[]): string {
  const groups = new Map<string, string[]>();
  for (const text of query) {
    if (text === '') continue;
    const encoded = text.split('=', 1)[0] ?? '';
    let decoded = encoded;
    try {
      decoded = decodeURIComponent(encoded.replaceAll('+', ' '));
    } catch {}
    const first = /\[([^[\]]*)\]/.exec(decoded);
    const inner = first?.index === 0 ? first[1] || '0' : first === null ? undefined : decoded.slice(0, first.index);
    const variable = /^[^[]+/.exec(decoded)?.[0] ?? inner ?? decoded;
    groups.set(variable, [...(groups.get(variable) ?? []), text]);
  }
  return JSON.stringify([...groups].sort(([one], [other]) => (one < other ? -1 : 1)));
}

describe('normalizeQuery, for any queries', () => {
  it('makes two one exactly when no handler can tell them apart', () => {
    fc.assert(
      fc.property(pairs, pairs, fc.boolean(), fc.nat(), (some, others, isShuffled, seed) => {
        const other = isShuffled ? shuffled(some, seed) : others;
        expect(normal(some.join('&')) === normal(other.join('&'))).toBe(meaning(some) === meaning(other));
      }),
      { numRuns: 2_000 },
    );
  });

  it('changes nothing when asked twice, and neither adds nor loses a pair', () => {
    fc.assert(
      fc.property(pairs, (some) => {
        const once = normal(some.join('&'));
        expect(normal(once)).toBe(once);
        expect(once.split('&').sort()).toEqual(once === '' ? [''] : some.filter((text) => text !== '').sort());
      }),
    );
  });
});

function shuffled<T>(list: readonly T[], seed: number): T[] {
  const left = [...list];
  const result: T[] = [];
  for (let n = seed; left.length > 0; n = Math.floor(n / 7) + n * 31) result.push(...left.splice(n % left.length, 1));
  return result;
}
