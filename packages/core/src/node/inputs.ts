import { IncomingMessage, OutgoingMessage, Server, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import { isDeepStrictEqual } from 'node:util';

// What a read of each input of a request means to a cached view. The tables are the whole of that knowledge; the guard
// only asks them.

/** Properties of a request or a response, whoever put them there. */
export type Fields = Record<string, unknown>;

/** Inputs by which a key tells one bearer of credentials from another. */
export const CREDENTIALS = ['header authorization', 'req.user', 'req.auth', 'req.session', 'req.sessionID'];

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
  ...['originalUrl', '_parsedUrl', '_parsedOriginalUrl', 'params', 'query', 'res', 'route', 'app', 'body', '_body'],
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
    'allLogs',
    'timedout',
    'clearTimeout',
    'flash',
    'logIn',
    'login',
    'logOut',
    'logout',
    'originalMethod',
    'sessionOptions',
    'sessionCookies',
    'sessionKey',
    // Tracing: OpenTelemetry, Sentry.
    '__ot_middlewares',
    '__sentry_transaction',
    '_sentryspan',
    'queryPolluted',
    'bodyPolluted',
  ],
  ...['secret', 'sessionStore', '_passport', '_sessionManager', 'isAuthenticated', 'isUnauthenticated', 'rateLimit'],
]);

/** Own properties of a response that say nothing about the visitor. */
const PLAIN_RESPONSE: ReadonlySet<string> = new Set(
  'locals req app log allLogs __onFinished _startAt _startTime _body'.split(' '),
);

/** Response fields that libraries look at to add to them, and that say nothing of a visitor. */
export const PLAIN_FIELDS: ReadonlySet<string> = new Set(
  (
    'vary content-type content-length content-encoding etag cache-control expires last-modified date connection ' +
    'x-powered-by transfer-encoding link server-timing cache-status accept-ranges'
  ).split(' '),
);

/** What loggers keep in `res.locals`. */
export const PLAIN_LOCALS: ReadonlySet<string> = new Set(['log', 'requestId']);

/** What internationalisation puts on a request and into `res.locals`: all of it follows from the language it has chosen. */
const LOCALISED: ReadonlySet<string> = new Set(
  (
    't i18n lng language languages locale locales __ __n __mf __l __h setLocale getLocale getCatalog getLocales ' +
    'addLocale removeLocale exists languageDir i18nextLookupName region defaultLocale'
  ).split(' '),
);

/** Whether an input follows from the language that was chosen for the visitor. */
export function isLocalised(input: string): boolean {
  if (input.startsWith('req.')) return LOCALISED.has(input.slice(4));
  return input.startsWith('res.locals.') && LOCALISED.has(input.slice('res.locals.'.length));
}

/** What Node itself puts on a request and a response, by the Node that runs. */
const bare = new IncomingMessage(new Socket());
const bareNames = Reflect.ownKeys(bare);
const NODE_OWN: ReadonlySet<string | symbol> = new Set([
  ...bareNames,
  ...Reflect.ownKeys(new ServerResponse(bare)),
  // A server hands some of its own symbols on to its responses.
  ...Object.getOwnPropertySymbols(new Server()),
  ...['statusCode', 'statusMessage', 'end', 'write', 'writeHead', 'addTrailers', 'emit', 'flush'],
  // What a server adds to a response of its own.
  ...['_maxRequestsPerSocket', '_onPendingData', '_sent100', '_expect_continue'],
]);
/** Symbols of the router, of tracing, and of Nest, which numbers requests. Any other is somebody's own, whatever it is called. */
const PLAIN_SYMBOLS: ReadonlySet<string | undefined> = new Set([
  ...['router.tracing.matchedRoute', 'OtListeners', 'REQUEST_CONTEXT_ID'],
]);

/** Where Node keeps the answer of the first reader of `headersDistinct`. */
const DISTINCT = memoOf('headersDistinct');
/** The same of `trailersDistinct`, which come after the body. */
const TRAILERS_DISTINCT = memoOf('trailersDistinct');

/** The symbol under which Node keeps what such a getter has answered. */
function memoOf(name: 'headersDistinct' | 'trailersDistinct'): string | symbol | undefined {
  const before = new Set(Reflect.ownKeys(bare));
  void bare[name];
  return Reflect.ownKeys(bare).find((key) => !before.has(key)) ?? bareMemoOf(name);
}

/** Where Node puts that symbol on every request from the first. */
function bareMemoOf(name: string): string | symbol | undefined {
  const description = `k${name.charAt(0).toUpperCase()}${name.slice(1)}`;
  return bareNames.find((key) => typeof key === 'symbol' && key.description === description);
}

/** Node has made `headersDistinct` before, for somebody in front. */
export function isMemoised(req: Fields, name: string | symbol): boolean {
  return name === DISTINCT && Boolean(Reflect.get(req, name));
}

/** Methods that tracing binds to its context, or that Node calls to write the response: to call one is to read nothing. */
const BOUND: ReadonlySet<string> = new Set([
  ...'on once off emit addListener prependListener prependOnceListener removeListener removeAllListeners'.split(' '),
  ...Object.getOwnPropertyNames(ServerResponse.prototype),
  ...Object.getOwnPropertyNames(OutgoingMessage.prototype),
]);

