import type { Duration } from '../base/duration.js';
import type { ContentCoding } from '../http/content-coding.js';
import type { EmitCacheControl, EmitTags } from './emission.js';
import type { InputAction, InputMode, WatchedStorage } from './input-options.js';
import type { HeuristicFreshness } from './lifetimes.js';
import type { StaleOptions } from './stale-options.js';

/** Request Cache-Control directives that `honourRequest` can name (RFC 9111 §5.2.1). */
export const REQUEST_DIRECTIVES = [
  'no-cache',
  'no-store',
  'max-age',
  'max-stale',
  'min-fresh',
  'only-if-cached',
] as const;
/** A request Cache-Control directive that a route may let its visitors use. */
export type RequestDirective = (typeof REQUEST_DIRECTIVES)[number];

/** How much Cache-Status (RFC 9211) tells. */
export const CACHE_STATUS_LEVELS = ['none', 'short', 'full'] as const;
/** `none`: no field. `short`: the outcome. `full`: also the key and the reason, for development. */
export type CacheStatusLevel = (typeof CACHE_STATUS_LEVELS)[number];

/**
 * What a finished response looks like to `storeIf`.
 *
 * @example
 * ```ts
 * cachePage({ ttl: 300, storeIf: ({ body }) => body.length > 0 });
 * ```
 */
export interface FinishedResponse {
  readonly status: number;
  /** Name, value, name, value: what the handler set. */
  readonly headers: readonly string[];
  /** As sent to the client: compressed, where something inside the cached part compresses. */
  readonly body: Buffer;
}

/**
 * How a view is cached. `Req` and `Res` are the framework's.
 *
 * @example
 * ```ts
 * cachePage({ ttl: '1h', tags: (req) => [`cities#${req.params['id']}`], when: (req) => req.query['preview'] === undefined });
 * ```
 */
