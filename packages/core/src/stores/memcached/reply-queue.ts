import { type FoundValue, ReplyParser, type ReplySink } from './reply-parser.js';

/** All that a server said to one command. */
export interface Reply {
  /** The last line: `END`, `STORED`, a number, `SERVER_ERROR …`. */
  readonly line: string;
  readonly values: ReadonlyMap<string, FoundValue>;
}

interface Pending {
  /** Keys that may be answered with a value; none for a command that stores or counts. */
  readonly keys: ReadonlySet<string>;
  readonly values: Map<string, FoundValue>;
  resolve(reply: Reply): void;
  reject(error: Error): void;
}

const LAST_OF_VALUES = /^(?:END|SERVER_ERROR .*)$/;
/** The one error of a client's that says something about a value: a foreign one is where a number should be. */
const LAST_OF_OTHERS =
  /^(?:STORED|NOT_STORED|EXISTS|NOT_FOUND|\d{1,20} *|SERVER_ERROR .*|CLIENT_ERROR cannot increment or decrement non-numeric value)$/;
const NO_KEYS: ReadonlySet<string> = new Set();

/**
 * The commands that were sent over one connection and not answered yet, in their order.
 *
 * What fits no command of ours, `ERROR` and most of `CLIENT_ERROR` among it, means that server and client no longer speak of the
 * same thing: the connection is of no further use.
 */
export class ReplyQueue implements ReplySink {
  readonly #pending: Pending[] = [];
  readonly #parser = new ReplyParser(this);
  #answered = 0;

  get length(): number {
    return this.#pending.length;
  }

  /** Commands answered since the connection was made. */
  get answered(): number {
    return this.#answered;
  }

  expect(keys: readonly string[]): Promise<Reply> {
    return new Promise((resolve, reject) => {
      const ofValues = keys.length === 0 ? NO_KEYS : new Set(keys);
      this.#pending.push({ keys: ofValues, values: new Map(), resolve, reject });
    });
  }

  /** @throws when the connection has to be given up */
  push(chunk: Buffer): void {
    this.#parser.push(chunk);
  }

  /** Nothing more will be answered. */
  fail(error: Error): void {
    for (const pending of this.#pending.splice(0)) pending.reject(error);
  }

  value(key: string, value: FoundValue): void {
    const [first] = this.#pending;
    if (first?.keys.has(key) !== true) throw new Error('the server sent a value that nobody asked for');
    first.values.set(key, value);
  }

  line(text: string): void {
    const first = this.#pending.shift();
    if (first === undefined) throw new Error(`the server said ${quote(text)} although nobody had asked`);
    this.#answered++;
    const isOne = (first.keys === NO_KEYS ? LAST_OF_OTHERS : LAST_OF_VALUES).test(text);
    if (isOne) {
      first.resolve({ line: text, values: first.values });
      return;
    }
    const error = new Error(`the server said ${quote(text)}`);
    first.reject(error);
    throw error;
  }
}

function quote(text: string): string {
  return JSON.stringify(text.slice(0, 100));
}
