import { AsyncResource } from 'node:async_hooks';
import type { ServerResponse } from 'node:http';
import { forbidStoring } from './answer-instead.js';
import { type OuterFields, ResponseHead, readHead, takeOuterFields } from './response-head.js';

/** What a {@link Recorder} tells while a response goes by. */
export interface RecorderListener {
  /** The head is about to be read, and then written: that is not the handler's reading. */
  heading(): void;
  /** The head is about to be written; fields may still be set on it. Returns a status to send that, without a body. */
  head(recorder: Recorder): 304 | 412 | undefined;
  /** The head has been written, or could not be. */
  headDone(): void;
  /** The handler ends its response; what runs below is the machinery of outer middleware. */
  ending(): void;
  /** The response is whole, as far as its handler goes. */
  ended(recorder: Recorder): void;
  /** Node refused to write it; what the client gets instead was not recorded. */
  failed(): void;
  /** It has become larger than may be recorded. */
  overflowed(recorder: Recorder): void;
  /** The connection closed before the response ended. */
  closed(recorder: Recorder): void;
  /** The client may be answered otherwise than by the handler's response: its own preconditions decide. */
  readonly isConditional: boolean;
  /** Somebody waits for the recording: the handler must not be held up by this client. */
  readonly isAwaited: boolean;
}

type Chunk = { readonly data: string; readonly encoding: BufferEncoding } | Uint8Array;

/**
 * Records a response while it streams to its own client, without delaying it.
 *
 * `writeHead`, `write`, `end` and `addTrailers` become own properties that record and then call through: every way of
 * answering ends there, also `res.json`, pipes and Node's implicit head. The head is read inside `writeHead`, before
 * calling through, so that what inner middleware adds late is seen, and what outer middleware adds is told apart.
 */
export class Recorder {
  head: ResponseHead | undefined;
  hasTrailers = false;
  /** A cookie appeared while outer middleware's hooks ran: a session, begun or prolonged by this request. */
  hasLateCookie = false;
  isEnded = false;
  /** The body is known to be whole, though the head may not be written yet. */
  isWhole = false;
  readonly outer: OuterFields | undefined;
  readonly #res: ServerResponse;
  readonly #maxBytes: number;
  readonly #listener: RecorderListener;
  #chunks: Chunk[] = [];
  #bytes = 0;
  #isOver = false;
  /** The client was told 304 or 412: the body is recorded, not sent. */
  #isSwallowed = false;
  /** The context in which the handler was told to wait for `drain`: whoever lets it go on has another. */
  #heldUp: AsyncResource | undefined;

  constructor(res: ServerResponse, maxBytes: number, listener: RecorderListener) {
    this.#res = res;
    this.#maxBytes = maxBytes;
    this.#listener = listener;
    this.outer = takeOuterFields(res);
    this.#patch(res);
  }

  /** It became larger than may be recorded: there is no body to take. */
  get isOver(): boolean {
    return this.#isOver;
  }

  /** The response has no body by its nature, whatever its Content-Length says (RFC 9110 §6.4.1). */
  get isBodiless(): boolean {
    const status = this.head?.status ?? 0;
    return this.#res.req?.method === 'HEAD' || status === 204 || status === 304;
  }

