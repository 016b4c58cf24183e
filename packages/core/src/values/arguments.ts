import { hash } from 'node:crypto';
import { EventEmitter } from 'node:events';
import { inspect, types } from 'node:util';
import { textOf } from '../base/answer.js';
import { classOfPrototype, type RegisteredClass } from './registered-classes.js';
import { hrefOf, infoOf, isOwnClass, isUrl, kindOf } from './value-kinds.js';

/** Objects within objects; deeper is no list of arguments that anybody compares. */
const DEEPEST = 100;
/** Values in one list of arguments: past it the key costs more than most functions. */
const MOST = 100_000;
/** Longer encodings are kept as what they hash to. */
const LONGEST = 1_024;

/** Elements whose names are listed faster than anything is looked up otherwise. */
const FEW = 64;
/** Lists what somebody has put on a typed array without listing its elements, of which there may be millions. */
const WITHOUT_ELEMENTS = { maxArrayLength: 0, depth: 0, customInspect: false, breakLength: Number.POSITIVE_INFINITY };
const BARE_BYTES = /^\w+\(\d+\)(?: \[\w+\])? \[ \.\.\. \d+ more items? \]$/;

/** Stands for an argument that does not count. */
export const NOT_COUNTED: unique symbol = Symbol('not counted');

/** An argument that cannot be part of a key: it is not known what would be the same argument. */
export class Unencodable {
  /** @param what - where it is, and what: `[1].save is a function` */
  constructor(readonly what: string) {}

  /** Of the argument in the list; `undefined` where it is none of them that is wrong. */
  get position(): number | undefined {
    const found = /^\[(\d+)\]/.exec(this.what);
    return found === null ? undefined : Number(found[1]);
  }
}

/**
 * Text for a list of arguments: the same for two lists iff these are deeply equal, as `isDeepStrictEqual` of `node:util`
 * has it. The order of an object's properties, and of what is in a Map or a Set, does not count; a missing argument is not
 * one that is `undefined`, 0 not -0, and an array's hole not `undefined`. Instances of a class are compared by what
 * `registerClass` stores of them.
 *
 * Each encoding says by its first letter what it is, and where it ends by a length or a semicolon. So none is the beginning
 * of another, and neither are lists of them.
 */
export function encodeArguments(list: readonly unknown[]): string | Unencodable {
  // What most functions take.
  if (list.length === 1) {
    const [only] = list;
    if (typeof only === 'string') return encodeText(only);
    if (typeof only === 'number') return encodeNumber(only);
  }
  const walk = new Walk();
  let text = '';
  try {
    for (let i = 0; i < list.length; i++) text += walk.within(i, list[i]);
    return text;
  } catch (error) {
    // A getter or a proxy's trap may throw whatever it likes.
    return error instanceof Unencodable ? error : new Unencodable(`${walk.place} cannot be read`);
  }
}

/** The text itself, or, where that is very long, its length and what it hashes to: no other text is like that. */
export function shortened(text: string): string {
  return text.length <= LONGEST ? text : `#${text.length}:${hash('sha256', text, 'base64url')}`;
}

/** Goes through arguments, and knows where it is. */
class Walk {
  readonly #above: object[] = [];
  readonly #names: (string | number)[] = [];
  #count = 0;

  get place(): string {
    return this.#names.map((name) => (typeof name === 'number' ? `[${name}]` : `.${name}`)).join('');
  }

  within(name: string | number, value: unknown): string {
    this.#names.push(name);
    const text = this.#encode(value);
    this.#names.pop();
    return text;
  }

  #encode(value: unknown): string {
    if (++this.#count > MOST) this.#refuse(`is the last of ${MOST} values`);
    switch (typeof value) {
      case 'string':
        return encodeText(value);
      case 'number':
        return encodeNumber(value);
      case 'boolean':
        return value ? 't' : 'f';
      case 'undefined':
        return 'u';
      case 'bigint':
        return `i${value};`;
      case 'object':
        return value === null ? 'z' : this.#object(value);
      default:
        if (value === NOT_COUNTED) return '_';
        return this.#refuse(`is a ${typeof value}`);
    }
  }

