import { isDataView, isDate, isMap, isSet } from 'node:util/types';
import { ownText } from './own-text.js';
import { bytesOf, hrefOf, infoOf, isOwnClass, isPlainPrototype, kindOf, registeredOf } from './value-kinds.js';

/** Copies any value that can be copied, each object of it once. */
export function copyGraph(value: object): object {
  return copyObject(value, new Copies((text) => text));
}

/** The same of a value that is taken in, with texts that keep nothing else alive. */
export function takeGraph(value: object): object {
  return copyObject(value, new Copies(ownText));
}

/** What was copied already; `undefined` for what is being copied and cannot be had before that has ended. */
class Copies extends Map<object, object | undefined> {
  constructor(readonly textOf: (text: string) => string) {
    super();
  }
}

function copy(value: unknown, copies: Copies): unknown {
  if (typeof value === 'string') return copies.textOf(value);
  if (typeof value === 'object' && value !== null) return copyObject(value, copies);
  if (typeof value === 'function' || typeof value === 'symbol')
    throw new TypeError('It has become what cannot be copied');
  return value;
}

function copyObject(value: object, copies: Copies): object {
  const known = copies.get(value);
  if (known !== undefined) return known;
  if (copies.has(value)) throw new TypeError('What encode returned leads back to its instance');
  const kind = kindOf(value);
  const prototype: object | null = Object.getPrototypeOf(value);
  switch (kind) {
    case 'plain':
    case 'instance':
      return copyProperties(value, remember(value, Object.create(prototype), copies), copies);
    case 'array':
      return copyList(value as unknown[], copies);
    case 'map': {
      const made = remember(value, new Map(), copies);
      for (const [key, item] of Map.prototype.entries.call(value)) made.set(copy(key, copies), copy(item, copies));
      return withClass(value, made, copies);
    }
    case 'set': {
      const made = remember(value, new Set(), copies);
      for (const item of Set.prototype.values.call(value)) made.add(copy(item, copies));
      return withClass(value, made, copies);
    }
    case 'date':
      return withClass(value, remember(value, new Date(Date.prototype.getTime.call(value)), copies), copies);
    case 'regexp':
      return withClass(value, remember(value, copyRegExp(value as RegExp), copies), copies);
    case 'view':
      return withClass(value, remember(value, copyView(value as ArrayBufferView), copies), copies);
    case 'buffer':
      return withClass(
        value,
        remember(value, new Uint8Array(new Uint8Array(value as ArrayBuffer)).buffer, copies),
        copies,
      );
    case 'url':
      return remember(value, new URL(hrefOf(value)), copies);
    case 'error':
      return copyError(value, prototype, copies);
    case 'encoded': {
      copies.set(value, undefined);
      const ways = registeredOf(prototype)?.ways;
      return remember(value, ways?.decode(copy(ways.encode(value), copies)) as object, copies);
    }
    default:
      throw new TypeError('It has become what cannot be copied');
  }
}

function remember<T extends object>(value: object, made: T, copies: Copies): T {
  copies.set(value, made);
  return made;
}

function copyList(value: unknown[], copies: Copies): object {
  const prototype: object = Object.getPrototypeOf(value);
  const made: unknown[] = remember(value, new Array(0), copies);
  const { length } = value;
  let i = 0;
  for (; i < length && (value[i] !== undefined || Object.hasOwn(value, i)); i++) made.push(copy(value[i], copies));
  if (i < length) copyAround(value, made, copies);
  return prototype === Array.prototype ? made : withClass(value, made, copies);
}

/** Of a list with holes, which may be billions, what stands around them. */
function copyAround(value: unknown[], made: unknown[], copies: Copies): void {
  const from = made.length;
  for (const key of Object.keys(value)) {
    const index = Number(key);
    if (index > from && index < value.length) made[index] = copy(value[index], copies);
  }
  made.length = value.length;
}

/** Gives the copy of something the language knows the class of its own, and what that put on it. */
function withClass<T extends object>(value: object, made: T, copies: Copies): T {
  const prototype: object | null = Object.getPrototypeOf(value);
  if (prototype === Object.getPrototypeOf(made) || isPlainPrototype(prototype) || infoOf(prototype).isBuiltin)
    return made;
  Object.setPrototypeOf(made, prototype);
  // The properties of a typed array are its bytes, one name for each.
  return ArrayBuffer.isView(made) ? made : copyProperties(value, made, copies);
}

function copyProperties<T extends object>(value: object, made: T, copies: Copies): T {
  for (const key of Reflect.ownKeys(value)) {
    if (Object.hasOwn(made, key)) continue;
    const item: unknown = (value as Record<PropertyKey, unknown>)[key];
    const copied = isOwnClass(value, key, item) ? item : copy(item, copies);
    define(made, key, copied, Object.prototype.propertyIsEnumerable.call(value, key));
  }
  return made;
}

/** Never by assignment where that would call a setter: `__proto__`, or one of the class. */
function define(made: object, key: PropertyKey, value: unknown, isEnumerable: boolean): void {
  if (isEnumerable && !(key in made)) (made as Record<PropertyKey, unknown>)[key] = value;
  else Object.defineProperty(made, key, { value, enumerable: isEnumerable, writable: true, configurable: true });
}

function copyRegExp(value: RegExp): RegExp {
  const made = new RegExp(value.source, value.flags);
  made.lastIndex = value.lastIndex;
  return made;
}

/** With bytes of its own: of a buffer that is a part of a larger one, only that part. */
function copyView(value: ArrayBufferView): ArrayBufferView {
  const shown = bytesOf(value);
  if (Object.getPrototypeOf(value) === Buffer.prototype) {
    const made = Buffer.allocUnsafeSlow(shown.length);
    made.set(shown);
    return made;
  }
  const bytes = new Uint8Array(shown);
  return isDataView(value) ? new DataView(bytes.buffer) : new (arrayTypeOf(value))(bytes.buffer);
}

type ArrayType = new (buffer: ArrayBuffer) => ArrayBufferView;
const tagOf = Object.getOwnPropertyDescriptor(Object.getPrototypeOf(Uint8Array.prototype), Symbol.toStringTag)?.get;

function arrayTypeOf(value: ArrayBufferView): ArrayType {
  return (globalThis as unknown as Record<string, ArrayType>)[tagOf?.call(value)] as ArrayType;
}

/** A real error, which prints as one: made by `Object.create` it would not. */
function copyError(value: object, prototype: object | null, copies: Copies): object {
  const made = remember(value, new Error(), copies);
  Object.setPrototypeOf(made, prototype);
  const stack = copy((value as Error).stack, copies);
  Object.defineProperty(made, 'stack', { value: stack, enumerable: false, writable: true, configurable: true });
  return copyProperties(value, made, copies);
}

/** Freezes everything that can be frozen; what is in a Map or Set as well, but not these. */
export function freezeDeep(value: unknown): void {
  const pending: unknown[] = [value];
  const seen = new Set<object>();
  while (pending.length > 0) {
    const next = pending.pop();
    if (typeof next !== 'object' || next === null || seen.has(next)) continue;
    seen.add(next);
    if (isMap(next)) for (const [key, item] of Map.prototype.entries.call(next)) pending.push(key, item);
    else if (isSet(next)) pending.push(...Set.prototype.values.call(next));
    if (isMap(next) || isSet(next) || isDate(next) || ArrayBuffer.isView(next)) continue;
    for (const key of Reflect.ownKeys(next)) pending.push(Object.getOwnPropertyDescriptor(next, key)?.value);
    Object.freeze(next);
  }
}
