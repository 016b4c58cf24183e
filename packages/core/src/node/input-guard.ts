import type { IncomingMessage, ServerResponse } from 'node:http';

/** Who is asking: a response that was shaped by one of these belongs to one visitor, unless the key covers it. */
const IDENTITY: ReadonlySet<string> = new Set(
  (
    'cookie authorization proxy-authorization x-api-key x-access-token x-auth-token remote-user x-user x-user-id ' +
    'x-forwarded-for forwarded x-real-ip x-client-ip cf-connecting-ip true-client-ip fastly-client-ip fly-client-ip ' +
    'x-cluster-client-ip x-appengine-user-ip user-agent referer from'
  ).split(' '),
);

/** What the cache answers for itself, what is in the key already, and what only tracing reads. */
const IGNORED: ReadonlySet<string> = new Set(
  (
    'host connection keep-alive proxy-connection te trailer transfer-encoding upgrade expect content-length ' +
    'content-type content-encoding date max-forwards via if-match if-none-match if-modified-since ' +
    'if-unmodified-since if-range range cache-control pragma traceparent tracestate baggage sentry-trace b3 ' +
    'x-b3-traceid x-b3-spanid x-b3-sampled x-b3-parentspanid x-b3-flags uber-trace-id x-cloud-trace-context ' +
    'x-amzn-trace-id x-request-id x-correlation-id cf-ray cdn-loop x-no-compression priority ' +
    'x-forwarded-host x-forwarded-proto x-forwarded-port x-forwarded-prefix'
  ).split(' '),
);

/** What libraries ask any object for, to learn what it is. */
const PROBES: ReadonlySet<string> = new Set(
  (
    'length then get has set append delete entries keys values raw size inspect next on pipe map filter prototype ' +
    'buffer nodetype domain name type'
  ).split(' '),
);

/** Inputs by which a key tells one bearer of credentials from another. */
const CREDENTIALS = ['header authorization', 'req.user', 'req.auth', 'req.session', 'req.sessionID'];

/** Own properties that Node and Express give a request, and what logging and tracing put there. */
const PLAIN_REQUEST: ReadonlySet<string> = new Set([
  ...['_events', '_readableState', '_maxListeners', '_eventsCount', 'socket', 'httpVersionMajor', 'httpVersionMinor'],
  ...[
    'httpVersion',
    'complete',
    'rawHeaders',
    'rawTrailers',
    'joinDuplicateHeaders',
    'aborted',
    'upgrade',
    'url',
    'method',
  ],
  ...['statusCode', 'statusMessage', 'client', '_consuming', '_dumped', '_closed', '_destroyed', 'next', 'baseUrl'],
  ...[
    'originalUrl',
    '_parsedUrl',
    '_parsedOriginalUrl',
    'params',
    'query',
    'res',
    'route',
    'app',
    'body',
    '_body',
    'length',
  ],
  ...[
    'log',
    'logger',
    'id',
    'reqId',
    'requestId',
    'traceId',
    'correlationId',
    '_startAt',
    '_startTime',
    '_remoteAddress',
  ],
  ...['secret', 'sessionStore', '_passport', '_sessionManager', 'isAuthenticated', 'isUnauthenticated', 'rateLimit'],
]);

/** Own properties of a response that say nothing about the visitor. */
const PLAIN_RESPONSE: ReadonlySet<string> = new Set(['locals', 'req', 'app', 'log', 'timeout', 'err']);

/** What Express itself keeps in `res.locals`. */
const PLAIN_LOCALS: ReadonlySet<string> = new Set(['settings', 'cache', '_locals', 'log', 'requestId']);

/** Names that were once seen on a request, set by middleware in front: watched from then on also where they are absent. */
const learned = new Set<string>();
const LEARNED = 32;
/** Hidden from enumeration by the libraries that define them. */
const HIDDEN = ['user', 'session', 'clientIp'];

type Fields = Record<string, unknown>;

