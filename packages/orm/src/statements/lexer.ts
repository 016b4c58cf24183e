import { skipBlank } from './blank.js';
import { classOf, isDigit, isFolded, isNameStart, nameEnd, SIGN } from './characters.js';
import { lowered } from './fold.js';
import type { Dialect } from './footprint-types.js';
import { numberEnd } from './numbers.js';
import { dollarEnd, ParameterCount } from './parameters.js';
import { readQuoted, stringEnd, stringPrefix, unicodeName } from './quotes.js';
import { Kind, Tokens } from './tokens.js';

/** Cuts a text into statements and these into tokens, once from left to right. */
export class Lexer {
  #at = 0;
  /** Inside of MySQL's `/*! …`, which is not a comment but the statement. */
  #isExecuted = false;

  constructor(
    readonly sql: string,
    readonly dialect: Dialect,
  ) {}

  get isAtEnd(): boolean {
    return this.#at >= this.sql.length;
  }

  get at(): number {
    return this.#at;
  }

  /** Reads on from an earlier place. */
  rewind(to: number): void {
    this.#at = to;
    this.#isExecuted = false;
  }

  /**
   * The tokens of the statement that begins here.
   *
   * @param toEnd - whether semicolons stand within it, as in the body of a trigger
   */
  statement(toEnd: boolean): Tokens {
    const { sql, dialect } = this;
    const tokens = new Tokens(sql, dialect);
    const parameters = new ParameterCount(dialect);
    tokens.from = this.#at;
    for (;;) {
      const start = this.#skip(tokens);
      if (start >= sql.length) break;
      if (sql.charCodeAt(start) === 0x3b /* ; */ && !toEnd) {
        this.#at = start + 1;
        tokens.to = start;
        break;
      }
      this.#at = this.#token(start, tokens, parameters);
    }
    if (tokens.to === 0) tokens.to = Math.min(this.#at, sql.length);
    if (parameters.isMixed) tokens.loseParameters();
    return tokens;
  }

  #skip(tokens: Tokens): number {
    if (this.sql.charCodeAt(this.#at) === 0x20) this.#at++;
    // Nothing begins with a letter but what is no blank.
    if (isNameStart(this.sql.charCodeAt(this.#at)) && !this.#isExecuted) return this.#at;
    const blank = skipBlank(this.sql, this.#at, this.dialect, this.#isExecuted);
    if (blank.isOpen) tokens.isClear = false;
    // Whether it is carried out depends on the server's version.
    if (blank.isExecuted) tokens.isClear = false;
    this.#isExecuted = blank.isExecuted;
    this.#at = blank.at;
    return blank.at;
  }

  /** @returns where the next one may begin */
  #token(start: number, tokens: Tokens, parameters: ParameterCount): number {
    const { sql, dialect } = this;
    const code = sql.charCodeAt(start);
    if (isNameStart(code)) return this.#word(start, tokens);
    if (isDigit(code) || (code === 0x2e && isDigit(sql.charCodeAt(start + 1)) && !isQualifier(tokens, start)))
      return this.#number(start, tokens);
    switch (code) {
      case 0x27 /* ' */:
        return this.#string(start, start, dialect === 'mysql', tokens);
      case 0x22 /* " */:
        if (dialect === 'mysql') return this.#either(start, tokens);
        return this.#quoted(start, '"', tokens);
      case 0x60 /* ` */:
        if (dialect === 'postgres') break;
        return this.#quoted(start, '`', tokens);
      case 0x5b /* [ */:
        if (dialect !== 'sqlite') break;
        return this.#quoted(start, ']', tokens);
      case 0x24 /* $ */:
        {
          const end = dollarEnd(sql, start, dialect);
          if (end === undefined) break;
          if (end.isOpen) tokens.isClear = false;
          tokens.add(Kind.string, '', start, end.at);
          return end.at;
        }
    }
    const parameter = parameters.read(sql, start);
    if (parameter !== undefined) {
      if (parameter.isVariable) tokens.add(Kind.other, '@', start, parameter.end);
      else tokens.addParameter(parameter.place, start, parameter.end);
      return parameter.end;
    }
    return this.#sign(start, code, tokens);
  }

  #word(start: number, tokens: Tokens): number {
    const { sql, dialect } = this;
    const end = nameEnd(sql, start);
    const next = sql.charCodeAt(end);
    if (next === 0x27 /* ' */ || next === 0x22 || next === 0x26 /* & */) {
      const word = sql.slice(start, end);
      const prefix = stringPrefix(word, sql, end, dialect);
      if (prefix !== undefined) return this.#string(start, prefix.at, prefix.hasEscapes, tokens);
      if (dialect === 'postgres' && end - start === 1 && sql.startsWith('&"', end) && (word === 'u' || word === 'U')) {
        const name = unicodeName(sql, end + 1);
        if (name.isOpen) tokens.isClear = false;
        tokens.add(Kind.quoted, name.text, start, name.end);
        return name.end;
      }
    }
    const word = sql.slice(start, end);
    tokens.add(Kind.word, isFolded(sql, start, end) ? word : lowered(word), start, end);
    return end;
  }

  #string(start: number, quote: number, hasEscapes: boolean, tokens: Tokens): number {
    const { at, isOpen } = stringEnd(this.sql, quote, hasEscapes);
    if (isOpen) tokens.isClear = false;
    tokens.add(Kind.string, '', start, at);
    return at;
  }

  /** MySQL's: where its end depends on how it is read, nothing after it is sure. */
  #either(start: number, tokens: Tokens): number {
    const asString = stringEnd(this.sql, start, true);
    const asName = readQuoted(this.sql, start, '"');
    if (asString.at !== asName.end || asString.isOpen) tokens.isClear = false;
    tokens.add(Kind.either, asName.text, start, asString.at);
    return asString.at;
  }

  #quoted(start: number, close: string, tokens: Tokens): number {
    const name = readQuoted(this.sql, start, close);
    if (name.isOpen) tokens.isClear = false;
    tokens.add(Kind.quoted, name.text, start, name.end);
    return name.end;
  }

  #number(start: number, tokens: Tokens): number {
    const { sql, dialect } = this;
    const end = numberEnd(sql, start);
    // MySQL's names may begin with a digit.
    const wordEnd = dialect === 'mysql' ? nameEnd(sql, end) : end;
    if (wordEnd > end && sql.charCodeAt(start) !== 0x2e) {
      tokens.add(Kind.word, lowered(sql.slice(start, wordEnd)), start, wordEnd);
      return wordEnd;
    }
    tokens.add(Kind.number, '', start, end);
    return end;
  }

