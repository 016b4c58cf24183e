import { EventEmitter } from 'node:events';
import { isDeepStrictEqual } from 'node:util';
import vm from 'node:vm';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { encodeArguments, shortened, Unencodable } from './arguments.js';
import { registerClass } from './registered-classes.js';

const encode = (...list: unknown[]): string => {
  const text = encodeArguments(list);
  if (text instanceof Unencodable) throw new Error(text.what);
  return text;
};
const refusal = (...list: unknown[]): string | undefined => {
  const text = encodeArguments(list);
  return text instanceof Unencodable ? text.what : undefined;
};

/** Values as `isDeepStrictEqual` compares them in every version of Node: it takes an invalid date for another one. */
const values = (): fc.Arbitrary<unknown> =>
  fc.anything({
    withBigInt: true,
    withDate: true,
    withMap: true,
    withSet: true,
    withTypedArray: true,
    withSparseArray: true,
    withNullPrototype: true,
    values: [
      fc.boolean(),
      fc.integer(),
      fc.double(),
      fc.string({ unit: 'binary' }),
      fc.constantFrom(undefined, null, 0, -0, Number.NaN, '', 's', 'u', '1', 1, 1n, 'n1;', 's1:s'),
      fc.date({ noInvalidDate: true }),
    ],
  });

/** The same, made again with everything that has no order in another one. */
function again(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (value instanceof Map) return new Map([...value].reverse().map(([key, held]) => [again(key), again(held)]));
  if (value instanceof Set) return new Set([...value].reverse().map(again));
  if (Array.isArray(value)) {
    const made: unknown[] = new Array(value.length);
    for (const i of value.keys()) if (i in value) made[i] = again(value[i]);
    return made;
  }
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== null && prototype !== Object.prototype) return structuredClone(value);
  const made = Object.create(prototype as object | null) as object;
  for (const name of Object.keys(value).reverse())
    Object.defineProperty(made, name, {
      value: again((value as Record<string, unknown>)[name]),
      enumerable: true,
      configurable: true,
      writable: true,
    });
  return made;
}

