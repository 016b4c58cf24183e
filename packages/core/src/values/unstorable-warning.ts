import { spelledKey } from '../base/spelled-key.js';
import type { Keyed } from '../engine/keyed.js';
import type { Refusal } from '../ports/event-sink.js';
import type { ValueParts } from './value-parts.js';

/** Values and what is wrong with them that are remembered, of one cache. */
const REMEMBERED = 100;
const LONGEST_KEY = 60;
const told = new WeakMap<ValueParts, Set<string>>();

/** What its user can mend, and how it is said. */
const SAYINGS: Partial<Record<Refusal, (detail: string) => string>> = {
  class: sayingHow,
  input: sayingWhere,
  'too-large': (size) => size,
  'too-many-tags': (count) => count,
  'nothing-tracked': sayingWhat,
};

/** Of sizes and counts no two are alike. */
const NUMBERED: ReadonlySet<Refusal> = new Set(['too-large', 'too-many-tags']);

/**
 * Warns of a value that cannot be stored, where its user can mend that: once for each name that values are counted under and
 * what is wrong with them, as a thousand keys have it all the same.
 *
 * @param detail - where in the value it is, and what; `class Foo` for one that nobody has registered; what its producer has
 * read of the request; or how large it is, or how many tags it has
 */
export function warnUnstorable(
  parts: ValueParts,
  key: Keyed,
  route: string,
  refusal: Refusal,
  detail: string | undefined,
): void {
  const say = refusal === 'input' && route.startsWith('fragment ') ? sayingWhose : SAYINGS[refusal];
  if (detail === undefined || say === undefined) return;
  const known = told.get(parts) ?? new Set<string>();
  told.set(parts, known);
  const what = `${route} ${NUMBERED.has(refusal) ? refusal : detail}`;
  if (known.size >= REMEMBERED || known.has(what)) return;
  known.add(what);
  parts.warn(`${route}: ${say(detail)}; it was not stored (${shownKey(key.text)})`);
}

function sayingWhere(input: string): string {
  return `its producer reads ${input} of the request, and a value has no variants: read that in front of the call, and name it in the key`;
}

/** What is wrong with a fragment, whatever is read in it. */
const FAULTS = {
  'a render that returns nothing':
    'its render returns nothing, and what it writes into the template is not kept: return html, as include() does',
  'a render that returns no text':
    'its render returns an object, a list or a function, which is no html: return its text, as in list.join("")',
  'a promise that nobody waited for':
    'it has [object Promise] in it, as something in it was not waited for: write await in front of include() and the like; where an engine cannot wait, do so before the template is rendered',
  'somebody who may be known by now':
    'somebody may have become known while it was rendered: say whom it is for, or ask for it behind the login',
  'visitor of a fragment':
    'within it is a fragment for one visitor, or one that says neither visitor nor shared: say the same of both, or take that one out of it',
} as const;

/** The name under which it is noted, as an input that a fragment is made of. */
export type FragmentFault = keyof typeof FAULTS;

/** In a template: what it reads there it was given. */
function sayingWhose(input: string): string {
  if (Object.hasOwn(FAULTS, input)) return FAULTS[input as FragmentFault];
  return `it is made of ${input}, which may be the visitor's own: say by visitor whom it is for; or, where that is the same for everybody, fragments({ ignore: ['${input}'] })`;
}

function sayingWhat(what: string): string {
  return `${what}, and neither a ttl nor a tag says how long it is good: give it a ttl, or name in its producer what it depends on with view().dependsOn()`;
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