  /** The body, copied into memory of its own. */
  takeBody(): Buffer {
    // Not from Buffer's pool: a stored body must not keep a slab of other requests' bytes alive.
    const body = Buffer.allocUnsafeSlow(this.#bytes);
    let at = 0;
    for (const chunk of this.#chunks) {
      if (chunk instanceof Uint8Array) {
        body.set(chunk, at);
        at += chunk.length;
      } else {
        at += body.write(chunk.data, at, chunk.encoding);
      }
    }
    this.#chunks = [];
    return body;
  }

  /** Sets a field while the head is being written; only from {@link RecorderListener.head}. */
  setField(name: string, value: string): void {
    this.#res.setHeader(name, value);
  }

  /** Lets a handler go on that waits for a client which does not read. */
  hurry(): void {
    const heldUp = this.#heldUp;
    if (heldUp === undefined) return;
    this.#heldUp = undefined;
    heldUp.runInAsyncScope(() => this.#res.emit('drain'));
  }

  #patch(res: ServerResponse): void {
    const recorder = this;
    const { writeHead, write, end, addTrailers } = res;
    res.writeHead = function (this: ServerResponse, ...args: unknown[]) {
      return recorder.#writeHead(this, writeHead as Untyped, args) as ServerResponse;
    } as typeof res.writeHead;
    res.write = function (this: ServerResponse, ...args: unknown[]) {
      recorder.#take(args[0], args[1], false);
      if (recorder.#isSwallowed) return recorder.#swallow(args);
      const isFlowing = recorder.#call(this, write as Untyped, args) as boolean;
      if (isFlowing || recorder.#isOver || recorder.isEnded) return isFlowing;
      if (recorder.#listener.isAwaited) return true;
      recorder.#heldUp = new AsyncResource('viewcache.recorder');
      return false;
    } as typeof res.write;
    res.end = function (this: ServerResponse, ...args: unknown[]) {
      return recorder.#end(this, end as Untyped, args) as ServerResponse;
    } as typeof res.end;
    res.addTrailers = function (this: ServerResponse, ...args: unknown[]) {
      recorder.hasTrailers = true;
      return (addTrailers as Untyped).apply(this, args);
    } as typeof res.addTrailers;
    // Not `once`: what it makes for each listener costs more than that this one stays.
    res.on('close', () => {
      if (!recorder.isEnded) recorder.#listener.closed(recorder);
    });
  }

  #writeHead(res: ServerResponse, writeHead: Untyped, args: unknown[]): unknown {
    const status = Number(args[0]);
    // Interim responses pass through; the final one follows (RFC 9110 §15.2).
    if (this.head !== undefined || (status >= 100 && status < 200 && status !== 101)) return writeHead.apply(res, args);
    this.#listener.heading();
    try {
      this.head = readHead(res, args, this.outer);
      const instead = this.#listener.head(this);
      if (instead !== undefined) {
        this.#isSwallowed = true;
        for (const name of ['content-length', 'content-type', 'content-encoding', 'transfer-encoding'])
          res.removeHeader(name);
        if (instead === 412) forbidStoring(res);
        res.statusCode = instead;
        return this.#call(res, writeHead, [instead]);
      }
      const cookies = String(this.head.field('set-cookie') ?? '');
      const result = this.#call(res, writeHead, args);
      if (String(res.getHeader('set-cookie') ?? cookies) !== cookies) this.hasLateCookie = true;
      return result;
    } finally {
      this.#listener.headDone();
    }
  }

  /** Calls through; what Node refuses to write, the client gets something else in place of. */
  #call(res: ServerResponse, method: Untyped, args: unknown[]): unknown {
    try {
      return method.apply(res, args);
    } catch (error) {
      this.#listener.failed();
      throw error;
    }
  }

  #end(res: ServerResponse, end: Untyped, args: unknown[]): unknown {
    if (this.isEnded) return end.apply(res, args);
    this.#take(args[0], args[1], true);
    this.isWhole = true;
    this.isEnded = true;
    this.#listener.ending();
    if (this.head === undefined && this.#listener.isConditional) this.#writeHeadFirst(res);
    const result = this.#call(res, end, this.#isSwallowed ? args.filter((arg) => typeof arg === 'function') : args);
    // A client that went before anything was written: Node writes no head, but the handler's answer is whole.
    this.head ??= new ResponseHead(res, res.statusCode, undefined, this.outer);
    this.#listener.ended(this);
    return result;
  }

  /** What becomes of the body is known with the head; Node would send the one it was given with it. */
  #writeHeadFirst(res: ServerResponse): void {
    if (res.headersSent) return;
    const { statusCode } = res;
    const isFramed = res.hasHeader('content-length') || res.hasHeader('transfer-encoding');
    // As Node does itself for a body that is there as a whole.
    if (!isFramed && statusCode !== 204 && statusCode !== 304) res.setHeader('Content-Length', this.#bytes);
    res.writeHead(statusCode);
  }

  #take(chunk: unknown, encoding: unknown, isLast: boolean): void {
    if (this.#isOver || this.isEnded) return;
    if (typeof chunk === 'string') {
      const known = typeof encoding === 'string' && Buffer.isEncoding(encoding) ? encoding : 'utf8';
      this.#bytes += Buffer.byteLength(chunk, known);
      this.#chunks.push({ data: chunk, encoding: known });
    } else if (chunk instanceof Uint8Array) {
      this.#bytes += chunk.length;
      // A handler may use its buffer again as soon as `write` has returned; the last one is copied before that.
      this.#chunks.push(isLast ? chunk : Uint8Array.prototype.slice.call(chunk));
    }
    if (this.#bytes <= this.#maxBytes) return;
    this.#isOver = true;
    this.#chunks = [];
    this.#listener.overflowed(this);
  }

  #swallow(args: unknown[]): boolean {
    const done = args.find((arg) => typeof arg === 'function');
    if (typeof done === 'function') process.nextTick(done as () => void);
    return true;
  }
}

type Untyped = (this: ServerResponse, ...args: unknown[]) => unknown;
