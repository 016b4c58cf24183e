import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { registerClass } from '../values/registered-classes.js';
import { anyGraph, User } from '../values/samples.test.support.js';
import { shapeOf } from '../values/shape.test.support.js';
import { valueCodec } from './value-codec.js';
import { bytesOf, decodeMutations, Money, NotFound, prototypesNow, storable } from './value-mutations.test.support.js';

const { encode, decode } = valueCodec;
const back = (value: unknown): unknown => decode(bytesOf(value))?.value;
/** What a forger writes: this JSON, and these bytes behind it. */
function forged(json: string, bytes = '', length = Buffer.byteLength(json)): Buffer {
  const head = Buffer.from([1, 1, 0, 0, 0, 0]);
  head.writeUInt32BE(length, 2);
  return Buffer.concat([head, Buffer.from(json), Buffer.from(bytes)]);
}

describe('a class that this process does not know', () => {
  it('is told by its name', () => {
    class Passing {
      readonly n = 1;
    }
    registerClass(Passing, { name: 'Passing' });
    const encoded = valueCodec.encode(new Passing());
    const bytes = encoded.kind === 'bytes' ? encoded.bytes : Buffer.alloc(0);
    const renamed = Buffer.from(bytes.toString('latin1').replace('Passing', 'Unknown'), 'latin1');
    const told: string[] = [];
    expect(valueCodec.decode(renamed, (name) => told.push(name))).toBeUndefined();
    expect(valueCodec.decode(Buffer.from('no value'), (name) => told.push(name))).toBeUndefined();
    expect(told).toEqual(['Unknown']);
  });
});

describe('a value through its bytes', () => {
  it.each(Object.entries(storable()))('is as it was: %s', (_, value) => {
    expect(shapeOf(back(value))).toBe(shapeOf(value));
  });

  it('is as it was, whatever the value', () => {
    fc.assert(
      fc.property(anyGraph, (value) => expect(shapeOf(back(value))).toBe(shapeOf(value))),
      { numRuns: 300 },
    );
  });

  it('leaves the value that it was made of alone', () => {
    for (const value of Object.values(storable())) {
      const before = shapeOf(value);
      encode(value);
      expect(shapeOf(value)).toBe(before);
    }
  });

  it('has bytes of its own', () => {
    const bytes = bytesOf([Buffer.from('secret'), new Uint8Array([7])]);
    const read = decode(bytes)?.value;
    const [buffer, array] = read as [Buffer, Uint8Array];
    bytes.fill(0);
    expect([buffer.toString(), array[0], buffer.buffer.byteLength, array.buffer.byteLength]).toEqual([
      'secret',
      7,
      6,
      1,
    ]);
  });

  it('is its JSON alone where that says all', () => {
    const value = { a: [1, 'x', null, true], b: { __proto: 1 } };
    expect(bytesOf(value).toString('utf8', 2)).toBe(JSON.stringify(value));
  });

  it('is one of a registered class by what that says of itself', () => {
    const price = new Money(5);
    const read = back([price, price]) as Money[];
    expect([read[0]?.cents, read[0] instanceof Money, read[0] === read[1]]).toEqual([5, true, true]);
    expect((back(new NotFound('x')) as Error).stack).toMatch(/NotFound|Error: x/);
  });

  it('runs neither the constructor nor a setter of a registered class', () => {
    const user = Object.defineProperty(new User('Ann', new Date(0)), 'label', { value: 'own', enumerable: true });
    expect(shapeOf(back(user))).toBe(shapeOf(user));
  });

  it('has hidden properties of any name', () => {
    const value = { a: 1 };
    Object.defineProperty(value, '__proto__', { value: { isAdmin: [1n] } });
    expect(shapeOf(back([value]))).toBe(shapeOf([value]));
  });

  it('never asks toJSON', () => {
    class Secret {
      id = 1;
      toJSON(): never {
        throw new Error('asked');
      }
    }
    registerClass(Secret);
    expect(shapeOf(back([new Secret(), { toJSON: 1 }]))).toBe(shapeOf([new Secret(), { toJSON: 1 }]));
  });
});

