import type { IncomingMessage, ServerResponse } from 'node:http';
import {
  CREDENTIALS,
  type Fields,
  isFieldName,
  isIdentity,
  isMemoised,
  ofRequests,
  ofResponses,
  PLAIN_FIELDS,
  PLAIN_LOCALS,
} from './inputs.js';

/** Names that were once seen on a request, set by middleware in front: watched from then on also where they are absent. */
const learned = new Set<string>();
const LEARNED = 32;
/** Watched from the first request on, also where they are absent: often only visitors who are logged in have them. */
const EXPECTED = ['user', 'session', 'clientIp'];

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

  /** Runs what reads inputs that are in every key anyway. */
  unwatched<T>(run: () => T): T {
    const wasSuspended = this.#isSuspended;
    this.#isSuspended = true;
    try {
      return run();
    } finally {
      this.#isSuspended = wasSuspended;
    }
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
    if (this.#isStopped || this.#isSuspended || !isFieldName(name)) return;
    this.#noteHeader(name);
  }

  /** A property that middleware in front sets on some requests was asked for on one without it. */
  readAbsent(name: string): void {
    this.#note(`req.${name}`);
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
    req.rawHeaders = new Proxy(rawHeaders, new WatchedLines(this));
  }

  #watchRequest(): void {
    const req = this.#req;
    for (const name of ofRequests.of(req)) {
      if (isMemoised(req, name)) this.#watchDistinct();
      else this.#watchForeign(name);
    }
    for (const name of EXPECTED) if (!(name in req)) Object.defineProperty(req, name, absentOf(name));
    for (const name of learned) if (!(name in req)) Object.defineProperty(req, name, absentOf(name));
  }

  #watchForeign(name: string | symbol): void {
    if (typeof name === 'string' && learned.size < LEARNED) learned.add(name);
    this.#watch(this.#req, name, `req.${String(name)}`);
  }

  /** Node keeps the answer of the first reader, who may have been in front; the next one asks nothing that is watched. */
  #watchDistinct(): void {
    const { headersDistinct } = this.#req;
    Object.defineProperty(this.#req, 'headersDistinct', {
      configurable: true,
      get: () => {
        this.readAll();
        return headersDistinct;
      },
    });
  }

  #watchResponse(res: ServerResponse & Fields): void {
    for (const name of ofResponses.of(res)) this.#watch(res, name, `res.${String(name)}`);
    this.#watchOuterFields(res);
    const { locals } = res;
    if (typeof locals !== 'object' || locals === null) return;
    for (const name of Reflect.ownKeys(locals)) {
      if (typeof name === 'symbol' || !PLAIN_LOCALS.has(name)) {
        this.#watch(locals as Fields, name, `res.locals.${String(name)}`);
      }
    }
  }

  /** A field that middleware in front set for this visitor may be asked for as well as a property. */
  #watchOuterFields(res: ServerResponse & Fields): void {
    const names = res.getHeaderNames().filter((name) => !PLAIN_FIELDS.has(name));
    if (names.length === 0) return;
    const outer = new Set(names);
    const { getHeader, getHeaders } = res;
    res.getHeader = (name) => {
      if (outer.has(String(name).toLowerCase())) this.#note(`response header ${name}`);
      return getHeader.call(res, name);
    };
    res.getHeaders = () => {
      this.#note('all response headers');
      return getHeaders.call(res);
    };
  }

  #watch(target: Fields, name: string | symbol, input: string): void {
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
    if (property === guardSlot) return this.#guard;
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

/** The same fields as they came in: whoever looks at one sees them all. */
class WatchedLines implements ProxyHandler<string[]> {
  readonly #guard: InputGuard;

  constructor(guard: InputGuard) {
    this.#guard = guard;
  }

  get(target: string[], property: string | symbol): unknown {
    this.#guard.readAll();
    return Reflect.get(target, property);
  }
}

const guardSlot = Symbol('viewcache.guard');
type Guarded = Fields & { readonly headers: { readonly [guardSlot]?: InputGuard } };

/** One accessor a name for all requests: a closure for each would cost more than the rest of the guard. */
const absentAccessors = new Map<string, PropertyDescriptor & ThisType<Guarded>>();

/** Says that a property which is not there was asked for; who assigns it gets a plain property. */
function absentOf(name: string): PropertyDescriptor {
  let accessor = absentAccessors.get(name);
  if (accessor === undefined) {
    accessor = {
      configurable: true,
      enumerable: false,
      get() {
        this.headers[guardSlot]?.readAbsent(name);
        return undefined;
      },
      set(value: unknown) {
        Object.defineProperty(this, name, { configurable: true, enumerable: true, writable: true, value });
      },
    };
    absentAccessors.set(name, accessor);
  }
  return accessor;
}

/** The guard that watches a request now. */
export function guardOf(req: object): InputGuard | undefined {
  return (req as Guarded).headers[guardSlot];
}
