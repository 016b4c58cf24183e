import { spelledKey } from '../base/spelled-key.js';
import type { Keyed } from '../engine/keyed.js';
import type { Refusal } from '../ports/event-sink.js';
import type { ValueParts } from './value-parts.js';

/** Values and what is wrong with them that are remembered, of one cache. */
const REMEMBERED = 100;
const LONGEST_KEY = 60;
const told = new WeakMap<ValueParts, Set<string>>();

/**
 * Warns of a value that cannot be stored, where its user can mend that: once for each name that values are counted under and
 * what is wrong with them, as a thousand keys have it all the same.
 *
 * @param detail - where in the value it is, and what; `class Foo` for one that nobody has registered; an input
 */
export function warnUnstorable(
  parts: ValueParts,
  key: Keyed,
  route: string,
  reason: Refusal,
  detail: string | undefined,
): void {
  if (detail === undefined || (reason !== 'class' && reason !== 'input')) return;
  const known = told.get(parts) ?? new Set<string>();
  told.set(parts, known);
  const what = `${route} ${detail}`;
  if (known.size >= REMEMBERED || known.has(what)) return;
  known.add(what);
  const why = reason === 'input' ? sayingWhere(detail) : sayingHow(detail);
  parts.warn(`${route}: ${why}; it was not stored (${shownKey(key.text)})`);
}

function sayingWhere(input: string): string {
  return `its producer reads ${input} of the request, and a value has no variants: read that in front of the call, and name it in the key`;
}

function sayingHow(detail: string): string {
  const [, name] = /^class (.*)$/.exec(detail) ?? [];
  if (name !== undefined)
    return `the value holds an instance of class ${name}, which other processes know only after registerClass(${name})`;
  if (/ is a Promise$/.test(detail)) return `${detail}: await it first`;
  return detail;
}

export function shownKey(text: string): string {
  const shown = spelledKey(text);
  return shown.length > LONGEST_KEY ? `${shown.slice(0, LONGEST_KEY)}…` : shown;
}
