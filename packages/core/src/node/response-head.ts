import { type IncomingMessage, type OutgoingHttpHeader, type ServerResponse, STATUS_CODES } from 'node:http';

/** Fields that outer middleware and the handler may both add to: each one's part stays its own. */
const LIST_FIELDS: ReadonlySet<string> = new Set(['vary', 'link', 'server-timing', 'set-cookie', 'cache-status']);

/** A field's value, or its lines. */
type Lines = string | readonly string[];

/** Fields that say what the body is: they go with it, also where middleware in front happened to say the same. */
const DESCRIBING: ReadonlySet<string> = new Set([
  ...['content-type', 'content-language', 'content-disposition', 'content-encoding', 'content-location'],
  ...['etag', 'last-modified'],
]);

/** Whether a hit adds its value of the field to what is already there rather than replacing it. */
export function isListField(name: string): boolean {
  return LIST_FIELDS.has(name);
}

/** The fields set before the handler ran: what outer middleware says of this one response. */
export type OuterFields = ReadonlyMap<string, OutgoingHttpHeader>;

/** Takes down what is set on a response now; `undefined` when nothing is, which is the cheap case. */
export function takeOuterFields(res: ServerResponse): OuterFields | undefined {
  const names = res.getHeaderNames();
  if (names.length === 0) return undefined;
  return new Map(names.map((name) => [name, copyOf(res.getHeader(name) ?? '')]));
}

/** `appendHeader` adds to the very list that `getHeader` gives. */
function copyOf(value: OutgoingHttpHeader): OutgoingHttpHeader {
  return Array.isArray(value) ? [...value] : value;
}

/** Whether it matters who sets these fields: what Express says of itself, it says to everybody. */
export function isWatched(outer: OuterFields | undefined): outer is OuterFields {
  return outer !== undefined && (outer.size > 1 || !outer.has('x-powered-by'));
}

/** The head of a response as it is about to be written, told apart by who set what. */
export class ResponseHead {
  /** What the handler set: name, value, name, value, in its own letter case. */
  readonly own: string[] = [];
  /** Outer fields that the handler took away. */
  readonly removed: readonly string[];
  /**
   * False where `writeHead` was given what Node makes one thing or another of, by whether fields were set before: then none
   * may be set that would not be there without the cache.
   */
  readonly isReadable: boolean;
  /** False where the reason phrase is not the usual one, or where something was added to a field of outer middleware. */
  readonly isRepeatable: boolean;
  /** The names of {@link own} in lower case. */
  readonly #ownNames: string[] = [];
  // A head has few fields: to go through them costs less than a map does to make.
  readonly #names: string[];
  readonly #values: Lines[];

