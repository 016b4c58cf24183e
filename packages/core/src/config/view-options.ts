import { type Duration, parseDuration } from '../base/duration.js';
import { ConfigError } from '../base/errors.js';
import { KeyMaker } from '../engine/cache-key.js';
import type { HeuristicLimits } from '../http/freshness.js';
import { isToken } from '../http/syntax.js';
import { isTag } from '../invalidation/tags.js';
import {
  checkBoolean,
  checkCount,
  checkFunction,
  checkOneOf,
  checkOptions,
  checkStrings,
  isRecord,
  listed,
  parseBytes,
  withDefaults,
} from './check.js';
import { type EmissionSettings, type EmitCacheControl, type EmitTags, readEmission } from './emission.js';
import { readIgnoredQuery } from './ignored-query.js';
import { type InputAction, type InputMode, type InputRules, readInputs, type WatchedStorage } from './input-options.js';
import { type HeuristicFreshness, readHeuristics, readStatuses, readTtl, type StatusLifetimes } from './lifetimes.js';
import { readStaleOptions, STALE_OPTIONS, type StaleOptions, type StalePolicy } from './stale-options.js';

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
   */
  readonly ttl: Duration;
  /**
   * Adds to the cache key what this returns; also what `invalidate({ key })` names. `undefined` adds nothing. Costs a
   * call on each request. What it reads of the request counts as covered by the key, as a whole: `req.user?.role`
   * covers all of `req.user`.
   *
   * @defaultValue none: the target URI alone
   */
  readonly key?: (req: Req) => string | number | undefined;
  /**
   * Stands in every key; also a namespace that `invalidate({ namespace })` names. At most 256 characters.
   *
   * @defaultValue `''`
   */
  readonly keyPrefix?: string;
  /**
   * Names of request fields that select among variants, beyond those that responses name in `Vary`. Costs a stored
   * response for each combination of values.
   *
   * @defaultValue `[]`
   */
  readonly vary?: readonly string[];
  /**
   * Tags of every response, or a function that is called as the head of a response is written, and again at the end of
   * a stream: strings of 1 to 256 characters without control characters. A wrong one from the function keeps the
   * response from being stored.
   *
   * @defaultValue `[]`
   */
  readonly tags?: readonly string[] | ((req: Req, res: Res) => readonly string[]);
  /**
   * Anything but `true` lets the request past the cache: nothing is looked up, nothing stored. Costs a call on each
   * request.
   *
   * @defaultValue always
   */
  readonly when?: (req: Req) => boolean;
  /**
   * Anything but `true` keeps a finished response from being stored. Costs a call on each one that could be.
   *
   * @defaultValue always
   */
  readonly storeIf?: (response: FinishedResponse) => boolean;
  /**
   * Statuses that are stored, 200 to 599 without 206 and 304; with a ttl for each, `{ 200: '5m', 404: '10s' }`, or all
   * with the view's. An error that is stored is an error for its whole ttl.
   *
   * @defaultValue `[200]`
   */
  readonly statuses?: readonly number[] | Readonly<Record<number, Duration>>;
  /**
   * In the standard profile, guesses a lifetime where a response states none but has Last-Modified (RFC 9111 §4.2.2):
   * a part of the time it has not changed. `true` takes a tenth, at most a day. Costs answers that are as old as that.
   *
   * @defaultValue false: without a stated lifetime nothing is stored
   */
  readonly heuristicFreshness?: boolean | HeuristicFreshness;
  /**
   * How long past its lifetime a stored 200 with an entity tag or Last-Modified of its handler's is kept, so that these
   * may spare the handler the work: they are put on the next request, and where the handler answers 304, what is stored
   * is fresh again (RFC 9111 §4.3). Costs the memory for as long.
   *
   * @defaultValue `'1h'` in the standard profile, `0` in the view profile
   */
  readonly revalidateFor?: Duration;
  /**
   * Methods that are cached; others than GET and HEAD need a `key`, and no longer invalidate their URL.
   *
   * @defaultValue `['GET', 'HEAD']`
   */
  readonly methods?: readonly string[];
  /**
   * Larger bodies are sent and not stored: bytes, or `'2mb'`. Costs as much memory while a response is recorded.
   *
   * @defaultValue `'1mb'`
   */
  readonly maxBodyBytes?: number | string;
  /**
   * Tags a response may have; with more, rows coarsen to their group, and each row of the group reaches it.
   *
   * @defaultValue 64
   */
  readonly maxTags?: number;
  /**
   * Cookies of the handler, by name, that are sent to their visitor and left out of the stored response: a visitor
   * answered from the cache does not get them.
   *
   * @defaultValue none: a response that sets a cookie is not stored
   */
  readonly stripCookies?: readonly string[];
  /**
   * Cookies of the handler, by name, that are stored with the response and given to every visitor who is answered from
   * the cache: for what is the same for all of them, such as a language. Never for anything that tells visitors apart.
   *
   * @defaultValue none
   */
  readonly storeCookies?: readonly string[];
  /** Request directives that are obeyed. A visitor who can force a miss can load your handlers. @defaultValue `[]` */
  readonly honourRequest?: readonly RequestDirective[];
  /**
   * Values that differ on every answer, such as a CSP nonce: left out of the stored body, filled in on each hit. Costs
   * a search of each body that is stored, and a new body on each hit.
   *
   * @defaultValue none
   */
  readonly placeholders?: Readonly<Record<string, (req: Req, res: Res) => string>>;
  /**
   * Query parameters left out of the key: names, or `'utm_*'`. Replaces the default; `[]` leaves nothing out.
   *
   * @defaultValue campaign parameters: `utm_*`, `gclid`, `fbclid` and their like
   */
  readonly ignoreQuery?: readonly string[];
  /**
   * With `ttl: 'origin'`: response fields addressed to this cache (RFC 9213), the one that counts most first, such as
   * `'CDN-Cache-Control'`. Where a response has one, its Cache-Control and Expires do not count here. The fields are
   * sent on.
   *
   * @defaultValue `[]`: Cache-Control and Expires alone
   */
  readonly targets?: readonly string[];
  /**
   * What becomes of a response whose handler read something of the request that is not in the key. For all inputs
   * (`'guard'`, `'refuse'`, `'warn'`, `'off'`), or input by input: `{ 'req.user': 'ignore', cookie: 'hide' }`. With
   * `'warn'` and `'off'`, and by `'ignore'`, a page made for one visitor can reach the next.
   *
   * @defaultValue `'guard'`: identity refuses, small enumerations vary
   */
  readonly inputs?: InputMode | Readonly<Record<string, InputAction>>;
  /**
   * AsyncLocalStorages that middleware in front puts the visitor into: reading the store of one counts as an input.
   * Costs 30 ns for each `getStore()` of theirs, on every route.
   *
   * @defaultValue `[]`: what is kept there cannot be seen
   */
  readonly watch?: readonly WatchedStorage[];
  /** What Cache-Status tells. `'full'` shows keys, which hold what clients sent. @defaultValue `'short'` */
  readonly cacheStatus?: CacheStatusLevel;
  /**
   * Adds `Server-Timing`, which browsers show beside each request: the outcome, and how long the handler took or what
   * the hit saved. For development: it tells everybody.
   *
   * @defaultValue false
   */
  readonly serverTiming?: boolean;
  /**
   * Tells browsers and caches in front how long to keep an answer, where the handler has set neither Cache-Control nor
   * Expires: `true` for its own lifetime. Nobody can take it back from a browser before.
   *
   * @defaultValue false
   */
  readonly emitCacheControl?: boolean | EmitCacheControl;
  /**
   * Tells caches in front the tags of each response, so that they can be told to purge by them:
   * `{ 'Surrogate-Key': true }`. Over 2 KB or 50 tags rows coarsen to their group. Everybody can read them.
   *
   * @defaultValue none
   */
  readonly emitTags?: EmitTags;
}

