import { Socket } from 'node:net';
import { Readable } from 'node:stream';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { copyOf, hold, type Kept } from './copies.js';
import type { Copying } from './copying.js';
import { registerClass } from './registered-classes.js';
import { anyGraph, samples, User } from './samples.test.support.js';
import { shapeOf } from './shape.test.support.js';

function kept(value: unknown, copying: Copying = 'structured') {
  const found = hold(value, copying);
  if (found.kind !== 'held') throw new Error(found.what);
  return found.held;
}
const copied = <T>(value: T): T => copyOf(kept(value), 'structured') as T;
const refused = (value: unknown, copying: Copying = 'structured'): string | undefined => {
  const found: Kept = hold(value, copying);
  return found.kind === 'unstorable' ? found.what : undefined;
};

describe('a copy of a value', () => {
  it.each(Object.entries(samples()))('is like it in everything: %s', (_, value) => {
    const held = kept(value);
    expect(shapeOf(held.value)).toBe(shapeOf(value));
    expect(shapeOf(copyOf(held, 'structured'))).toBe(shapeOf(value));
  });

  it('is like it whatever the value', () => {
    fc.assert(fc.property(anyGraph, (value) => expect(shapeOf(copied(value))).toBe(shapeOf(value))));
  });

  it.each(Object.entries(samples()))('shares nothing with it or with another copy: %s', (_, value) => {
    const held = kept(value);
    const [one, other] = [copyOf(held, 'structured'), copyOf(held, 'structured')];
    const objects = [value, held.value, one, other].map((item) => objectsIn(item));
    expect(new Set(objects.flatMap((set) => [...set])).size).toBe(objects.reduce((sum, set) => sum + set.size, 0));
  });

  it('has bytes of its own, and only those', () => {
    const pooled = Buffer.from('secret');
    const { buffer, byteLength } = copied(pooled.subarray(0, 2));
    expect([buffer.byteLength, byteLength]).toEqual([2, 2]);
  });

  it('has all bytes of a class that says it has fewer', () => {
    class Odd extends Uint8Array {
      override get byteLength(): number {
        return 1;
      }
    }
    expect([...copied({ odd: new Odd([1, 2, 3]) }).odd]).toEqual([1, 2, 3]);
  });

  it('has nothing that every object is given by somebody', () => {
    const held = kept({ a: { b: 1 } });
    Object.defineProperty(Object.prototype, 'polluted', {
      value: {},
      enumerable: true,
      configurable: true,
      writable: true,
    });
    try {
      const copy = copyOf(held, 'structured') as object;
      expect([Object.keys(copy), copy === held.value]).toEqual([['a'], false]);
    } finally {
      Reflect.deleteProperty(Object.prototype, 'polluted');
    }
  });

  it('leaves what is frozen behind', () => {
    expect(Object.isFrozen(copied(Object.freeze({ a: Object.freeze([1]) })))).toBe(false);
  });
});

describe('a copy of an instance', () => {
  it('has its prototype, and runs neither constructor nor setter', () => {
    const user = copied([new User('Ann', new Date(0)), { in: new User('Bo', new Date(1)) }]);
    expect(user[0]).toBeInstanceOf(User);
    expect((user[0] as User).label).toBe('<Ann>');
    expect(shapeOf(user)).toBe(shapeOf([new User('Ann', new Date(0)), { in: new User('Bo', new Date(1)) }]));
  });

  it('keeps own properties that stand before those of the class, hidden ones and symbols', () => {
    const key = Symbol('key');
    const user = new User('Ann', new Date(0));
    Object.defineProperty(user, 'label', { value: 'own', enumerable: true });
    Object.defineProperty(user, 'hidden', { value: [1] });
    Object.assign(user, { [key]: { deep: 1 } });
    expect(shapeOf(copied(user))).toBe(shapeOf(user));
  });

  it('never asks a getter of its class', () => {
    let asked = 0;
    class Lazy {
      id = 1;
      get expensive(): number {
        return ++asked;
      }
      toJSON(): number {
        return ++asked;
      }
    }
    copied([new Lazy(), new Map([[1, new Lazy()]])]);
    expect(asked).toBe(0);
  });

  it('keeps subclasses of what the language knows', () => {
    class Registry extends Map<string, number> {
      owner = 'me';
    }
    class Missing extends Error {
      status = 404;
    }
    class Rows extends Array<number> {
      total = 3;
    }
    const value = { registry: new Registry([['a', 1]]), missing: new Missing('no'), rows: Rows.from([1, 2]) };
    expect(shapeOf(copied(value))).toBe(shapeOf(value));
    expect(copied(value).missing.stack).toBe(value.missing.stack);
  });

  it('keeps a class that its instances hold themselves', () => {
    function Decimal(this: object): void {
      Object.assign(this, { constructor: Decimal, digits: [1] });
    }
    const value = new (Decimal as unknown as new () => object)();
    expect(shapeOf(copied(value))).toBe(shapeOf(value));
  });

  it('takes the answer of an accessor of its own for its value, asked once', () => {
    let asked = 0;
    const copy = copied({
      get now(): number {
        return ++asked;
      },
    });
    expect([copy.now, copy.now, asked]).toEqual([1, 1, 1]);
  });
});

