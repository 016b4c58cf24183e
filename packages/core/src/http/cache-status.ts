import { isTchar } from './syntax.js';

/** Why a request went on to the producer (RFC 9211 §2.2). */
export type ForwardReason =
  /** The cache was told not to handle the request. */
  | 'bypass'
  /** The method is not one that a stored response may answer. */
  | 'method'
  /** Nothing was stored for the target URI. */
  | 'uri-miss'
  /** Something was, but for other values of the selecting headers. */
  | 'vary-miss'
  /** Nothing was stored, and which of the two it was is not known. */
  | 'miss'
  /** The request's own directives asked for it. */
  | 'request'
  /** What was stored was stale. */
  | 'stale'
  /** What was stored was only a part. */
  | 'partial';

/** The parameters of one Cache-Status member (RFC 9211 §2). */
export interface CacheStatus {
  /** Answered from the store: excludes `fwd`. */
  readonly hit?: boolean;
  readonly fwd?: ForwardReason | undefined;
  /** The producer's status, where it differs from the answer's. */
  readonly fwdStatus?: number | undefined;
  /** The producer's response was stored. */
  readonly stored?: boolean | undefined;
  /** The request was answered together with others. */
  readonly collapsed?: boolean | undefined;
  /** Seconds of freshness left; negative once stale. */
  readonly ttl?: number | undefined;
  /** The cache key. It holds what the client sent: for development only. */
  readonly key?: string | undefined;
  /** A machine-readable reason. */
  readonly detail?: string | undefined;
}

/** Writes the Cache-Status fields of one cache. */
export interface CacheStatusWriter {
  /** The value for a hit with this many seconds of freshness left: the one that is written most, and nearly free. */
  hit(ttl: number): string;
  /** The value for any other outcome. Anything at all may be in `key` and `detail`: they cannot break out of it. */
  write(status: CacheStatus): string;
}

/** Longer keys are cut: a long head breaks proxies. */
const MAX_STRING = 256;

/** The largest sf-integer (RFC 8941 §3.3.1). */
const MAX_INTEGER = 999_999_999_999_999;

/**
 * Makes the writer of a cache's Cache-Status field (RFC 9211, with the syntax of RFC 8941).
 *
 * @param cache - the cache's identifier: a token stands as it is, anything else is quoted
 *
 * @example
 * ```ts
 * const status = cacheStatusWriter('viewcache');
 * status.hit(293);                                      // 'viewcache; hit; ttl=293'
 * status.write({ fwd: 'uri-miss', stored: true });      // 'viewcache; fwd=uri-miss; stored'
 * ```
 */
export function cacheStatusWriter(cache: string): CacheStatusWriter {
  const name = bareItem(cache);
  const endless = `${name}; hit`;
  const hitPrefix = `${endless}; ttl=`;
  return {
    // A lifetime without end is no number, and the parameter is optional (§2.4).
    hit: (ttl) => (ttl === Number.POSITIVE_INFINITY ? endless : hitPrefix + integer(ttl)),
    write(status) {
      let out = name;
      // A response that was forwarded for is no hit (§2.1).
      if (status.fwd !== undefined) out += `; fwd=${status.fwd}`;
      else if (status.hit === true) out += '; hit';
      if (status.fwdStatus !== undefined) out += `; fwd-status=${integer(status.fwdStatus)}`;
      if (status.stored === true) out += '; stored';
      if (status.collapsed === true) out += '; collapsed';
      if (status.ttl !== undefined && status.ttl !== Number.POSITIVE_INFINITY) out += `; ttl=${integer(status.ttl)}`;
      if (status.key !== undefined) out += `; key=${quoted(status.key)}`;
      if (status.detail !== undefined) out += `; detail=${bareItem(status.detail)}`;
      return out;
    },
  };
}

/** Whole, and within what an sf-integer can hold. */
function integer(value: number): string {
  const whole = Math.floor(value);
  if (whole >= -MAX_INTEGER && whole <= MAX_INTEGER) return String(whole);
  return String(whole > 0 ? MAX_INTEGER : whole < 0 ? -MAX_INTEGER : 0);
}

function bareItem(text: string): string {
  return isSfToken(text) ? text : quoted(text);
}

/** RFC 8941 §3.3.4. */
function isSfToken(text: string): boolean {
  if (text.length === 0 || text.length > MAX_STRING) return false;
  const first = text.charCodeAt(0) | 0x20;
  if (!((first >= 0x61 && first <= 0x7a) || text.charCodeAt(0) === 0x2a)) return false;
  for (let i = 1; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (!isTchar(code) && code !== 0x3a && code !== 0x2f) return false;
  }
  return true;
}

/** RFC 8941 §3.3.3: visible ASCII and spaces. The rest is percent-encoded, line ends above all. */
function quoted(text: string): string {
  const cut = text.length > MAX_STRING ? `${text.slice(0, MAX_STRING)}...` : text;
  if (/^[\x20\x21\x23-\x5b\x5d-\x7e]*$/.test(cut)) return `"${cut}"`;
  const ascii = cut.replace(/[^\x20-\x7e]/gu, percentEncoded);
  return `"${ascii.replace(/["\\]/g, '\\$&')}"`;
}

function percentEncoded(char: string): string {
  // Half a surrogate pair is no character, and encodeURIComponent throws at it.
  return char.length === 1 && char >= '\ud800' && char <= '\udfff' ? '%EF%BF%BD' : encodeURIComponent(char);
}