  #object(value: object): string {
    const above = this.#above;
    if (above.length >= DEEPEST) this.#refuse(`is more than ${DEEPEST} objects deep`);
    if (above.includes(value)) this.#refuse('contains itself');
    // Whoever is behind it may answer otherwise each time.
    if (types.isProxy(value)) this.#refuse('is a Proxy');
    above.push(value);
    const prototype: unknown = Object.getPrototypeOf(value);
    let text: string;
    if (Array.isArray(value)) text = this.#array(value);
    else if (prototype === null) text = `O${this.#properties(value)}`;
    else if (isPlain(prototype as object) && !types.isArgumentsObject(value)) text = `o${this.#properties(value)}`;
    else text = this.#builtIn(value);
    above.pop();
    return text;
  }

  #properties(value: object): string {
    this.#refuseSymbols(value);
    return this.#named(value, Object.keys(value));
  }

  #named(value: object, names: string[]): string {
    if (names.length > 1) names.sort();
    let text = `${names.length}:`;
    for (const name of names) text += encodeText(name) + this.within(name, (value as Record<string, unknown>)[name]);
    return text;
  }

  #array(value: readonly unknown[]): string {
    if (!isBase(value, 'Array')) this.#refuseInstance(value);
    this.#refuseSymbols(value);
    const { length } = value;
    // Holes have no end: an array of a billion may have nothing in it. And it may have properties that are no elements.
    const names = Object.keys(value);
    if (names.length !== length || (length > 0 && names[length - 1] !== String(length - 1)))
      return `A${length};${this.#properties(value)}`;
    let text = `a${length}:`;
    for (let i = 0; i < length; i++) text += this.within(i, value[i]);
    return text;
  }

  #builtIn(value: object): string {
    if (types.isTypedArray(value)) return this.#typedArray(value);
    if (kindOf(value) === 'url') {
      this.#refuseSpecial(value, 0);
      return `U${encodeText(hrefOf(value))}`;
    }
    const registered = classOfPrototype(Object.getPrototypeOf(value) as object);
    if (registered !== undefined) return this.#registered(value, registered);
    const base = baseOf(value);
    if (base === undefined || !isBase(value, base)) return this.#refuseInstance(value);
    this.#refuseSpecial(value, 0);
    return this.#builtInText(value);
  }

  /** What the language keeps of an object beside its properties; nothing where that is nothing. */
  #builtInText(value: object): string {
    if (types.isDate(value)) return `d${Date.prototype.getTime.call(value)};`;
    if (types.isMap(value)) {
      const entries = [...Map.prototype.entries.call(value)];
      return `M${entries.length}:${sorted(entries, ([key, held]) => this.within('key()', key) + this.within('get()', held))}`;
    }
    if (types.isSet(value)) {
      const held = [...Set.prototype.values.call(value)];
      return `S${held.length}:${sorted(held, (each) => this.within('values()', each))}`;
    }
    if (types.isRegExp(value)) return `r${encodeText(value.source)}${encodeText(value.flags)}${value.lastIndex};`;
    if (types.isArrayBuffer(value)) return `B${bytesOf(value, 0, value.byteLength)}`;
    if (types.isDataView(value)) return `V${bytesOf(value.buffer, value.byteOffset, value.byteLength)}`;
    return '';
  }

  /** What is stored of an instance says what it is; without that, all that it has. */
  #registered(value: object, { name, ways }: RegisteredClass): string {
    const front = `c${encodeText(name)}`;
    if (ways !== undefined) return front + this.within('encode()', this.#encoded(value, name, ways.encode));
    const kind = kindOf(value);
    const href = isUrl(value) ? `U${encodeText(hrefOf(value))}` : '';
    if ((kind === 'other' && href === '') || Object.getOwnPropertySymbols(value).length > 0)
      this.#refuse(`is of class ${name}, and more than can be compared (encode and decode say what it is made of)`);
    // A stack says where it was made, not what it is.
    const names = Object.getOwnPropertyNames(value).filter(
      (own) =>
        !(own === 'stack' && kind === 'error') && !isOwnClass(value, own, (value as Record<string, unknown>)[own]),
    );
    return front + href + this.#builtInText(value) + this.#named(value, names);
  }

  #encoded(value: object, name: string, encode: (instance: unknown) => unknown): unknown {
    try {
      return encode(value);
    } catch (error) {
      return this.#refuse(`is not encoded, as encode of ${name} threw ${textOf(error)}`);
    }
  }

  #typedArray(value: NodeJS.TypedArray): string {
    const name = Buffer.isBuffer(value) ? 'Buffer' : value[Symbol.toStringTag];
    // By name, as those of another realm are the same to whoever compares them.
    if (Object.getPrototypeOf(value)?.constructor?.name !== name) this.#refuseInstance(value);
    if (types.isSharedArrayBuffer(value.buffer)) this.#refuse('is shared between threads');
    this.#refuseSpecial(value, value.length);
    return `b${encodeText(name)}${bytesOf(value.buffer, value.byteOffset, value.byteLength)}`;
  }

  /** What somebody has put on it, beside so many elements, is in no text of it. */
  #refuseSpecial(value: object, elements: number): void {
    this.#refuseSymbols(value);
    if (elements > FEW && BARE_BYTES.test(inspect(value, WITHOUT_ELEMENTS))) return;
    if (Object.keys(value).length > elements) this.#refuse('has properties of its own');
  }

  #refuseSymbols(value: object): void {
    const symbols = Object.getOwnPropertySymbols(value);
    if (symbols.some((symbol) => Object.prototype.propertyIsEnumerable.call(value, symbol)))
      this.#refuse('has a symbol among its properties');
  }

  #refuseInstance(value: object): never {
    const name: unknown = value.constructor?.name;
    if (typeof name !== 'string' || name === '') return this.#refuse('is of a class without a name');
    // What is made of a connection is not compared by what it is made of.
    const hint =
      infoOf(Object.getPrototypeOf(value)).isBuiltin || value instanceof EventEmitter
        ? ''
        : ` (registerClass(${name}) says what it is made of)`;
    return this.#refuse(`is of class ${name}${hint}`);
  }

  #refuse(why: string): never {
    throw new Unencodable(`${this.place} ${why}`);
  }
}

