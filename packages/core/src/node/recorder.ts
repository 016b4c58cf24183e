import { AsyncResource } from 'node:async_hooks';
import type { ServerResponse } from 'node:http';
import { forbidStoring } from './answer-instead.js';
import { type OuterFields, ResponseHead, readHead, takeOuterFields } from './response-head.js';

/** What a {@link Recorder} tells while a response goes by. */
export interface RecorderListener {
  /** The head is about to be read, and then written: that is not the handler's reading. */
  heading(): void;
  /**
   * The head is about to be written; fields may still be set on it. Returns a status to send that, without a body, or
   * `'replaced'` when something else has been sent altogether.
   */
  head(recorder: Recorder): 304 | 412 | 'replaced' | undefined;
  /** Whether something else may be sent in place of a response with this status. */
  mayReplace(status: number): boolean;
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
  /** The client may be answered otherwise than by the handler's response: preconditions decide. */
  readonly mayAnswerOtherwise: boolean;
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
  readonly res: ServerResponse;
  readonly #maxBytes: number;
  readonly #listener: RecorderListener;
  #chunks: Chunk[] = [];
  #bytes = 0;
  #isOver = false;
  /** The client was told 304 or 412: the body is recorded, not sent. */
  #isSwallowed = false;
  #isReplaced = false;
  /** What was on the response before: prototypes' methods, or outer middleware's. */
  #below: Below;
  /** The body is a stored one: what the handler writes is none of it. */
  #isSubstituted = false;
  /** The stored body that goes out in place of the handler's. */
  #substitute: Buffer | undefined;
  /** The fields that `writeHead` was given; Node lets them win over what was set. */
  #given: Record<string, unknown> = NOTHING_GIVEN;
  /** The context in which the handler was told to wait for `drain`: whoever lets it go on has another. */
  #heldUp: AsyncResource | undefined;

  constructor(res: ServerResponse, maxBytes: number, listener: RecorderListener) {
    this.res = res;
    this.#maxBytes = maxBytes;
    this.#listener = listener;
    this.outer = takeOuterFields(res);
    this.#below = below(res);
    this.#patch(res);
  }

  /** It became larger than may be recorded: there is no body to take. */
  get isOver(): boolean {
    return this.#isOver;
  }

  /** The response has no body by its nature, whatever its Content-Length says (RFC 9110 §6.4.1). */
  get isBodiless(): boolean {
    const status = this.head?.status ?? 0;
    return this.res.req?.method === 'HEAD' || status === 204 || status === 304;
  }

