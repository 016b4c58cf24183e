import { AsyncResource } from 'node:async_hooks';
import type { OutgoingHttpHeader, ServerResponse } from 'node:http';
import { forbidStoring } from './answer-instead.js';
import { copyGiven, type GivenFields, givenValue, NOTHING_GIVEN, removeGiven, setGiven } from './given-fields.js';
import type { Word } from './late-word.js';
import { RecordedBody } from './recorded-body.js';
import type { RecorderListener } from './recorder-listener.js';
import { isWatched, type OuterFields, ResponseHead, takeOuterFields } from './response-head.js';
import { putTap, type Tap } from './tapped-methods.js';

/**
 * Records a response while it streams to its own client, without delaying it.
 *
 * `writeHead`, `write`, `end` and `addTrailers` become own properties that record and then call through: every way of
 * answering ends there, also `res.json`, pipes and Node's implicit head. The head is read inside `writeHead`, before
 * calling through, so that what inner middleware adds late is seen, and what outer middleware adds is told apart.
 */
export class Recorder implements Tap {
  head: ResponseHead | undefined;
  hasTrailers = false;
  /** A cookie appeared while outer middleware's hooks ran: a session, begun or prolonged by this request. */
  hasLateCookie = false;
  /** What the answer said of storing it, before outer middleware's hooks ran. */
  said: Word | undefined;
  isEnded = false;
  /** The body is known to be whole, though the head may not be written yet. */
  isWhole = false;
  /** The call of `end` has returned. */
  #hasReturned = false;
  #isTold = false;
  #isCutOff = false;
  readonly outer: OuterFields | undefined;
  readonly res: ServerResponse;
  readonly #body: RecordedBody;
  readonly #listener: RecorderListener<Recorder>;
  /** What `writeHead` was made here: where it is another one by now, middleware inside the view has put itself in front. */
  #ownWriteHead: ServerResponse['writeHead'] | undefined;
  /** Outer fields that the handler has set anew, if only to what they were. */
  #overruled: Set<string> | undefined;
  /** The client was told 304 or 412: the body is recorded, not sent. */
  #isSwallowed = false;
  #isReplaced = false;
  /** What was on the response before: prototypes' methods, or outer middleware's. */
  #below: Below;
  /** The stored body that goes out in place of the handler's. */
  #substitute: Buffer | undefined;
  /** The fields that `writeHead` was given; Node lets them win over what was set. */
  #given: GivenFields = NOTHING_GIVEN;
  /** The context in which the handler was told to wait for `drain`: whoever lets it go on has another. */
  #heldUp: AsyncResource | undefined;