/** What becomes of the cookies that a handler sets; of any other, its response is not stored. */
export interface CookiePolicy {
  readonly stripCookies: ReadonlySet<string> | undefined;
  readonly storeCookies: ReadonlySet<string> | undefined;
}

/** {@link ViewOptions} with nothing left open. */
export interface ViewPolicy<Req, Res> extends CookiePolicy {
  /** Milliseconds, or the standard profile. */
  readonly lifetimeMs: number | 'origin';
  readonly keys: KeyMaker;
  /** Whether a query parameter is left out of the key. */
  readonly isIgnored: (name: string) => boolean;
  readonly key: ((req: Req) => string | number | undefined) | undefined;
  readonly vary: readonly string[];
  readonly tags: readonly string[] | ((req: Req, res: Res) => readonly string[]);
  readonly when: ((req: Req) => boolean) | undefined;
  readonly storeIf: ((response: FinishedResponse) => boolean) | undefined;
  readonly statuses: StatusLifetimes | undefined;
  readonly heuristics: HeuristicLimits | undefined;
  /** Milliseconds past its lifetime for which a stored response is kept to be validated. */
  readonly revalidatableMs: number;
  readonly methods: ReadonlySet<string>;
  readonly maxBodyBytes: number;
  readonly maxTags: number;
  readonly honours: ReadonlySet<RequestDirective> | undefined;
  readonly placeholders: readonly (readonly [name: string, fill: (req: Req, res: Res) => string])[];
  /** Names of targeted fields, lower case. */
  readonly targets: readonly string[];
  readonly inputs: InputRules;
  readonly cacheStatus: CacheStatusLevel;
  readonly serverTiming: boolean;
  readonly stale: StalePolicy;
  readonly emission: EmissionSettings | undefined;
}