export interface ViewOptions<Req, Res> extends StaleOptions {
  /**
   * Freshness lifetime: seconds, or `'5m'`, `'1h30m'`, `'250ms'`. `0` stores nothing. `'forever'` stores only
   * responses that declare tags. `'origin'` selects the standard profile: the response's own headers decide (RFC 9111).
   * The longer, the older an answer can be that nobody invalidated.
   *
   * @defaultValue until it is invalidated, where reads are tracked; elsewhere nothing is stored, with a warning
   */
  // Not undefined: what the environment should have had, and has not, is no ttl that was left out on purpose.
  readonly ttl?: Duration;
  /**
   * Adds to the cache key what this returns; also what `invalidate({ key })` names. `undefined` adds nothing. Costs a
   * call on each request. What it reads of the request counts as covered by the key, as a whole: `req.user?.role`
   * covers all of `req.user`.
   *
   * @defaultValue none: the target URI alone
   */
  readonly key?: ((req: Req) => string | number | undefined) | undefined;
  /**
   * Stands in every key; also a namespace that `invalidate({ namespace })` names. At most 256 characters.
   *
   * @defaultValue `''`
   */
  readonly keyPrefix?: string | undefined;
  /**
   * Names of request fields that select among variants, beyond those that responses name in `Vary`. Costs a stored
   * response for each combination of values.
   *
   * @defaultValue `[]`
   */
  readonly vary?: readonly string[] | undefined;
  /**
   * Tags of every response, or a function that is called as the head of a response is written, and again at the end of
   * a stream: strings of 1 to 256 characters without control characters. A wrong one from the function keeps the
   * response from being stored.
   *
   * @defaultValue `[]`
   */
  readonly tags?: readonly string[] | ((req: Req, res: Res) => readonly string[]) | undefined;
  /**
   * Anything but `true` lets the request past the cache: nothing is looked up, nothing stored. Costs a call on each
   * request.
   *
   * @defaultValue always
   */
  readonly when?: ((req: Req) => boolean) | undefined;
  /**
   * Anything but `true` keeps a finished response from being stored. Costs a call on each one that could be.
   *
   * @defaultValue always
   */
  readonly storeIf?: ((response: FinishedResponse) => boolean) | undefined;
  /**
   * Statuses that are stored, 200 to 599 without 206 and 304; with a ttl for each, `{ 200: '5m', 404: '10s' }`, or all
   * with the view's. An error that is stored is an error for its whole ttl.
   *
   * @defaultValue `[200]`
   */
  readonly statuses?: readonly number[] | Readonly<Record<number, Duration>> | undefined;
  /**
   * In the standard profile, guesses a lifetime where a response states none but has Last-Modified (RFC 9111 §4.2.2):
   * a part of the time it has not changed. `true` takes a tenth, at most a day. Costs answers that are as old as that.
   *
   * @defaultValue false: without a stated lifetime nothing is stored
   */
  readonly heuristicFreshness?: boolean | HeuristicFreshness | undefined;
  /**
   * How long past its lifetime a stored 200 with an entity tag or Last-Modified of its handler's is kept, so that these
   * may spare the handler the work: they are put on the next request, and where the handler answers 304, what is stored
   * is fresh again (RFC 9111 §4.3). Costs the memory for as long.
   *
   * @defaultValue `'1h'` in the standard profile, `0` in the view profile
   */
  readonly revalidateFor?: Duration | undefined;
  /**
   * Methods that are cached; others than GET and HEAD need a `key`, and no longer invalidate their URL.
   *
   * @defaultValue `['GET', 'HEAD']`
   */
  readonly methods?: readonly string[] | undefined;
  /**
   * Larger bodies are sent and not stored: bytes, or `'2mb'`. Costs as much memory while a response is recorded.
   *
   * @defaultValue `'1mb'`
   */
  readonly maxBodyBytes?: number | string | undefined;
  /**
   * Tags a response may have; with more, rows coarsen to their group, and each row of the group reaches it.
   *
   * @defaultValue 64
   */
  readonly maxTags?: number | undefined;
  /**
   * Cookies of the handler, by name, that are sent to their visitor and left out of the stored response: a visitor
   * answered from the cache does not get them.
   *
   * @defaultValue none: a response that sets a cookie is not stored
   */
  readonly stripCookies?: readonly string[] | undefined;
  /**
   * Cookies of the handler, by name, that are stored with the response and given to every visitor who is answered from
   * the cache: for what is the same for all of them, such as a language. Never for anything that tells visitors apart.
   *
   * @defaultValue none
   */
  readonly storeCookies?: readonly string[] | undefined;
  /** Request directives that are obeyed. A visitor who can force a miss can load your handlers. @defaultValue `[]` */
  readonly honourRequest?: readonly RequestDirective[] | undefined;
  /**
   * Values that differ on every answer, such as a CSP nonce: left out of the stored body, filled in on each hit. Costs
   * a search of each body that is stored, and a new body on each hit.
   *
   * @defaultValue none
   */
  readonly placeholders?: Readonly<Record<string, (req: Req, res: Res) => string>> | undefined;
  /**
   * Content codings that stored text is kept in, too, the preferred one first: `['br', 'gzip']`. Each is made once, in
   * the background, and sent to clients that accept it. Costs the memory of each, and that time of a thread.
   *
   * @defaultValue none: stored responses are sent as they are
   */
  readonly contentCodings?: readonly ContentCoding[] | undefined;
  /**
   * Query parameters left out of the key: names, or `'utm_*'`. Replaces the default; `[]` leaves nothing out.
   *
   * @defaultValue campaign parameters: `utm_*`, `gclid`, `fbclid` and their like
   */
  readonly ignoreQuery?: readonly string[] | undefined;
  /**
   * With `ttl: 'origin'`: response fields addressed to this cache (RFC 9213), the one that counts most first, such as
   * `'CDN-Cache-Control'`. Where a response has one, its Cache-Control and Expires do not count here. The fields are
   * sent on.
   *
   * @defaultValue `[]`: Cache-Control and Expires alone
   */
  readonly targets?: readonly string[] | undefined;
  /**
   * What the handler reads of watched data sources becomes the tags of its response, which is invalidated when that is
   * written: then it needs no ttl, and `'forever'` no tags. Costs some microseconds for each statement of a miss.
   *
   * @defaultValue the cache's `trackReads`: as soon as a data source is watched for it
   */
  readonly trackReads?: boolean | undefined;
  /**
   * What becomes of a response whose handler read something of the request that is not in the key. For all inputs
   * (`'guard'`, `'refuse'`, `'warn'`, `'off'`), or input by input: `{ 'req.user': 'ignore', cookie: 'hide' }`. With
   * `'warn'` and `'off'`, and by `'ignore'`, a page made for one visitor can reach the next.
   *
   * @defaultValue `'guard'`: identity refuses, small enumerations vary
   */
  readonly inputs?: InputMode | Readonly<Record<string, InputAction>> | undefined;
  /**
   * AsyncLocalStorages that middleware in front puts the visitor into: reading the store of one counts as an input.
   * Costs 30 ns for each `getStore()` of theirs, on every route.
   *
   * @defaultValue `[]`: what is kept there cannot be seen
   */
  readonly watch?: readonly WatchedStorage[] | undefined;
  /** What Cache-Status tells. `'full'` shows keys, which hold what clients sent. @defaultValue `'short'` */
  readonly cacheStatus?: CacheStatusLevel | undefined;
  /**
   * Adds `Server-Timing`, which browsers show beside each request: the outcome, and how long the handler took or what
   * the hit saved. For development: it tells everybody.
   *
   * @defaultValue false
   */
  readonly serverTiming?: boolean | undefined;
  /**
   * Tells browsers and caches in front how long to keep an answer, where the handler has set neither Cache-Control nor
   * Expires: `true` for its own lifetime. Nobody can take it back from a browser before.
   *
   * @defaultValue false
   */
  readonly emitCacheControl?: boolean | EmitCacheControl | undefined;
  /**
   * Tells caches in front the tags of each response, so that they can be told to purge by them:
   * `{ 'Surrogate-Key': true }`. Over 2 KB or 50 tags rows coarsen to their group. Everybody can read them.
   *
   * @defaultValue none
   */
  readonly emitTags?: EmitTags | undefined;
}
