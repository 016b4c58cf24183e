import type { IncomingMessage, ServerResponse } from 'node:http';
import { addedInput, isForeign, learnAdded } from './added-fields.js';
import type { Stock } from './inner-layers.js';
import {
  type Fields,
  inputOf,
  insideRequests,
  insideResponses,
  isMemoised,
  ofRequests,
  ofResponses,
  PLAIN_FIELDS,
  PLAIN_LOCALS,
} from './inputs.js';
import { learn } from './learned-names.js';
import { hearFields } from './outer-fields.js';
import { ALL_FIELDS, WatchedFields, WatchedLines } from './watched-fields.js';
import { type Front, WatchedFront } from './watched-front.js';
import { isPresent, WatchedLocals, watchAbsent, watchAbsentOfResponse } from './watched-properties.js';
import { unwatchSocket, watchSocket } from './watched-socket.js';
import { WatchedValues } from './watched-values.js';
import type { Watcher } from './watcher.js';

type Name = string | symbol;
type Request = IncomingMessage & Fields;
type Response = ServerResponse & Fields & { locals?: unknown };

/** Names that were once seen on a request, set by middleware in front: watched from then on also where they are absent. */
const learned = new Set<Name>();
/** The same of a response, of `res.locals`, and of response fields. */
const learnedOfResponses = new Set<Name>();
const learnedLocals = new Set<Name>();
const learnedFields = new Set<string>();
/** Watched from the first request on, also where they are absent: often only visitors who are logged in have them. */
const EXPECTED = ['user', 'session', 'clientIp'];

/** Set by loaders that chose a language: true of this visitor's answer, and of no other. */
const VISITORS_FIELDS: ReadonlySet<string> = new Set(['content-language']);

/** A request and its response, with everything on them watched that may be about the visitor. */
export class WatchedRequest {
  /** Fields of the response that a loader has set: they go to this visitor, and into no stored response. */
  withheld: Set<string> | undefined;
  readonly #req: Request;
  readonly #res: Response;
  readonly #watcher: Watcher;
  readonly #fields: WatchedFields;
  readonly #headers: IncomingMessage['headers'];
  readonly #rawHeaders: string[];
  #locals: WatchedLocals | undefined;
  #plainLocals: unknown;
  /** Names that middleware in front had set. */
  #outerLocals: readonly Name[] | undefined;
  readonly #ofRequest: WatchedValues;
  readonly #ofResponse: WatchedValues;
  #tainted: Set<string> | undefined;
  readonly #front: WatchedFront | undefined;

  /** @param front - what the handler is given in their place, where the framework has something else */
  constructor(req: IncomingMessage, res: ServerResponse, watcher: Watcher, front?: Front) {
    this.#req = req as Request;
    this.#res = res as Response;
    this.#watcher = watcher;
    this.#headers = req.headers;
    this.#rawHeaders = req.rawHeaders;
    this.#fields = new WatchedFields(watcher);
    this.#ofRequest = new WatchedValues(this.#req, watcher);
    this.#ofResponse = new WatchedValues(this.#res, watcher);
    this.#front = front && new WatchedFront(front, watcher);
  }

