import { Stream } from 'node:stream';
import * as types from 'node:util/types';
import { classOfPrototype, type RegisteredClass } from './registered-classes.js';

/** What an object is, to whoever copies or stores it. */
export type Kind =
  | 'plain'
  | 'array'
  | 'date'
  | 'map'
  | 'set'
  | 'regexp'
  | 'error'
  | 'view'
  | 'buffer'
  | 'url'
  /** Own properties and a prototype. */
  | 'instance'
  /** Of a class whose user says what it is made of. */
  | 'encoded'
  /** What nobody can copy. */
  | 'other';

/** What there is to know of the objects of one prototype. */
export interface ClassInfo {
  readonly name: string;
  /** The object kinds of the language and of Node: everybody has these. */
  readonly isBuiltin: boolean;
  /** A stream; or made by native code that keeps what it is where nobody can read it: an Intl.Collator. */
  readonly isOpaque: boolean;
  /** Its source uses `#private` members, which no copy has. */
  readonly hasPrivates: boolean;
}

const NATIVE = /\{\s*\[native code\]\s*\}\s*$/;
/** `this.#name`, `other.#name`, `#name in other`: whatever has such members uses them. */
const PRIVATE_USE = /[\w$)\]]\??\.#[\p{ID_Start}$_]|#[\p{ID_Start}$_][\p{ID_Continue}$]*\s+in\s/u;
/** Native classes whose subclasses are known by what they hold, not by their prototype. */
const COPYABLE = new Set(['Object', 'Array', 'Map', 'Set', 'Date', 'RegExp', 'ArrayBuffer', 'DataView']);

const infos = new WeakMap<object, ClassInfo>();
const NULL_INFO: ClassInfo = { name: 'Object', isBuiltin: true, isOpaque: false, hasPrivates: false };

/** Whether objects of this prototype are plain ones: `{}`, of this realm or another one, or of no prototype at all. */
export function isPlainPrototype(prototype: object | null): boolean {
  if (prototype === Object.prototype || prototype === null) return true;
  return Object.getPrototypeOf(prototype) === null && Object.hasOwn(prototype, 'isPrototypeOf');
}

/** Says what an object is. Runs no code of its user's. */
export function kindOf(value: object): Kind {
  if (types.isProxy(value)) return 'other';
  const prototype: object | null = Object.getPrototypeOf(value);
  if (prototype === Array.prototype && Array.isArray(value)) return 'array';
  if (isPlainPrototype(prototype)) return types.isModuleNamespaceObject(value) ? 'other' : plainOrOther(value);
  if (registeredOf(prototype)?.ways !== undefined) return 'encoded';
  if (Array.isArray(value)) return 'array';
  if (types.isDate(value)) return 'date';
  if (types.isMap(value)) return 'map';
  if (types.isSet(value)) return 'set';
  if (ArrayBuffer.isView(value)) return 'view';
  if (types.isAnyArrayBuffer(value)) return types.isSharedArrayBuffer(value) ? 'other' : 'buffer';
  if (types.isNativeError(value)) return 'error';
  if (types.isRegExp(value)) return 'regexp';
  if (prototype === URL.prototype) return 'url';
  return isOpaque(value) || infoOf(prototype).isOpaque ? 'other' : 'instance';
}

/** The registered class that an object of this prototype is of. */
export function registeredOf(prototype: object | null): RegisteredClass | undefined {
  return prototype === null ? undefined : classOfPrototype(prototype);
}

/** What there is to know of a prototype; learned once. */
export function infoOf(prototype: object | null): ClassInfo {
  if (prototype === null) return NULL_INFO;
  let info = infos.get(prototype);
  if (info === undefined) {
    info = learn(prototype);
    infos.set(prototype, info);
  }
  return info;
}

/** What some libraries give each instance: its own class, as `constructor`. No copy of it is needed. */
export function isOwnClass(value: object, key: PropertyKey, item: unknown): boolean {
  return key === 'constructor' && typeof item === 'function' && item.prototype === Object.getPrototypeOf(value);
}

/** What kind of thing a value is, with its article, for those who are told that it cannot be stored. */
export function describe(value: unknown): string {
  if (typeof value === 'function') return 'a function';
  if (typeof value !== 'object' || value === null) return `a ${typeof value}`;
  if (types.isProxy(value)) return 'a Proxy';
  if (types.isGeneratorObject(value)) return 'a generator';
  if (types.isMapIterator(value) || types.isSetIterator(value)) return 'an iterator';
  const { name } = infoOf(Object.getPrototypeOf(value));
  return `${/^[AEIO]/.test(name) ? 'an' : 'a'} ${name}`;
}

function plainOrOther(value: object): Kind {
  if (Object.getPrototypeOf(value) !== null) return 'plain';
  // An object that got its prototype taken away is what it was: a Promise, a Map.
  return isOpaque(value) || types.isMap(value) || types.isSet(value) || types.isDate(value) ? 'other' : 'plain';
}

/** What the language knows by what it holds inside. */
function isOpaque(value: object): boolean {
  return (
    types.isPromise(value) ||
    types.isWeakMap(value) ||
    types.isWeakSet(value) ||
    types.isGeneratorObject(value) ||
    types.isMapIterator(value) ||
    types.isSetIterator(value) ||
    types.isBoxedPrimitive(value) ||
    types.isExternal(value)
  );
}

function learn(prototype: object): ClassInfo {
  const own = constructorOf(prototype);
  let hasPrivates = false;
  let isOpaque = false;
  for (let at: object | null = prototype; at !== null; at = types.isProxy(at) ? null : Object.getPrototypeOf(at)) {
    // A socket is more than its properties, the first of which would say what is wrong less well.
    isOpaque ||= at === Stream.prototype;
    const made = constructorOf(at);
    if (made === undefined) continue;
    const source = Function.prototype.toString.call(made);
    if (!NATIVE.test(source)) hasPrivates ||= PRIVATE_USE.test(source);
    else isOpaque ||= !isCopyable(nameOf(made));
  }
  const name = own === undefined ? '' : nameOf(own);
  const isBuiltin =
    own !== undefined && (prototype === Buffer.prototype || NATIVE.test(Function.prototype.toString.call(own)));
  return { name: name === '' ? 'object of no named class' : name, isBuiltin, isOpaque, hasPrivates };
}

function isCopyable(name: string): boolean {
  return COPYABLE.has(name) || /(?:Error|Array)$/.test(name);
}

/** The class of a prototype, without asking a getter. */
// biome-ignore lint/complexity/noBannedTypes: nothing more is known of it.
function constructorOf(prototype: object): Function | undefined {
  const made: unknown = Object.getOwnPropertyDescriptor(prototype, 'constructor')?.value;
  return typeof made === 'function' ? made : undefined;
}

// biome-ignore lint/complexity/noBannedTypes: nothing more is known of it.
function nameOf(made: Function): string {
  const name: unknown = Object.getOwnPropertyDescriptor(made, 'name')?.value;
  return typeof name === 'string' ? name : '';
}
