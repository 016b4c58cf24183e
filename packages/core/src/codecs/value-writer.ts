import { isDataView } from 'node:util/types';
import type { EncodedValue } from '../ports/value-codec.js';
import { MAX_DEPTH } from '../values/survey.js';
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
} from '../values/value-kinds.js';
import * as marks from './value-marks.js';

/** A value that JSON can say, and the bytes that go behind it. */
export interface Written {
  readonly json: unknown;
  readonly parts: readonly Uint8Array[];
  /** Nothing in it stands for anything else. */
  readonly isPlain: boolean;
}

/** Why something has no bytes. */
export class NotWritable {
  constructor(readonly answer: Exclude<EncodedValue, { kind: 'bytes' }>) {}
}

/**
 * Says a value in JSON. What needs no other words is handed on as it is, and copied nowhere.
 *
 * @throws {@link NotWritable} for what has no bytes
 */
export function write(value: unknown): Written {
  return new Writer().run(value);
}

type Properties = Record<string, unknown>;

class Writer {
  readonly #parts: Uint8Array[] = [];
  readonly #numbers = new Map<object, number>();
  /** Instances whose `encode` has been called and not been written yet. */
  readonly #open = new Set<object>();
  /** Where it is now. */
  readonly #way: PropertyKey[] = [];
  #isPlain = true;

  run(value: unknown): Written {
    const json = this.#write(value, 0);
    return { json, parts: this.#parts, isPlain: this.#isPlain };
  }

  #write(value: unknown, depth: number): unknown {
    switch (typeof value) {
      case 'string':
      case 'boolean':
        return value;
      case 'number':
        if (Number.isFinite(value) && !Object.is(value, -0)) return value;
        return this.#mark([marks.NUMBER, Object.is(value, -0) ? '-0' : String(value)]);
      case 'undefined':
        return this.#mark([marks.UNDEFINED]);
      case 'bigint':
        return this.#mark([marks.BIGINT, value < 0n ? `-0x${(-value).toString(16)}` : `0x${value.toString(16)}`]);
      case 'object':
        return value === null ? null : this.#object(value, depth + 1);
      default:
        return this.#refuse(`is ${describe(value)}`, depth);
    }
  }

