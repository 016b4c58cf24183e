import { Duplex } from 'node:stream';
import { type Answer, answerOf } from './stand-in-answers.js';
import { int32, message } from './stand-in-messages.js';

/**
 * In the place of a connection to PostgreSQL: speaks its protocol within the process. What `pg` and an ORM over it do is done
 * in full, and no server, no network and no scheduler are measured along with it.
 */
export class StandIn extends Duplex {
  #received: Buffer = Buffer.alloc(0);
  #hasBegun = false;
  #isInTransaction = false;
  /** Texts of prepared statements by name. */
  readonly #prepared = new Map<string, Answer>();
  #bound: { readonly answer: Answer; readonly values: readonly string[] } | undefined;
  #reply: Buffer[] = [];

  /** As a socket has it. */
  connect(): this {
    process.nextTick(() => this.emit('connect'));
    return this;
  }

  setNoDelay(): this {
    return this;
  }

  setKeepAlive(): this {
    return this;
  }

  ref(): this {
    return this;
  }

  unref(): this {
    return this;
  }

  override _read(): void {}

  override _write(chunk: Buffer, _encoding: string, written: () => void): void {
    this.#received = this.#received.length === 0 ? chunk : Buffer.concat([this.#received, chunk]);
    this.#take();
    // Not before the writer has done what it does after it has written.
    if (this.#reply.length > 0) setImmediate(() => this.push(Buffer.concat(this.#reply.splice(0))));
    written();
  }

  #take(): void {
    let at = 0;
    if (!this.#hasBegun && this.#received.length >= 4) {
      at = this.#received.readInt32BE(0);
      this.#hasBegun = true;
      this.#reply.push(message('R', int32(0)), this.#ready());
    }
    while (this.#received.length - at >= 5) {
      const end = at + 1 + this.#received.readInt32BE(at + 1);
      if (end > this.#received.length) break;
      this.#answer(String.fromCharCode(this.#received[at] as number), this.#received.subarray(at + 5, end));
      at = end;
    }
    this.#received = this.#received.subarray(at);
  }

  #answer(kind: string, body: Buffer): void {
    if (kind === 'P') {
      const [name, next] = textAt(body, 0);
      this.#prepared.set(name, answerOf(textAt(body, next)[0]));
      this.#reply.push(PARSED);
    } else if (kind === 'B') {
      const [, next] = textAt(body, 0);
      const [name, rest] = textAt(body, next);
      this.#bound = { answer: this.#prepared.get(name) as Answer, values: valuesAt(body, rest) };
      this.#reply.push(BOUND);
    } else if (kind === 'D') this.#reply.push(this.#bound?.answer.description ?? NO_DATA);
    else if (kind === 'E') this.#carryOut(this.#bound?.answer as Answer, this.#bound?.values ?? []);
    else if (kind === 'S') this.#reply.push(this.#ready());
    else if (kind === 'Q') {
      const answer = answerOf(textAt(body, 0)[0]);
      if (answer.description !== undefined) this.#reply.push(answer.description);
      this.#carryOut(answer, []);
      this.#reply.push(this.#ready());
    } else if (kind === 'X') this.push(null);
  }

  #carryOut({ verb, row, tag }: Answer, values: readonly string[]): void {
    if (verb === 'BEGIN') this.#isInTransaction = true;
    if (verb === 'COMMIT' || verb === 'ROLLBACK') this.#isInTransaction = false;
    if (row !== undefined) this.#reply.push(dataRow(row(values)));
    this.#reply.push(tag);
  }

  #ready(): Buffer {
    return this.#isInTransaction ? READY_WITHIN : READY;
  }
}

const PARSED = message('1', Buffer.alloc(0));
const BOUND = message('2', Buffer.alloc(0));
const NO_DATA = message('n', Buffer.alloc(0));
const READY = message('Z', Buffer.from('I'));
const READY_WITHIN = message('Z', Buffer.from('T'));

function dataRow(cells: readonly string[]): Buffer {
  const size = cells.reduce((sum, cell) => sum + 4 + cell.length, 7);
  const bytes = Buffer.allocUnsafe(size);
  bytes.write('D', 0, 'latin1');
  bytes.writeInt32BE(size - 1, 1);
  bytes.writeInt16BE(cells.length, 5);
  let at = 7;
  for (const cell of cells) {
    bytes.writeInt32BE(cell.length, at);
    at += 4 + bytes.write(cell, at + 4, 'latin1');
  }
  return bytes;
}

function textAt(bytes: Buffer, from: number): [text: string, next: number] {
  const end = bytes.indexOf(0, from);
  return [bytes.toString('latin1', from, end), end + 1];
}

/** Of a Bind: the formats of the values are before them. */
function valuesAt(body: Buffer, from: number): string[] {
  let at = from + 2 + 2 * body.readInt16BE(from);
  const count = body.readInt16BE(at);
  at += 2;
  const values: string[] = [];
  for (let i = 0; i < count; i++) {
    const length = body.readInt32BE(at);
    at += 4;
    values.push(length < 0 ? '' : body.toString('latin1', at, at + length));
    at += Math.max(0, length);
  }
  return values;
}