  /** Begins to watch; what cannot be watched is noted as read at once. */
  watch(): void {
    const req = this.#req;
    const watcher = this.#watcher;
    learnAdded(this.#headers, this.#rawHeaders);
    req.headers = new Proxy(this.#headers as Fields, this.#fields) as typeof req.headers;
    req.rawHeaders = new Proxy(this.#rawHeaders, new WatchedLines(watcher));
    this.#watchRequest();
    this.#watchResponse();
    watchSocket(req.socket, watcher);
    this.#front?.watch();
  }

  /** Middleware inside has put something of a visitor where the client's own field would be. */
  isTainted(input: string): boolean {
    return this.#tainted?.has(input) === true;
  }

  /** The connection goes on to other requests. */
  leave(): void {
    unwatchSocket(this.#req.socket, this.#watcher);
  }

  /** Follows the request to another connection, its response having become a newborn one. */
  move(make: () => void): void {
    this.leave();
    make();
    watchSocket(this.#req.socket, this.#watcher);
  }

  /** Puts the plain objects back in place of those that watch. */
  restore(): void {
    this.#req.headers = this.#headers;
    this.#req.rawHeaders = this.#rawHeaders;
    if (this.#locals !== undefined) Object.assign(this.#res, { locals: this.#plainLocals });
  }

  takeStock(): Stock {
    const req = this.#req;
    const names = new Set(Reflect.ownKeys(req).filter((name) => isPresent(req, name)));
    return {
      req: names,
      res: new Set(Reflect.ownKeys(this.#res).filter((name) => isPresent(this.#res, name))),
      locals: new Set(isObject(this.#res.locals) ? Reflect.ownKeys(this.#res.locals) : []),
      fields: { ...this.#res.getHeaders() },
      hasLeft: (name) => !names.has(name) && isPresent(req, name),
    };
  }

  /** What a loader has left may be about the visitor, though reading what it made that from was none of the handler's. */
  watchLeft(before: Stock | undefined): void {
    const req = this.#req;
    const res = this.#res;
    for (const name of insideRequests.of(req)) {
      if (before?.req.has(name) === true || !isPresent(req, name)) continue;
      this.#adopt(req, name, inputOf(name));
    }
    for (const name of insideResponses.of(res)) {
      if (before?.res.has(name) === true || !isPresent(res, name)) continue;
      this.#adopt(res, name, `res.${String(name)}`);
    }
    for (const name of this.#watchLocals(before?.locals) ?? []) {
      if (this.#outerLocals?.includes(name) !== true) this.#watcher.leftInput(`res.locals.${String(name)}`, true);
    }
    this.#watchFields(before?.fields);
    for (const name of this.#fields.written ?? []) {
      if (isForeign(name)) {
        this.#watcher.leftInput(addedInput(name), true);
        continue;
      }
      this.#tainted ??= new Set();
      this.#tainted.add(`header ${String(name)}`);
    }
  }

  #watchRequest(): void {
    const req = this.#req;
    for (const name of ofRequests.of(req)) {
      if (isMemoised(req, name)) this.#watchDistinct();
      else this.#watchForeign(name);
    }
    if (this.#watcher.rules.hiddenFields.size > 0) this.#watchDistinct();
    for (const name of EXPECTED) if (!(name in req)) watchAbsent(req, name);
    for (const name of learned) if (!(name in req)) watchAbsent(req, name);
  }

  #watchForeign(name: Name): void {
    learn(learned, name);
    this.#watch(this.#req, name, inputOf(name));
  }

  /**
   * Node keeps the answer of the first reader of `headersDistinct`, who may have been in front; the next one asks nothing
   * that is watched. And it makes that answer from lines of which some may be hidden.
   */
  #watchDistinct(): void {
    const req = this.#req;
    const watcher = this.#watcher;
    Object.defineProperty(req, 'headersDistinct', {
      configurable: true,
      get: () => {
        const { rules, isHiding } = watcher;
        if (!rules.hasAnonymousCopies) watcher.note(ALL_FIELDS);
        const all = watcher.unwatched(() => Reflect.get(Object.getPrototypeOf(req), 'headersDistinct', req));
        return isHiding && rules.hiddenFields.size > 0 ? this.#fields.shownOf(all) : all;
      },
    });
  }

  #watchResponse(): void {
    const res = this.#res;
    for (const name of ofResponses.of(res)) {
      learn(learnedOfResponses, name);
      this.#watch(res, name, `res.${String(name)}`);
    }
    for (const name of learnedOfResponses) if (!(name in res)) watchAbsentOfResponse(res, name);
    this.#watchOuterFields(res);
    this.#outerLocals = this.#watchLocals(undefined);
  }

  /** Returns the names that were not there before. */
  #watchLocals(before: ReadonlySet<Name> | undefined): Name[] | undefined {
    const { locals } = this.#res;
    if (locals === undefined) return undefined;
    if (!isPlainObject(locals)) {
      // A class, a Map, or what inherits from somebody's object: its own keys say nothing of what it tells.
      this.#watch(this.#res, 'locals', 'res.locals');
      return undefined;
    }
    let names: Name[] | undefined;
    for (const name of Reflect.ownKeys(locals)) {
      if (isPlainLocal(name) || before?.has(name) === true) continue;
      names ??= [];
      names.push(name);
      learn(learnedLocals, name);
    }
    if (this.#locals !== undefined) {
      this.#locals.add(names ?? []);
    } else if (names !== undefined || learnedLocals.size > 0) {
      this.#locals = new WatchedLocals(this.#watcher, [...learnedLocals, ...(names ?? [])]);
      this.#plainLocals = locals;
      Object.assign(this.#res, { locals: new Proxy(locals as Fields, this.#locals) });
    }
    return names;
  }

  /** A field that middleware in front set for this visitor may be asked for as well as a property. */
  #watchOuterFields(res: Response): void {
    for (const name of res.getHeaderNames()) if (!PLAIN_FIELDS.has(name)) learn(learnedFields, name);
    if (learnedFields.size === 0) return;
    const outer = new Set([...learnedFields, ...res.getHeaderNames().filter((name) => !PLAIN_FIELDS.has(name))]);
    hearFields(res, outer, this.#watcher);
  }

  /** Whether the request has an input, be it `header x` or `req.x`; nobody hears of this question. */
  has(input: string): boolean {
    const name = input.slice(input.indexOf('req.') === 0 ? 4 : 'header '.length);
    const isProperty = input.startsWith('req.');
    if (isProperty && this.#front?.has(name) === true) return true;
    const value: unknown = Reflect.get(isProperty ? this.#req : this.#headers, name);
    return value !== undefined && value !== null;
  }

  /** What a loader says in fields of the response, it says to this visitor. */
  #watchFields(before: Stock['fields'] = {}): void {
    for (const [name, value] of Object.entries(this.#res.getHeaders())) {
      if (PLAIN_FIELDS.has(name) || name === 'set-cookie' || String(before[name]) === String(value)) continue;
      if (VISITORS_FIELDS.has(name)) {
        this.withheld ??= new Set();
        this.withheld.add(name);
      } else {
        this.#watcher.leftField(name);
      }
    }
  }

  #watch(target: Fields, name: Name, input: string): void {
    const values = this.#valuesOf(target);
    if (!values.isWatching(name)) values.watch(name, input);
  }

  /** Watches what a loader has left. */
  #adopt(target: Fields, name: Name, input: string): void {
    if (target === this.#req) learn(learned, name);
    const values = this.#valuesOf(target);
    if (!values.isWatching(name)) this.#watcher.leftInput(input, values.watch(name, input));
  }

  #valuesOf(target: Fields): WatchedValues {
    return target === this.#req ? this.#ofRequest : this.#ofResponse;
  }
}

/** Express makes `res.locals` without a prototype; a literal has that of its realm. */
function isPlainObject(value: unknown): value is object {
  if (!isObject(value)) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype === null || prototype === Object.prototype) return true;
  return isObject(prototype) && Object.getPrototypeOf(prototype) === null && Object.hasOwn(prototype, 'isPrototypeOf');
}

/** What loggers keep there, and what this library does. */
function isPlainLocal(name: Name): boolean {
  return typeof name === 'string' ? PLAIN_LOCALS.has(name) : Symbol.keyFor(name)?.startsWith('viewcache.') === true;
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}
