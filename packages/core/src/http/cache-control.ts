import { type FieldValue, isToken, parseDeltaSeconds, splitList, unquote } from './syntax.js';

/**
 * The directives of a Cache-Control field, of a request or of a response (RFC 9111 §5.2, RFC 5861, RFC 8246).
 *
 * Seconds are whole, never negative and at most 2^31. A number that was sent wrongly (negative, fractional, in single
 * quotes, with a space beside the `=`) is 0, so that the response is stale rather than fresh by accident (§4.2.1).
 */
export interface CacheControl {
  readonly maxAge: number | undefined;
  readonly sMaxage: number | undefined;
  readonly staleWhileRevalidate: number | undefined;
  readonly staleIfError: number | undefined;
  readonly noStore: boolean;
  /** `true` for the whole response, or the lower-case names of the fields that it covers (§5.2.2.4). */
  readonly noCache: boolean | readonly string[];
  /** `true` for the whole response, or the lower-case names of the fields that it covers (§5.2.2.7). */
  readonly private: boolean | readonly string[];
  readonly public: boolean;
  readonly mustRevalidate: boolean;
  readonly proxyRevalidate: boolean;
  readonly mustUnderstand: boolean;
  readonly noTransform: boolean;
  readonly immutable: boolean;
  /** Request only: how stale a response may be; `Infinity` when no limit was given (§5.2.1.2). */
  readonly maxStale: number | undefined;
  /** Request only (§5.2.1.3). */
  readonly minFresh: number | undefined;
  /** Request only (§5.2.1.7). */
  readonly onlyIfCached: boolean;
}

type Draft = { -readonly [K in keyof CacheControl]: CacheControl[K] };

const noDirectives = (): Draft => ({
  maxAge: undefined,
  sMaxage: undefined,
  staleWhileRevalidate: undefined,
  staleIfError: undefined,
  noStore: false,
  noCache: false,
  private: false,
  public: false,
  mustRevalidate: false,
  proxyRevalidate: false,
  mustUnderstand: false,
  noTransform: false,
  immutable: false,
  maxStale: undefined,
  minFresh: undefined,
  onlyIfCached: false,
});

/** What an absent Cache-Control field says: nothing. */
export const NO_CACHE_CONTROL: CacheControl = Object.freeze(noDirectives());

/**
 * Reads a Cache-Control field, whatever the letter case of its directives and however many lines it came in.
 *
 * Never throws; unknown directives are ignored (RFC 9111 §5.2.3). Of a repeated number the first counts (§4.2.1).
 *
 * @example
 * ```ts
 * parseCacheControl('Max-Age=60, PRIVATE="set-cookie"'); // { maxAge: 60, private: ['set-cookie'], … }
 * ```
 */
export function parseCacheControl(field: FieldValue): CacheControl {
  if (field === undefined || typeof field === 'number') return NO_CACHE_CONTROL;
  const draft = noDirectives();
  if (typeof field === 'string') readLine(draft, field);
  else for (const line of field) readLine(draft, line);
  return draft;
}

function readLine(draft: Draft, line: string): void {
  for (const member of splitList(line)) {
    const equals = member.indexOf('=');
    if (equals === -1) readDirective(draft, member.toLowerCase(), undefined);
    else readDirective(draft, member.slice(0, equals).toLowerCase(), member.slice(equals + 1));
  }
}

function readDirective(draft: Draft, written: string, argument: string | undefined): void {
  // The grammar has no whitespace around `=` (§5.2). `max-age =60` is therefore wrong and counts as stale, while
  // `private =x` still forbids: a mistake may cost a hit, never make a response storable.
  const name = written.trimEnd();
  const value = name === written ? argument : '';
  switch (name) {
    case 'max-age':
      draft.maxAge ??= seconds(value);
      break;
    case 's-maxage':
      draft.sMaxage ??= seconds(value);
      break;
    case 'stale-while-revalidate':
      draft.staleWhileRevalidate ??= seconds(value);
      break;
    case 'stale-if-error':
      draft.staleIfError ??= seconds(value);
      break;
    case 'max-stale':
      draft.maxStale ??= value === undefined ? Number.POSITIVE_INFINITY : seconds(value);
      break;
    case 'min-fresh':
      draft.minFresh ??= seconds(value);
      break;
    case 'no-cache':
      draft.noCache = widen(draft.noCache, value);
      break;
    case 'private':
      draft.private = widen(draft.private, value);
      break;
    case 'no-store':
      draft.noStore = true;
      break;
    case 'public':
      draft.public = true;
      break;
    case 'must-revalidate':
      draft.mustRevalidate = true;
      break;
    case 'proxy-revalidate':
      draft.proxyRevalidate = true;
      break;
    case 'must-understand':
      draft.mustUnderstand = true;
      break;
    case 'no-transform':
      draft.noTransform = true;
      break;
    case 'immutable':
      draft.immutable = true;
      break;
    case 'only-if-cached':
      draft.onlyIfCached = true;
      break;
  }
}

function seconds(argument: string | undefined): number {
  return argument === undefined ? 0 : (parseDeltaSeconds(unquote(argument)) ?? 0);
}

/** The unqualified form wins over field names, and whatever is not a clean list of names counts as unqualified. */
/** Field names that `private` and `no-cache` may have: more than any response has fields. */
const FIELD_NAMES = 100;

function widen(known: boolean | readonly string[], argument: string | undefined): boolean | readonly string[] {
  if (known === true || argument === undefined) return true;
  const names = splitList(unquote(argument)).map((name) => name.toLowerCase());
  if (names.length === 0 || !names.every(isToken)) return true;
  const all = known === false ? names : [...known, ...names];
  // Whoever names more means to cost time; and to forbid more than was asked for is safe.
  return all.length > FIELD_NAMES ? true : all;
}
