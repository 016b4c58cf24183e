import type { Dialect } from './footprint-types.js';
import { Lexer } from './lexer.js';
import { Kind, type Tokens } from './tokens.js';

/** A text longer than this is cut before it is read: nobody reads on, and it would be paid for with each statement. */
const LONGEST_READ = 8_000;
/** What is selected is shown up to so many characters. */
const LONGEST_LIST = 60;
/** Texts that are at hand, and the longest of them. */
const MOST_KNOWN = 500;
const LONGEST_KNOWN = 2_000;

/**
 * A statement for people who ask what has read or written: without its comments and what it holds of rows, which is no more for
 * logs than its parameters are. A literal is `?`, and what is selected `…` where it is long: tables and conditions come first.
 */
export class ShownStatements {
  readonly #dialect: Dialect;
  readonly #known = new Map<string, string>();

  constructor(dialect: Dialect) {
    this.#dialect = dialect;
  }

  /** Never throws. */
  shown(sql: string): string {
    const known = this.#known.get(sql);
    if (known !== undefined) return known;
    const shown = shownBy(new Lexer(sql.slice(0, LONGEST_READ), this.#dialect));
    if (sql.length <= LONGEST_KNOWN) {
      if (this.#known.size >= MOST_KNOWN) this.#known.clear();
      this.#known.set(sql, shown);
    }
    return shown;
  }
}

function shownBy(lexer: Lexer): string {
  const statements: string[] = [];
  while (!lexer.isAtEnd) {
    const tokens = lexer.statement(false);
    if (tokens.count > 0) statements.push(oneShown(tokens));
  }
  return statements.join('; ');
}

function oneShown(tokens: Tokens): string {
  let shown = '';
  for (let at = 0; at < tokens.count; at++) {
    if (at > 0 && tokens.startOf(at) > tokens.endOf(at - 1)) shown += ' ';
    shown += isLiteral(tokens, at) ? '?' : tokens.raw(at);
    if (isWord(tokens, at, 'select')) {
      const from = fromOf(tokens, at);
      if (from !== undefined && tokens.startOf(from) - tokens.endOf(at) > LONGEST_LIST) {
        shown += ' …';
        at = from - 1;
      }
    }
  }
  return shown;
}

/** The FROM of a SELECT, in the same brackets. */
function fromOf(tokens: Tokens, select: number): number | undefined {
  for (let at = select + 1; at < tokens.count; at = tokens.after(at)) {
    if (isWord(tokens, at, 'from')) return at;
    if (tokens.text(at) === ')' || isWord(tokens, at, 'union')) return undefined;
  }
  return undefined;
}

function isWord(tokens: Tokens, at: number, word: string): boolean {
  return tokens.kind(at) === Kind.word && tokens.text(at) === word;
}

/** MySQL's `"…"` may be a name, but who knows. */
function isLiteral(tokens: Tokens, at: number): boolean {
  const kind = tokens.kind(at);
  return kind === Kind.string || kind === Kind.number || kind === Kind.either;
}
