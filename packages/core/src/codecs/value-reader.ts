import { classNamed, type RegisteredClass } from '../values/registered-classes.js';
import { MAX_DEPTH } from '../values/survey.js';
import * as marks from './value-marks.js';

/** Bytes that are no value of ours; nobody sees it but the codec. */
export class Damaged extends Error {}

/** Bytes that name a class that nobody has registered in this process. */
export class UnknownClass extends Damaged {
  constructor(readonly className: string) {
    super();
  }
}

type Properties = Record<string, unknown>;
type ArrayType = { new (buffer: ArrayBuffer): ArrayBufferView; readonly BYTES_PER_ELEMENT?: number };

const VIEWS = new Set(
  'Int8Array Uint8Array Uint8ClampedArray Int16Array Uint16Array Int32Array Uint32Array BigInt64Array BigUint64Array Float16Array Float32Array Float64Array DataView'.split(
    ' ',
  ),
);
const NUMBERS = new Map([
  ['NaN', Number.NaN],
  ['Infinity', Number.POSITIVE_INFINITY],
  ['-Infinity', Number.NEGATIVE_INFINITY],
  ['-0', -0],
]);
/** A mark is a level of its own: what was written with so many levels has at most twice as many here. */
const DEEPEST = 2 * MAX_DEPTH + 2;
const LAST_MOMENT = 8.64e15;

/**
 * Makes the value of what {@link write} made of it. Trusts nothing: what is no mark of ours, or does not fit, ends it.
 *
 * @param json - taken apart and used for the value
 * @param bytes - what stands behind the JSON
 * @throws anything
 */
export function read(json: unknown, bytes: Buffer): unknown {
  const reader = new Reader(bytes);
  const value = reader.read(json, 0);
  reader.end();
  return value;
}

/** Ends it where what JSON said alone is nested deeper than any value that is stored. */
export function checkDepth(value: unknown, left = MAX_DEPTH): void {
  if (typeof value !== 'object' || value === null) return;
  if (left === 0) throw new Damaged();
  if (Array.isArray(value)) {
    for (const item of value) if (typeof item === 'object') checkDepth(item, left - 1);
  } else for (const key of Object.keys(value)) checkDepth((value as Properties)[key], left - 1);
}

class Reader {
  /** By their number; `undefined` for one that cannot be had yet. */
  readonly #objects: (object | undefined)[] = [];
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  end(): void {
    if (this.#at !== this.#bytes.length) throw new Damaged();
  }

  read(json: unknown, depth: number): unknown {
    if (typeof json !== 'object' || json === null) return json;
    if (depth > DEEPEST) throw new Damaged();
    if (Array.isArray(json)) return marks.isMark(json[0]) ? this.#mark(json, depth + 1) : this.#list(json, depth + 1);
    this.#objects.push(json);
    return this.#properties(json as Properties, depth + 1);
  }

  #properties(json: Properties, depth: number): Properties {
    // An own property stands before the accessor of that name: `__proto__` is one like any other here.
    for (const key of Object.keys(json)) {
      const item = json[key];
      if (typeof item === 'object' && item !== null) json[key] = this.read(item, depth);
    }
    return json;
  }

