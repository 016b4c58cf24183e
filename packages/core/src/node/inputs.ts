import { IncomingMessage, OutgoingMessage, Server, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import { isDeepStrictEqual } from 'node:util';

// What a read of each input of a request means to a cached view. The tables are the whole of that knowledge; the guard
// only asks them.

/** Properties of a request or a response, whoever put them there. */
export type Fields = Record<string, unknown>;

/** Inputs by which a key tells one bearer of credentials from another. */
export const CREDENTIALS = ['header authorization', 'req.user', 'req.auth', 'req.session', 'req.sessionID'];

/** How an input begins that is the visitor whom a fragment is for: what is made of that is his as well. */
export const OF_VISITORS = 'visitor ';
/** The same of a fragment for those of whom nobody is known: it is for none of the others. */
export const OF_NOBODY = `${OF_VISITORS}nobody`;
/**
 * And of one that a page for everybody cannot have in it: it differs by visitor, as its template says; or it was made where no
 * guard has heard what of the request it is made of.
 */
export const OF_NOBODY_ALONE = `${OF_NOBODY} else`;
/** Any of these, to somebody who is not to be told who it is. */
export const VISITOR = `${OF_VISITORS}of a fragment`;

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
  ...['secret', 'sessionStore', '_passport', '_sessionManager', 'isAuthenticated', 'isUnauthenticated'],
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
type Known = ReadonlySet<string | symbol>;
const OF_NODES_REQUESTS: Known = new Set([...bareNames, 'emit']);
const OF_NODES_RESPONSES: Known = new Set([
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
/** The same of trailers, which come after the body. */
const TRAILERS = (['trailersDistinct', 'trailers'] as const).map(memoOf).filter((key) => key !== undefined);

/** The symbol under which Node keeps what such a getter has answered. */
function memoOf(name: 'headersDistinct' | 'trailersDistinct' | 'trailers'): string | symbol | undefined {
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

/** What a property of a request is called where it is an input. */
export function inputOf(name: string | symbol): string {
  return TRAILERS.includes(name) ? 'req.trailers' : `req.${String(name)}`;
}

/** Methods that tracing binds to its context, or that Node calls to write the response: to call one is to read nothing. */
const BOUND: ReadonlySet<string> = new Set([
  ...'on once off emit addListener prependListener prependOnceListener removeListener removeAllListeners'.split(' '),
  ...Object.getOwnPropertyNames(ServerResponse.prototype),
  ...Object.getOwnPropertyNames(OutgoingMessage.prototype),
]);

type Names = readonly (string | symbol)[];
const NOTHING: Names = [];

/** What is known of requests, or of responses. */
interface Kind {
  /** What Node itself puts there. */
  readonly nodes: Known;
  /** Names that are harmless. */
  readonly plain: ReadonlySet<string>;
  /** Names under which there is something harmless, unless somebody has put something else there. */
  readonly weighed: ReadonlyMap<string | symbol, (target: Fields) => boolean>;
}

/**
 * Names out of which only some need a look.
 *
 * Most objects have the names of the last one, and then they are not judged again; on a miss that is what the guard would
 * spend most of its time on.
 */
class JudgedNames {
  readonly #list: (target: Fields) => Names;
  readonly #kind: Kind;
  #last: Names = [];
  #suspects: Names = [];

  /**
   * @param list - says which names an object has
   * @param kind - what is known of this kind of object
   */
  constructor(list: (target: Fields) => Names, kind: Kind) {
    this.#list = list;
    this.#kind = kind;
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
    const { nodes, plain, weighed } = this.#kind;
    if (weighed.has(name)) return false;
    return nodes.has(name) || (typeof name === 'symbol' ? isPlainSymbol(name) : plain.has(name));
  }
}

/**
 * Finds the properties of requests, or of responses, that are neither Node's nor the framework's nor plainly harmless:
 * they may be about the visitor.
 */
class ForeignProperties {
  readonly #kind: Kind;
  readonly #judged: readonly JudgedNames[];

  constructor(kind: Kind, ...lists: readonly ((target: Fields) => Names)[]) {
    this.#kind = kind;
    this.#judged = lists.map((list) => new JudgedNames(list, kind));
  }

  of(target: Fields): Names {
    let foreign = NOTHING;
    for (const names of this.#judged) {
      const suspects = names.suspectsOf(target);
      if (suspects.length > 0)
        foreign = [...foreign, ...suspects.filter((name) => isForeign(target, name, this.#kind))];
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
  return PLAIN_SYMBOLS.has(name.description) || Symbol.keyFor(name)?.startsWith('viewcache.') === true;
}

/** Of a name that is not cleared by itself, whether what stands under it may be about the visitor. */
function isForeign(target: Fields, name: string | symbol, { weighed }: Kind): boolean {
  const isReplacedIn = weighed.get(name);
  if (isReplacedIn !== undefined) return isReplacedIn(target);
  if (typeof name === 'symbol' || !BOUND.has(name)) return true;
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

/** A route is the same for all its requests: what is written on it, one visitor leaves to the next. */
const OF_ROUTES: Known = new Set(['path', 'stack', 'methods']);
/** What `parseurl` makes of a URL. */
const OF_URLS: Known = new Set([
  ...'protocol slashes auth host port hostname hash search query pathname path href _raw'.split(' '),
]);
const OF_LISTS: Known = new Set(['length']);
const NONE: Known = new Set();

/** HTTP's versions, and what Node has there before it knows: anything else is somebody's. */
const VERSIONS: ReadonlyMap<string, ReadonlySet<unknown>> = new Map<string, ReadonlySet<unknown>>([
  ['httpVersion', new Set(['0.9', '1.0', '1.1', '2.0', null, undefined])],
  ['httpVersionMajor', new Set([0, 1, 2, null, undefined])],
  ['httpVersionMinor', new Set([0, 1, 9, null, undefined])],
]);

function isNoVersion(target: Fields, name: string, known: ReadonlySet<unknown>): boolean {
  const descriptor = Object.getOwnPropertyDescriptor(target, name);
  return descriptor !== undefined && (descriptor.get !== undefined || !known.has(descriptor.value));
}

/** Whether an object that stands under a name has anything but what all of its kind have. */
function hasMore(target: Fields, name: string | symbol, known: Known): boolean {
  const { value, get } = Object.getOwnPropertyDescriptor(target, name) ?? {};
  if (typeof value !== 'object' || value === null) return get !== undefined;
  return Reflect.ownKeys(value).some((it) => !known.has(it));
}

/** Whether anything stands under a name that Node leaves empty. */
function isFilled(target: Fields, name: string): boolean {
  const { value, get } = Object.getOwnPropertyDescriptor(target, name) ?? {};
  return get !== undefined || (value !== undefined && value !== null);
}

const REPLACED: Kind['weighed'] = new Map([
  ['query', (target: Fields) => isReplaced(target, 'query')],
  ['body', (target: Fields) => isReplaced(target, 'body')],
]);
const REQUESTS: Kind = {
  nodes: OF_NODES_REQUESTS,
  plain: PLAIN_REQUEST,
  weighed: new Map([
    ...REPLACED,
    ...(DISTINCT === undefined ? [] : ([[DISTINCT, (target: Fields) => isMemoised(target, DISTINCT)]] as const)),
    // Trailers come with a body, or somebody has put them there.
    ...TRAILERS.map((name) => [name, (target: Fields) => hasMore(target, name, NONE)] as const),
    // Of the response to a request that a client of Node's has sent.
    ...['statusCode', 'statusMessage'].map((name) => [name, (target: Fields) => isFilled(target, name)] as const),
    ['route', (target: Fields) => hasMore(target, 'route', OF_ROUTES)],
    ...['_parsedUrl', '_parsedOriginalUrl'].map((name) => [name, (it: Fields) => hasMore(it, name, OF_URLS)] as const),
    // Trailers come with a body, here as well.
    ['rawTrailers', (target: Fields) => hasMore(target, 'rawTrailers', OF_LISTS)],
    ...[...VERSIONS].map(([name, known]) => [name, (it: Fields) => isNoVersion(it, name, known)] as const),
  ]),
};
const RESPONSES: Kind = { nodes: OF_NODES_RESPONSES, plain: PLAIN_RESPONSE, weighed: REPLACED };

/** Where a loader inside the cached part has been: other names than before it, so that these are judged once, too. */
export const insideRequests = new ForeignProperties(REQUESTS, Reflect.ownKeys);
export const insideResponses = new ForeignProperties(RESPONSES, Object.keys, Object.getOwnPropertySymbols);

/** The properties of requests that may be about the visitor: all, as libraries hide some from enumeration. */
export const ofRequests = new ForeignProperties(REQUESTS, Reflect.ownKeys);
/** The same of responses, where nobody is known to hide any: V8 has the enumerable ones at hand, and not the others. */
export const ofResponses = new ForeignProperties(RESPONSES, Object.keys, Object.getOwnPropertySymbols);
