import { kindOf } from '../base/answer.js';
import { encodeArguments, Unencodable } from './arguments.js';

/** How the instances of a method are told apart. */
export interface InstancePolicy {
  /** All have the same results. */
  readonly isShared: boolean;
  /** What an instance is known by wherever it is; absent: by being itself, in this process. */
  readonly keyOf: ((instance: object) => unknown) | undefined;
}

/** Each object a number: by itself it has no name that a key could have. */
const numbers = new WeakMap<object, number>();
let last = 0;

/**
 * Text for what a function was called on; `undefined` where that does not count.
 *
 * @param isLocal - nobody outside this process reads the key
 */
export function encodeInstance(
  instance: unknown,
  { isShared, keyOf }: InstancePolicy,
  isLocal: boolean,
): string | undefined | Unencodable {
  if (isShared || instance === undefined || instance === null || instance === globalThis) return undefined;
  if (typeof instance !== 'object' && typeof instance !== 'function') return encodeArguments([instance]);
  if (keyOf !== undefined) return named(instance, keyOf(instance));
  if (!isLocal)
    return new Unencodable(
      "this is an object that other processes know nothing of: say instanceKey, or instances: 'shared'",
    );
  let number = numbers.get(instance);
  if (number === undefined) {
    number = ++last;
    numbers.set(instance, number);
  }
  return `#${number};`;
}

/** Two classes may number their instances alike. */
function named(instance: object, key: unknown): string | Unencodable {
  const isKey = (typeof key === 'string' && key !== '') || (typeof key === 'number' && Number.isFinite(key));
  if (!isKey) return new Unencodable(`this has ${kindOf(key)} for an instanceKey`);
  const Class: unknown = typeof instance === 'function' ? instance : instance.constructor;
  return encodeArguments([typeof Class === 'function' ? Class.name : '', key]);
}

/** Whether a function can be told what it is called on: arrow functions and bound ones cannot. */
export function takesThis(fn: (...args: never[]) => unknown): boolean {
  if (Object.hasOwn(fn, 'prototype')) return true;
  const source = Function.prototype.toString.call(fn);
  if (source.includes('[native code]') && fn.name.startsWith('bound ')) return false;
  return fn.name === 'async' || !/^(?:async\b\s*)?(?:\(|[\w$]+\s*=>)/u.test(source);
}
