import type { IncomingMessage, ServerResponse } from 'node:http';

/** Who is asking: a response that was shaped by one of these belongs to one visitor, unless the key covers it. */
const IDENTITY = ['cookie', 'authorization'];
const IDENTITY_WHERE_PRESENT: ReadonlySet<string> = new Set([
  ...['proxy-authorization', 'x-api-key', 'x-access-token', 'x-auth-token', 'remote-user', 'x-user', 'x-user-id'],
  ...[
    'x-forwarded-for',
    'forwarded',
    'x-real-ip',
    'x-client-ip',
    'cf-connecting-ip',
    'true-client-ip',
    'fly-client-ip',
  ],
  ...['x-csrf-token', 'x-xsrf-token', 'csrf-token', 'user-agent', 'referer', 'from'],
]);

/** Small enumerations: a response that was shaped by one of these becomes a variant of its value. */
const ENUMERATIONS: ReadonlySet<string> = new Set([
  ...['accept', 'accept-language', 'accept-encoding', 'accept-charset', 'origin', 'x-requested-with', 'save-data'],
  ...[
    'sec-ch-ua-mobile',
    'sec-ch-prefers-color-scheme',
    'sec-fetch-mode',
    'sec-fetch-dest',
    'sec-fetch-site',
    'sec-gpc',
  ],
  ...['dnt', 'hx-request', 'hx-boosted', 'turbo-frame', 'x-inertia', 'x-inertia-version', 'x-pjax', 'rsc'],
]);

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
  /** Request fields to select by. */
  readonly selecting = new Set<string>();
  readonly #req: IncomingMessage & Fields;
  readonly #keyed: Set<string>;
  readonly #restore: (() => void)[] = [];
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
    this.#keyed = new Set(keyed.map((name) => `header ${name}`));
    this.#refilled = refilled;
    this.#watchHeaders();
    this.#watchRequest();
    this.#watchResponse(res as ServerResponse & Fields);
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
    for (const input of this.#keyed) if (!input.startsWith('header ') || isIdentity(input.slice(7))) return true;
    return false;
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
    if (this.#isStopped) return;
    this.#isStopped = true;
    for (const restore of this.#restore) restore();
  }

  #note(input: string): void {
    if (this.#isStopped || this.#isSuspended) return;
    if (this.#isKeying) this.#keyed.add(input);
    else if (!this.#keyed.has(input)) this.refusal ??= input;
  }

  #noteHeader(name: string): void {
    if (this.#isStopped || this.#isSuspended) return;
    const input = `header ${name}`;
    if (this.#isKeying) this.#keyed.add(input);
    else if (this.#keyed.has(input)) return;
    else if (ENUMERATIONS.has(name)) this.selecting.add(name);
    else this.refusal ??= input;
  }

  #watchHeaders(): void {
    const { headers, rawHeaders } = this.#req;
    // Accessors, not a Proxy: `structuredClone(req.headers)` must go on working.
    for (const name of Object.keys(headers)) {
      if (isIdentity(name) || ENUMERATIONS.has(name)) this.#watchHeader(headers as Fields, name);
    }
    const watched = headers as Fields & { [guardSlot]?: (name: string) => void };
    const prototype: object | null = Object.getPrototypeOf(headers);
    Object.defineProperty(watched, guardSlot, {
      configurable: true,
      value: (name: string) => {
        if (IDENTITY.includes(name)) this.#noteHeader(name);
      },
    });
    Object.setPrototypeOf(headers, absent);
    this.#restore.push(() => {
      Object.setPrototypeOf(headers, prototype);
      delete watched[guardSlot];
    });
    this.#req.rawHeaders = new Proxy(rawHeaders, {
      get: (target, property, receiver) => {
        this.#note('all headers');
        return Reflect.get(target, property, receiver);
      },
    });
    this.#restore.push(() => {
      this.#req.rawHeaders = rawHeaders;
    });
  }

  #watchHeader(headers: Fields, name: string): void {
    let value = headers[name];
    Object.defineProperty(headers, name, {
      configurable: true,
      enumerable: true,
      get: () => {
        this.#noteHeader(name);
        return value;
      },
      set: (next: unknown) => {
        value = next;
      },
    });
    this.#restore.push(() => {
      // Unless the app took the field away meanwhile.
      if (Object.hasOwn(headers, name)) {
        Object.defineProperty(headers, name, { configurable: true, enumerable: true, writable: true, value });
      }
    });
  }

  #watchRequest(): void {
    const req = this.#req;
    for (const name of Object.keys(req)) if (isForeign(req, name, PLAIN_REQUEST)) this.#watch(req, name, `req.${name}`);
    for (const name of HIDDEN) if (Object.hasOwn(req, name) || !(name in req)) this.#watch(req, name, `req.${name}`);
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
    this.#restore.push(() => {
      if (descriptor?.get !== undefined) Object.defineProperty(target, name, descriptor);
      else if (descriptor === undefined && value === undefined) delete target[name];
      else
        Object.defineProperty(target, name, {
          configurable: true,
          enumerable: descriptor?.enumerable ?? true,
          writable: true,
          value,
        });
    });
  }
}

const guardSlot = Symbol('viewcache.guard');

/**
 * Stands behind `req.headers` while a leader runs: hears of fields that are asked for and not there, without making
 * them seem to be there, which would open a gate that asks `'authorization' in req.headers`.
 */
const absent = new Proxy(Object.prototype, {
  get(target, property, headers: object & { [guardSlot]?: (name: string) => void }) {
    if (typeof property === 'string') headers[guardSlot]?.(property);
    return Reflect.get(target, property, headers);
  },
});

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
  return name === 'cookie' || name === 'authorization' || IDENTITY_WHERE_PRESENT.has(name);
}

function isForeign(target: Fields, name: string, plain: ReadonlySet<string>): boolean {
  if (plain.has(name)) return false;
  // A method that shadows an inherited one (tracing binds `on` and `once`) is no input.
  const inherited = Object.getPrototypeOf(target)?.[name];
  return typeof inherited !== 'function';
}