describe('what has no bytes', () => {
  class Plain {
    password = 'x';
  }
  class Sub extends User {}
  it.each<[string, unknown, string]>([
    ['at the root', new Plain(), 'Plain'],
    ['deep inside', { a: [new Map([['x', new Set([new Plain()])]])] }, 'Plain'],
    ['in what a registered class has', Object.assign(new User('A', new Date(0)), { p: new Plain() }), 'Plain'],
    ['the subclass of a registered class', new Sub('A', new Date(0)), 'Sub'],
    ['a subclass of Map', new (class Registry extends Map {})(), 'Registry'],
    ['a subclass of Error', [new (class Odd extends Error {})('x')], 'Odd'],
    ['a subclass of Array', new (class Rows extends Array {})(), 'Rows'],
    ['an object made of another one', Object.create({ a: 1 }), 'object of no named class'],
  ])('is an instance of a class that nobody registered: %s', (_, value, className) => {
    expect(encode(value)).toEqual({ kind: 'unregistered', className });
  });

  it.each<[string, unknown, string]>([
    ['a function', { a: [() => 1] }, 'value.a.0 is a function'],
    ['a function in a Map', new Map([['k', { f() {} }]]), 'value.k.f is a function'],
    ['a symbol', [Symbol('s')], 'value.0 is a symbol'],
    [
      'a property named by a symbol',
      { a: { [Symbol('s')]: 1 } },
      'value.a has the property Symbol(s), and a symbol has no bytes',
    ],
    ['a Proxy', [new Proxy({}, {})], 'value.0 is a Proxy'],
    ['a Promise', { p: Promise.resolve() }, 'value.p is a Promise'],
    ['a list of holes', [new Array(1e9)], 'value.0 is a list of hardly anything but holes'],
  ])('is named, and where it is: %s', (_, value, what) => {
    expect(encode(value)).toEqual({ kind: 'unstorable', what });
  });

  it('is what is nested too deep, or throws when it is looked at', () => {
    let deep: unknown = 1;
    for (let i = 0; i < 100_000; i++) deep = [deep];
    expect(encode(deep)).toMatchObject({ kind: 'unstorable', what: expect.stringMatching(/nested deeper than 1000/) });
    const value = {
      get x(): never {
        throw new Error('boom');
      },
    };
    expect(encode(value)).toEqual({ kind: 'unstorable', what: 'value has no bytes: Error: boom' });
  });

  it('is what an encode makes of an instance that leads back to it, or throws at', () => {
    class Loop {}
    class Bad {}
    registerClass(Loop, { encode: (loop) => [loop], decode: () => new Loop() });
    registerClass(Bad, {
      encode: () => {
        throw new Error('no');
      },
      decode: () => new Bad(),
    });
    expect(encode(new Loop())).toMatchObject({ what: 'value.encoded.0 is reached from what encode made of it' });
    expect(encode([new Bad()])).toMatchObject({
      what: 'value.0 is not encoded, as encode of its class threw Error: no',
    });
  });
});

describe('the format', () => {
  it('is what was written once', () => {
    const rest = storable();
    // With stacks, they differ by where they were made.
    delete rest['an Error'];
    delete rest['an AggregateError'];
    delete rest['instances'];
    const written = Object.entries(rest).map(([name, value]) => `${name}: ${readable(bytesOf(value))}`);
    expect(written).toEqual(WRITTEN);
  });

  it('is read from bytes that were written once', () => {
    const bytes = Buffer.from('AQEAAAAuWyIkbSIsImEiLFsiJGQiLDVdLCJiIixbIiRiIiwiQnVmZmVyIiwyXV0=', 'base64');
    const whole = Buffer.concat([
      bytes.subarray(0, 2),
      Buffer.from([0, 0, 0, bytes.length - 6]),
      bytes.subarray(6),
      Buffer.from('hi'),
    ]);
    expect(decode(whole)?.value).toEqual(
      new Map<string, unknown>([
        ['a', new Date(5)],
        ['b', Buffer.from('hi')],
      ]),
    );
  });
});

