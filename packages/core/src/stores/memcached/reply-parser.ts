/** What a server found under a key. */
export interface FoundValue {
  readonly bytes: Uint8Array;
  /** Names this very value, for a `cas`; only where `gets` asked for it. */
  readonly unique: string | undefined;
}

/** Where a {@link ReplyParser} puts what it reads. */
export interface ReplySink {
  value(key: string, value: FoundValue): void;
  /** Whatever is no value: `END`, `STORED`, a number, an error. */
  line(text: string): void;
}

const LONGEST_LINE = 2_048;
/** The longest item a server can be told to hold is 1 GB; nobody caches responses of this size. */
const LONGEST_VALUE = 128 * 1024 * 1024;
const VALUE = /^VALUE ([\x21-\x7e]{1,250}) \d{1,10} (\d{1,10})(?: (\d{1,20}))?$/;
const LF = 0x0a;

/** Reads what a server of the text protocol sends, in pieces of any size. Throws at the first byte that is out of place. */
export class ReplyParser {
  readonly #sink: ReplySink;
  #rest = '';
  #head: { key: string; unique: string | undefined } | undefined;
  #body: Buffer = Buffer.alloc(0);
  #filled = 0;

  constructor(sink: ReplySink) {
    this.#sink = sink;
  }

  push(chunk: Buffer): void {
    let at = 0;
    while (at < chunk.length) at = this.#head === undefined ? this.#readLine(chunk, at) : this.#readBody(chunk, at);
  }

  #readLine(chunk: Buffer, from: number): number {
    const end = chunk.indexOf(LF, from);
    const text = this.#rest + chunk.toString('latin1', from, end === -1 ? chunk.length : end);
    if (text.length > LONGEST_LINE) throw new Error('the server sent a line without an end');
    if (end === -1) {
      this.#rest = text;
      return chunk.length;
    }
    this.#rest = '';
    if (!text.endsWith('\r')) throw new Error('the server sent a line that ends without CR');
    this.#take(text.slice(0, -1));
    return end + 1;
  }

  #take(line: string): void {
    if (!line.startsWith('VALUE ')) {
      this.#sink.line(line);
      return;
    }
    const [, key = '', length = '', unique] = VALUE.exec(line) ?? [];
    if (key === '' || Number(length) > LONGEST_VALUE) throw new Error('the server sent a value that is none');
    this.#head = { key, unique };
    // The line end behind it is read along, so that it can be checked.
    this.#body = Buffer.allocUnsafe(Number(length) + 2);
    this.#filled = 0;
  }

  #readBody(chunk: Buffer, from: number): number {
    const end = Math.min(chunk.length, from + this.#body.length - this.#filled);
    this.#filled += chunk.copy(this.#body, this.#filled, from, end);
    const head = this.#head;
    if (this.#filled < this.#body.length || head === undefined) return end;
    const bytes = this.#body.subarray(0, -2);
    if (this.#body.toString('latin1', bytes.length) !== '\r\n')
      throw new Error('the server sent a value of another length');
    this.#head = undefined;
    this.#body = Buffer.alloc(0);
    this.#sink.value(head.key, { bytes, unique: head.unique });
    return end;
  }
}
