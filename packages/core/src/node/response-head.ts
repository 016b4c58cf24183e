import type { IncomingMessage, OutgoingHttpHeader, ServerResponse } from 'node:http';

/** Fields that outer middleware and the handler may both add to: each one's part stays its own. */
const LIST_FIELDS: ReadonlySet<string> = new Set(['vary', 'link', 'server-timing', 'set-cookie', 'cache-status']);

/** What `writeHead` was given beside the status, unless it was a list: see {@link readHead}. */
type ExtraHead = Record<string, OutgoingHttpHeader | undefined> | undefined;

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
  return new Map(names.map((name) => [name, res.getHeader(name) ?? '']));
}

/** The head of a response as it is about to be written, told apart by who set what. */
export class ResponseHead {
  /** What the handler set: name, value, name, value, in its own letter case. */
  readonly own: string[] = [];
  /** Outer fields that the handler took away. */
  readonly removed: readonly string[];
  /** The names of {@link own} in lower case. */
  readonly #ownNames: string[] = [];
  // A head has few fields: to go through them costs less than a map does to make.
  readonly #names: string[];
  readonly #values: OutgoingHttpHeader[];

  constructor(
    res: ServerResponse,
    readonly status: number,
    extra: ExtraHead,
    readonly outer: OuterFields | undefined,
  ) {
    const written = rawNames(res);
    this.#names = written.map(lowerCase);
    this.#values = this.#names.map((name) => res.getHeader(name) ?? '');
    if (extra !== undefined) this.#addExtra(extra, written);
    for (let i = 0; i < written.length; i++) this.#sort(this.#names[i] ?? '', written[i] ?? '', this.#values[i] ?? '');
    this.removed = outer === undefined ? NONE : [...outer.keys()].filter((name) => !this.#names.includes(name));
  }

  /** The names of all fields, whoever set them, in lower case. */
  get names(): readonly string[] {
    return this.#names;
  }

  /** The field as the client sees it, whoever set it. */
  field(name: string): string | readonly string[] | undefined {
    const at = this.#names.indexOf(name);
    const value = at < 0 ? undefined : this.#values[at];
    return typeof value === 'number' ? String(value) : value;
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

  #sort(lower: string, name: string, value: OutgoingHttpHeader): void {
    const outer = this.outer?.get(lower);
    if (outer === undefined) this.#push(lower, name, value);
    else if (isListField(lower)) this.#push(lower, name, withoutOuter(value, outer));
    else if (String(outer) !== String(value) || DESCRIBING.has(lower)) this.#push(lower, name, value);
  }

  #push(lower: string, name: string, value: OutgoingHttpHeader): void {
    for (const line of typeof value === 'object' ? value : [value]) {
      this.#ownNames.push(lower);
      this.own.push(name, String(line));
    }
  }

  /** Node merges what `writeHead` is given over what was set. */
  #addExtra(extra: NonNullable<ExtraHead>, written: string[]): void {
    for (const [name, value] of Object.entries(extra)) {
      if (value === undefined) continue;
      const lower = lowerCase(name);
      const at = this.#names.indexOf(lower);
      const place = at < 0 ? written.length : at;
      written[place] = name;
      this.#names[place] = lower;
      this.#values[place] = value;
    }
  }
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

/**
 * Reads the head that a call of `writeHead` with these arguments makes, before calling through.
 *
 * A list is taken out of the arguments and set: of a name that repeats in it, Node 20 sends only the last line where fields
 * were set before, later ones send all.
 */
export function readHead(res: ServerResponse, args: unknown[], outer: OuterFields | undefined): ResponseHead {
  const at = typeof args[1] === 'string' || args[2] !== undefined ? 2 : 1;
  if (Array.isArray(args[at])) setListed(res, args.splice(at, 1)[0] as readonly unknown[]);
  return new ResponseHead(res, Number(args[0]), args[at] as ExtraHead, outer);
}

/** As Node has it: a list overrides what was set, and a name that repeats in it makes several lines. */
function setListed(res: ServerResponse, list: readonly unknown[]): void {
  const flat = Array.isArray(list[0]) ? list.flat(1) : list;
  const values = new Map<string, [name: string, lines: OutgoingHttpHeader]>();
  for (let i = 0; i < flat.length; i += 2) {
    const name = String(flat[i]);
    const value = flat[i + 1] as OutgoingHttpHeader;
    const before = values.get(name.toLowerCase());
    values.set(name.toLowerCase(), [name, before === undefined ? value : [before[1], value].flat().map(String)]);
  }
  for (const [name, lines] of values.values()) res.setHeader(name, lines);
}

/** Names in the letter case they were set in; on every Node there is, though not in its types. */
function rawNames(res: ServerResponse): string[] {
  return (res as ServerResponse & { getRawHeaderNames(): string[] }).getRawHeaderNames();
}

function withoutOuter(value: OutgoingHttpHeader, outer: OutgoingHttpHeader): string[] {
  const theirs = new Set(membersOf(outer).map((member) => member.toLowerCase()));
  return membersOf(value).filter((member) => !theirs.has(member.toLowerCase()));
}

/** List members; a cookie is one member, whatever commas it has. */
function membersOf(value: OutgoingHttpHeader): string[] {
  if (typeof value === 'object') return value.map(String);
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
