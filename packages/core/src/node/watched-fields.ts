import { addedInput, isAdded } from './added-fields.js';
import { fieldAction, isFieldName } from './field-inputs.js';
import type { Fields } from './inputs.js';
import { type Watcher, watcherSlot } from './watcher.js';

/** All fields at once: to copy them, to forward them, or to find out which there are. */
export const ALL_FIELDS = 'all headers';

/** Hears of every way to learn of a request's fields: reading one, asking whether it is there, listing them. */
export class WatchedFields implements ProxyHandler<Fields> {
  readonly #watcher: Watcher;
  /** Names that middleware inside has written: what is read there then, the client has not sent. */
  written: Set<string | symbol> | undefined;

  constructor(watcher: Watcher) {
    this.#watcher = watcher;
  }

  get(target: Fields, property: string | symbol): unknown {
    if (property === watcherSlot) return this.#watcher;
    if (typeof property === 'string' && isTold(this.#watcher, property, target)) {
      if (isHidden(this.#watcher, property)) return undefined;
      this.#watcher.note(`header ${property}`);
    } else if (isAdded(this.#watcher, property, target)) this.#watcher.note(addedInput(property));
    return Reflect.get(target, property);
  }

  has(target: Fields, property: string | symbol): boolean {
    if (typeof property === 'string' && isTold(this.#watcher, property, target)) {
      if (isHidden(this.#watcher, property)) return false;
      this.#watcher.note(`header ${property}`);
    } else if (isAdded(this.#watcher, property, target)) this.#watcher.note(addedInput(property));
    return Reflect.has(target, property);
  }

  getOwnPropertyDescriptor(target: Fields, property: string | symbol): PropertyDescriptor | undefined {
    if (typeof property === 'string' && isTold(this.#watcher, property, target)) {
      if (isHidden(this.#watcher, property)) return undefined;
      this.#watcher.note(`header ${property}`);
    } else if (isAdded(this.#watcher, property, target)) this.#watcher.note(addedInput(property));
    return Reflect.getOwnPropertyDescriptor(target, property);
  }

  set(target: Fields, property: string | symbol, value: unknown): boolean {
    if (this.#watcher.isListening) {
      this.written ??= new Set();
      this.written.add(property);
    }
    return Reflect.set(target, property, value);
  }

  /** Those of some fields that are shown where all are listed. */
  shownOf<T>(fields: Readonly<Record<string, T>>): Record<string, T> {
    const shown = Object.entries(fields).filter(([name]) => isCopied(this.#watcher, name));
    return Object.assign(Object.create(null), Object.fromEntries(shown));
  }

  ownKeys(target: Fields): ArrayLike<string | symbol> {
    const names = Reflect.ownKeys(target);
    const watcher = this.#watcher;
    if (!watcher.isHeard) return names;
    if (!watcher.rules.hasAnonymousCopies) watcher.note(ALL_FIELDS);
    if (watcher.rules.hiddenFields.size === 0 || !watcher.isHiding) return names;
    return names.filter((name) => typeof name === 'symbol' || isCopied(watcher, name));
  }
}

/** The same fields as they came in: whoever looks at one sees them all. */
export class WatchedLines implements ProxyHandler<string[]> {
  readonly #watcher: Watcher;
  #shown: string[] | undefined;

  constructor(watcher: Watcher) {
    this.#watcher = watcher;
  }

  get(target: string[], property: string | symbol): unknown {
    const watcher = this.#watcher;
    if (!watcher.isHeard) return Reflect.get(target, property);
    if (!watcher.rules.hasAnonymousCopies) watcher.note(ALL_FIELDS);
    if (watcher.rules.hiddenFields.size === 0 || !watcher.isHiding) return Reflect.get(target, property);
    this.#shown ??= shownLines(target, watcher);
    return Reflect.get(this.#shown, property);
  }

  getOwnPropertyDescriptor(target: string[], property: string | symbol): PropertyDescriptor | undefined {
    // What describes a line would show it; nobody who only wants to know what there is asks so.
    this.#watcher.note(ALL_FIELDS);
    return Reflect.getOwnPropertyDescriptor(target, property);
  }
}

/** Reads of it are heard of now. */
function isTold(watcher: Watcher, name: string, fields: object): boolean {
  return watcher.isHeard && isFieldName(name, fields);
}

function isHidden(watcher: Watcher, name: string): boolean {
  const { hiddenFields } = watcher.rules;
  return hiddenFields.size > 0 && watcher.isHiding && hiddenFields.has(name);
}

/**
 * Whether a field stands in copies where fields are hidden. Where cookie and Authorization are, a copy shows only what is
 * the same for everybody who gets the stored response: then whoever makes one, to forward it or to render from it,
 * cannot tell visitors apart.
 */
function isCopied(watcher: Watcher, name: string): boolean {
  const { rules } = watcher;
  if (rules.hiddenFields.has(name)) return false;
  if (!rules.hasAnonymousCopies) return true;
  const input = `header ${name}`;
  return watcher.isCleared(input) || rules.actions.get(input) === 'vary' || fieldAction(name) === 'ignore';
}

function shownLines(lines: readonly string[], watcher: Watcher): string[] {
  const shown: string[] = [];
  for (let i = 0; i < lines.length; i += 2) {
    const name = (lines[i] ?? '').toLowerCase();
    if (!isCopied(watcher, name)) continue;
    shown.push(lines[i] ?? '', lines[i + 1] ?? '');
    if (watcher.rules.actions.get(`header ${name}`) === 'vary') watcher.note(`header ${name}`);
  }
  return shown;
}
