import { foldedName } from './fold.js';
import type { Dialect } from './footprint-types.js';

/** What a token is. */
export const Kind = {
  /** Not quoted: a keyword or a name. */
  word: 1,
  /** A quoted name. */
  quoted: 2,
  /** `"…"` in MySQL: a string, or a name under `ANSI_QUOTES`. */
  either: 3,
  string: 4,
  number: 5,
  parameter: 6,
  /** Brackets, commas, operators. */
  sign: 7,
  /** What no statement of the dialect has, and MySQL's variables. */
  other: 8,
} as const;

/** Tokens of one statement up to this many are kept; a longer one is not understood. */
const MOST_TOKENS = 250_000;

/**
 * The tokens of one statement, in columns: there are many, and most are looked at once.
 *
 * Reading past the end gives a kind of 0 and an empty text, so that who looks ahead need not ask how many there are.
 */
export class Tokens {
  readonly #kinds: number[] = [];
  readonly #texts: string[] = [];
  readonly #starts: number[] = [];
  readonly #ends: number[] = [];
  #places: Map<number, number | string> | undefined;
  /** Of an opening bracket: where it is closed. */
  readonly #closes: number[] = [];
  readonly #open: number[] = [];
  /** Quoted names that came after the last token that was kept. */
  readonly spilled: string[] = [];
  /** Where in the text the statement begins and ends. */
  from = 0;
  to = 0;
  /** False where the text is not one that the dialect has, or depends on how the server is set. */
  isClear = true;

  constructor(
    readonly sql: string,
    readonly dialect: Dialect,
  ) {}

  get count(): number {
    return this.#kinds.length;
  }

  kind(at: number): number {
    return this.#kinds[at] ?? 0;
  }

  /** Of a word: in lower case. Of a quoted name: what it says. Of a sign: itself. Of others: empty. */
  text(at: number): string {
    return this.#texts[at] ?? '';
  }

  /** As it stands in the statement. */
  raw(at: number): string {
    return this.sql.slice(this.#starts[at] ?? 0, this.#ends[at] ?? 0);
  }

  /** Where in the text it begins. */
  startOf(at: number): number {
    return this.#starts[at] ?? 0;
  }

  /** Where in the text it ends. */
  endOf(at: number): number {
    return this.#ends[at] ?? 0;
  }

  /** Of a parameter. */
  place(at: number): number | string | undefined {
    return this.#places?.get(at);
  }

  add(kind: number, text: string, start: number, end: number): void {
    if (this.#kinds.length >= MOST_TOKENS) {
      this.isClear = false;
      if (kind === Kind.quoted || kind === Kind.either) this.spilled.push(text);
      return;
    }
    if (kind === Kind.sign) this.#match(text);
    this.#kinds.push(kind);
    this.#texts.push(text);
    this.#closes.push(0);
    this.#starts.push(start);
    this.#ends.push(end);
  }

  /** Brackets that do not match are refused by the database. */
  #match(sign: string): void {
    if (sign === '(' || sign === '[') this.#open.push(this.#kinds.length);
    else if (sign === ')' || sign === ']') {
      const open = this.#open.pop();
      if (open === undefined || (this.#texts[open] === '(') !== (sign === ')')) this.isClear = false;
      else this.#closes[open] = this.#kinds.length;
    }
  }

  /** Whether a bracket is left open. */
  get isUnclosed(): boolean {
    return this.#open.length > 0;
  }

  /** The token that follows this one, or the whole bracket that it opens. */
  after(at: number): number {
    const close = this.#closes[at] ?? 0;
    return (close > 0 ? close : at) + 1;
  }

  addParameter(place: number | string | undefined, start: number, end: number): void {
    if (place !== undefined) {
      this.#places ??= new Map();
      this.#places.set(this.#kinds.length, place);
    }
    this.add(Kind.parameter, '', start, end);
  }

  /** Forgets what parameters stand for: where two ways to count them are mixed, drivers differ. */
  loseParameters(): void {
    this.#places = undefined;
  }

  isWord(at: number, word: string): boolean {
    return this.#kinds[at] === Kind.word && this.#texts[at] === word;
  }

  isSign(at: number, sign: string): boolean {
    return this.#kinds[at] === Kind.sign && this.#texts[at] === sign;
  }

  /** Whether a name may stand here: SQLite takes a string for one. */
  isName(at: number): boolean {
    const kind = this.#kinds[at];
    return (
      kind === Kind.word ||
      kind === Kind.quoted ||
      kind === Kind.either ||
      (kind === Kind.string && this.dialect === 'sqlite')
    );
  }

  /** A name as the dialect folds it. */
  name(at: number): string {
    const kind = this.#kinds[at];
    if (kind === Kind.word) return this.dialect === 'mysql' ? this.raw(at) : foldedName(this.text(at), this.dialect);
    if (kind === Kind.string) return foldedName(this.raw(at).slice(1, -1).replaceAll("''", "'"), this.dialect);
    return foldedName(this.text(at), this.dialect);
  }
}