  /** The client was sent something else. */
  get isReplaced(): boolean {
    return this.#isReplaced;
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

  /** The handler has said that a stored response holds: that is what it answers with; only from `head`. */
  substitute(head: ResponseHead, body: Buffer): void {
    this.recordInstead(head, body);
    this.#substitute = body;
  }

  /** Something else is recorded than what the handler answers with; only from `head`. */
  recordInstead(head: ResponseHead, body: Buffer): void {
    this.head = head;
    this.#chunks = [body];
    this.#bytes = body.length;
    this.#isSubstituted = true;
  }

  /** Sets a field while the head is being written; only from {@link RecorderListener.head}. */
  setField(name: string, value: string): void {
    this.removeField(name);
    this.res.setHeader(name, value);
  }

  /** Takes a field away while the head is being written, also one that `writeHead` was given. */
  removeField(name: string): void {
    this.res.removeHeader(name);
    const lower = name.toLowerCase();
    for (const given of Object.keys(this.#given)) if (given.toLowerCase() === lower) delete this.#given[given];
  }

  /** Lets a handler go on that waits for a client which does not read. */
  hurry(): void {
    const heldUp = this.#heldUp;
    if (heldUp === undefined) return;
    this.#heldUp = undefined;
    heldUp.runInAsyncScope(() => this.res.emit('drain'));
  }

  /** The response has become a newborn one: there is nobody below any more. */
  rebase(): void {
    this.#below = below(this.res);
  }

  /** Something else has been sent: from now on nothing of this is. */
  replace(): void {
    this.#isReplaced = true;
  }

  #patch(res: ServerResponse): void {
    const recorder = this;
    res.writeHead = function (this: ServerResponse, ...args: unknown[]) {
      return recorder.#writeHead(this, args) as ServerResponse;
    } as typeof res.writeHead;
    res.write = function (this: ServerResponse, ...args: unknown[]) {
      recorder.#take(args[0], args[1], false);
      // Whether the first of the body is sent at all is known with the head.
      if (recorder.head === undefined && recorder.#listener.mayAnswerOtherwise) this.writeHead(this.statusCode);
      recorder.#offerReplacement(this);
      if (recorder.#isSwallowed || recorder.#isReplaced) return recorder.#swallow(args);
      const isFlowing = recorder.#call(this, recorder.#below.write, args) as boolean;
      if (isFlowing || recorder.#isOver || recorder.isEnded) return isFlowing;
      if (recorder.#listener.isAwaited) return true;
      recorder.#heldUp = new AsyncResource('viewcache.recorder');
      return false;
    } as typeof res.write;
    res.end = function (this: ServerResponse, ...args: unknown[]) {
      return recorder.#end(this, args) as ServerResponse;
    } as typeof res.end;
    res.addTrailers = function (this: ServerResponse, ...args: unknown[]) {
      recorder.hasTrailers = true;
      return recorder.#isReplaced ? undefined : recorder.#below.addTrailers.apply(this, args);
    } as typeof res.addTrailers;
    // Not `once`: what it makes for each listener costs more than that this one stays.
    res.on('close', () => {
      if (!recorder.isEnded) recorder.#listener.closed(recorder);
    });
  }

  /** Writes the head before the first of the body is passed on: below, it would be too late to send something else. */
  #offerReplacement(res: ServerResponse): void {
    if (this.head === undefined && this.#listener.mayReplace(res.statusCode)) res.writeHead(res.statusCode);
  }

  #writeHead(res: ServerResponse, args: unknown[]): unknown {
    const { writeHead } = this.#below;
    const status = Number(args[0]);
    if (this.#isReplaced) return res;
    // Interim responses pass through; the final one follows (RFC 9110 §15.2).
    if (this.head !== undefined || (status >= 100 && status < 200 && status !== 101)) return writeHead.apply(res, args);
    this.#listener.heading();
    try {
      this.head = readHead(res, args, this.outer);
      this.#copyGiven(args);
      const instead = this.#listener.head(this);
      if (instead === 'replaced') return res;
      if (instead !== undefined) {
        this.#isSwallowed = true;
        this.#substitute = undefined;
        for (const name of ['content-length', 'content-type', 'content-encoding', 'transfer-encoding'])
          res.removeHeader(name);
        if (instead === 412) forbidStoring(res);
        res.statusCode = instead;
        return this.#call(res, writeHead, [instead]);
      }
      const cookies = String(this.head.field('set-cookie') ?? '');
      const result = this.#call(res, writeHead, this.#substitute === undefined ? args : this.#headOf(res));
      if (String(res.getHeader('set-cookie') ?? cookies) !== cookies) this.hasLateCookie = true;
      return result;
    } finally {
      this.#listener.headDone();
    }
  }

  /** A copy: the handler may use its object again, for another response. */
  #copyGiven(args: unknown[]): void {
    const at = args.findIndex((arg, place) => place > 0 && typeof arg === 'object' && arg !== null);
    if (at < 0) return;
    this.#given = { ...(args[at] as object) };
    args[at] = this.#given;
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

  #end(res: ServerResponse, args: unknown[]): unknown {
    if (this.isEnded) return this.#isReplaced ? res : this.#below.end.apply(res, args);
    this.#take(args[0], args[1], true);
    this.isWhole = true;
    this.isEnded = true;
    this.#listener.ending();
    if (this.head === undefined && this.#listener.mayAnswerOtherwise) this.#writeHeadFirst(res);
    this.#offerReplacement(res);
    const result = this.#endBelow(res, args);
    // A client that went before anything was written: Node writes no head, but the handler's answer is whole.
    this.head ??= new ResponseHead(res, res.statusCode, undefined, this.outer);
    this.#listener.ended(this);
    return result;
  }

  #endBelow(res: ServerResponse, args: unknown[]): unknown {
    if (this.#isReplaced) {
      this.#swallow(args);
      return res;
    }
    return this.#call(res, this.#below.end, this.#isSwallowed ? this.#endingOf(args) : args);
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

  /** What is passed to `writeHead` where a stored body goes out. */
  #headOf(res: ServerResponse): unknown[] {
    this.#isSwallowed = true;
    res.setHeader('Content-Length', this.#substitute?.length ?? 0);
    return [res.statusCode];
  }

  /** What is passed to `end` where the handler's own body is not sent. */
  #endingOf(args: readonly unknown[]): unknown[] {
    const callbacks = args.filter((arg) => typeof arg === 'function');
    return this.#substitute === undefined ? callbacks : [this.#substitute, ...callbacks];
  }

  #take(chunk: unknown, encoding: unknown, isLast: boolean): void {
    if (this.#isOver || this.isEnded || this.#isSubstituted) return;
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

const NOTHING_GIVEN: Record<string, unknown> = Object.freeze({});

type Untyped = (this: ServerResponse, ...args: unknown[]) => unknown;

type Below = Readonly<Record<'writeHead' | 'write' | 'end' | 'addTrailers', Untyped>>;

function below({ writeHead, write, end, addTrailers }: ServerResponse): Below {
  return { writeHead, write, end, addTrailers } as Below;
}
