import type { CacheControl } from './cache-control.js';
import type { Vary } from './vary.js';

/** Why a response is not stored: one closed word, the same in Cache-Status, events and statistics. */
export type NotStoredReason =
  /** Only what GET asked for is stored; HEAD never fills (RFC 9111 §2). */
  | 'method'
  /** Neither final, nor of a status that may be stored here. */
  | 'status'
  /** 206, or in the view profile a Content-Range: a part is not stored (RFC 9111 §3.3). */
  | 'partial'
  /** The response says `private` (§5.2.2.7). */
  | 'private'
  /** The response says `no-store` (§5.2.2.5), or the request does and is heard (§5.2.1.5). */
  | 'no-store'
  /** The response says `no-cache` (§5.2.2.4). */
  | 'no-cache'
  /** It says `must-understand`, and this cache does not know the status (§5.2.2.3). */
  | 'must-understand'
  /** `Vary: *`: no other request would ever match (§4.1). */
  | 'vary-star'
  /** A cookie is for one visitor (RFC 6265). */
  | 'set-cookie'
  /** The request had Authorization, and the response does not allow it (§3.5). */
  | 'authorization'
  /** The lifetime is zero. */
  | 'ttl'
  /** Neither the response nor its status gives it a lifetime (§3). */
  | 'freshness';

/** One answered request, as far as storing goes. */
export interface Exchange {
  readonly method: string;
  readonly status: number;
  /** Of the response. */
  readonly cacheControl: CacheControl;
  readonly vary: Vary;
  /** Whether Set-Cookie would be stored with it: false once the policy has stripped it, or stores it by name. */
  readonly hasSetCookie: boolean;
  /** Whether the request had Authorization that the cache key does not cover. */
  readonly hasAuthorization: boolean;
  readonly hasContentRange: boolean;
  /** Whether the request's `no-store` is to be obeyed and was there. */
  readonly requestNoStore?: boolean;
  /** Whether the key covers all of the request, so that methods other than GET may be stored too. */
  readonly isKeyed?: boolean;
}

/** What the view profile adds: its ttl is the code's word. */
export interface ViewPolicy {
  /** Milliseconds, for this status; 0 stores nothing. */
  readonly ttlMs: number;
  /** The only ones that are stored; 200 alone when absent. */
  readonly statuses?: { has(status: number): boolean } | undefined;
}

/** What the standard profile adds: the response's own word, weighed beforehand. */
export interface StandardPolicy {
  /** What is left of the lifetime, explicit or heuristic; `undefined` when the response has neither. */
  readonly lifetimeMs: number | undefined;
  /** Stores also what can only be used after validation: `no-cache`, or no lifetime, with a validator (RFC 9111 §4.3). */
  readonly storeToValidate?: boolean;
  /** Whether the response has an entity tag or Last-Modified. */
  readonly hasValidator: boolean;
}

/**
 * Says why the view profile does not store a response; `undefined` when it does.
 *
 * The ttl wins over `max-age` and Expires, except that a lifetime of zero for a shared cache is obeyed; every rule that
 * protects a visitor is the standard's (RFC 9111 §3). Fields named by `private="…"` and `no-cache="…"` are no reason to
 * refuse, because they are not stored with the rest: see `withheldFields`.
 */
export function whyNotStored(exchange: Exchange, policy: ViewPolicy): NotStoredReason | undefined {
  const { status, cacheControl } = exchange;
  const refused = refusedInAnyProfile(exchange);
  if (refused !== undefined) return refused;
  if (exchange.hasContentRange) return 'partial';
  if (policy.statuses === undefined ? status !== 200 : !policy.statuses.has(status)) return 'status';
  if (cacheControl.noStore) return 'no-store';
  if (cacheControl.noCache === true) return 'no-cache';
  if (exchange.hasAuthorization && !allowsAuthorization(cacheControl)) return 'authorization';
  // s-maxage is the word for shared caches and overrides max-age (RFC 9111 §5.2.2.10).
  if (!(policy.ttlMs > 0) || (cacheControl.sMaxage ?? cacheControl.maxAge) === 0) return 'ttl';
  return undefined;
}

