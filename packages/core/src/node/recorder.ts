import { AsyncResource } from 'node:async_hooks';
import type { ServerResponse } from 'node:http';
import { isWatched, type OuterFields, ResponseHead, takeOuterFields } from './response-head.js';

/** What a {@link Recorder} tells while a response goes by. */
export interface RecorderListener {
  /** What runs now is Node's machinery, and that of outer middleware: its reading is not the handler's. */
  leaving(): void;
  /** The handler's code runs again, or that of middleware inside the view. */
  returning(): void;
  /** The head is about to be written; fields may still be set on the response. Returns 304 to send that, without a body. */
  head(recorder: Recorder): 304 | undefined;
  /** The response is whole, as far as its handler goes, and its head is written. */
  ended(recorder: Recorder): void;
  /** Node refused to write it; what the client gets instead was not recorded. */
  failed(): void;
  /** It has become larger than may be recorded. */
  overflowed(recorder: Recorder): void;
  /** The connection closed before the response ended: the handler may have noticed, and whatever it ends may be cut short. */
  closed(): void;
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
  /** The call of `end` has returned. */
  #hasReturned = false;
  #isTold = false;
  readonly outer: OuterFields | undefined;
  readonly #res: ServerResponse;
  readonly #maxBytes: number;
  readonly #listener: RecorderListener;
  /** What `writeHead` was made here: where it is another one by now, middleware inside the view has put itself in front. */
  #ownWriteHead: ServerResponse['writeHead'] | undefined;
  /** Outer fields that the handler has set anew, if only to what they were. */
  #overruled: Set<string> | undefined;
  #chunks: Chunk[] = [];
  #bytes = 0;
  #isOver = false;
  /** The client was told 304: the body is recorded, not sent. */
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

  /** It became larger than may be recorded, or was cut off: there is no body to take. */
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
    this.#ownWriteHead = res.writeHead;
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
      if (!recorder.#isTold) recorder.#cutOff();
    });
    if (isWatched(this.outer)) this.#noteSetting(res, this.outer);
  }

  /** A value does not tell who has set it, when outer middleware has set the same one for this visitor. */
  #noteSetting(res: ServerResponse, outer: OuterFields): void {
    const { setHeader } = res;
    res.setHeader = (name, value) => {
      const lower = String(name).toLowerCase();
      if (outer.has(lower)) {
        this.#overruled ??= new Set();
        this.#overruled.add(lower);
      }
      return setHeader.call(res, name, value);
    };
  }

  #writeHead(res: ServerResponse, writeHead: Untyped, args: unknown[]): unknown {
    // As Node reads it.
    const status = Number(args[0]) | 0;
    // Interim responses pass through; the final one follows (RFC 9110 §15.2).
    if (this.head !== undefined || (status >= 100 && status < 200 && status !== 101)) return writeHead.apply(res, args);
    this.#listener.leaving();
    try {
      this.head = new ResponseHead(res, status, args, this.outer, this.#overruled);
      if (this.#listener.head(this) === 304) {
        this.#isSwallowed = true;
        for (const name of ['content-length', 'content-type', 'content-encoding', 'transfer-encoding'])
          res.removeHeader(name);
        res.statusCode = 304;
        return this.#call(res, writeHead, [304]);
      }
      const cookies = String(this.head.field('set-cookie') ?? '');
      const result = this.#call(res, writeHead, args);
      if (String(res.getHeader('set-cookie') ?? cookies) !== cookies) this.hasLateCookie = true;
      return result;
    } finally {
      this.#listener.returning();
      this.#tell();
    }
  }

  /** A session in front may hold the end back until it is saved, and write the head only then. */
  #tell(): void {
    if (!this.#hasReturned || this.#isTold || this.head === undefined) return;
    this.#isTold = true;
    this.#listener.ended(this);
  }

  /** Middleware inside the view that waits for the head, and shapes it, is the view's own code, though `end` calls it. */
  #watchInner(res: ServerResponse): void {
    const { writeHead } = res;
    const listener = this.#listener;
    res.writeHead = function (this: ServerResponse, ...args: unknown[]) {
      listener.returning();
      try {
        return (writeHead as Untyped).apply(this, args) as ServerResponse;
      } finally {
        listener.leaving();
      }
    } as typeof res.writeHead;
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
    // Before its `close` is told, too, a handler can see that a connection has gone, and end early for that.
    if (res.destroyed || res.req?.socket?.writable === false) this.#cutOff();
    this.isWhole = true;
    this.isEnded = true;
    this.#listener.leaving();
    if (this.head === undefined && res.writeHead !== this.#ownWriteHead) this.#watchInner(res);
    const result = this.#call(res, end, this.#isSwallowed ? args.filter((arg) => typeof arg === 'function') : args);
    this.#hasReturned = true;
    this.#tell();
    return result;
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
    this.#stop();
    this.#listener.overflowed(this);
  }

  #cutOff(): void {
    this.#stop();
    this.#listener.closed();
  }

  #stop(): void {
    this.#isOver = true;
    this.#chunks = [];
  }

  #swallow(args: unknown[]): boolean {
    const done = args.find((arg) => typeof arg === 'function');
    if (typeof done === 'function') process.nextTick(done as () => void);
    return true;
  }
}

type Untyped = (this: ServerResponse, ...args: unknown[]) => unknown;