  #list(json: unknown[], depth: number): unknown[] {
    this.#objects.push(json);
    for (let i = 0; i < json.length; i++) {
      const item = json[i];
      if (typeof item !== 'object' || item === null) continue;
      if (Array.isArray(item) && item[0] === marks.HOLE && item.length === 1) delete json[i];
      else json[i] = this.read(item, depth);
    }
    return json;
  }

  #mark(json: unknown[], depth: number): unknown {
    const [mark, first, second, third] = json;
    switch (mark) {
      case marks.LIST:
        json.shift();
        return this.#list(json, depth);
      case marks.UNDEFINED:
        return undefined;
      case marks.NUMBER:
        return found(NUMBERS.get(first as string));
      case marks.BIGINT:
        return bigint(text(first));
      case marks.SAME:
        return found(typeof first === 'number' ? this.#objects[first] : undefined);
      case marks.DATE:
        return this.#met(date(first));
      case marks.MAP:
        return this.#map(json, depth);
      case marks.SET: {
        const set = this.#met(new Set<unknown>());
        for (let i = 1; i < json.length; i++) set.add(this.read(json[i], depth));
        return set;
      }
      case marks.REGEXP:
        return this.#met(new RegExp(text(first), text(second)));
      case marks.URL_MARK:
        return this.#met(new URL(text(first)));
      case marks.BYTES:
        return this.#met(this.#take(text(first), second));
      case marks.BARE:
        return this.#fill(this.#met(Object.create(null)), first, undefined, depth);
      case marks.HIDING:
        return this.#fill(this.#met(third === 1 ? Object.create(null) : {}), first, second, depth);
      case marks.ERROR:
        return this.#error(errorNamed(text(first)).prototype, second, third, depth);
      case marks.CLASS_ERROR:
        return this.#error(plainClass(first).prototype, second, third, depth);
      case marks.INSTANCE:
        return this.#fill(this.#met(Object.create(plainClass(first).prototype)), second, third, depth);
      case marks.ENCODED:
        return this.#decoded(first, second, depth);
    }
    throw new Damaged();
  }

  #met<T extends object>(made: T): T {
    this.#objects.push(made);
    return made;
  }

  #map(json: unknown[], depth: number): Map<unknown, unknown> {
    if (json.length % 2 === 0) throw new Damaged();
    const map = this.#met(new Map<unknown, unknown>());
    for (let i = 1; i < json.length; i += 2) {
      const key = this.read(json[i], depth);
      map.set(key, this.read(json[i + 1], depth));
    }
    return map;
  }

  #decoded(name: unknown, json: unknown, depth: number): object {
    const { ways } = classOf(text(name));
    const number = this.#objects.push(undefined) - 1;
    const made: unknown = found(ways).decode(this.read(json, depth));
    if (typeof made !== 'object' || made === null) throw new Damaged();
    this.#objects[number] = made;
    return made;
  }

  #error(prototype: object, shown: unknown, hidden: unknown, depth: number): object {
    const made = this.#met(new Error());
    Object.setPrototypeOf(made, prototype);
    Object.defineProperty(made, 'stack', { value: undefined, writable: true, configurable: true });
    return this.#fill(made, shown, hidden, depth);
  }

  /** Never by assignment where that would call a setter of the class. */
  #fill<T extends object>(made: T, shown: unknown, hidden: unknown, depth: number): T {
    for (const [properties, enumerable] of [[shown, true] as const, [hidden, false] as const]) {
      if (properties === undefined) continue;
      if (typeof properties !== 'object' || properties === null || Array.isArray(properties)) throw new Damaged();
      for (const key of Object.keys(properties)) {
        const value = this.read((properties as Properties)[key], depth);
        if (enumerable && !(key in made)) (made as Properties)[key] = value;
        else Object.defineProperty(made, key, { value, enumerable, writable: true, configurable: true });
      }
    }
    return made;
  }

  /** Bytes of its own: those that came from the store may be a part of something larger. */
  #take(type: string, length: unknown): object {
    const end = this.#at + (length as number);
    if (!Number.isSafeInteger(length) || (length as number) < 0 || end > this.#bytes.length) throw new Damaged();
    const bytes = this.#bytes.subarray(this.#at, end);
    this.#at = end;
    if (type === 'Buffer') {
      const made = Buffer.allocUnsafeSlow(bytes.length);
      made.set(bytes);
      return made;
    }
    const { buffer } = new Uint8Array(bytes);
    if (type === 'ArrayBuffer') return buffer;
    if (!VIEWS.has(type)) throw new Damaged();
    return new (found((globalThis as unknown as Record<string, ArrayType>)[type]))(buffer);
  }
}

function found<T>(value: T | undefined): T {
  if (value === undefined) throw new Damaged();
  return value;
}

function classOf(name: string): RegisteredClass {
  const registered = classNamed(name);
  if (registered === undefined) throw new UnknownClass(name);
  return registered;
}

function text(value: unknown): string {
  if (typeof value !== 'string') throw new Damaged();
  return value;
}

function bigint(hex: string): bigint {
  if (!/^-?0x[0-9a-f]+$/.test(hex)) throw new Damaged();
  return hex.startsWith('-') ? -BigInt(hex.slice(1)) : BigInt(hex);
}

function date(ms: unknown): Date {
  if (ms === null) return new Date(Number.NaN);
  if (!Number.isInteger(ms) || Math.abs(ms as number) > LAST_MOMENT) throw new Damaged();
  return new Date(ms as number);
}

function errorNamed(name: string): { readonly prototype: object } {
  if (!Object.hasOwn(marks.ERRORS, name)) throw new Damaged();
  return found(marks.ERRORS[name]);
}

/** Of a class that is written by its own properties; one that has ways of its own now was another then. */
function plainClass(name: unknown): RegisteredClass {
  const registered = classOf(text(name));
  if (registered.ways !== undefined) throw new Damaged();
  return registered;
}
