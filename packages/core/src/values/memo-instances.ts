import { ignoreRejection, isThenable, kindOf } from '../base/answer.js';
import { encodeArguments, Unencodable } from './arguments.js';
import { registeredOf } from './value-kinds.js';

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

function numberOf(object: object): number {
  let number = numbers.get(object);
  if (number === undefined) {
    number = ++last;
    numbers.set(object, number);
  }
  return number;
}

/**
 * Text for what a function was called on; `undefined` where that does not count.
 *
 * @param classes - the classes that are known by their names; absent where nobody outside this process reads the key
 */
export function encodeInstance(
  instance: unknown,
  { isShared, keyOf }: InstancePolicy,
  classes: Map<string, WeakRef<object>> | undefined,
): string | undefined | Unencodable {
  if (isShared || instance === undefined || instance === null || instance === globalThis) return undefined;
  if (typeof instance !== 'object' && typeof instance !== 'function') return encodeArguments([instance]);
  if (keyOf !== undefined) return named(instance, keyOf(instance), classes);
  if (classes !== undefined)
    return new Unencodable(
      "this is an object that other processes know nothing of: say instanceKey, or instances: 'shared'",
    );
  return `#${numberOf(instance)};`;
}

/** Two classes may number their instances alike. */
function named(
  instance: object,
  key: unknown,
  classes: Map<string, WeakRef<object>> | undefined,
): string | Unencodable {
  if (isThenable(key)) {
    ignoreRejection(key);
    return new Unencodable('this has a promise for an instanceKey');
  }
  const isKey = (typeof key === 'string' && key !== '') || (typeof key === 'number' && Number.isFinite(key));
  if (!isKey) return new Unencodable(`this has ${kindOf(key)} for an instanceKey`);
  const made: unknown = typeof instance === 'function' ? instance : instance.constructor;
  const Class = typeof made === 'function' ? made : undefined;
  if (classes === undefined) return encodeArguments([Class === undefined ? 0 : numberOf(Class), key]);
  if (Class === undefined) return encodeArguments(['', key]);
  // A name that it was registered by is no other class's.
  const registered = registeredOf(Class.prototype);
  if (registered !== undefined) return encodeArguments([[registered.name], key]);
  const { name } = Class;
  const known = classes.get(name)?.deref();
  if (known !== undefined && known !== Class)
    return new Unencodable(
      `this is of a second class named ${name}, and other processes know classes by their names: registerClass each under one of its own`,
    );
  if (known === undefined) classes.set(name, new WeakRef(Class));
  return encodeArguments([name, key]);
}

/** Whether a function can be told what it is called on: arrow functions and bound ones cannot. */
export function takesThis(fn: (...args: never[]) => unknown): boolean {
  if (Object.hasOwn(fn, 'prototype')) return true;
  const source = Function.prototype.toString.call(fn);
  if (source.includes('[native code]') && fn.name.startsWith('bound ')) return false;
  return fn.name === 'async' || !/^(?:async\b\s*)?(?:\(|[\w$]+\s*=>)/u.test(source);
}
