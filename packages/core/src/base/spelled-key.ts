import { printable } from './printable.js';

/** Objects within objects of an argument that are spelled out. */
const DEEPEST = 4;

/** Whether a text stands for what a memoized function has made of its own results: it is named with that function, or a call of it. */
export function isRecursionText(text: string): boolean {
  return text.startsWith('\n(') && text.endsWith('\n~') && readCall(text).rest === '\n~';
}

/**
 * The key of a value for people: `user:7`, `cart › user:7` in a namespace, `user:7 (version 2)`, and `statsOf(20)` for a call of a
 * memoized function. Never with control characters. Other texts come back as they are.
 */
export function spelledKey(text: string): string {
  if (text.startsWith('\n(')) return printable(spelledCall(text));
  if (!text.startsWith('=')) return text;
  if (text.startsWith('=!')) return printable(spelledKey(JSON.parse(text.slice(2)) as string));
  const [front = '', version = '', length] = /^=(\d*)(?: |:(\d+):)/.exec(text) ?? [];
  const end = front.length + Number(length ?? 0);
  const space = length === undefined ? '' : inSpace(text.slice(front.length, end - 1));
  const own = text.slice(length === undefined ? end : end + 1);
  return printable(space + own + ofVersion(version));
}

function spelledCall(text: string): string {
  const { mark, prefix, name, rest } = readCall(text);
  const version = ofVersion(/v(\d+)/.exec(mark.replace(/s.*$/, ''))?.[1] ?? '');
  // Behind a line feed and a letter: the instance, and the arguments. Without these it is a call that has no key.
  const args = rest.length <= 1 ? '…' : new Spelling(rest, 2).list();
  return `${inSpace(prefix === '' ? undefined : prefix.slice(0, -1))}${name}(${args})${version}`;
}

/** What is in front of the key of a call, and the rest. */
function readCall(text: string): Record<'mark' | 'prefix' | 'name' | 'rest', string> {
  const [front = '', mark = ''] = /^\n\(([^\n]*)\n/.exec(text) ?? [];
  const spelling = new Spelling(text, front.length);
  return { mark, prefix: spelling.text(), name: spelling.text(), rest: spelling.rest };
}

function inSpace(name: string | undefined): string {
  return name === undefined ? '' : `${name} › `;
}

function ofVersion(version: string): string {
  return version === '' ? '' : ` (version ${version})`;
}

/** Reads what `encodeArguments` has written, as far as people want to see it; the rest is an ellipsis. */
class Spelling {
  readonly #text: string;
  #at: number;
  #isOver = false;

  constructor(text: string, at: number) {
    this.#text = text;
    this.#at = at;
  }

  /** What has not been read. */
  get rest(): string {
    return this.#text.slice(this.#at);
  }

  /** A text as it is, or, where it has no bytes, as it would be quoted. */
  text(): string {
    this.#at += this.#text[this.#at] === 'w' ? 2 : 1;
    return this.#string();
  }

  list(): string {
    const parts: string[] = [];
    while (this.#at < this.#text.length && !this.#isOver) parts.push(this.#next(0));
    return parts.join(', ');
  }

  #next(depth: number): string {
    const letter = this.#text[this.#at++];
    switch (letter) {
      case 's':
        return JSON.stringify(this.#string());
      case 'n':
        return this.#to(';');
      case 'i':
        return `${this.#to(';')}n`;
      case '#': {
        const number = this.#to(';');
        // What was too long is no more than its length and what it hashes to.
        return /^\d+$/.test(number) ? `#${number}` : this.#leave();
      }
      case 'd': {
        const ms = Number(this.#to(';'));
        return Number.isNaN(ms) ? 'Invalid Date' : new Date(ms).toISOString();
      }
      case 'a':
        return depth < DEEPEST ? `[${this.#items(() => this.#next(depth + 1))}]` : this.#leave();
      case 'o':
      case 'O':
        return depth < DEEPEST
          ? `{${this.#items(() => `${this.#next(depth)}: ${this.#next(depth + 1)}`)}}`
          : this.#leave();
      default:
        return WORDS.get(letter ?? '') ?? this.#leave();
    }
  }

  #items(next: () => string): string {
    const parts: string[] = [];
    for (let left = Number(this.#to(':')); left > 0 && !this.#isOver; left--) parts.push(next());
    return parts.join(', ');
  }

  #string(): string {
    const length = Number(this.#to(':'));
    const start = this.#at;
    this.#at += length;
    return this.#text.slice(start, this.#at);
  }

  /** Up to a letter, and past it. */
  #to(letter: string): string {
    const start = this.#at;
    const end = this.#text.indexOf(letter, start);
    this.#at = end < 0 ? this.#text.length : end + 1;
    return this.#text.slice(start, end < 0 ? undefined : end);
  }

  #leave(): string {
    this.#isOver = true;
    return '…';
  }
}

const WORDS = new Map([
  ['t', 'true'],
  ['f', 'false'],
  ['u', 'undefined'],
  ['z', 'null'],
  ['_', '_'],
]);
