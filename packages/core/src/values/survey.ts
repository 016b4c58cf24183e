import type { Copying } from './copying.js';
import {
  bytesOf,
  describe,
  hrefOf,
  infoOf,
  isOwnClass,
  isPlainPrototype,
  type Kind,
  kindOf,
  registeredOf,
} from './value-kinds.js';

import { weigh } from './weigh.js';

/** Levels beyond which nothing is copied: whoever goes through them one inside the other must not run out of stack. */
export const MAX_DEPTH = 1000;

/** What was found in a value by going through all of it. */
export interface Survey {
  /** What it weighs, never less than a person would count. */
  readonly bytes: number;
  /** What in it cannot be kept, and where. */
  readonly problem: string | undefined;
  /** A tree of what {@link copyTree} knows. */
  readonly isTree: boolean;
  /** Nothing in it can be changed once it is frozen. */
  readonly isFreezable: boolean;
}

const FREEZABLE: ReadonlySet<Kind> = new Set(['plain', 'array', 'error', 'instance']);
/** An object with its first slots; a list and its elements; a Date; a Map's table. */
export const OBJECT_BYTES = 56;
export const SLOT_BYTES = 8;
const TABLE_BYTES = 200;

/** Goes through a value, without recursion: it may be of any depth. */
export function survey(value: unknown, copying: Copying): Survey {
  return new Surveyor(value, copying).run();
}

class Surveyor {
  bytes = 0;
  problem: string | undefined;
  isTree = true;
  isFreezable = true;
  readonly #root: unknown;
  readonly #copying: Copying;
  /** In the order in which they were found, each with who led to it: that is where it is. */
  readonly #objects: object[] = [];
  readonly #parents: number[] = [];
  readonly #keys: PropertyKey[] = [];
  readonly #depths: number[] = [];
  readonly #seen = new Set<object>();
  #at = -1;

  constructor(root: unknown, copying: Copying) {
    this.#root = root;
    this.#copying = copying;
  }

  run(): Survey {
    this.#meet(this.#root, 'value');
    for (this.#at = 0; this.#at < this.#objects.length && this.problem === undefined; this.#at++)
      this.#lookInto(this.#objects[this.#at] as object);
    // Not itself: what it has met would live as long as what was found in it, which is kept with the copy.
    const { bytes, problem, isTree, isFreezable } = this;
    return { bytes, problem, isTree, isFreezable };
  }

  #meet(value: unknown, key: PropertyKey): void {
    if (typeof value !== 'object' || value === null) {
      this.bytes += weigh(value);
      if (typeof value === 'function' || typeof value === 'symbol') this.#refuse(`is ${describe(value)}`, key);
      return;
    }
    this.bytes += SLOT_BYTES;
    if (this.#seen.has(value)) {
      this.isTree = false;
      return;
    }
    const depth = this.#at < 0 ? 1 : (this.#depths[this.#at] as number) + 1;
    if (depth > MAX_DEPTH) this.#refuse(`is nested deeper than ${MAX_DEPTH} levels`, key);
    this.#seen.add(value);
    this.#objects.push(value);
    this.#parents.push(this.#at);
    this.#keys.push(key);
    this.#depths.push(depth);
  }

  #lookInto(value: object): void {
    const kind = kindOf(value);
    this.bytes += OBJECT_BYTES;
    this.isFreezable &&= FREEZABLE.has(kind);
    if (kind === 'other') {
      this.#refuse(`is ${describe(value)}`);
      return;
    }
    if (!this.#isWhole(value, kind)) return;
    switch (kind) {
      case 'array':
        this.#list(value as unknown[]);
        return;
      case 'plain':
      case 'instance':
        this.#properties(value, Object.keys(value));
        return;
      case 'map':
        this.isTree = false;
        this.bytes += TABLE_BYTES;
        for (const [key, item] of Map.prototype.entries.call(value)) {
          this.#meet(key, 'a key');
          this.#meet(item, typeof key === 'string' || typeof key === 'number' ? key : 'a value');
        }
        break;
      case 'set':
        this.isTree = false;
        this.bytes += TABLE_BYTES;
        for (const item of Set.prototype.values.call(value)) this.#meet(item, 'an element');
        break;
      case 'view':
      case 'buffer':
        this.bytes +=
          TABLE_BYTES + (ArrayBuffer.isView(value) ? bytesOf(value) : new Uint8Array(value as ArrayBuffer)).byteLength;
        break;
      case 'encoded':
        this.#stead(value);
        return;
      case 'regexp':
        this.bytes += weigh((value as RegExp).source);
        break;
      case 'url':
        this.bytes += TABLE_BYTES + weigh(hrefOf(value));
        break;
      case 'error':
        this.#properties(value, []);
        return;
      case 'date':
        this.bytes += SLOT_BYTES * 5;
        break;
    }
    this.isTree &&= kind === 'date' && Object.getPrototypeOf(value) === Date.prototype;
    const isOfItsOwn = !infoOf(Object.getPrototypeOf(value)).isBuiltin;
    if (isOfItsOwn && kind !== 'url' && kind !== 'view') this.#properties(value, []);
  }