  #object(value: object, depth: number): unknown {
    const number = this.#numbers.get(value);
    if (number !== undefined) {
      if (this.#open.has(value)) this.#refuse('is reached from what encode made of it', depth);
      return this.#mark([marks.SAME, number]);
    }
    if (depth > MAX_DEPTH) this.#refuse(`is nested deeper than ${MAX_DEPTH} levels`, depth);
    this.#numbers.set(value, this.#numbers.size);
    const kind = kindOf(value);
    const prototype: object | null = Object.getPrototypeOf(value);
    if (kind === 'other') return this.#refuse(`is ${describe(value)}`, depth);
    if (kind === 'plain') return this.#plain(value, prototype, depth);
    if (kind !== 'url' && prototype !== Array.prototype && !infoOf(prototype).isBuiltin)
      return this.#instance(value, kind, depth);
    switch (kind) {
      case 'array':
        return this.#list(value as unknown[], depth);
      case 'date': {
        const ms = Date.prototype.getTime.call(value);
        return this.#mark([marks.DATE, Number.isNaN(ms) ? null : ms]);
      }
      case 'map': {
        const items: unknown[] = [marks.MAP];
        for (const [key, item] of Map.prototype.entries.call(value))
          items.push(this.#under('a key', key, depth), this.#under(nameOf(key), item, depth));
        return this.#mark(items);
      }
      case 'set': {
        const items: unknown[] = [marks.SET];
        for (const item of Set.prototype.values.call(value)) items.push(this.#under('an element', item, depth));
        return this.#mark(items);
      }
      case 'regexp':
        return this.#mark([marks.REGEXP, (value as RegExp).source, (value as RegExp).flags]);
      case 'url':
        return this.#mark([marks.URL_MARK, hrefOf(value)]);
      case 'view':
        return this.#bytes(value as ArrayBufferView);
      case 'buffer':
        this.#parts.push(new Uint8Array(value as ArrayBuffer));
        return this.#mark([marks.BYTES, 'ArrayBuffer', (value as ArrayBuffer).byteLength]);
      case 'error':
        if (Object.hasOwn(marks.ERRORS, infoOf(prototype).name))
          return this.#error(marks.ERROR, infoOf(prototype).name, value, depth);
    }
    return this.#refuse(`is ${describe(value)}`, depth);
  }

  #plain(value: object, prototype: object | null, depth: number): unknown {
    const [shown, hidden] = this.#properties(value, depth);
    if (hidden !== undefined) return this.#mark([marks.HIDING, shown, hidden, prototype === null ? 1 : 0]);
    return prototype === null ? this.#mark([marks.BARE, shown]) : shown;
  }

  #instance(value: object, kind: Kind, depth: number): unknown {
    const registered = registeredOf(Object.getPrototypeOf(value));
    const { name } = infoOf(Object.getPrototypeOf(value));
    if (registered === undefined) throw new NotWritable({ kind: 'unregistered', className: name });
    if (registered.ways !== undefined) {
      this.#open.add(value);
      const encoded = this.#under('encoded', this.#encode(value, registered.ways, depth), depth);
      this.#open.delete(value);
      return this.#mark([marks.ENCODED, registered.name, encoded]);
    }
    if (kind === 'error') return this.#error(marks.CLASS_ERROR, registered.name, value, depth);
    if (kind !== 'instance')
      this.#refuse(
        `is ${describe(value)}, which is a kind of ${kind}: registerClass needs encode and decode for it`,
        depth,
      );
    const [shown, hidden] = this.#properties(value, depth);
    return this.#mark([marks.INSTANCE, registered.name, shown, ...(hidden === undefined ? [] : [hidden])]);
  }

  #encode(value: object, { encode }: { encode: (instance: unknown) => unknown }, depth: number): unknown {
    try {
      return encode(value);
    } catch (error) {
      return this.#refuse(`is not encoded, as encode of its class threw ${error}`, depth);
    }
  }

  #error(mark: string, name: string, value: object, depth: number): unknown {
    const [shown, hidden] = this.#properties(value, depth);
    return this.#mark([mark, name, shown, hidden ?? {}]);
  }

  #list(value: unknown[], depth: number): unknown {
    const { length } = value;
    let made: unknown[] | undefined;
    for (let i = 0; i < length; i++) {
      const item = value[i];
      let written: unknown;
      if (item !== undefined || Object.hasOwn(value, i)) written = this.#under(i, item, depth);
      else {
        if (made === undefined) this.#countHoles(value, depth);
        written = this.#mark([marks.HOLE]);
      }
      if (written === item) continue;
      made ??= value.slice();
      made[i] = written;
    }
    made ??= value;
    return marks.isMark(value[0]) ? this.#mark([marks.LIST, ...made]) : made;
  }

  /** Each hole is written: a list that is nearly nothing else would take bytes for what it does not have. */
  #countHoles(value: unknown[], depth: number): void {
    if (value.length > 1000 + 8 * Object.keys(value).length)
      this.#refuse('is a list of hardly anything but holes', depth);
  }

  /** @returns what is enumerable, as it is where it needs no other words; and what is not, if anything */
  #properties(value: object, depth: number): readonly [Properties, Properties | undefined] {
    const [symbol] = Object.getOwnPropertySymbols(value);
    if (symbol !== undefined) this.#refuse(`has the property ${String(symbol)}, and a symbol has no bytes`, depth);
    const names = Object.keys(value);
    let copy: Properties | undefined = isPlainPrototype(Object.getPrototypeOf(value)) ? undefined : { ...value };
    for (const key of names) {
      const item = (value as Properties)[key];
      const written = isOwnClass(value, key, item) ? undefined : this.#under(key, item, depth);
      if (written === item) continue;
      copy ??= { ...value };
      define(copy, key, written);
    }
    return [copy ?? (value as Properties), this.#hidden(value, names.length, depth)];
  }

  #hidden(value: object, shown: number, depth: number): Properties | undefined {
    const names = Object.getOwnPropertyNames(value);
    if (names.length === shown) return undefined;
    const hidden: Properties = {};
    for (const key of names) {
      const item = (value as Properties)[key];
      if (Object.prototype.propertyIsEnumerable.call(value, key) || isOwnClass(value, key, item)) continue;
      define(hidden, key, this.#under(key, item, depth));
    }
    return hidden;
  }

  #bytes(value: ArrayBufferView): unknown {
    const bytes = bytesOf(value);
    this.#parts.push(bytes);
    const type = Buffer.isBuffer(value)
      ? 'Buffer'
      : isDataView(value)
        ? 'DataView'
        : (value as Uint8Array)[Symbol.toStringTag];
    return this.#mark([marks.BYTES, type, value.byteLength]);
  }

  #under(key: PropertyKey, value: unknown, depth: number): unknown {
    if (typeof value === 'string' || typeof value === 'boolean') return value;
    this.#way[depth - 1] = key;
    return this.#write(value, depth);
  }

  #mark(mark: unknown[]): unknown[] {
    this.#isPlain = false;
    return mark;
  }

  #refuse(what: string, depth: number): never {
    const steps = this.#way.slice(0, Math.max(0, depth));
    throw new NotWritable({ kind: 'unstorable', what: `${['value', ...steps.map(String)].join('.')} ${what}` });
  }
}

function nameOf(key: unknown): PropertyKey {
  return typeof key === 'string' || typeof key === 'number' ? key : 'a value';
}

function define(properties: Properties, key: string, value: unknown): void {
  if (key === '__proto__')
    Object.defineProperty(properties, key, { value, enumerable: true, writable: true, configurable: true });
  else properties[key] = value;
}