describe('bytes that are no value of ours', () => {
  const deep = (levels: number, open: string) => open.repeat(levels) + ']'.repeat(levels);
  it.each<[string, Buffer]>([
    ['none', Buffer.alloc(0)],
    ['a version alone', Buffer.from([1])],
    ['no JSON', Buffer.from([1, 0])],
    ['another version', Buffer.from([2, 0, 0x31])],
    ['another form', Buffer.from([1, 2, 0x31])],
    ['something else', Buffer.from('a value of another library')],
    ['a length past the end', forged('[]', '', 4_294_967_295)],
    ['bytes that nothing names', forged('[]', 'more')],
    ['bytes that are not there', forged('["$b","Buffer",4294967295]', 'x')],
    ['less than none', forged('["$b","Buffer",-1]', 'x')],
    ['bytes that do not fill an element', forged('["$b","Float64Array",1]', 'x')],
    ['bytes of a class that is none', forged('["$b","Object",1]', 'x')],
    ['a mark that is none', forged('["$x"]')],
    ['an object that comes later', forged('["$=",5]')],
    ['a property of the list of objects', forged('["$=","push"]')],
    ['its length', forged('["$=","length"]')],
    ['a class nobody knows', forged('["$c","Unknown",{}]')],
    ['a class by another way', forged('["$c","Money",{"cents":1}]')],
    ['another class by that way', forged('["$k","User",{"name":1}]')],
    ['a class that throws', forged('["$k","Money",{"cents":"5"}]')],
    ['an error by the name of a property', forged('["$e","constructor",{},{}]')],
    ['an error by the name of a prototype', forged('["$e","__proto__",{},{}]')],
    ['properties that are a list', forged('["$c","User",["a"]]')],
    ['a Map that is odd', forged('["$m",1]')],
    ['a date that is none', forged('["$d",8.7e15]')],
    ['a BigInt that is none', forged('["$i","0xg"]')],
    ['a BigInt in decimal, which takes long', forged(`["$i","${'9'.repeat(1_000_000)}"]`)],
    ['a number that is none', forged('["$n","1"]')],
    ['a hole outside a list', forged('["$h"]')],
    ['a RegExp that is none', forged('["$r","(",""]')],
    ['a URL that is none', forged('["$l","x"]')],
    ['lists deeper than any that is stored', forged(deep(2500, '['))],
    ['lists a million deep', forged(deep(1_000_000, '['))],
    ['lists a million deep, plain', Buffer.concat([Buffer.from([1, 0]), Buffer.from(deep(1_000_000, '['))])],
    ['marks that deep', forged(deep(200_000, '["$s",'))],
  ])('are none: %s', (_, bytes) => {
    const before = prototypesNow();
    expect(decode(bytes)).toBeUndefined();
    expect(prototypesNow()).toBe(before);
  });

  it('are none where they end too early', () => {
    for (const value of Object.values(storable())) {
      const bytes = bytesOf(value);
      const whole = shapeOf(value);
      for (let end = 0; end < bytes.length; end++) {
        const cut = decode(bytes.subarray(0, end));
        // A number that lost digits is a number.
        if (cut !== undefined && typeof value === 'object') expect(shapeOf(cut.value)).not.toBe(whole);
      }
    }
  });

  it('are a class or a property by the name of __proto__, and change no prototype', () => {
    const before = prototypesNow();
    const bytes = forged('["$c","User",{"__proto__":{"isAdmin":true},"name":["$p",{"__proto__":1},{"__proto__":2}]}]');
    const user = decode(bytes)?.value as User;
    expect(Object.getPrototypeOf(user)).toBe(User.prototype);
    expect([Object.hasOwn(user, '__proto__'), 'isAdmin' in user, prototypesNow()]).toEqual([true, false, before]);
  });

  it('take no more memory than there are bytes: the same ones are not read twice', () => {
    const twice = forged('[["$b","Buffer",4],["$b","Buffer",4]]', 'abcd');
    expect(decode(twice)).toBeUndefined();
  });

  it('never throw, never stay long, never change a prototype, whatever was changed in them', () => {
    expect(decodeMutations(5000, 0)).toBeGreaterThan(0);
  });

  it('never throw where they are any bytes at all', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), fc.constantFrom(0, 1), (bytes, form) => {
        decode(Buffer.concat([Buffer.from([1, form]), bytes]));
      }),
    );
  });
});