type Names = readonly (string | symbol)[];
const NOTHING: Names = [];

/**
 * Names out of which only some need a look.
 *
 * Most objects have the names of the last one, and then they are not judged again; on a miss that is what the guard would
 * spend most of its time on.
 */
class JudgedNames {
  readonly #list: (target: Fields) => Names;
  readonly #plain: ReadonlySet<string>;
  #last: Names = [];
  #suspects: Names = [];

  /**
   * @param list - says which names an object has
   * @param plain - names that are harmless on this kind of object
   */
  constructor(list: (target: Fields) => Names, plain: ReadonlySet<string>) {
    this.#list = list;
    this.#plain = plain;
  }

  /** The names that do not clear themselves. */
  suspectsOf(target: Fields): Names {
    const names = this.#list(target);
    if (!areSame(names, this.#last)) {
      this.#last = names;
      this.#suspects = names.filter((name) => !this.#isCleared(name));
    }
    return this.#suspects;
  }

  #isCleared(name: string | symbol): boolean {
    if (typeof name === 'symbol') return name !== DISTINCT && isPlainSymbol(name);
    return name !== 'query' && name !== 'body' && (NODE_OWN.has(name) || this.#plain.has(name));
  }
}

/**
 * Finds the properties of requests, or of responses, that are neither Node's nor the framework's nor plainly harmless:
 * they may be about the visitor.
 */
class ForeignProperties {
  readonly #judged: readonly JudgedNames[];

  constructor(...judged: readonly JudgedNames[]) {
    this.#judged = judged;
  }

  of(target: Fields): Names {
    let foreign = NOTHING;
    for (const names of this.#judged) {
      const suspects = names.suspectsOf(target);
      if (suspects.length > 0) foreign = [...foreign, ...suspects.filter((name) => isForeign(target, name))];
    }
    return foreign;
  }
}

function areSame(some: Names, others: Names): boolean {
  if (some.length !== others.length) return false;
  for (let i = 0; i < some.length; i++) if (some[i] !== others[i]) return false;
  return true;
}

function isPlainSymbol(name: symbol): boolean {
  if (NODE_OWN.has(name) || name === TRAILERS_DISTINCT || PLAIN_SYMBOLS.has(name.description)) return true;
  return Symbol.keyFor(name)?.startsWith('viewcache.') === true;
}

/** Of a name that is not cleared by itself, whether what stands under it may be about the visitor. */
function isForeign(target: Fields, name: string | symbol): boolean {
  if (typeof name === 'symbol') return name !== DISTINCT || isMemoised(target, name);
  if (name === 'query' || name === 'body') return isReplaced(target, name);
  if (!BOUND.has(name)) return true;
  // A method in the place of an inherited one is no input; a value there would be.
  const inherited = Object.getPrototypeOf(target)?.[name];
  return typeof inherited !== 'function' || typeof Object.getOwnPropertyDescriptor(target, name)?.value !== 'function';
}

/**
 * `req.query` is worked out from the URL, which is in the key, unless somebody has put another one in its place, or has
 * added to the one that Express 4 makes; `req.body` of a request without a body comes from nowhere else.
 */
function isReplaced(target: Fields, name: 'query' | 'body'): boolean {
  if (name === 'query') return 'query' in Object.getPrototypeOf(target) || !isOfUrl(target);
  const value = Object.getOwnPropertyDescriptor(target, name)?.value;
  return value !== undefined && value !== null && (typeof value !== 'object' || Object.keys(value).length > 0);
}

interface Express4 {
  get(setting: 'query parser fn'): unknown;
}

/** Whether a query is what the app would make of the URL as it is now, which is the one in the key. */
function isOfUrl(target: Fields): boolean {
  const query = Object.getOwnPropertyDescriptor(target, 'query')?.value;
  if (typeof query !== 'object' || query === null) return false;
  const [url = ''] = String(target['url']).split('#', 1);
  const at = url.indexOf('?');
  const isBare = Reflect.ownKeys(query).length === 0;
  if (at < 0 || at === url.length - 1) return isBare;
  const parse = (target['app'] as Express4 | undefined)?.get('query parser fn');
  return typeof parse === 'function' ? isDeepStrictEqual(parse(url.slice(at + 1)), query) : isBare;
}

/** Where a loader inside the cached part has been: other names than before it, so that these are judged once, too. */
export const insideRequests = new ForeignProperties(new JudgedNames(Reflect.ownKeys, PLAIN_REQUEST));
export const insideResponses = new ForeignProperties(
  new JudgedNames(Object.keys, PLAIN_RESPONSE),
  new JudgedNames(Object.getOwnPropertySymbols, PLAIN_RESPONSE),
);

/** The properties of requests that may be about the visitor: all, as libraries hide some from enumeration. */
export const ofRequests = new ForeignProperties(new JudgedNames(Reflect.ownKeys, PLAIN_REQUEST));
/** The same of responses, where nobody is known to hide any: V8 has the enumerable ones at hand, and not the others. */
export const ofResponses = new ForeignProperties(
  new JudgedNames(Object.keys, PLAIN_RESPONSE),
  new JudgedNames(Object.getOwnPropertySymbols, PLAIN_RESPONSE),
);
