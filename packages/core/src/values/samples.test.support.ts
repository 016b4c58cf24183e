import fc from 'fast-check';

/** A class as applications have them: fields, a method, an accessor whose setter must not run. */
export class User {
  readonly tags = ['a'];
  constructor(
    public name: string,
    public born: Date,
  ) {}
  get label(): string {
    return `<${this.name}>`;
  }
  set label(_value: string) {
    throw new Error('nobody sets this');
  }
}

/** A value of each kind that can be kept, by what it is. */
export function samples(): Record<string, unknown> {
  const cycle: Record<string, unknown> = { name: 'cycle', items: [1] };
  cycle['self'] = cycle;
  (cycle['items'] as unknown[]).push(cycle, cycle['items']);
  const shared = { deep: [new Date(5)] };
  const bare = Object.assign(Object.create(null), { a: 1, b: shared });
  const hiding = Object.defineProperty({ shown: [1n] }, 'hidden', { value: { q: 2n } });
  const error = Object.assign(new RangeError('too much', { cause: new TypeError('inner') }), { code: 'E_RANGE' });
  return {
    'a string': 'text',
    'a lone surrogate': '\ud800',
    numbers: [0, -0, 1.5, 1e308, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY],
    undefined: undefined,
    null: null,
    BigInts: [0n, -5n, 2n ** 200n],
    'a plain object': { a: 1, b: { c: [true, null, 'x'] }, undef: undefined },
    'a key named __proto__': JSON.parse(
      '{"__proto__":{"a":{"d":1}},"b":[{"__proto__":null}],"constructor":{"prototype":1}}',
    ),
    'an object with no prototype': bare,
    'properties that are not enumerable': hiding,
    // biome-ignore lint/suspicious/noSparseArray: they are what is kept.
    holes: [1, , undefined, 3, ,],
    'lists that begin with a mark': [['$'], ['$u'], ['$=', 0], ['$$'], { $u: ['$', undefined] }],
    Dates: [new Date(0), new Date(-1), new Date(Number.NaN)],
    'a Map': new Map<unknown, unknown>([
      [{ k: 1 }, new Set([1, 'a'])],
      ['x', new Map()],
      [Number.NaN, undefined],
    ]),
    'a Set': new Set<unknown>([1, '1', { a: new Set() }, undefined]),
    'a Buffer': Buffer.from('bytes'),
    'typed arrays': [
      new Uint8Array([1, 2]),
      new Float64Array([1.5, Number.NaN]),
      new BigInt64Array([-1n]),
      new Int16Array(0),
    ],
    'other bytes': [new Uint16Array([1, 2]).buffer, new DataView(new ArrayBuffer(3))],
    'a RegExp': [/a\/b/giu, /(?<x>y)/],
    'a URL': new URL('https://example.org/a?b=c#d'),
    'an Error': error,
    'an AggregateError': new AggregateError([error, 1], 'all'),
    'a cycle': cycle,
    'a shared reference': [shared, { again: shared }, shared.deep],
    'a cycle through Map, Set and list': cyclicMap(),
  };
}

function cyclicMap(): unknown {
  const map = new Map<unknown, unknown>();
  const set = new Set<unknown>([map]);
  map.set(set, [map, set]);
  map.set(map, Buffer.from('x'));
  return map;
}

/** Values of any kind but classes; with parts in several places, and around in circles. */
export const anyGraph: fc.Arbitrary<unknown> = fc
  .tuple(
    fc.array(fc.constantFrom('object', 'list', 'map', 'set', 'bare'), { minLength: 1, maxLength: 6 }),
    fc.array(fc.tuple(fc.nat(5), fc.nat(5), fc.string({ maxLength: 3 })), { maxLength: 8 }),
    fc.array(
      fc.anything({
        withBigInt: true,
        withDate: true,
        withMap: true,
        withSet: true,
        withNullPrototype: true,
        withSparseArray: true,
        withTypedArray: true,
      }),
      { maxLength: 3 },
    ),
  )
  .map(([kinds, links, leaves]) => {
    const nodes: unknown[] = [...kinds.map(empty), ...leaves];
    for (const [from, to, key] of links) link(nodes[from % kinds.length], key, nodes[to % nodes.length]);
    for (const [i, leaf] of leaves.entries()) link(nodes[i % kinds.length], `leaf${i}`, leaf);
    return nodes[0];
  });

function empty(kind: string): object {
  if (kind === 'map') return new Map();
  if (kind === 'set') return new Set();
  return kind === 'list' ? [] : kind === 'bare' ? Object.create(null) : {};
}

function link(from: unknown, key: string, to: unknown): void {
  if (from instanceof Map) from.set(key, to).set(to, key);
  else if (from instanceof Set) from.add(to);
  else if (Array.isArray(from)) from.push(to);
  else Object.defineProperty(from, key, { value: to, enumerable: true, writable: true, configurable: true });
}
