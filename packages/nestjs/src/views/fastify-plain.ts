import { parse } from 'node:querystring';
import { isCovered } from './fastify-origin.js';

/** What Fastify itself puts on a request: Node's, which is watched, and the route's. */
const OF_REQUESTS: ReadonlySet<string> = new Set('id params raw log'.split(' '));
/** What its requests inherit: on one of them, it is somebody's who has put it in that place. */
const INHERITED: ReadonlySet<string> = new Set(
  (
    'server url originalUrl method is404 socket signal ip ips host hostname port protocol headers mediaType ' +
    'routeOptions'
  ).split(' '),
);
/** The same of a reply. */
const OF_REPLIES: ReadonlySet<string> = new Set('raw request log server sent statusCode routeOptions'.split(' '));

type QueryParser = (text: string) => unknown;
interface Options {
  readonly querystringParser?: QueryParser;
  readonly routerOptions?: { readonly querystringParser?: QueryParser };
}
interface QueriedRequest {
  readonly query: unknown;
  readonly raw: { readonly url?: string };
  readonly server: object;
}

/** Whether a property that a request or a reply of Fastify has says nothing of the visitor. */
export function isPlainOnFastify(owner: 'request' | 'response', name: string | symbol, target: object): boolean {
  if (typeof name === 'symbol') return isPlainSymbol(name);
  if (owner === 'response') return OF_REPLIES.has(name) || isEmpty(Reflect.get(target, name));
  if (name === 'query') return isOfUrl(target as QueriedRequest);
  // A request that has a body is not answered from the cache.
  if (name === 'body') return ((target as { body?: unknown }).body ?? undefined) === undefined;
  if (INHERITED.has(name)) return !Object.hasOwn(target, name) || isCovered(target, name);
  return OF_REQUESTS.has(name);
}

/** Plugins declare on every reply what they may put there; templates are given all of `locals`. */
function isEmpty(value: unknown): boolean {
  if (value === undefined || value === null) return true;
  // A Map, or an object of a class, has more than its keys tell.
  const prototype: object | null = typeof value === 'object' ? Object.getPrototypeOf(value) : value;
  const isLiteral = prototype === null || Object.getPrototypeOf(prototype) === null;
  return typeof value === 'object' && isLiteral && Reflect.ownKeys(value).length === 0;
}

/** Fastify's own on a request and a reply, by what they are called: others are not, whatever theirs are called. */
const SYMBOLS: ReadonlySet<string> = new Set([
  ...'hasBeenDecorated context handlerTimeout Request RequestPayloadStream'.split(' ').map((it) => `fastify.${it}`),
  ...'contentType originalUrl signal timeoutTimer onAbort'.split(' ').map((it) => `fastify.request.${it}`),
  ...'serializer isError headers trailers hasStatusCode hijacked'.split(' ').map((it) => `fastify.reply.${it}`),
  ...'startTime endTime nextErrorHandler errorHandlerCalled isRunningOnErrorHook'
    .split(' ')
    .map((it) => `fastify.reply.${it}`),
  // Of `@fastify/cookie`, which sends them itself.
  ...['fastify.reply.setCookies', 'fastify.reply.setCookiesHookRan'],
  // By which Nest numbers requests.
  'REQUEST_CONTEXT_ID',
]);

function isPlainSymbol(name: symbol): boolean {
  return Symbol.keyFor(name)?.startsWith('viewcache.') === true || SYMBOLS.has(name.description ?? '');
}

/** The query is worked out from the URL, which is in the key, unless somebody has put another one in its place. */
function isOfUrl({ query, raw, server }: QueriedRequest): boolean {
  const { url = '' } = raw;
  const at = url.indexOf('?');
  const isBare = typeof query === 'object' && query !== null && Reflect.ownKeys(query).length === 0;
  if (at < 0 || at === url.length - 1) return isBare;
  try {
    return JSON.stringify(parserOf(server)(url.slice(at + 1))) === JSON.stringify(query);
  } catch {
    // No parser makes what has no text.
    return false;
  }
}

const parsers = new WeakMap<object, QueryParser>();

/** As the app was told to parse queries. */
function parserOf(server: object): QueryParser {
  let parser = parsers.get(server);
  if (parser === undefined) {
    const options = optionsOf(server);
    parser = options?.routerOptions?.querystringParser ?? options?.querystringParser ?? parse;
    parsers.set(server, parser);
  }
  return parser;
}

function optionsOf(server: object): Options | undefined {
  for (let owner: object | null = server; owner !== null; owner = Object.getPrototypeOf(owner)) {
    const slot = Object.getOwnPropertySymbols(owner).find(({ description }) => description === 'fastify.options');
    if (slot !== undefined) return Reflect.get(owner, slot);
  }
  return undefined;
}