/**
 * Says why the standard profile does not store a response; `undefined` when it does (RFC 9111 §3).
 *
 * Any final status may be stored with explicit freshness; only 206 is a part, since Content-Range means nothing in other
 * statuses that are stored (RFC 9110 §14.4). `must-understand` narrows that to the statuses whose meaning
 * this cache implements, and for those takes the place of `no-store` (§5.2.2.3).
 */
export function whyNotStoredByStandard(exchange: Exchange, policy: StandardPolicy): NotStoredReason | undefined {
  const { status, cacheControl } = exchange;
  const refused = refusedInAnyProfile(exchange);
  if (refused !== undefined) return refused;
  if (NEVER_STORED.has(status)) return 'status';
  if (cacheControl.mustUnderstand) {
    if (!UNDERSTOOD.has(status)) return 'must-understand';
  } else if (cacheControl.noStore) return 'no-store';
  const validates = policy.storeToValidate === true && policy.hasValidator;
  if (cacheControl.noCache === true && !validates) return 'no-cache';
  if (exchange.hasAuthorization && !allowsAuthorization(cacheControl)) return 'authorization';
  if (policy.lifetimeMs === undefined) {
    // Without a lifetime, a response may be stored only when its status or `public` says so (§3).
    return validates && (cacheControl.public || isHeuristicallyCacheable(status) || cacheControl.noCache === true)
      ? undefined
      : 'freshness';
  }
  return policy.lifetimeMs > 0 || validates ? undefined : 'ttl';
}

/** What protects a visitor, or the client from half a response: no profile has a say in it. */
function refusedInAnyProfile(exchange: Exchange): NotStoredReason | undefined {
  const { method, status, cacheControl } = exchange;
  if (method !== 'GET' && (method === 'HEAD' || exchange.isKeyed !== true)) return 'method';
  if (status === 206) return 'partial';
  // Interim responses are followed by the one that counts (§3); 304 speaks of another response.
  if (!(status >= 200 && status <= 599) || status === 304) return 'status';
  if (cacheControl.private === true) return 'private';
  if (exchange.requestNoStore === true) return 'no-store';
  if (exchange.vary === '*') return 'vary-star';
  if (exchange.hasSetCookie) return 'set-cookie';
  return undefined;
}

/** RFC 9111 §3.5: the three directives by which a response to a request with Authorization may be shared. */
function allowsAuthorization(cacheControl: CacheControl): boolean {
  return cacheControl.public || cacheControl.mustRevalidate || cacheControl.sMaxage !== undefined;
}

/** RFC 9110 §15.1, and 451 by RFC 7725 §3. 206 is left out, since parts are not stored. */
const HEURISTICALLY_CACHEABLE: ReadonlySet<number> = new Set([
  200, 203, 204, 300, 301, 308, 404, 405, 410, 414, 451, 501,
]);

/** True for a status that is cacheable by default: it may be stored, and given a lifetime, without being asked to. */
export function isHeuristicallyCacheable(status: number): boolean {
  return HEURISTICALLY_CACHEABLE.has(status);
}

/** RFC 6585 §3–6: these MUST NOT be stored by a cache, whatever else they say. */
const NEVER_STORED: ReadonlySet<number> = new Set([428, 429, 431, 511]);

/** The final statuses of RFC 9110 §15 and RFC 7725, none of which asks a cache for more than RFC 9111 does. */
const UNDERSTOOD: ReadonlySet<number> = new Set([
  200, 201, 202, 203, 204, 205, 300, 301, 302, 303, 307, 308, 400, 401, 402, 403, 404, 405, 406, 407, 408, 409, 410,
  411, 412, 413, 414, 415, 416, 417, 421, 422, 426, 451, 500, 501, 502, 503, 504, 505,
]);