describe('a class with #private fields', () => {
  class Money {
    readonly #cents: number;
    constructor(cents: number) {
      this.#cents = cents;
    }
    get cents(): number {
      return this.#cents;
    }
  }
  class Known extends Money {}

  it('is refused, as no copy would have them', () => {
    expect(refused({ price: new Money(5) })).toMatch(
      /^value\.price is a Money, whose #private fields no copy has \(registerClass\(Money/,
    );
    expect(refused(new Map([['price', new (class Price extends Money {})(5)]]))).toMatch(
      /^value\.price is a Price, whose/,
    );
  });

  it('is refused however they are written', () => {
    class Far {
      #x = 1;
      read(): number {
        // biome-ignore format: where the line breaks is what is tested.
        return this
          .#x;
      }
    }
    class Apart {
      #x = 1;
      static read(other: Apart): number {
        // biome-ignore format: what stands between is what is tested.
        return other /* of this class */ . /* and */ #x;
      }
    }
    class Asked {
      readonly #mark = 1;
      static is(other: object): boolean {
        // biome-ignore format: where the line breaks is what is tested.
        return #mark
          /* is */ in other;
      }
    }
    class Kin {
      color = '#fff';
      readonly hash = '# in no name';
    }
    for (const value of [new Far(), new Apart(), new Asked()]) expect(refused(value)).toMatch(/#private fields/);
    expect(refused(new Kin())).toBeUndefined();
  });

  it('is copied by what it says of itself', () => {
    registerClass(Known, { encode: ({ cents }) => ({ cents }), decode: ({ cents }) => new Known(cents) });
    const copy = copied([new Known(5)]);
    expect([copy[0]?.cents, copy[0] instanceof Known]).toEqual([5, true]);
  });

  it('is kept by reference where nobody wants copies', () => {
    const money = new Money(5);
    expect(copyOf(kept(money, false), false)).toBe(money);
  });
});

describe('what cannot be copied', () => {
  it.each<[string, unknown, string]>([
    ['a function', { user: { save() {} } }, 'value.user.save is a function'],
    ['a symbol', [1, Symbol('s')], 'value[1] is a symbol'],
    ['a Promise', { 'a b': Promise.resolve() }, 'value["a b"] is a Promise'],
    ['a WeakMap', new Map([['x', new WeakMap()]]), 'value.x is a WeakMap'],
    ['a Proxy', { deep: [new Proxy({}, {})] }, 'value.deep[0] is a Proxy'],
    ['shared memory', new SharedArrayBuffer(1), 'value is a SharedArrayBuffer'],
    ['a native class', { c: new Intl.Collator() }, 'value.c is a Collator'],
    ['a stream', { body: Readable.from([1]) }, 'value.body is a Readable'],
    ['a socket', new Map([['s', new Socket()]]), 'value.s is a Socket'],
    ['a DOMException', { cause: new DOMException('m', 'AbortError') }, 'value.cause is a DOMException'],
    ['what is within an Error', new Error('e', { cause: new DOMException('m') }), 'value.cause is a DOMException'],
    ['a signal', AbortSignal.abort(), 'value is an AbortSignal'],
    ['an iterator of a list', [[1].values()], 'value[0] is an iterator'],
    ['an iterator of a text', 'ab'[Symbol.iterator](), 'value is an iterator'],
    ['matches', 'ab'.matchAll(/a/g), 'value is an iterator'],
    ['an iterator of a query', new URLSearchParams('a=1').entries(), 'value is an iterator'],
    ['an iterator of headers', new Headers({ a: '1' }).entries(), 'value is an iterator'],
    ['segments', new Intl.Segmenter('en').segment('hi'), 'value is an object of no named class'],
    ['what only inherits from a URL', { url: Object.create(URL.prototype) }, 'value.url is a URL'],
    ['a generator', (function* () {})(), 'value is a generator'],
    ['an iterator', { keys: new Map().keys() }, 'value.keys is an iterator'],
    ['a boxed number', [Object(1)], 'value[0] is a Number'],
    ['a function at the root', () => {}, 'value is a function'],
    [
      'a symbol as the property of a list that is a class',
      Object.assign(new (class L extends Array {})(), { f() {} }),
      'value.f is a function',
    ],
    [
      'a getter that throws',
      {
        get x(): never {
          throw new Error('boom');
        },
      },
      'value.x cannot be read: Error: boom',
    ],
  ])('is named, and where it is: %s', (_, value, what) => {
    expect(refused(value)).toBe(what);
    expect(refused({ again: value }, 'freeze')).toBe(what.replace('value', 'value.again'));
  });

  it('is one that is nested too deep, however deep it is, and no stack runs out', () => {
    const nest = (levels: number) => {
      let value: unknown = 1;
      for (let i = 0; i < levels; i++) value = i % 2 === 0 ? [value] : { next: value };
      return value;
    };
    expect(refused(nest(1000))).toBeUndefined();
    expect(refused(nest(1001))).toMatch(/^value.*….* is nested deeper than 1000 levels$/);
    expect(refused(nest(100_000))).toMatch(/nested deeper/);
    expect(kept(nest(100_000), false).bytes).toBeGreaterThan(1_600_000);
  });

  it('is what has become one while it was looked at', () => {
    let asked = 0;
    const fickle = {
      get x(): unknown {
        return asked++ === 0 ? 1 : () => 1;
      },
    };
    expect(refused(new Map([['k', fickle]]))).toMatch(/^value cannot be copied/);
  });

  it('is not asked anything: no trap of a Proxy runs', () => {
    const trap = (): never => {
      throw new Error('a trap ran');
    };
    const handler = { get: trap, ownKeys: trap, getPrototypeOf: trap, has: trap, getOwnPropertyDescriptor: trap };
    expect(refused([new Proxy({}, handler)])).toBe('value[0] is a Proxy');
    expect(kept([new Proxy({}, handler)], false).bytes).toBeGreaterThan(0);
  });
});

describe('what fails when it is copied for a caller', () => {
  it('is not handed out itself', () => {
    class Fickle {
      constructor(readonly n: number) {}
    }
    let isBroken = false;
    registerClass(Fickle, {
      encode: ({ n }) => n,
      decode: (n) => {
        if (isBroken) throw new Error('boom');
        return new Fickle(n);
      },
    });
    const held = kept([new Fickle(1)]);
    isBroken = true;
    expect(() => copyOf(held, 'structured')).toThrow('boom');
    expect(() => copyOf(held, 'freeze')).toThrow('boom');
  });

  it.each(['a tree', 'a graph'])('is not handed out itself, whatever is left of the stack: %s', (what) => {
    let value: unknown = what === 'a tree' ? { leaf: [new Date(0)] } : new Map();
    for (let i = 0; i < 200; i++) value = i % 2 === 0 ? { x: value } : [value];
    const held = kept(value);
    const copies: unknown[] = [];
    const dive = (): void => {
      try {
        dive();
      } catch {}
      if (copies.length > 200) return;
      try {
        copies.push(copyOf(held, 'structured'));
      } catch {}
    };
    dive();
    expect(copies.length).toBeGreaterThan(200);
    expect(new Set([...copies, held.value]).size).toBe(copies.length + 1);
    expect(new Set(copies.slice(0, 50).map((copy) => shapeOf(copy)))).toEqual(new Set([shapeOf(value)]));
  });
});

describe('a list that is nearly all holes', () => {
  it('is copied by what it has', () => {
    const list = [1];
    list[4_000_000_000] = 2;
    const copy = copied(list);
    expect([copy.length, copy[4_000_000_000], Object.keys(copy)]).toEqual([4_000_000_001, 2, ['0', '4000000000']]);
  });
});

describe('frozen values', () => {
  it('are all the same one, frozen as deep as it goes', () => {
    const value = { list: [{ a: 1 }], user: Object.assign(Object.create(User.prototype), { name: 'Ann' }) };
    const held = kept(value, 'freeze');
    expect(copyOf(held, 'freeze')).toBe(value);
    expect(objectsIn(value)).toEqual(new Set([value, value.list, value.list[0], value.user]));
    for (const object of objectsIn(value)) expect(Object.isFrozen(object)).toBe(true);
  });

  it('are copies, frozen but for it, where a part of them cannot be', () => {
    const value = { at: new Date(0), list: [1], map: new Map([['a', { b: 1 }]]), bytes: Buffer.from('x') };
    const held = kept(value, 'freeze');
    const [one, other] = [copyOf(held, 'freeze'), copyOf(held, 'freeze')] as [typeof value, typeof value];
    one.at.setTime(9);
    one.bytes[0] = 0;
    expect(shapeOf(other)).toBe(shapeOf(value));
    expect([one, one.list, one.map.get('a')].map((part) => Object.isFrozen(part))).toEqual([true, true, true]);
    expect([value, value.list].map((part) => Object.isFrozen(part))).toEqual([false, false]);
  });

  it('are left as they are where something in them cannot be kept', () => {
    const value = { list: [1], f() {} };
    expect(refused(value, 'freeze')).toBe('value.f is a function');
    expect([value, value.list].map((part) => Object.isFrozen(part))).toEqual([false, false]);
  });

  it('are copied for who asks for copies, and frozen then for who asks for that', () => {
    const held = kept({ a: [1] }, 'freeze');
    expect(Object.isFrozen(copyOf(held, 'structured'))).toBe(false);
    const other = kept({ a: [1] });
    expect(Object.isFrozen((copyOf(other, 'freeze') as { a: number[] }).a)).toBe(true);
  });
});

describe('values by reference', () => {
  it('are themselves, whatever they are', () => {
    const value = { f() {}, p: Promise.resolve() };
    expect(copyOf(kept(value, false), false)).toBe(value);
    expect(copyOf(kept(value, false), 'structured')).toBe(value);
  });

  it('are not asked what their accessors say', () => {
    const value = {
      get x(): never {
        throw new Error('asked');
      },
    };
    expect(copyOf(kept(value, false), false)).toBe(value);
  });
});

describe('what a value weighs', () => {
  it.each<[string, unknown, number]>([
    ['ASCII', 'a'.repeat(10_000), 10_000],
    ['characters of two bytes', '文'.repeat(10_000), 30_000],
    ['ASCII but for one character', `${'a'.repeat(10_000)}文`, 20_000],
    ['bytes', Buffer.alloc(10_000), 10_000],
    ['numbers', Array.from({ length: 1000 }, (_, i) => i + 0.5), 8000],
    ['a BigInt', 2n ** 80_000n, 10_000],
    ['long names', { ['k'.repeat(10_000)]: 1 }, 10_000],
    ['a Map', new Map([['a'.repeat(5000), 'b'.repeat(5000)]]), 10_000],
    ['an Error', new Error('e'.repeat(10_000)), 10_000],
    ['a subclass of Map', new (class M extends Map<string, string> {})([['a'.repeat(5000), 'b'.repeat(5000)]]), 10_000],
  ])('is not less than a person would count, nor five times that: %s', (_, value, least) => {
    for (const copying of ['structured', 'freeze', false] as const) {
      const { bytes } = kept(value, copying);
      expect(bytes).toBeGreaterThanOrEqual(least);
      expect(bytes).toBeLessThan(least * 5);
    }
  });

  it('counts a shared part once, and no less than its JSON is long', () => {
    const part = { text: 'x'.repeat(10_000) };
    expect(kept([part, part, part]).bytes).toBeLessThan(12_000);
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(kept(value).bytes).toBeGreaterThanOrEqual(Buffer.byteLength(JSON.stringify(value)) / 2);
      }),
    );
  });
});

function objectsIn(value: unknown, found = new Set<object>()): Set<object> {
  if (typeof value !== 'object' || value === null || found.has(value)) return found;
  found.add(value);
  if (value instanceof Map) for (const pair of value) for (const item of pair) objectsIn(item, found);
  if (value instanceof Set) for (const item of value) objectsIn(item, found);
  const keys = ArrayBuffer.isView(value) ? [] : Reflect.ownKeys(value);
  for (const key of keys) objectsIn((value as Record<PropertyKey, unknown>)[key], found);
  return found;
}