describe('encodeArguments', () => {
  it('gives two lists one text iff they are deeply equal', () => {
    const small = fc.array(values(), { maxLength: 3 });
    fc.assert(
      fc.property(small, small, (one, other) => {
        expect(encode(...one) === encode(...other)).toBe(isDeepStrictEqual(one, other));
      }),
      { numRuns: 2_000 },
    );
  });

  it('gives a list and the same made again one text', () => {
    fc.assert(
      fc.property(fc.array(values(), { maxLength: 4 }), (list) => {
        expect(encode(...(again(list) as unknown[]))).toBe(encode(...list));
      }),
      { numRuns: 2_000 },
    );
  });

  it('gives lists over few values one text iff they are deeply equal', () => {
    const { list } = fc.letrec<{ value: unknown; list: unknown[] }>((tie) => ({
      value: fc.oneof(
        { maxDepth: 3 },
        fc.constantFrom<unknown>('', '1', 1, 1n, true, undefined, null, 0, -0, ':', ';', 's0:'),
        tie('list'),
        fc.array(fc.tuple(fc.constantFrom('a', 'b', '1:a'), tie('value')), { maxLength: 2 }).map(Object.fromEntries),
        fc.array(tie('value'), { maxLength: 2 }).map((held) => new Set(held)),
        fc.array(fc.tuple(tie('value'), tie('value')), { maxLength: 2 }).map((held) => new Map(held)),
      ),
      list: fc.array(tie('value'), { maxLength: 2 }),
    }));
    fc.assert(
      fc.property(list, list, (one, other) => {
        expect(encode(...one) === encode(...other)).toBe(isDeepStrictEqual(one, other));
      }),
      { numRuns: 5_000 },
    );
  });

  it.each<[string, unknown[], unknown[]]>([
    ['a missing argument and undefined', [1], [1, undefined]],
    ['one list and two', [['a', 'b']], [['a'], ['b']]],
    ['a string and a number', ['1'], [1]],
    ['a number and a bigint', [1], [1n]],
    ['a date and its text', [new Date(0)], [new Date(0).toISOString()]],
    ['two Maps', [new Map([[1, 2]])], [new Map([[1, 3]])]],
    ['a Map and an object', [new Map([['a', 1]])], [{ a: 1 }]],
    ['a Set and a list', [new Set([1])], [[1]]],
    ['NaN and null', [Number.NaN], [null]],
    ['0 and -0', [0], [-0]],
    ['undefined and null', [undefined], [null]],
    ['a property that is undefined and none', [{ a: undefined }], [{}]],
    ['a hole and undefined', [new Array(1)], [[undefined]]],
    ['a Buffer and a Uint8Array', [Buffer.from([1])], [new Uint8Array([1])]],
    ['two views of one buffer', [new Uint8Array([1, 0]).subarray(0, 1)], [new Uint8Array([1, 0])]],
    ['two regular expressions', [/a/], [/a/i]],
    ['two URLs', [new URL('http://a/')], [new URL('http://a/?')]],
    ['halves of two surrogate pairs', ['\ud800'], ['\ud801']],
    ['half a pair and its escape', ['\ud800'], ['"\\ud800"']],
    ['an object with __proto__ of its own and one without', [JSON.parse('{"__proto__":1}')], [{}]],
    ['an object without a prototype and one with', [Object.create(null)], [{}]],
    ['two buffers of bytes', [new Uint8Array([1]).buffer], [new Uint8Array([2]).buffer]],
    ['two invalid dates of text', [new Date(Number.NaN)], [Number.NaN]],
  ])('tells %s apart', (_what, one, other) => {
    expect(encode(...one)).not.toBe(encode(...other));
  });

  it('takes what is of another realm for what it is', () => {
    const foreign: unknown = vm.runInNewContext('({ b: new Map([[1, [new Date(5), /x/g, 1n]]]), a: new Set([{}]) })');
    const own = { a: new Set([{}]), b: new Map([[1, [new Date(5), /x/g, 1n]]]) };
    expect(encode(foreign)).toBe(encode(own));
  });

  class Money {
    readonly amount = 1;
  }
  class Day extends Date {}
  const loop: { self?: unknown } = {};
  loop.self = [loop];
  let deep: unknown = 0;
  for (let i = 0; i < 10_000; i++) deep = [deep];
  let wide: unknown = 0;
  for (let i = 0; i < 90; i++) wide = [wide, wide];

  it.each<[string, unknown, string]>([
    ['a function', { user: { save() {} } }, '[0].user.save is a function'],
    ['a symbol', [Symbol('s')], '[0][0] is a symbol'],
    ['an instance', new Money(), '[0] is of class Money (registerClass(Money) says what it is made of)'],
    [
      'an instance of a class derived from a built-in one',
      new Day(0),
      '[0] is of class Day (registerClass(Day) says what it is made of)',
    ],
    ['a connection', new (class Connection extends EventEmitter {})(), '[0] is of class Connection'],
    ['an instance without a name', new (class {})(), '[0] is of a class without a name'],
    ['what contains itself', loop, '[0].self[0] contains itself'],
    ['a property that is a symbol', { [Symbol('s')]: 1 }, '[0] has a symbol among its properties'],
    ['a Proxy', new Proxy({}, {}), '[0] is a Proxy'],
    ['a promise', Promise.resolve(), '[0] is of class Promise'],
    ['a WeakMap', new Map([['a', new WeakMap()]]), '[0].get() is of class WeakMap'],
    ['an error', new Error('e'), '[0] is of class Error'],
    ['a boxed string', new String('s'), '[0] is of class String'],
    ['a date with properties', Object.assign(new Date(0), { zone: 'CET' }), '[0] has properties of its own'],
    ['a URL with properties', Object.assign(new URL('http://a/'), { z: 1 }), '[0] has properties of its own'],
    ['a Buffer with properties', Object.assign(Buffer.from('a'), { z: 1 }), '[0] has properties of its own'],
    ['many bytes with properties', Object.assign(new Uint8Array(100), { z: 1 }), '[0] has properties of its own'],
    ['memory that others write to', new Uint8Array(new SharedArrayBuffer(1)), '[0] is shared between threads'],
    [
      'a getter that throws',
      Object.defineProperty({}, 'a', { get: () => fail(), enumerable: true }),
      '[0] cannot be read',
    ],
  ])('refuses %s, and says where it is', (_what, value, told) => {
    expect(refusal(value)).toBe(told);
  });

  it('refuses what is too deep or too much, before it costs much', () => {
    expect(refusal(deep)).toMatch(/is more than 100 objects deep$/);
    expect(refusal(wide)).toMatch(/is the last of 100000 values$/);
    expect(encode(new Array(4_000_000_000))).toBe(encode(new Array(4_000_000_000)));
  });

  it('refuses the arguments of a function as an object', () => {
    const given = (function () {
      // biome-ignore lint/complexity/noArguments: what is tested
      return arguments;
    })();
    expect(refusal(given)).toBe('[0] is of class Object');
  });
});