/** The names of {@link ViewOptions}; an adapter adds its own. */
export const VIEW_OPTIONS = [
  'ttl',
  'key',
  'keyPrefix',
  'vary',
  'tags',
  'when',
  'storeIf',
  'statuses',
  'heuristicFreshness',
  'revalidateFor',
  'methods',
  'maxBodyBytes',
  'maxTags',
  'stripCookies',
  'storeCookies',
  'honourRequest',
  'placeholders',
  'ignoreQuery',
  'targets',
  'inputs',
  'watch',
  'cacheStatus',
  'serverTiming',
  ...STALE_OPTIONS,
  'emitCacheControl',
  'emitTags',
] as const;

const DEFAULTS = {
  keyPrefix: '',
  vary: [],
  tags: [],
  methods: ['GET', 'HEAD'],
  maxBodyBytes: '1mb',
  maxTags: 64,
  placeholders: {},
  targets: [],
  cacheStatus: 'short',
  serverTiming: false,
} as const;

/**
 * Reads the options of a view.
 *
 * @param what - the function's name, for errors: `cachePage`
 * @param extra - names of options that the adapter reads itself
 * @param space - keeps what one view stores out of reach of others; asked for at the first request
 * @throws {@link ConfigError} that names the setting, the value given and what is allowed
 */
export function readViewOptions<Req, Res>(
  what: string,
  options: Duration | ViewOptions<Req, Res>,
  extra: readonly string[] = [],
  space: () => string = () => '',
): ViewPolicy<Req, Res> {
  const given: ViewOptions<Req, Res> = typeof options === 'object' && options !== null ? options : { ttl: options };
  checkOptions(what, given, [...VIEW_OPTIONS, ...extra], "a ttl, such as 300 or '5m', or ");
  const lifetimeMs = readTtl(`${what}.ttl`, given.ttl);
  refuseOtherProfile(what, given);
  const isIgnored = readIgnoredQuery(`${what}.ignoreQuery`, given.ignoreQuery);
  const key = checkFunction(`${what}.key`, given.key, 'a function of the request');
  const settings = withDefaults(DEFAULTS, given);
  const vary = readFieldNames(`${what}.vary`, settings.vary);
  const { revalidateFor = lifetimeMs === 'origin' ? '1h' : 0 } = given;
  return {
    lifetimeMs,
    keys: new KeyMaker({
      keyPrefix: readPrefix(`${what}.keyPrefix`, settings.keyPrefix),
      isIgnored,
      get space() {
        return space();
      },
    }),
    isIgnored,
    key,
    vary,
    tags: readTags(`${what}.tags`, settings.tags),
    when: checkFunction(`${what}.when`, given.when, 'a function of the request'),
    storeIf: checkFunction(`${what}.storeIf`, given.storeIf, 'a function of the finished response'),
    statuses: readStatuses(`${what}.statuses`, given.statuses),
    heuristics: readHeuristics(`${what}.heuristicFreshness`, given.heuristicFreshness),
    revalidatableMs: parseDuration(`${what}.revalidateFor`, revalidateFor),
    methods: readMethods(`${what}.methods`, settings.methods, key !== undefined),
    maxBodyBytes: readBodyLimit(`${what}.maxBodyBytes`, settings.maxBodyBytes),
    maxTags: checkCount(`${what}.maxTags`, settings.maxTags, 1),
    stripCookies: readCookieNames(`${what}.stripCookies`, given.stripCookies),
    storeCookies: readCookieNames(`${what}.storeCookies`, given.storeCookies),
    honours: readHonours(`${what}.honourRequest`, given.honourRequest),
    placeholders: readPlaceholders(`${what}.placeholders`, settings.placeholders),
    targets: readTargets(`${what}.targets`, settings.targets, lifetimeMs === 'origin'),
    inputs: readInputs(what, given.inputs, given.watch, vary),
    cacheStatus: checkOneOf(`${what}.cacheStatus`, settings.cacheStatus, CACHE_STATUS_LEVELS),
    serverTiming: checkBoolean(`${what}.serverTiming`, settings.serverTiming),
    stale: readStaleOptions(what, given, lifetimeMs),
    emission: readEmission(what, given),
  };
}

