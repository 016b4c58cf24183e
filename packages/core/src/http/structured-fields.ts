import { isTchar } from './syntax.js';

/** A bare item, as far as fields about caches use them; an inner list, bytes, a date or a display string are `other`. */
export type MemberValue =
  | { readonly kind: 'boolean'; readonly value: boolean }
  | { readonly kind: 'integer'; readonly value: number }
  | { readonly kind: 'token' | 'string'; readonly value: string }
  | { readonly kind: 'other' };

/** A parse that failed: the whole field is ignored then (RFC 9651 §4.2). */
class ParseError extends Error {}

/** A member of a List. */
export interface ListMember {
  readonly value: MemberValue;
  readonly parameters: ReadonlyMap<string, MemberValue>;
}

/**
 * Reads a List of Structured Fields (RFC 9651 §4.2.1) with the parameters of its members; of an inner list those of the
 * whole.
 *
 * @returns `undefined` for a field that is no list
 */
export function parseList(field: string): readonly ListMember[] | undefined {
  return orUndefined(() => new Reader(field).list());
}

/**
 * Reads a Dictionary of Structured Fields (RFC 9651 §4.2.2); parameters are read over.
 *
 * Strict as the RFC is: whatever is wrong anywhere, nothing of the field counts. Of a repeated key the last one counts.
 *
 * @returns `undefined` for a field that is no dictionary
 */
export function parseDictionary(field: string): ReadonlyMap<string, MemberValue> | undefined {
  return orUndefined(() => new Reader(field).dictionary());
}

function orUndefined<T>(parse: () => T): T | undefined {
  try {
    return parse();
  } catch (error) {
    if (error instanceof ParseError) return undefined;
    throw error;
  }
}

class Reader {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  dictionary(): Map<string, MemberValue> {
    const members = new Map<string, MemberValue>();
    this.#skip(' ');
    while (!this.#isDone) {
      const key = this.#key();
      const value = this.#eat('=') ? this.#itemOrList() : TRUE;
      // A key that is set again keeps its place; the last value counts.
      members.set(key, value);
      this.#parameters();
      this.#nextMember();
    }
    return members;
  }

  list(): ListMember[] {
    const members: ListMember[] = [];
    this.#skip(' ');
    while (!this.#isDone) {
      members.push({ value: this.#itemOrList(), parameters: this.#parameters() });
      this.#nextMember();
    }
    return members;
  }

  /** To the next member, or to the end. */
  #nextMember(): void {
    this.#skip(' \t');
    if (this.#isDone) return;
    if (!this.#eat(',')) throw new ParseError();
    this.#skip(' \t');
    if (this.#isDone) throw new ParseError();
  }

  get #isDone(): boolean {
    return this.#at >= this.#text.length;
  }

  get #char(): string {
    return this.#text.charAt(this.#at);
  }

  #eat(char: string): boolean {
    if (this.#char !== char) return false;
    this.#at++;
    return true;
  }

  #skip(chars: string): void {
    while (!this.#isDone && chars.includes(this.#char)) this.#at++;
  }

  /** Takes what a sticky pattern matches here. */
  #take(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text)?.[0];
    if (found !== undefined) this.#at += found.length;
    return found;
  }

  #key(): string {
    const key = this.#take(/[a-z*][a-z0-9_\-.*]*/y);
    if (key === undefined) throw new ParseError();
    return key;
  }

  #parameters(): ReadonlyMap<string, MemberValue> {
    if (this.#char !== ';') return NONE;
    const parameters = new Map<string, MemberValue>();
    while (this.#eat(';')) {
      this.#skip(' ');
      const key = this.#key();
      parameters.set(key, this.#eat('=') ? this.#bareItem() : TRUE);
    }
    return parameters;
  }

  #itemOrList(): MemberValue {
    if (!this.#eat('(')) return this.#bareItem();
    for (;;) {
      this.#skip(' ');
      if (this.#eat(')')) return OTHER;
      this.#bareItem();
      this.#parameters();
      if (this.#char !== ' ' && this.#char !== ')') throw new ParseError();
    }
  }

  #bareItem(): MemberValue {
    const first = this.#char;
    if (first === '"') return this.#string();
    if (first === '?') return { kind: 'boolean', value: this.#needed(/\?[01]/y) === '?1' };
    if (first === ':') return this.#other(/:[A-Za-z0-9+/=]*:/y);
    if (first === '@') return this.#other(/@-?\d{1,15}(?![\d.])/y);
    if (first === '%') return this.#other(/%"(?:[\x20\x21\x23\x24\x26-\x7e]|%[0-9a-f]{2})*"/y);
    if (first === '-' || (first >= '0' && first <= '9')) return this.#number();
    if (/[A-Za-z*]/.test(first)) return this.#token();
    throw new ParseError();
  }

  #needed(pattern: RegExp): string {
    const found = this.#take(pattern);
    if (found === undefined) throw new ParseError();
    return found;
  }

  #other(pattern: RegExp): MemberValue {
    this.#needed(pattern);
    return OTHER;
  }

  #number(): MemberValue {
    const text = this.#needed(/-?\d+(?:\.\d*)?/y);
    if (/^-?\d{1,15}$/.test(text)) return { kind: 'integer', value: Number(text) };
    if (!/^-?\d{1,12}\.\d{1,3}$/.test(text)) throw new ParseError();
    return OTHER;
  }

  #string(): MemberValue {
    const quoted = this.#needed(/"(?:[\x20\x21\x23-\x5b\x5d-\x7e]|\\["\\])*"/y);
    return { kind: 'string', value: quoted.slice(1, -1).replace(/\\(.)/g, '$1') };
  }

  #token(): MemberValue {
    const start = this.#at;
    while (!this.#isDone && (isTchar(this.#text.charCodeAt(this.#at)) || ':/'.includes(this.#char))) this.#at++;
    return { kind: 'token', value: this.#text.slice(start, this.#at) };
  }
}

const NONE: ReadonlyMap<string, MemberValue> = new Map();
const TRUE: MemberValue = { kind: 'boolean', value: true };
const OTHER: MemberValue = { kind: 'other' };