  /**
   * @param args - those of the call of `writeHead` that is about to write it
   * @param overruled - outer fields that the handler has set anew, if only to what they were
   */
  constructor(
    res: ServerResponse,
    readonly status: number,
    args: readonly unknown[],
    readonly outer: OuterFields | undefined,
    overruled: ReadonlySet<string> | undefined,
  ) {
    const written = rawNames(res);
    this.#names = written.map(lowerCase);
    this.#values = this.#names.map((name) => linesOf(res.getHeader(name) ?? ''));
    const hasPhrase = typeof args[1] === 'string';
    const given = this.#add(hasPhrase ? args[2] : (args[2] ?? args[1]), written);
    this.isReadable = given !== undefined;
    let isRepeatable = isUsual(status, hasPhrase ? args[1] : res.statusMessage || undefined);
    for (let i = 0; i < written.length; i++) {
      const lower = this.#names[i] ?? '';
      const isSet = overruled?.has(lower) === true || given?.includes(lower) === true;
      if (!this.#sort(lower, written[i] ?? '', this.#values[i] ?? '', isSet)) isRepeatable = false;
    }
    this.isRepeatable = isRepeatable;
    this.removed = outer === undefined ? NONE : [...outer.keys()].filter((name) => !this.#names.includes(name));
  }

  /** The names of all fields, whoever set them, in lower case. */
  get names(): readonly string[] {
    return this.#names;
  }

  /** The field as the client sees it, whoever set it. */
  field(name: string): string | readonly string[] | undefined {
    const at = this.#names.indexOf(name);
    return at < 0 ? undefined : this.#values[at];
  }

  /** The first line of a field that the handler set. */
  ownField(name: string): string | undefined {
    const at = this.#ownNames.indexOf(name);
    return at < 0 ? undefined : this.own[2 * at + 1];
  }

  /** All lines of a field that the handler set. */
  ownLines(name: string): readonly string[] {
    if (!this.#ownNames.includes(name)) return NONE;
    return this.#ownNames.flatMap((own, at) => (own === name ? [this.own[2 * at + 1] ?? ''] : NONE));
  }

  /** The name of a field that the handler set, in lower case, by its place among the names of {@link own}. */
  ownName(at: number): string {
    return this.#ownNames[at] ?? '';
  }

  /** @returns false for an outer field that was not set anew and yet is another: something was added to it */
  #sort(lower: string, name: string, value: Lines, isSet: boolean): boolean {
    const outer = this.outer?.get(lower);
    if (outer === undefined) {
      this.#push(lower, name, value);
      return true;
    }
    if (isListField(lower)) {
      this.#push(lower, name, withoutOuter(value, outer));
      return true;
    }
    const isSame = String(outer) === String(value);
    if (isSet || !isSame || DESCRIBING.has(lower)) this.#push(lower, name, value);
    return isSet || isSame || !isWatched(this.outer);
  }

  #push(lower: string, name: string, value: Lines): void {
    for (const line of typeof value === 'string' ? [value] : value) {
      this.#ownNames.push(lower);
      this.own.push(name, String(line));
    }
  }

  /**
   * Takes in the fields that `writeHead` was given, which Node merges over what was set.
   *
   * @returns their names, in lower case; `undefined` where they cannot be read
   */
  #add(extra: unknown, written: string[]): readonly string[] | undefined {
    if (typeof extra !== 'object' || extra === null)
      return typeof extra === 'string' && extra !== '' ? undefined : NONE;
    const isList = Array.isArray(extra);
    const keys: readonly unknown[] = isList ? extra : Object.keys(extra);
    if (isList && keys.length % 2 !== 0) return undefined;
    const given: string[] = [];
    for (let i = 0; i < keys.length; i += isList ? 2 : 1) {
      const name = keys[i];
      if (typeof name !== 'string' || name === '') return undefined;
      const lower = lowerCase(name);
      // Of a name that comes twice Node sends one or both, by its version and by what was set before.
      if (given.includes(lower)) return undefined;
      given.push(lower);
      const at = this.#names.indexOf(lower);
      const place = at < 0 ? written.length : at;
      written[place] = name;
      this.#names[place] = lower;
      this.#values[place] = linesOf(isList ? keys[i + 1] : Reflect.get(extra, name));
    }
    return given;
  }
}

/** A value as Node writes it, whatever it is. */
function linesOf(value: unknown): Lines {
  return typeof value === 'string' || Array.isArray(value) ? value : String(value);
}

/** Whether a hit has the same reason phrase: the one that Node writes where none is named. */
function isUsual(status: number, phrase: unknown): boolean {
  return phrase === undefined || phrase === (STATUS_CODES[status] ?? 'unknown');
}

const NONE: readonly string[] = [];

/** Field names as they are written, and in lower case. An app writes few; past the bound nothing is remembered. */
const lowered = new Map<string, string>();
const LOWERED = 500;

function lowerCase(name: string): string {
  const known = lowered.get(name);
  if (known !== undefined) return known;
  const lower = name.toLowerCase();
  if (lowered.size < LOWERED) lowered.set(name, lower);
  return lower;
}

/** Names in the letter case they were set in; on every Node there is, though not in its types. */
function rawNames(res: ServerResponse): string[] {
  return (res as ServerResponse & { getRawHeaderNames(): string[] }).getRawHeaderNames();
}

function withoutOuter(value: Lines, outer: OutgoingHttpHeader): string[] {
  const theirs = new Set(membersOf(outer).map((member) => member.toLowerCase()));
  return membersOf(value).filter((member) => !theirs.has(member.toLowerCase()));
}

/** List members; a cookie is one member, whatever commas it has. */
function membersOf(value: OutgoingHttpHeader | Lines): string[] {
  if (Array.isArray(value)) return value.map(String);
  return String(value)
    .split(',')
    .map((member) => member.trim())
    .filter((member) => member !== '');
}

/** True when a request has a body: a GET with one is answered by its handler alone (a "fat GET" poisons a cache). */
export function hasBody(req: IncomingMessage): boolean {
  const { headers } = req;
  const length = headers['content-length'];
  return headers['transfer-encoding'] !== undefined || (length !== undefined && length !== '0');
}
