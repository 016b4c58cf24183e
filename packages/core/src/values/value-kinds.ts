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
  /**
   * A stream, an iterator, something of the platform's; or made by native code that keeps what it is where nobody can read it:
   * an Intl.Collator.
   */
  readonly isOpaque: boolean;
  /** Its source uses `#private` members, which no copy has. */
  readonly hasPrivates: boolean;
}

const NATIVE = /\{\s*\[native code\]\s*\}\s*$/;
const GAP = String.raw`(?:\s|/\*[^]*?\*/|//.*)*`;
/**
 * `this.#name`, `#name in other`, with whatever may stand between: whatever has such members uses them. One in a string or a
 * comment looks the same: refusing a class that has none costs a line of its user's, and a copy without them its methods.
 */
const PRIVATE_USE = new RegExp(
  String.raw`\.${GAP}#[\p{ID_Start}$_\\]|#[\p{ID_Start}$_\\][\p{ID_Continue}$\\{}]*${GAP}in\b`,
  'u',
);
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
  // From Node 22 on a DOMException is one, too, whose name and message are kept where no copy reaches.
  if (types.isNativeError(value)) return infoOf(prototype).isOpaque ? 'other' : 'error';
  if (types.isRegExp(value)) return 'regexp';
  if (prototype === URL.prototype) return isUrl(value) ? 'url' : 'other';
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
  if (types.isMapIterator(value) || types.isSetIterator(value) || isIterator(value)) return 'an iterator';
  const { name } = infoOf(Object.getPrototypeOf(value));
  return `${/^[AEIOo]/.test(name) ? 'an' : 'a'} ${name}`;
}

function isIterator(value: object): boolean {
  for (let at: object | null = value; at !== null && !types.isProxy(at); at = Object.getPrototypeOf(at)) {
    if (constructorOf(at) !== undefined) return false;
    if (typeof Object.getOwnPropertyDescriptor(at, 'next')?.value === 'function') return true;
  }
  return false;
}

function plainOrOther(value: object): Kind {
  if (Object.getPrototypeOf(value) !== null) return 'plain';
  // An object that got its prototype taken away is what it was: a Promise, a Map.
  return isOpaque(value) || types.isMap(value) || types.isSet(value) || types.isDate(value) ? 'other' : 'plain';
}

const hrefIn = Object.getOwnPropertyDescriptor(URL.prototype, 'href')?.get as (this: unknown) => string;

/** What a URL is, whatever its own properties say. @throws for what only inherits from one */
export function hrefOf(url: object): string {
  return hrefIn.call(url);
}

/** Whether an object is a URL, of whatever class derived from it. */
export function isUrl(value: object): boolean {
  try {
    return typeof hrefOf(value) === 'string';
  } catch {
    return false;
  }
}

const typedArray: object = Object.getPrototypeOf(Uint8Array.prototype);

/** The bytes that a typed array or a DataView shows, whatever a class of its own says of them. */
export function bytesOf(view: ArrayBufferView): Uint8Array {
  const from = types.isTypedArray(view) ? typedArray : DataView.prototype;
  return new Uint8Array(read(from, 'buffer'), read(from, 'byteOffset'), read(from, 'byteLength'));

  function read<T>(prototype: object, name: string): T {
    return Object.getOwnPropertyDescriptor(prototype, name)?.get?.call(view) as T;
  }
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
    if (made === undefined) {
      isOpaque ||= hasNative(at);
      continue;
    }
    isOpaque ||= isOfPlatform(at, made);
    const source = sourceOf(made);
    if (!NATIVE.test(source)) hasPrivates ||= PRIVATE_USE.test(source);
    else isOpaque ||= !isCopyable(nameOf(made));
  }
  const name = own === undefined ? '' : nameOf(own);
  const isBuiltin = own !== undefined && (prototype === Buffer.prototype || NATIVE.test(sourceOf(own)));
  return { name: name === '' ? 'object of no named class' : name, isBuiltin, isOpaque, hasPrivates };
}

/** Of a class that everybody has by its name, in the way of Web IDL: a DOMException, an AbortSignal, an Event. */
// biome-ignore lint/complexity/noBannedTypes: nothing more is known of it.
function isOfPlatform(prototype: object, made: Function): boolean {
  if (!Object.hasOwn(prototype, Symbol.toStringTag)) return false;
  const name = nameOf(made);
  // A class of the application's that is written so is none.
  return Object.hasOwn(globalThis, name) && (globalThis as Record<string, unknown>)[name] === made;
}

/**
 * Whether a prototype without a class has methods of the language's own, which know what nobody else does: Intl's Segments, and
 * what all iterators of any realm inherit from.
 */
function hasNative(prototype: object): boolean {
  return Reflect.ownKeys(prototype).some((key) => {
    const value: unknown = Object.getOwnPropertyDescriptor(prototype, key)?.value;
    return typeof value === 'function' && !nameOf(value).startsWith('bound ') && NATIVE.test(sourceOf(value));
  });
}

function isCopyable(name: string): boolean {
  return COPYABLE.has(name) || /(?:Error|Array)$/.test(name);
}

// biome-ignore lint/complexity/noBannedTypes: nothing more is known of it.
function sourceOf(made: Function): string {
  return Function.prototype.toString.call(made);
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
