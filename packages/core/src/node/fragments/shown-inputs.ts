import { EventEmitter } from 'node:events';

/** So deep are the values in what a visitor is known by: `session.passport.user`, `session.user.profile.email`. */
const DEEPEST = 4;
/** Values that are looked at, of one input. */
const MOST = 200;

/** Properties whose values are somebody's own. */
const PERSONAL = /^(user|login)$|name|mail|phone|address|street|birth|iban|csrf|token|secret|nonce|avatar/i;
const SHORTEST_PERSONAL = 3;
/** A text of this length that two know by chance is rare. */
const SHORTEST_ANY = 16;

/** A text or a number in an input, and the property that has it. */
interface Leaf {
  readonly name: string;
  readonly value: string;
}

/**
 * Whether a text shows something of an input that only its visitor has, as far as that can be told: a name, an address, a token,
 * any longer text.
 *
 * @param name - of the property that has the input
 */
export function isExposed(html: string, name: string, input: unknown): boolean {
  const text = unescaped(html).toLowerCase();
  return leavesOf(name, input).some(({ name, value }) => {
    const isOwn = PERSONAL.test(name)
      ? value.length >= SHORTEST_PERSONAL
      : value.length >= SHORTEST_ANY || value.includes('@');
    return isOwn && hasWord(text, value.toLowerCase());
  });
}

const NAMED: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

/** Without the escapes of any engine, of which no two have the same: `&#39;`, `&#x27;`, `&#x3D;`. */
function unescaped(html: string): string {
  return html.replaceAll(/&(?:#(\d{1,6})|#x([\da-f]{1,5})|(amp|lt|gt|quot|apos));/gi, (_all, ten, sixteen, name) =>
    name === undefined
      ? String.fromCodePoint(ten === undefined ? Number.parseInt(sixteen, 16) : Number(ten))
      : String(NAMED[String(name).toLowerCase()]),
  );
}

/** Not as a part of another word: Ann is not shown by an annotation. */
function hasWord(text: string, word: string): boolean {
  for (let at = text.indexOf(word); at >= 0; at = text.indexOf(word, at + 1))
    if (!isLetter(text[at - 1]) && !isLetter(text[at + word.length])) return true;
  return false;
}

function isLetter(character: string | undefined): boolean {
  return character !== undefined && /[\p{L}\p{N}_]/u.test(character);
}

/** The texts and numbers in something, each with the name that it has there. */
function leavesOf(name: string, input: unknown): readonly Leaf[] {
  const leaves: Leaf[] = [];
  const seen = new Set<unknown>();
  const visit = (name: string, value: unknown, depth: number): void => {
    if (leaves.length >= MOST) return;
    if (typeof value === 'string' || typeof value === 'number' || typeof value === 'bigint') {
      if (value !== '') leaves.push({ name, value: String(value) });
      return;
    }
    // A request is more than what is known of a visitor, and has everything in it.
    if (typeof value !== 'object' || value === null || value instanceof EventEmitter || seen.has(value)) return;
    seen.add(value);
    const own = textOf(value);
    if (own !== undefined) leaves.push({ name, value: own });
    if (depth === 0) return;
    for (const part of namesOf(value)) visit(part, partOf(value, part), depth - 1);
  };
  visit(name, input, DEEPEST);
  return leaves;
}

/** An identifier that is an object has a text of its own: the ObjectId of MongoDB, a UUID. */
function textOf(value: object): string | undefined {
  if (Array.isArray(value) || value instanceof Date) return undefined;
  const toText: unknown = Reflect.get(value, 'toString');
  if (typeof toText !== 'function' || toText === Object.prototype.toString) return undefined;
  try {
    const text: unknown = toText.call(value);
    return typeof text === 'string' && text !== '' && text.length < MOST && !text.startsWith('[object')
      ? text
      : undefined;
  } catch {
    return undefined;
  }
}

/** Its own, and what its class works out: an entity of an ORM has its columns there. A session hides its id. */
function namesOf(value: object): readonly string[] {
  const names = new Set(['id', ...Object.keys(value)]);
  const prototype: unknown = Object.getPrototypeOf(value);
  if (typeof prototype === 'object' && prototype !== null && prototype !== Object.prototype)
    for (const [name, { get }] of Object.entries(Object.getOwnPropertyDescriptors(prototype)))
      if (get !== undefined && name !== '__proto__') names.add(name);
  return [...names].slice(0, MOST);
}

function partOf(value: object, name: string): unknown {
  try {
    return Reflect.get(value, name);
  } catch {
    return undefined;
  }
}
