import { isToken, MAX_DELTA_SECONDS } from './syntax.js';

/** Response directives to write: RFC 9111 §5.2.2, RFC 5861 and RFC 8246. Seconds are whole and not negative. */
export interface CacheControlDirectives {
  /** Any cache may store it, even where the request had Authorization. Not together with `private: true`. */
  readonly public?: boolean;
  /** Only a private cache may store it; or the fields a shared cache has to leave out. */
  readonly private?: boolean | readonly string[];
  /** No reuse without validation; or the fields that must not be reused so. */
  readonly noCache?: boolean | readonly string[];
  /** Nothing stores it. */
  readonly noStore?: boolean;
  /** Seconds for which it is fresh. */
  readonly maxAge?: number;
  /** Seconds for which it is fresh in a shared cache; not together with `private: true`. */
  readonly sMaxage?: number;
  /** Once stale, no reuse without validation. Not together with the two `stale…` directives. */
  readonly mustRevalidate?: boolean;
  /** `mustRevalidate`, for shared caches only. */
  readonly proxyRevalidate?: boolean;
  /** Stored only by a cache that knows what its status asks for; such a cache ignores `noStore`. */
  readonly mustUnderstand?: boolean;
  /** Nobody on the way changes the content. */
  readonly noTransform?: boolean;
  /** Not validated while fresh, not even on reload (RFC 8246). */
  readonly immutable?: boolean;
  /** Seconds past its lifetime for which it may be served while it is validated (RFC 5861 §3). */
  readonly staleWhileRevalidate?: number;
  /** Seconds past its lifetime for which it may be served when an error is met (RFC 5861 §4). */
  readonly staleIfError?: number;
}

type Kind = 'flag' | 'seconds' | 'fields';

/** Every directive in the order in which it is written. */
const DIRECTIVES: Readonly<Record<keyof CacheControlDirectives, readonly [name: string, kind: Kind]>> = {
  public: ['public', 'flag'],
  private: ['private', 'fields'],
  noCache: ['no-cache', 'fields'],
  noStore: ['no-store', 'flag'],
  maxAge: ['max-age', 'seconds'],
  sMaxage: ['s-maxage', 'seconds'],
  mustRevalidate: ['must-revalidate', 'flag'],
  proxyRevalidate: ['proxy-revalidate', 'flag'],
  mustUnderstand: ['must-understand', 'flag'],
  noTransform: ['no-transform', 'flag'],
  immutable: ['immutable', 'flag'],
  staleWhileRevalidate: ['stale-while-revalidate', 'seconds'],
  staleIfError: ['stale-if-error', 'seconds'],
};

/**
 * Writes the value of a Cache-Control response field.
 *
 * @throws TypeError, naming the directive, for one that does not exist, a value of the wrong kind, and two directives
 * that cannot both be meant
 *
 * @example
 * ```ts
 * formatCacheControl({ public: true, maxAge: 60, staleWhileRevalidate: 30 });
 * // 'public, max-age=60, stale-while-revalidate=30'
 * ```
 */
export function formatCacheControl(directives: CacheControlDirectives): string {
  for (const key of Object.keys(directives)) {
    if (!Object.hasOwn(DIRECTIVES, key)) {
      throw new TypeError(`${key} is not a directive; use ${Object.keys(DIRECTIVES).join(', ')}`);
    }
  }
  refuseContradictions(directives);
  const written: string[] = [];
  for (const [key, [name, kind]] of Object.entries(DIRECTIVES)) {
    const value: unknown = directives[key as keyof CacheControlDirectives];
    if (value === undefined || value === false) continue;
    written.push(value === true && kind !== 'seconds' ? name : `${name}=${argument(key, kind, value)}`);
  }
  return written.join(', ');
}

function argument(key: string, kind: Kind, value: unknown): string {
  if (kind === 'seconds') {
    if (!(Number.isInteger(value) && (value as number) >= 0)) {
      throw new TypeError(`${key} takes a whole number of seconds from 0 up, not ${String(value)}`);
    }
    return String(Math.min(value as number, MAX_DELTA_SECONDS));
  }
  if (kind === 'fields' && Array.isArray(value) && value.length > 0) {
    // A name that is no token could end the quoted string, or the line, and go on with directives of its own.
    if (!value.every((name) => typeof name === 'string' && isToken(name))) {
      throw new TypeError(`${key} takes names of fields, which ${JSON.stringify(value)} is not`);
    }
    return `"${value.map((name: string) => name.toLowerCase()).join(', ')}"`;
  }
  throw new TypeError(`${key} takes true or false${kind === 'fields' ? ' or a list of field names' : ''}`);
}

function refuseContradictions(directives: CacheControlDirectives): void {
  const { public: isPublic, private: isPrivate, noStore, sMaxage, mustRevalidate } = directives;
  if (isPublic === true && isPrivate === true) throw new TypeError('public and private exclude each other');
  if (isPrivate === true && sMaxage !== undefined) {
    throw new TypeError('sMaxage speaks to shared caches, which private: true keeps from storing (RFC 9111 §5.2.2.7)');
  }
  const lifetime = firstPositive(directives, ['maxAge', 'sMaxage', 'staleWhileRevalidate', 'staleIfError']);
  // With must-understand, no-store is the fallback for caches that do not know the directive (§5.2.2.3).
  if (noStore === true && directives.mustUnderstand !== true) {
    if (isPublic === true) throw new TypeError('noStore and public exclude each other');
    if (lifetime !== undefined) throw new TypeError(`noStore leaves nothing for ${lifetime} to speak of`);
  }
  const stale = firstPositive(directives, ['staleWhileRevalidate', 'staleIfError']);
  if (mustRevalidate === true && stale !== undefined) {
    throw new TypeError(`mustRevalidate forbids what ${stale} permits (RFC 9111 §4.2.4)`);
  }
}

type SecondsKey = 'maxAge' | 'sMaxage' | 'staleWhileRevalidate' | 'staleIfError';

function firstPositive(directives: CacheControlDirectives, keys: readonly SecondsKey[]): SecondsKey | undefined {
  return keys.find((key) => (directives[key] ?? 0) > 0);
}
