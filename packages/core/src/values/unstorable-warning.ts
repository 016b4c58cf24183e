import { spelledKey } from '../base/spelled-key.js';
import type { Keyed } from '../engine/keyed.js';
import type { ValueParts } from './value-parts.js';

/** Values and what is wrong with them that are remembered, of one cache. */
const REMEMBERED = 100;
const LONGEST_KEY = 60;
const told = new WeakMap<ValueParts, Set<string>>();

/**
 * Warns of a value that cannot be stored, once for each name that values are counted under and what is wrong with them: a
 * thousand keys have it all the same.
 *
 * @param detail - where in the value it is, and what; `class Foo` for one that nobody has registered
 */
export function warnUnstorable(parts: ValueParts, key: Keyed, route: string, detail: string): void {
  const known = told.get(parts) ?? new Set<string>();
  told.set(parts, known);
  const what = `${route} ${detail}`;
  if (known.size >= REMEMBERED || known.has(what)) return;
  known.add(what);
  parts.warn(`${route}: ${sayingHow(detail)}; it was not stored (${shownKey(key.text)})`);
}

function sayingHow(detail: string): string {
  const [, name] = /^class (.*)$/.exec(detail) ?? [];
  if (name !== undefined)
    return `the value holds an instance of class ${name}, which other processes know only after registerClass(${name})`;
  if (/ is a Promise$/.test(detail)) return `${detail}: await it first`;
  return detail;
}

function shownKey(text: string): string {
  const shown = spelledKey(text);
  return shown.length > LONGEST_KEY ? `${shown.slice(0, LONGEST_KEY)}…` : shown;
}
