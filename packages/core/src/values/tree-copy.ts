import { isProxy } from 'node:util/types';
import { ownText } from './own-text.js';
import { MAX_DEPTH, OBJECT_BYTES, SLOT_BYTES } from './survey.js';
import { infoOf, kindOf } from './value-kinds.js';
import { weigh } from './weigh.js';

/** A copy, and what it weighs. */
export interface TakenTree {
  readonly copy: object;
  readonly bytes: number;
}

/**
 * Copies, weighs and looks through a value in one go, if it is a tree of plain objects, lists, Dates and instances with
 * nothing hidden: what nearly every value is.
 *
 * @returns `undefined` for any other, which has to be looked at with more care
 */
export function takeTree(value: object): TakenTree | undefined {
  const taker = new Taker();
  const copy = taker.take(value, 1);
  return copy === undefined ? undefined : { copy, bytes: taker.bytes };
}

class Taker {
  bytes = SLOT_BYTES;
  readonly #seen = new Set<object>();

  take(value: object, depth: number): object | undefined {
    if (depth > MAX_DEPTH || this.#seen.size === this.#seen.add(value).size || isProxy(value)) return undefined;
    this.bytes += OBJECT_BYTES;
    const prototype: object | null = Object.getPrototypeOf(value);
    if (prototype === Object.prototype) return this.#fill(value, { ...value }, depth);
    if (prototype === Array.prototype) return Array.isArray(value) ? this.#list(value, depth) : undefined;
    if (prototype === Date.prototype) {
      this.bytes += SLOT_BYTES * 5;
      return new Date(Date.prototype.getTime.call(value));
    }
    if (kindOf(value) !== 'instance' || infoOf(prototype).hasPrivates) return undefined;
    const copy = this.#fill(value, { ...value }, depth);
    return copy && Object.setPrototypeOf(copy, prototype);
  }

  #list(value: unknown[], depth: number): object | undefined {
    const { length } = value;
    // Its holes may be billions: the survey goes by what there is.
    if (length > 1_000_000) return undefined;
    const copy = value.slice();
    this.bytes += length * SLOT_BYTES;
    for (let i = 0; i < length; i++) {
      const item = copy[i];
      if (typeof item === 'object' && item !== null) {
        const taken = this.take(item, depth + 1);
        if (taken === undefined) return undefined;
        this.bytes += SLOT_BYTES;
        copy[i] = taken;
      } else if (item === undefined ? !Object.hasOwn(copy, i) : typeof item === 'function' || typeof item === 'symbol')
        return undefined;
      else {
        this.bytes += weigh(item);
        if (typeof item === 'string') copy[i] = ownText(item);
      }
    }
    return copy;
  }

  /** Puts copies where the copy of an object still has what the object has. */
  #fill(value: object, copy: object, depth: number): object | undefined {
    const properties = copy as Record<string, unknown>;
    const names = Object.getOwnPropertyNames(value);
    if (names.length !== Object.keys(copy).length || Object.getOwnPropertySymbols(value).length > 0) return undefined;
    for (const key of names) {
      const item = properties[key];
      this.bytes += key.length;
      if (typeof item === 'object' && item !== null) {
        const taken = this.take(item, depth + 1);
        if (taken === undefined) return undefined;
        this.bytes += SLOT_BYTES;
        // An own property stands before the accessor of that name: `__proto__` is one like any other here.
        properties[key] = taken;
      } else if (typeof item === 'function' || typeof item === 'symbol') return undefined;
      else {
        this.bytes += weigh(item);
        if (typeof item === 'string') properties[key] = ownText(item);
      }
    }
    return copy;
  }
}

/**
 * Copies a value that is known to be a tree of plain objects, lists, Dates and instances with nothing hidden: what nearly
 * every value is, and what takes a fifth of the time so.
 */
export function copyTree(value: object): object {
  if (Array.isArray(value)) {
    const list: unknown[] = value.slice();
    for (let i = 0; i < list.length; i++) {
      const item = list[i];
      if (typeof item === 'object' && item !== null) list[i] = copyTree(item);
    }
    return list;
  }
  const prototype: object | null = Object.getPrototypeOf(value);
  if (prototype === Date.prototype) return new Date(value as Date);
  const copy: Record<string, unknown> = { ...value };
  for (const key in copy) {
    const item = copy[key];
    if (typeof item === 'object' && item !== null && Object.hasOwn(copy, key)) copy[key] = copyTree(item);
  }
  // The other way round, made with its prototype and then filled, a setter of the class would run, and it takes twice as long.
  return prototype === Object.prototype ? copy : Object.setPrototypeOf(copy, prototype);
}

/** {@link copyTree} in a loop: it needs no more of the stack for a tree that is deep. */
export function copyTreeSlowly(value: object): object {
  const root = shallow(value);
  const pending: object[] = [root];
  for (let copy = pending.pop(); copy !== undefined; copy = pending.pop()) {
    const properties = copy as Record<string, unknown>;
    for (const key of Object.keys(copy)) {
      const item = properties[key];
      if (typeof item !== 'object' || item === null) continue;
      const made = shallow(item);
      properties[key] = made;
      pending.push(made);
    }
  }
  return root;
}

function shallow(value: object): object {
  if (Array.isArray(value)) return value.slice();
  const prototype: object | null = Object.getPrototypeOf(value);
  if (prototype === Date.prototype) return new Date(value as Date);
  const copy = { ...value };
  return prototype === Object.prototype ? copy : Object.setPrototypeOf(copy, prototype);
}
