import type { CacheControl } from './cache-control.js';
import { type FieldValue, splitList } from './syntax.js';

/**
 * Fields that speak of one connection, or to one proxy, and are stored by nobody (RFC 9111 §3.1, RFC 9110 §7.6.1).
 *
 * `proxy-*` is meant for the proxy that receives it; `http2-settings` and `proxy-connection` never leave a hop either.
 */
const HOP_BY_HOP: ReadonlySet<string> = new Set([
  'connection',
  'http2-settings',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authentication-info',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

const NOTHING: ReadonlySet<string> = new Set();

/** Whether a field of this name, in lower case, never goes beyond the next hop. */
export function isHopByHop(name: string): boolean {
  return HOP_BY_HOP.has(name);
}

/**
 * The names, in lower case, that one response keeps out of the store beyond the hop-by-hop ones.
 *
 * Those its Connection field lists (RFC 9110 §7.6.1), and those that `no-cache="…"` and `private="…"` name: a shared
 * cache may store the rest only without them (RFC 9111 §5.2.2.4, §5.2.2.7). Use it with {@link isStoredField} on every
 * response that is stored, since {@link whyNotStored} counts on it.
 */
export function withheldFields(connection: FieldValue, cacheControl: CacheControl): ReadonlySet<string> {
  const { noCache, private: isPrivate } = cacheControl;
  if (connection === undefined && typeof noCache === 'boolean' && typeof isPrivate === 'boolean') return NOTHING;
  const names = new Set<string>();
  const lines = typeof connection === 'object' ? connection : connection === undefined ? [] : [String(connection)];
  for (const line of lines) for (const name of splitList(line)) names.add(name.toLowerCase());
  if (typeof noCache === 'object') for (const name of noCache) names.add(name);
  if (typeof isPrivate === 'object') for (const name of isPrivate) names.add(name);
  return names;
}

/**
 * Whether a field belongs into the stored response.
 *
 * @param name - in lower case
 * @param withheld - what {@link withheldFields} says of this response
 */
export function isStoredField(name: string, withheld: ReadonlySet<string>): boolean {
  return !HOP_BY_HOP.has(name) && !withheld.has(name);
}