  /** Whether a copy of own properties is all of it. */
  #isWhole(value: object, kind: Kind): boolean {
    if (kind === 'plain' || kind === 'url' || this.#copying === false) return true;
    const prototype: object = Object.getPrototypeOf(value);
    if (prototype === Array.prototype || !infoOf(prototype).hasPrivates || registeredOf(prototype) !== undefined)
      return true;
    const { name } = infoOf(prototype);
    this.#refuse(
      `is ${describe(value)}, whose #private fields no copy has (registerClass(${name}, { encode, decode }))`,
    );
    return false;
  }

  #list(value: unknown[]): void {
    const { length } = value;
    this.bytes += length * SLOT_BYTES;
    if (Object.getPrototypeOf(value) !== Array.prototype) {
      this.#properties(value, []);
      return;
    }
    for (let i = 0; i < length; i++) {
      const item = value[i];
      if (item === undefined && !Object.hasOwn(value, i)) {
        this.#sparse(value, i);
        return;
      }
      this.#meet(item, i);
    }
  }

  /** What follows the first hole of a list: holes may be billions. */
  #sparse(value: unknown[], from: number): void {
    this.isTree = false;
    for (const key of Object.keys(value)) {
      const index = Number(key);
      if (index > from && index < value.length) this.#meet(value[index], index);
    }
  }

  /** @param plain - the keys that anybody sees; others, and those that a prototype has too, are copied with care */
  #properties(value: object, plain: readonly string[]): void {
    const keys: PropertyKey[] = Object.getOwnPropertyNames(value);
    keys.push(...Object.getOwnPropertySymbols(value));
    const prototype: object | null = Object.getPrototypeOf(value);
    if (
      keys.length !== plain.length ||
      (prototype !== null && prototype !== Object.prototype && isPlainPrototype(prototype))
    )
      this.isTree = false;
    for (const key of keys) {
      // What every list has, and the bytes of a typed array, have been counted.
      if (key === 'length' && Array.isArray(value)) continue;
      if (typeof key === 'string') this.bytes += key.length;
      this.#property(value, key);
      if (this.problem !== undefined) return;
    }
  }

  #property(value: object, key: PropertyKey): void {
    // Kept by reference, nobody needs to know what an accessor says; copied, its answer is what is kept.
    if (this.#copying !== 'structured' && isAccessor(value, key)) {
      this.isFreezable = false;
      if (this.#copying === false) return;
    }
    let item: unknown;
    try {
      item = (value as Record<PropertyKey, unknown>)[key];
    } catch (error) {
      this.#refuse(`cannot be read: ${error}`, key);
      return;
    }
    if (isOwnClass(value, key, item)) this.isTree = false;
    else this.#meet(item, key);
  }

  #stead(value: object): void {
    this.isTree = false;
    const registered = registeredOf(Object.getPrototypeOf(value));
    try {
      this.#meet(registered?.ways?.encode(value), 'encoded');
    } catch (error) {
      this.#refuse(`is not encoded, as encode of ${registered?.name} threw ${error}`);
    }
  }

  #refuse(what: string, key?: PropertyKey): void {
    if (this.#copying === false) this.bytes += OBJECT_BYTES;
    else this.problem ??= `${this.#where(key)} ${what}`;
  }

  #where(key: PropertyKey | undefined): string {
    const keys = key === undefined ? [] : [key];
    for (let at = this.#at; at >= 0; at = this.#parents[at] as number) keys.push(this.#keys[at] as PropertyKey);
    keys.reverse();
    // The way to what is a thousand levels down would be all that anybody reads.
    const shown = keys.length > 12 ? [...keys.slice(0, 8), '…', ...keys.slice(-3)] : keys;
    return shown.map((step, i) => (i === 0 ? 'value' : written(step))).join('');
  }
}

function isAccessor(value: object, key: PropertyKey): boolean {
  const { get, set } = Object.getOwnPropertyDescriptor(value, key) ?? {};
  return get !== undefined || set !== undefined;
}

function written(key: PropertyKey): string {
  if (typeof key === 'string' && /^[\p{ID_Start}$_…][\p{ID_Continue}$]*$/u.test(key)) return `.${key}`;
  return typeof key === 'string' ? `[${JSON.stringify(key.slice(0, 60))}]` : `[${String(key)}]`;
}