  constructor(res: ServerResponse, maxBytes: number, listener: RecorderListener<Recorder>) {
    this.res = res;
    this.#body = new RecordedBody(maxBytes);
    this.#listener = listener;
    this.outer = takeOuterFields(res);
    this.#below = below(res);
    this.#ownWriteHead = putTap(res, this, isWatched(this.outer));
    // Not `once`: what it makes for each listener costs more than that this one stays.
    res.on('close', () => {
      if (!this.#isTold) this.#cutOff();
    });
  }

  /** It became larger than may be recorded, or was cut off: there is no body to take. */
  get isOver(): boolean {
    return this.#body.isOver;
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
    return this.#body.take();
  }

  /** The handler has said that a stored response holds: that is what it answers with; only from `head`. */
  substitute(head: ResponseHead, body: Buffer): void {
    this.recordInstead(head, body);
    this.#substitute = body;
    this.#given = NOTHING_GIVEN;
  }

  /** Something else is recorded than what the handler answers with; only from `head`. */
  recordInstead(head: ResponseHead, body: Buffer): void {
    this.head = head;
    this.#body.replace(body);
  }

  /** Sets a field while the head is being written; only from {@link RecorderListener.head}. */
  setField(name: string, value: string): void {
    this.removeField(name);
    this.res.setHeader(name, value);
  }

  /** Takes a field away while the head is being written, also one that `writeHead` was given. */
  removeField(name: string): void {
    this.res.removeHeader(name);
    removeGiven(this.#given, name.toLowerCase());
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

  write(res: ServerResponse, args: unknown[]): unknown {
    this.#take(args[0], args[1], false);
    // Whether the first of the body is sent at all is known with the head.
    if (this.head === undefined && this.#listener.mayAnswerOtherwise) res.writeHead(res.statusCode);
    this.#offerReplacement(res);
    if (this.#isSwallowed || this.#isReplaced) return this.#swallow(args);
    const isFlowing = this.#call(res, this.#below.write, args) as boolean;
    if (isFlowing || this.#body.isOver || this.isEnded) return isFlowing;
    if (this.#listener.isAwaited) return true;
    this.#heldUp = new AsyncResource('viewcache.recorder');
    return false;
  }

  addTrailers(res: ServerResponse, args: unknown[]): unknown {
    this.hasTrailers = true;
    return this.#isReplaced ? undefined : this.#below.addTrailers.apply(res, args);
  }

  setHeader(res: ServerResponse, args: unknown[]): unknown {
    this.#noteSet(args[0]);
    return this.#below.setHeader.apply(res, args);
  }

  /** Notes what the handler sets on a draft of the response as on the response itself. */
  noteSetting(draft: ServerResponse): void {
    if (!isWatched(this.outer)) return;
    const { setHeader } = draft;
    draft.setHeader = (name, value) => {
      this.#noteSet(name);
      return setHeader.call(draft, name, value);
    };
  }

  /** A value does not tell who has set it, when outer middleware has set the same one for this visitor. */
  #noteSet(name: unknown): void {
    const lower = String(name).toLowerCase();
    if (this.outer?.has(lower) !== true) return;
    this.#overruled ??= new Set();
    this.#overruled.add(lower);
  }

  /** Writes the head before the first of the body is passed on: below, it would be too late to send something else. */
  #offerReplacement(res: ServerResponse): void {
    if (this.head === undefined && this.#listener.mayReplace(res.statusCode)) res.writeHead(res.statusCode);
  }

  writeHead(res: ServerResponse, args: unknown[]): unknown {
    const { writeHead } = this.#below;
    if (this.#isReplaced) return res;
    // As Node reads it.
    const status = Number(args[0]) | 0;
    // Interim responses pass through; the final one follows (RFC 9110 §15.2).
    if (this.head !== undefined || (status >= 100 && status < 200 && status !== 101)) return writeHead.apply(res, args);
    this.#listener.leaving();
    try {
      this.head = new ResponseHead(res, status, args, this.outer, this.#overruled);
      if (this.head.isReadable) this.#given = copyGiven(args);
      const instead = this.#listener.head(this);
      if (instead === 'replaced') return res;
      if (instead !== undefined) {
        this.#isSwallowed = true;
        this.#substitute = undefined;
        this.#call(res, () => setGiven(res, this.#given), []);
        for (const name of ['content-length', 'content-type', 'content-encoding', 'transfer-encoding'])
          res.removeHeader(name);
        if (instead === 412) forbidStoring(res);
        res.statusCode = instead;
        return this.#call(res, writeHead, [instead]);
      }
      this.said = { cacheControl: this.#saying('cache-control'), vary: this.#saying('vary') };
      const cookies = String(this.head.field('set-cookie') ?? '');
      const result = this.#call(res, writeHead, this.#substitute === undefined ? args : this.#headOf(res));
      if (String(res.getHeader('set-cookie') ?? cookies) !== cookies) this.hasLateCookie = true;
      return result;
    } finally {
      // What has ended goes on with the machinery that ends it.
      if (!this.isEnded) this.#listener.returning();
      this.#tell();
    }
  }

  /** What the answer says of itself now: `writeHead` was given what wins over what was set. */
  #saying(name: string): OutgoingHttpHeader | undefined {
    return givenValue(this.#given, name) ?? this.res.getHeader(name);
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

  end(res: ServerResponse, args: unknown[]): unknown {
    if (this.isEnded) return this.#isReplaced ? res : this.#below.end.apply(res, args);
    this.#take(args[0], args[1], true);
    // Before its `close` is told, too, a handler can see that a connection has gone, and end early for that.
    const isGone = res.destroyed || res.req?.socket?.writable === false;
    if (isGone && !this.#isReplaced) this.#cutOff();
    this.isWhole = true;
    this.isEnded = true;
    this.#listener.leaving();
    if (this.head === undefined && res.writeHead !== this.#ownWriteHead) this.#watchInner(res);
    if (this.head === undefined && this.#listener.mayAnswerOtherwise) this.#writeHeadFirst(res);
    this.#offerReplacement(res);
    const result = this.#endBelow(res, args);
    this.#hasReturned = true;
    this.#tell();
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
    if (!isFramed && statusCode !== 204 && statusCode !== 304) res.setHeader('Content-Length', this.#body.length);
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
    if (this.isEnded || this.#body.add(chunk, encoding, isLast)) return;
    this.#listener.overflowed(this);
  }

  #cutOff(): void {
    if (this.#isCutOff) return;
    this.#isCutOff = true;
    this.#body.giveUp();
    this.#listener.closed();
  }

  #swallow(args: unknown[]): boolean {
    const done = args.find((arg) => typeof arg === 'function');
    if (typeof done === 'function') process.nextTick(done as () => void);
    return true;
  }
}

type Untyped = (this: ServerResponse, ...args: unknown[]) => unknown;

type Below = Readonly<Record<'writeHead' | 'write' | 'end' | 'addTrailers' | 'setHeader', Untyped>>;

function below({ writeHead, write, end, addTrailers, setHeader }: ServerResponse): Below {
  return { writeHead, write, end, addTrailers, setHeader } as Below;
}