/**
 * Notices what of a request shapes a response, while its leader runs: what is not in the cache key, and not known to be
 * the same for everybody, keeps the response from being stored.
 *
 * It watches reads. An assignment proves nothing: a middleware that sets `req.user` may refuse the next visitor. Nothing
 * of it exists on a hit. What was read before the cache and kept in a closure or an AsyncLocalStorage it cannot see.
 */
export class InputGuard {
  /** The first input that keeps the response from being stored: `header cookie`, `req.user`, `res.locals.user`. */
  refusal: string | undefined;
  #selecting: Set<string> | undefined;
  readonly #req: IncomingMessage & Fields;
  #keyed: Set<string> | undefined;
  /** While the policy's own `key` runs, what it reads becomes part of the key. */
  #isKeying = false;
  #isSuspended = false;
  #isStopped = false;
  readonly #refilled: readonly string[];

  /**
   * @param keyed - request fields that the policy keys on, lower case
   * @param refilled - values that are filled in anew on each hit: where they are read, nothing of one visitor stays
   */
  constructor(req: IncomingMessage, res: ServerResponse, keyed: readonly string[], refilled: readonly string[] = []) {
    this.#req = req as IncomingMessage & Fields;
    if (keyed.length > 0) this.#keyed = new Set(keyed.map((name) => `header ${name}`));
    this.#refilled = refilled;
    this.#watchHeaders(req);
    this.#watchRequest();
    this.#watchResponse(res as ServerResponse & Fields);
  }

  /** Request fields to select by. */
  get selecting(): ReadonlySet<string> {
    return this.#selecting ?? NOTHING;
  }

  /** Runs the policy's `key` function: what it reads, the key covers. */
  key<T>(run: () => T): T {
    this.#isKeying = true;
    try {
      return run();
    } finally {
      this.#isKeying = false;
    }
  }

  /** Whether the key covers who is asking, so that a request with Authorization may be stored. */
  get coversIdentity(): boolean {
    return CREDENTIALS.some((input) => this.#keyed?.has(input) === true);
  }

  /** While the head goes out, the machinery of outer middleware runs: what it reads shapes nothing of the handler's. */
  suspend(): void {
    this.#isSuspended = true;
  }

  /** The head is out, the handler goes on: what it reads now may shape the rest of the body. */
  resume(): void {
    this.#isSuspended = false;
  }

  /** The handler has answered: what is read from now on shaped nothing. */
  stop(): void {
    // What watches stays where it is, and lets everything through: to take it away again costs more than it does.
    this.#isStopped = true;
  }

  /** A field of the request, or one that is not there, was asked for. */
  readField(name: string): void {
    if (!this.#isStopped && !this.#isSuspended && isFieldName(name)) this.#noteHeader(name);
  }

  /** All fields were asked for: to copy them, to forward them, or to find out which there are. */
  readAll(): void {
    this.#note('all headers');
  }

  #note(input: string): void {
    if (this.#isStopped || this.#isSuspended) return;
    if (this.#isKeying) this.#cover(input);
    else if (this.#keyed?.has(input) !== true) this.refusal ??= input;
  }

  #cover(input: string): void {
    this.#keyed ??= new Set();
    this.#keyed.add(input);
  }

  #noteHeader(name: string): void {
    const input = `header ${name}`;
    if (!this.#isKeying && this.#keyed?.has(input) !== true && !isIdentity(name)) {
      this.#selecting ??= new Set();
      this.#selecting.add(name);
    } else {
      this.#note(input);
    }
  }

  #watchHeaders(req: IncomingMessage): void {
    const { headers, rawHeaders } = req;
    req.headers = new Proxy(headers as Fields, new WatchedFields(this)) as typeof headers;
    req.rawHeaders = new Proxy(rawHeaders, {
      get: (target, property, receiver) => {
        this.readAll();
        return Reflect.get(target, property, receiver);
      },
    });
  }

  #watchRequest(): void {
    const req = this.#req;
    for (const name of Object.keys(req)) if (isForeign(req, name, PLAIN_REQUEST)) this.#watchForeign(name);
    for (const name of HIDDEN) if (Object.hasOwn(req, name)) this.#watchForeign(name);
    for (const name of learned) if (!(name in req)) this.#watch(req, name, `req.${name}`);
  }

