import { randomUUID } from 'node:crypto';

/** What names a property of a request among selecting headers; a field of that name is never asked for. */
const PROPERTY = 'req.';

/** The name under which the value of `req.language` selects: a token in lower case, as those of fields are. */
export function selectingNameOf(property: string): string {
  return PROPERTY + property.replace(/[A-Z$]/g, (letter) => (letter === '$' ? '^-' : `^${letter.toLowerCase()}`));
}

/** Whether a selecting name stands for a property, which `Vary` cannot name. */
export function isProperty(name: string): boolean {
  return name.startsWith(PROPERTY);
}

/** What is no plain value selects nothing that is stored. */
const OTHER = '?';

/** Where internationalisation says which language it has chosen. */
export const LANGUAGES = ['req.language', 'req.locale'];

/** The value by which a property of a request selects: its own, to the letter and with its type. */
export function selectingPropertyOf(req: object, name: string): string | undefined {
  const value = propertyIn(req, name);
  if (value === undefined) return undefined;
  return isPlain(value) ? JSON.stringify(value) : OTHER;
}

/** Whether a value, as {@link selectingPropertyOf} gives it, can be compared with another request's. */
export function isComparable(value: string | undefined): boolean {
  return value !== OTHER;
}

/** Begins what stands for something that is no text in the place of a field: no client can send it. */
const NO_TEXT = '\uffff';
/** An object is its own in all processes that share a store. */
const HERE = randomUUID();
const numbers = new WeakMap<object, number>();
let last = 0;

/** The value by which something selects that middleware has put in the place of a field: an object, by which it is. */
export function selectingObject(value: unknown): string {
  const isReference = (typeof value === 'object' && value !== null) || typeof value === 'function';
  if (!isReference) return `${NO_TEXT}${typeof value} ${String(value)}`;
  let number = numbers.get(value);
  if (number === undefined) {
    number = ++last;
    numbers.set(value, number);
  }
  return `${NO_TEXT}${HERE} ${number}`;
}

/** Whether the value of a field is text, which another request may have as well. */
export function isText(value: string | undefined): boolean {
  return value?.startsWith(NO_TEXT) !== true;
}

function isPlain(value: unknown): value is string | number | boolean {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';
}

/** Takes down the values of some properties now: what middleware inside the view assigns must not change them. */
export function takeProperties(req: object, names: readonly string[]): ReadonlyMap<string, string> | undefined {
  let taken: Map<string, string> | undefined;
  for (const name of names) {
    const value = selectingPropertyOf(req, name);
    if (value === undefined) continue;
    taken ??= new Map();
    taken.set(name, value);
  }
  return taken;
}

function propertyIn(req: { language?: unknown; locale?: unknown }, name: string): unknown {
  // By their own names: every miss asks for these two, and most often in vain.
  if (name === 'req.language') return req.language;
  if (name === 'req.locale') return req.locale;
  return Reflect.get(req, propertyOf(name));
}

function propertyOf(name: string): string {
  const letters = name.slice(PROPERTY.length);
  if (!letters.includes('^')) return letters;
  return letters.replace(/\^(.)/g, (_all, letter: string) => (letter === '-' ? '$' : letter.toUpperCase()));
}