/** A text, and where it ends: nothing that is put behind it can be taken for a part of it. */
export function encodeText(text: string): string {
  // Half a surrogate pair has no bytes of its own, and where a key is hashed would be the same as any other.
  if (!isWellFormed(text)) return `w${encodeText(JSON.stringify(text))}`;
  return `s${text.length}:${text}`;
}

// Node has it from version 20 on; what the compiler is told of is a year older.
const isWellFormed: (text: string) => boolean = (text) => (text as string & { isWellFormed(): boolean }).isWellFormed();

function encodeNumber(number: number): string {
  return Object.is(number, -0) ? 'n-0;' : `n${number};`;
}

function bytesOf(buffer: ArrayBufferLike, offset: number, length: number): string {
  return `${length}:${Buffer.from(buffer, offset, length).toString('latin1')}`;
}

function sorted<T>(items: readonly T[], encode: (item: T) => string): string {
  return items.map(encode).sort().join('');
}

/** The class of the language's that an object is of or derived from, where that is one that is compared. */
function baseOf(value: object): string | undefined {
  if (types.isDate(value)) return 'Date';
  if (types.isMap(value)) return 'Map';
  if (types.isSet(value)) return 'Set';
  if (types.isRegExp(value)) return 'RegExp';
  if (types.isArrayBuffer(value)) return 'ArrayBuffer';
  return types.isDataView(value) ? 'DataView' : undefined;
}

/** The prototype of plain objects, here or in another realm. */
function isPlain(prototype: object): boolean {
  return (
    prototype === Object.prototype ||
    (Object.getPrototypeOf(prototype) === null && Object.hasOwn(prototype, 'isPrototypeOf'))
  );
}

/** Whether something is of this class of the language's, in whatever realm, rather than of one derived from it. */
function isBase(value: object, name: string): boolean {
  const prototype = Object.getPrototypeOf(value);
  if (prototype === null || !Object.hasOwn(prototype, 'constructor') || prototype.constructor.name !== name)
    return false;
  const base = Object.getPrototypeOf(prototype);
  return base !== null && isPlain(base);
}