/** What the code decides in the view profile and the response's headers in the standard one, or the other way round. */
function refuseOtherProfile<Req, Res>(what: string, given: ViewOptions<Req, Res>): void {
  const { ttl, statuses, heuristicFreshness } = given;
  if (ttl === 'origin' && statuses !== undefined) {
    const allowed = "no statuses with ttl: 'origin', where the response's headers decide";
    throw new ConfigError(`${what}.statuses`, statuses, allowed);
  }
  if (ttl !== 'origin' && heuristicFreshness !== undefined) {
    const allowed = "only with ttl: 'origin': elsewhere the ttl is the lifetime";
    throw new ConfigError(`${what}.heuristicFreshness`, heuristicFreshness, allowed);
  }
}

/** A body is held in one piece. */
const LARGEST_BODY = 1024 ** 3;

function readBodyLimit(setting: string, value: number | string): number {
  const bytes = parseBytes(setting, value);
  if (bytes > LARGEST_BODY) throw new ConfigError(setting, value, "at most '1gb'");
  return bytes;
}

function readPrefix(setting: string, prefix: unknown): string {
  if (typeof prefix === 'string' && (prefix === '' || isTag(prefix))) return prefix;
  throw new ConfigError(setting, prefix, 'a string of at most 256 characters without control characters');
}

function readFieldNames(setting: string, names: unknown): readonly string[] {
  const allowed = "names of request fields, such as 'accept-language'";
  for (const name of checkStrings(setting, names, allowed)) {
    // `*` is a token, and says in Vary that nobody knows what selects.
    if (!isToken(name) || name === '*') throw new ConfigError(setting, name, allowed);
  }
  return [...new Set((names as readonly string[]).map((name) => name.toLowerCase()))].sort();
}

/** In the order given: the first that a response has counts. */
function readTargets(setting: string, names: unknown, isStandard: boolean): readonly string[] {
  const allowed = "names of response fields, such as 'CDN-Cache-Control', with ttl: 'origin'";
  const targets = checkStrings(setting, names, allowed).map((name) => name.toLowerCase());
  if (targets.length > 0 && !isStandard) throw new ConfigError(setting, names, allowed);
  for (const name of targets) {
    // Cache-Control is what counts where no target does; it has another syntax.
    if (!isToken(name) || name === 'cache-control') throw new ConfigError(setting, name, allowed);
  }
  return [...new Set(targets)];
}

function readTags<Req, Res>(setting: string, tags: NonNullable<ViewOptions<Req, Res>['tags']>) {
  if (typeof tags === 'function') return tags;
  // A copy has no holes, which `every` would pass over.
  if (!Array.isArray(tags) || ![...tags].every(isTag)) {
    throw new ConfigError(
      setting,
      Array.isArray(tags) ? tags.find((tag) => !isTag(tag)) : tags,
      'a list of strings of 1 to 256 characters without control characters, or a function',
      isTag(tags) ? `['${tags}']` : undefined,
    );
  }
  return tags;
}

/** A cookie's name is a token (RFC 6265 §4.1.1). */
function readCookieNames(setting: string, names: unknown): ReadonlySet<string> | undefined {
  if (names === undefined) return undefined;
  const allowed = "names of cookies, such as '_ga'";
  for (const name of checkStrings(setting, names, allowed)) {
    if (!isToken(name)) throw new ConfigError(setting, name, allowed);
  }
  return new Set(names as readonly string[]);
}

function readMethods(setting: string, methods: unknown, isKeyed: boolean): ReadonlySet<string> {
  const allowed = 'GET and HEAD; others only with a `key` that covers the body, such as a hash of it';
  const names = checkStrings(setting, methods, `methods: ${allowed}`).map((name) => name.toUpperCase());
  if (names.length === 0) throw new ConfigError(setting, methods, allowed);
  for (const name of names) {
    if (!isToken(name) || (name !== 'GET' && name !== 'HEAD' && !isKeyed))
      throw new ConfigError(setting, name, allowed);
  }
  return new Set(names);
}

function readHonours(setting: string, directives: unknown): ReadonlySet<RequestDirective> | undefined {
  if (directives === undefined) return undefined;
  const words = checkStrings(setting, directives, `request directives, of ${listed(REQUEST_DIRECTIVES)}`);
  const names = words.map((name) => checkOneOf(setting, name, REQUEST_DIRECTIVES));
  return names.length === 0 ? undefined : new Set(names);
}

function readPlaceholders<Fill>(setting: string, placeholders: Readonly<Record<string, Fill>>) {
  if (!isRecord(placeholders)) {
    throw new ConfigError(setting, placeholders, 'an object of functions that return the value to fill in');
  }
  return Object.entries(placeholders).map(([name, fill]) => {
    if (typeof fill !== 'function')
      throw new ConfigError(`${setting}.${name}`, fill, 'a function that returns the value to fill in');
    return [name, fill] as const;
  });
}