function readable(bytes: Buffer): string {
  const printed =
    bytes[1] === 0 ? bytes.toString('utf8', 2) : `${bytes.readUInt32BE(2)} ${bytes.toString('latin1', 6)}`;
  return `${bytes[0]} ${bytes[1]} ${printed.replace(/[^\x20-\x7e]/g, (c) => `\\x${c.charCodeAt(0).toString(16)}`)}`;
}

/** By what it was, then: version, form, length of the JSON, JSON, bytes. Never edited: what is stored has these bytes. */
const WRITTEN: readonly string[] = [
  'a string: 1 0 "text"',
  String.raw`a lone surrogate: 1 0 "\ud800"`,
  'numbers: 1 1 76 [0,["$n","-0"],1.5,1e+308,["$n","NaN"],["$n","Infinity"],["$n","-Infinity"]]',
  'undefined: 1 1 6 ["$u"]',
  'null: 1 0 null',
  'BigInts: 1 1 91 [["$i","0x0"],["$i","-0x5"],["$i","0x100000000000000000000000000000000000000000000000000"]]',
  'a plain object: 1 1 48 {"a":1,"b":{"c":[true,null,"x"]},"undef":["$u"]}',
  'a key named __proto__: 1 0 {"__proto__":{"a":{"d":1}},"b":[{"__proto__":null}],"constructor":{"prototype":1}}',
  'an object with no prototype: 1 1 38 ["$o",{"a":1,"b":{"deep":[["$d",5]]}}]',
  'properties that are not enumerable: 1 1 63 ["$p",{"shown":[["$i","0x1"]]},{"hidden":{"q":["$i","0x2"]}},0]',
  'holes: 1 1 26 [1,["$h"],["$u"],3,["$h"]]',
  'lists that begin with a mark: 1 1 70 [["$","$"],["$","$u"],["$","$=",0],["$","$$"],{"$u":["$","$",["$u"]]}]',
  'Dates: 1 1 32 [["$d",0],["$d",-1],["$d",null]]',
  'a Map: 1 1 58 ["$m",{"k":1},["$s",1,"a"],"x",["$m"],["$n","NaN"],["$u"]]',
  'a Set: 1 1 32 ["$s",1,"1",{"a":["$s"]},["$u"]]',
  'a Buffer: 1 1 17 ["$b","Buffer",5]bytes',
  String.raw`typed arrays: 1 1 95 [["$b","Uint8Array",2],["$b","Float64Array",16],["$b","BigInt64Array",8],["$b","Int16Array",0]]\x1\x2\x0\x0\x0\x0\x0\x0\xf8?\x0\x0\x0\x0\x0\x0\xf8\x7f\xff\xff\xff\xff\xff\xff\xff\xff`,
  String.raw`other bytes: 1 1 44 [["$b","ArrayBuffer",4],["$b","DataView",3]]\x1\x0\x2\x0\x0\x0\x0`,
  String.raw`a RegExp: 1 1 42 [["$r","a\\/b","giu"],["$r","(?<x>y)",""]]`,
  'a URL: 1 1 36 ["$l","https://example.org/a?b=c#d"]',
  'a cycle: 1 1 62 {"name":"cycle","items":[1,["$=",0],["$=",1]],"self":["$=",0]}',
  'a shared reference: 1 1 49 [{"deep":[["$d",5]]},{"again":["$=",1]},["$=",2]]',
  'a cycle through Map, Set and list: 1 1 69 ["$m",["$s",["$=",0]],[["$=",0],["$=",1]],["$=",0],["$b","Buffer",1]]x',
  'an instance that leads back to itself: 1 1 196 ["$c","User",{"name":"Cy","born":["$d",2],"tags":["a"],"self":[["$c","User",{"name":"Ann","born":["$d",0],"tags":["a"]}],["$c","User",{"name":"Cy","born":["$d",2],"tags":["a"],"self":["$=",7]}]]}]',
];
