import { isAnyArrayBuffer, isDataView, isDate, isMap, isRegExp, isSet, isTypedArray } from 'node:util/types';

/**
 * Everything there is to see of a value, as text: two that have the same are alike to whoever uses them. Objects are
 * numbered as they are met, so that shared references and cycles show; so do prototypes, hidden properties and holes.
 */
export function shapeOf(value: unknown): string {
  const numbers = new Map<object, number>();
  const lines: string[] = [];
  const pending: [object, number][] = [];
  const name = (item: unknown): string => {
    if (typeof item === 'function') return `function ${item.name}`;
    if (typeof item !== 'object' || item === null) return `${typeof item} ${Object.is(item, -0) ? '-0' : String(item)}`;
    let number = numbers.get(item);
    if (number === undefined) {
      number = numbers.size;
      numbers.set(item, number);
      pending.push([item, number]);
    }
    return `#${number}`;
  };
  lines.push(name(value));
  for (let next = pending.shift(); next !== undefined; next = pending.shift()) {
    const [object, number] = next;
    lines.push(`#${number} = ${tagOf(object)} ${contentOf(object, name)}`);
    // A typed array has its bytes; an index is no name there.
    const keys = ArrayBuffer.isView(object) ? [] : Reflect.ownKeys(object);
    const [shown, hidden] = [true, false].map((is) => keys.filter((key) => isShown(object, key) === is));
    for (const key of shown ?? []) lines.push(`  ${String(key)}: ${name(propertyOf(object, key))}`);
    for (const key of hidden ?? []) lines.push(`  ${String(key)} (hidden): ${name(propertyOf(object, key))}`);
  }
  return lines.join('\n');
}

function tagOf(object: object): string {
  const prototype: object | null = Object.getPrototypeOf(object);
  return prototype === null ? 'null' : `${prototype.constructor.name} ${Object.prototype.toString.call(object)}`;
}

function contentOf(object: object, name: (item: unknown) => string): string {
  if (isDate(object)) return String(object.getTime());
  if (isMap(object)) return [...object].map(([key, item]) => `${name(key)} => ${name(item)}`).join(', ');
  if (isSet(object)) return [...object].map(name).join(', ');
  if (isTypedArray(object) || isDataView(object))
    return Buffer.from(object.buffer, object.byteOffset, object.byteLength).toString('hex');
  if (isAnyArrayBuffer(object)) return Buffer.from(object).toString('hex');
  return isRegExp(object) || object instanceof URL ? String(object) : '';
}

function isShown(object: object, key: PropertyKey): boolean {
  return Object.prototype.propertyIsEnumerable.call(object, key);
}

function propertyOf(object: object, key: PropertyKey): unknown {
  return (object as Record<PropertyKey, unknown>)[key];
}
