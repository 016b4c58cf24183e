import { EventEmitter } from 'node:events';
import { type IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { makeNewborn } from './newborn.js';
import { giveBack, type ResponsePart, takePart } from './response-parts.js';

/** Calls that send something: kept for later, in their order. */
const SENDING = [
  ...[
    'writeHead',
    'write',
    'end',
    'flushHeaders',
    'addTrailers',
    'writeContinue',
    'writeProcessing',
    'writeEarlyHints',
  ],
];
/** With these a head would be out. */
const BEGINNING: ReadonlySet<string> = new Set(['writeHead', 'write', 'end', 'flushHeaders']);
const READING = ['getHeader', 'getHeaders', 'getHeaderNames', 'getRawHeaderNames', 'hasHeader'];
const SETTING = ['setHeader', 'setHeaders', 'appendHeader', 'removeHeader'];
/** What a handler may do to its socket that must not happen to the visitor's. */
const HARMING = ['destroy', 'destroySoon', 'resetAndDestroy', 'end', 'setTimeout'] as const;

type Call = (...args: unknown[]) => unknown;
type Callable = Record<string, Call | undefined>;

/**
 * The time from the answer that a visitor got in the handler's stead until that answer has left.
 *
 * The handler runs on and knows nothing of it: what it does to the response is kept, so that the visitor gets none of it,
 * and is done when the response is a newborn one.
 */
export class Interlude {
  readonly #req: IncomingMessage;
  readonly #res: ServerResponse;
  readonly #part: ResponsePart;
  /** Has the status and the fields that the handler has set, and sets. */
  readonly draft: ServerResponse;
  readonly #maxBytes: number;
  #calls: [name: string, args: unknown[]][] = [];
  #bytes = 0;
  #hasBegun = false;
  #hasEnded = false;
  /** The handler has destroyed its response, or said more than is kept. */
  #isBroken = false;

  /**
   * @param res - answered, perhaps not sent yet
   * @param part - what the handler had made of the response
   * @param isHandler - whether it is the handler who runs now, as far as one can know
   * @param maxBytes - how much of a body is kept
   */
  constructor(
    req: IncomingMessage,
    res: ServerResponse,
    part: ResponsePart,
    isHandler: () => boolean,
    maxBytes: number,
  ) {
    this.#req = req;
    this.#res = res;
    this.#part = part;
    this.#maxBytes = maxBytes;
    this.draft = new ServerResponse(req);
    giveBack(this.draft, { ...part, methods: new Map(), listeners: [] });
    this.#standBetween();
    const lift = shield(req.socket, isHandler);
    EventEmitter.prototype.once.call(res, 'close', lift);
  }

  /**
   * The answer has left: the handler goes on with a newborn response, on which everything is done that it did meanwhile.
   *
   * @param renew - is given what makes the response new, and calls it before anything is put on it
   */
  end(renew: (makeNew: () => void) => void): void {
    const res = this.#res;
    renew(() => makeNewborn(this.#req, res));
    const { fields, status, message } = takePart(this.draft);
    giveBack(res, { ...this.#part, fields, status, message });
    try {
      for (const [name, args] of this.#calls) (res as unknown as Callable)[name]?.(...args);
      if (this.#isBroken) res.destroy();
    } catch {
      // The handler has made a mistake, and there is no one left to tell.
      res.destroy();
    }
  }

  /** Nothing will come of what the handler does. */
  abandon(): void {
    this.#isBroken = true;
    this.#calls = [];
    this.#bytes = Number.POSITIVE_INFINITY;
  }

  #standBetween(): void {
    const res = this.#res;
    const draft = this.draft;
    const on = (owner: object, name: string, args: unknown[]) => (owner as Callable)[name]?.apply(owner, args);
    // Middleware in front may hold the head of the visitor's answer back, and has to finish it.
    const isHeadOut = res.headersSent;
    const methods: Callable = { setTimeout: () => res, cork: () => undefined, uncork: () => undefined };
    methods['destroy'] = () => {
      this.#isBroken = true;
      return res;
    };
    for (const name of SENDING) methods[name] = (...args) => this.#keep(name, args);
    for (const name of READING) methods[name] = (...args) => on(draft, name, args);
    for (const name of SETTING) {
      const put = (res as unknown as Callable)[name];
      methods[name] = (...args) => {
        if (!isHeadOut && !isSent(res)) put?.apply(res, args);
        // Node would throw: a handler that is late must not fail for it.
        if (!this.#hasBegun) on(draft, name, args);
        return res;
      };
    }
    const { writeHead } = res;
    if (!isHeadOut) methods['_implicitHeader'] = () => writeHead.call(res, res.statusCode);
    for (const [name, value] of Object.entries(methods)) {
      Object.defineProperty(res, name, { value, configurable: true, writable: true });
    }
    Object.defineProperty(res, 'headersSent', { get: () => this.#hasBegun, configurable: true });
    Object.defineProperty(res, 'writableEnded', { get: () => this.#hasEnded, configurable: true });
    if (!isHeadOut) return;
    Object.defineProperty(res, 'statusCode', accessorTo(draft, 'statusCode'));
    Object.defineProperty(res, 'statusMessage', accessorTo(draft, 'statusMessage'));
  }

  #keep(name: string, args: unknown[]): unknown {
    if (BEGINNING.has(name)) this.#hasBegun = true;
    if (name === 'end') this.#hasEnded = true;
    const [chunk] = args;
    if (typeof chunk === 'string') this.#bytes += chunk.length;
    if (chunk instanceof Uint8Array) {
      this.#bytes += chunk.length;
      // A handler may use its buffer again as soon as `write` has returned.
      args[0] = Uint8Array.prototype.slice.call(chunk);
    }
    if (this.#bytes > this.#maxBytes) this.abandon();
    else this.#calls.push([name, args]);
    return name === 'write' ? true : this.#res;
  }
}

function isSent(res: ServerResponse & { readonly _header?: string | null }): boolean {
  return typeof res._header === 'string';
}

function accessorTo(owner: ServerResponse, name: 'statusCode' | 'statusMessage'): PropertyDescriptor {
  return {
    configurable: true,
    get: () => owner[name],
    set: (value: never) => {
      owner[name] = value;
    },
  };
}

/** Keeps a socket from what its handler does to it, and lets Node do the same; returns a function that ends it. */
function shield(socket: Socket, isHandler: () => boolean): () => void {
  const own = socket as unknown as Callable;
  let isOver = false;
  const shields = HARMING.map((name) => {
    const method = own[name];
    const isOwn = Object.hasOwn(own, name);
    const shielded: Call = (...args) => (!isOver && isHandler() ? socket : method?.apply(socket, args));
    own[name] = shielded;
    return { name, method, isOwn, shielded };
  });
  return () => {
    isOver = true;
    for (const { name, method, isOwn, shielded } of shields) {
      // Whoever has put something over it keeps that.
      if (own[name] !== shielded) continue;
      if (isOwn) own[name] = method;
      else delete own[name];
    }
  };
}