  #sign(start: number, code: number, tokens: Tokens): number {
    const { sql } = this;
    if (classOf(code) !== SIGN) {
      const isKnown = '(),.;[]{}:'.includes(sql.charAt(start));
      if (code === 0x3a /* : */ && sql.charCodeAt(start + 1) === 0x3a) {
        tokens.add(Kind.sign, '::', start, start + 2);
        return start + 2;
      }
      tokens.add(isKnown ? Kind.sign : Kind.other, sql.charAt(start), start, start + 1);
      if (!isKnown) tokens.isClear = false;
      return start + 1;
    }
    const end = this.#operatorEnd(start);
    tokens.add(Kind.sign, sql.slice(start, end), start, end);
    return end;
  }

  /** A run of operator characters, up to a comment or to the sign of a number behind it. */
  #operatorEnd(start: number): number {
    const { sql, dialect } = this;
    let end = start + 1;
    if (sql.charCodeAt(start) === 0x3f && dialect !== 'postgres') return end;
    for (; end < sql.length; end++) {
      const code = sql.charCodeAt(end);
      if (classOf(code) !== SIGN) break;
      const next = sql.charCodeAt(end + 1);
      if (code === 0x2f && next === 0x2a) break;
      if (code === 0x2d && next === 0x2d) break;
      // `=-1`, `=?`, `=@x`, `=#comment`: none of these goes on with the operator.
      if (code === 0x2d || code === 0x2b) break;
      if (dialect !== 'postgres' && (code === 0x3f || code === 0x40 || code === 0x23 || code === 0x60)) break;
      if (this.#isExecuted && code === 0x2a && next === 0x2f) break;
    }
    return end;
  }
}

/** Whether the point belongs to the name before it, which MySQL may go on with a digit. */
function isQualifier(tokens: Tokens, start: number): boolean {
  const last = tokens.count - 1;
  const kind = tokens.kind(last);
  return (kind === Kind.word || kind === Kind.quoted || kind === Kind.either) && tokens.endOf(last) === start;
}