  #watchForeign(name: string): void {
    if (learned.size < LEARNED) learned.add(name);
    this.#watch(this.#req, name, `req.${name}`);
  }

  #watchResponse(res: ServerResponse & Fields): void {
    for (const name of Object.keys(res)) {
      if (name.startsWith('_') || name.startsWith('on') || name in NODE_RESPONSE) continue;
      if (isForeign(res, name, PLAIN_RESPONSE)) this.#watch(res, name, `res.${name}`);
    }
    const { locals } = res;
    if (typeof locals !== 'object' || locals === null) return;
    for (const name of Object.keys(locals)) {
      if (!PLAIN_LOCALS.has(name)) this.#watch(locals as Fields, name, `res.locals.${name}`);
    }
  }

  #watch(target: Fields, name: string, input: string): void {
    const descriptor = Object.getOwnPropertyDescriptor(target, name);
    if (descriptor?.configurable === false) {
      // Cannot be watched: taken for read.
      this.#note(input);
      return;
    }
    let value = descriptor?.get === undefined ? descriptor?.value : undefined;
    Object.defineProperty(target, name, {
      configurable: true,
      enumerable: descriptor?.enumerable ?? false,
      get: () => {
        const read: unknown = descriptor?.get === undefined ? value : descriptor.get.call(target);
        if (typeof read !== 'string' || !this.#refilled.includes(read)) this.#note(input);
        return read;
      },
      set: (next: unknown) => {
        if (descriptor?.set === undefined) value = next;
        else descriptor.set.call(target, next);
      },
    });
  }
}

const NOTHING: ReadonlySet<string> = new Set();

/** Hears of every way to learn of a request's fields: reading one, asking whether it is there, listing them. */
class WatchedFields implements ProxyHandler<Fields> {
  readonly #guard: InputGuard;

  constructor(guard: InputGuard) {
    this.#guard = guard;
  }

  get(target: Fields, property: string | symbol): unknown {
    if (typeof property === 'string') this.#guard.readField(property);
    return Reflect.get(target, property);
  }

  has(target: Fields, property: string | symbol): boolean {
    if (typeof property === 'string') this.#guard.readField(property);
    return Reflect.has(target, property);
  }

  getOwnPropertyDescriptor(target: Fields, property: string | symbol): PropertyDescriptor | undefined {
    if (typeof property === 'string') this.#guard.readField(property);
    return Reflect.getOwnPropertyDescriptor(target, property);
  }

  ownKeys(target: Fields): ArrayLike<string | symbol> {
    this.#guard.readAll();
    return Reflect.ownKeys(target);
  }
}

/** Own properties of a bare ServerResponse, by the Node that runs. */
const NODE_RESPONSE: Fields = {
  end: 1,
  write: 1,
  writeHead: 1,
  addTrailers: 1,
  emit: 1,
  flush: 1,
  statusCode: 1,
  statusMessage: 1,
};
for (const name of [
  ...[
    'destroyed',
    'chunkedEncoding',
    'shouldKeepAlive',
    'maxRequestsOnConnectionReached',
    'useChunkedEncodingByDefault',
  ],
  ...['sendDate', 'strictContentLength', 'finished', 'outputData', 'outputSize', 'writable', 'socket', 'connection'],
]) {
  NODE_RESPONSE[name] = 1;
}

function isIdentity(name: string): boolean {
  return IDENTITY.has(name) || name.endsWith('-token') || name.includes('csrf');
}

/** Node gives field names in lower case: anything else that is asked for is no field. */
function isFieldName(name: string): boolean {
  return !IGNORED.has(name) && !PROBES.has(name) && !(name in Object.prototype) && name === name.toLowerCase();
}

function isForeign(target: Fields, name: string, plain: ReadonlySet<string>): boolean {
  if (plain.has(name)) return false;
  // A method that shadows an inherited one (tracing binds `on` and `once`) is no input.
  const inherited = Object.getPrototypeOf(target)?.[name];
  return typeof inherited !== 'function';
}