describe('encodeArguments, of instances of registered classes', () => {
  class Point {
    constructor(
      readonly x: number,
      readonly y: number,
    ) {}
  }
  class Secret {
    readonly #of: string;
    constructor(of: string) {
      this.#of = of;
    }
    get of(): string {
      return this.#of;
    }
  }
  registerClass(Point, { name: 'arguments-point' });
  registerClass(Secret, {
    name: 'arguments-secret',
    encode: (secret) => secret.of,
    decode: (of: string) => new Secret(of),
  });

  it('tells them apart by what is stored of them, and from what is no instance', () => {
    expect(encode(new Point(1, 2))).toBe(encode(new Point(1, 2)));
    expect(encode(new Secret('a'))).toBe(encode(new Secret('a')));
    const all = [new Point(1, 2), new Point(1, 3), { x: 1, y: 2 }, new Secret('a'), new Secret('b'), 'a'];
    expect(new Set(all.map((each) => encode(each))).size).toBe(all.length);
  });

  class Day extends Date {}
  class Table extends Map<unknown, unknown> {}
  class Bag extends Set<unknown> {}
  class Rule extends RegExp {}
  class Link extends URL {}
  class Bytes extends ArrayBuffer {}
  class Refusal extends Error {
    constructor(
      message: string,
      readonly code = 1,
    ) {
      super(message);
    }
  }
  class Hidden {
    constructor(id: number) {
      Object.defineProperty(this, 'id', { value: id });
    }
  }
  class Read {
    constructor(id: number) {
      Object.defineProperty(this, 'id', { get: () => id });
    }
  }
  class Query extends URLSearchParams {}
  class Marked {
    constructor(id: number) {
      Object.defineProperty(this, Symbol('id'), { value: id });
    }
  }
  for (const each of [Day, Table, Bag, Rule, Link, Bytes, Refusal, Hidden, Read, Query, Marked])
    registerClass(each as unknown as typeof Point, { name: `arguments-${each.name}` });

  it.each<[string, (n: number) => object]>([
    ['a Date', (n) => new Day(n)],
    ['a Date with a property', (n) => Object.assign(new Day(0), { zone: n })],
    ['a Map', (n) => new Table([[1, n]])],
    ['a Set', (n) => new Bag([n])],
    ['a RegExp', (n) => new Rule(`${n}`)],
    ['a URL', (n) => new Link(`http://a/${n}`)],
    ['an ArrayBuffer', (n) => new Bytes(n)],
    ['an Error, by its message', (n) => new Refusal(`${n}`)],
    ['an Error, by its properties', (n) => new Refusal('no', n)],
    ['what has properties that are not listed', (n) => new Hidden(n)],
    ['what has a getter', (n) => new Read(n)],
  ])('compares all that one holds: %s', (_what, make) => {
    expect(encode(make(1))).toBe(encode(make(1)));
    expect(encode(make(1))).not.toBe(encode(make(2)));
  });

  it.each([
    ['of what nobody can read', new Query('a=1')],
    ['of what has no text', new Marked(1)],
  ])('refuses one %s', (_what, value) => {
    expect(refusal(value)).toMatch(/^\[0\] is of class \S+, and more than can be compared \(encode and decode/);
  });

  it('refuses those of a class derived from one', () => {
    class Pixel extends Point {}
    expect(refusal(new Pixel(1, 2))).toBe('[0] is of class Pixel (registerClass(Pixel) says what it is made of)');
  });
});

describe('shortened', () => {
  it('leaves what is short, and gives what is long a text of its own', () => {
    const long = encode('x'.repeat(5_000));
    expect(shortened('s1:x')).toBe('s1:x');
    expect(shortened(long)).toMatch(/^#5006:[\w-]{43}$/);
    expect(shortened(long)).not.toBe(shortened(encode('y'.repeat(5_000))));
  });
});

function fail(): never {
  throw new Error('unreadable');
}
