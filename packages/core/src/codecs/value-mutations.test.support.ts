import { registerClass } from '../values/registered-classes.js';
import { samples, User } from '../values/samples.test.support.js';
import { shapeOf } from '../values/shape.test.support.js';
import { valueCodec } from './value-codec.js';

/** A class that says by itself what is stored of it. */
export class Money {
  readonly #cents: number;
  constructor(cents: unknown) {
    if (typeof cents !== 'number') throw new TypeError('no number');
    this.#cents = cents;
  }
  get cents(): number {
    return this.#cents;
  }
}

/** An error of an application. */
export class NotFound extends Error {
  readonly status = 404;
}

registerClass(User);
registerClass(NotFound);
registerClass(Money, { encode: ({ cents }) => ({ cents }), decode: ({ cents }) => new Money(cents) });

/** Everything that has bytes. */
export function storable(): Record<string, unknown> {
  const user = new User('Ann', new Date(0));
  return {
    ...samples(),
    instances: [user, { again: user, by: new NotFound('x', { cause: [user] }) }, new User('Bo', new Date(1))],
    'an instance that leads back to itself': Object.assign(new User('Cy', new Date(2)), { self: [user, cyclic()] }),
  };
}

function cyclic(): User {
  const user = new User('Cy', new Date(2));
  return Object.assign(user, { self: user });
}

/** What whoever decodes hostile bytes must not have changed. */
export function prototypesNow(): string {
  const all = [Object, Array, Map, Set, Date, Error, RegExp, Function, User, Money];
  return all.map(({ prototype }) => Reflect.ownKeys(prototype).map(String).join()).join('\n');
}

/**
 * Decodes bytes that differ from those of a value in a few places.
 *
 * @returns how many were values all the same
 * @throws where one threw, took long, was a function, or changed a prototype
 */
export function decodeMutations(count: number, seed: number): number {
  const random = randomFrom(seed);
  const originals = Object.values(storable()).map(bytesOf);
  const before = prototypesNow();
  let read = 0;
  for (let i = 0; i < count; i++) {
    const bytes = mutated(pick(originals, random), originals, random);
    const started = performance.now();
    const decoded = valueCodec.decode(bytes);
    const took = performance.now() - started;
    // Of a few hundred bytes: what another process may take from this one in the meantime is not counted.
    if (took > 5000) throw new Error(`${took} ms for ${bytes.toString('base64')}`);
    if (decoded === undefined) continue;
    read++;
    if (/: function (?!User|Money|NotFound)/.test(shapeOf(decoded.value)))
      throw new Error(`a function came out of ${bytes.toString('base64')}`);
  }
  if (prototypesNow() !== before) throw new Error('a prototype was changed');
  return read;
}

/** The bytes of a value that has some. */
export function bytesOf(value: unknown): Buffer {
  const encoded = valueCodec.encode(value);
  if (encoded.kind !== 'bytes') throw new Error(JSON.stringify(encoded));
  return encoded.bytes;
}

/** Whole numbers below a limit. */
export type Random = (below: number) => number;

function mutated(original: Buffer, all: readonly Buffer[], random: Random): Buffer {
  let bytes = Buffer.from(original);
  for (let times = 1 + random(4); times > 0; times--) {
    const at = random(bytes.length + 1);
    const rest = bytes.subarray(Math.min(bytes.length, at + random(3)));
    switch (random(5)) {
      case 0:
        if (at < bytes.length) bytes[at] = random(256);
        break;
      case 1:
        bytes = Buffer.concat([bytes.subarray(0, at), rest]);
        break;
      case 2:
        // What means something in the format is more likely to get far.
        bytes = Buffer.concat([bytes.subarray(0, at), Buffer.from(pick(WORDS, random)), rest]);
        break;
      case 3: {
        const other = pick(all, random);
        const from = random(other.length);
        bytes = Buffer.concat([bytes.subarray(0, at), other.subarray(from, from + random(40)), rest]);
        break;
      }
      default:
        if (random(4) === 0) bytes = bytes.subarray(0, at);
    }
  }
  // The length of the JSON is made to fit again, or hardly anything would get past it.
  if (bytes[1] === 1 && bytes.length > 6 && random(3) > 0)
    bytes.writeUInt32BE(
      Math.max(0, Math.min(bytes.length - 6, original.readUInt32BE(2) + bytes.length - original.length)),
      2,
    );
  return bytes;
}

const WORDS =
  '"$=",0 "$c","User" "$k","Money" "$E","NotFound" "__proto__" "$m", "$s", "$b","Buffer",4294967295 [ ] { } , : "$h" "$i","0x1" 1e999 "constructor" null "$d",8e15 "$r","(" "$p", "$o", "$e","Error"'.split(
    ' ',
  );

function pick<T>(list: readonly T[], random: Random): T {
  return list[random(list.length)] as T;
}

/** Numbers that look random, the same ones each time (mulberry32). */
export function randomFrom(seed: number): Random {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}
