/** Safe by the method registry (RFC 9110 §9.2.1, §16.1.1): they ask, and change nothing. */
const SAFE: ReadonlySet<string> = new Set([
  'GET',
  'HEAD',
  'OPTIONS',
  'TRACE',
  'PRI',
  'PROPFIND',
  'QUERY',
  'REPORT',
  'SEARCH',
]);

/**
 * Whether a method is defined as safe. Names of methods have a letter case (RFC 9110 §9.1), and one that is not known is
 * unsafe (RFC 9111 §4.4).
 */
export function isSafeMethod(method: string): boolean {
  return SAFE.has(method);
}

/** An answered request, as far as it may invalidate something. */
export interface UnsafeExchange {
  readonly method: string;
  /** Absolute: scheme, host, path and query as the client meant them. */
  readonly targetUri: string;
  readonly status: number;
  /** The response's Location field. */
  readonly location?: string | undefined;
  /** The response's Content-Location field. */
  readonly contentLocation?: string | undefined;
}

/**
 * The URIs whose stored responses a request has made obsolete, absolute and each once (RFC 9111 §4.4).
 *
 * Nothing unless the method is unsafe and the answer is no error (2xx or 3xx). The target URI is given back as it came;
 * Location and Content-Location count when they have its origin, so that no site can make another's responses vanish.
 *
 * @example
 * ```ts
 * invalidatedBy({ method: 'POST', targetUri: 'https://a.example/cities', status: 201, location: '/cities/7' });
 * // ['https://a.example/cities', 'https://a.example/cities/7']
 * ```
 */
export function invalidatedBy(exchange: UnsafeExchange): string[] {
  const { method, status, targetUri } = exchange;
  if (isSafeMethod(method) || !(status >= 200 && status <= 399)) return [];
  const targets = new Set([targetUri]);
  for (const reference of [exchange.location, exchange.contentLocation]) {
    const uri = reference === undefined ? undefined : sameOriginUri(reference, targetUri);
    if (uri !== undefined) targets.add(uri);
  }
  return [...targets];
}

function sameOriginUri(reference: string, base: string): string | undefined {
  // Neither may be trusted to be a URI: the base holds the client's Host field, and is parsed here too.
  if (!URL.canParse(reference, base)) return undefined;
  const uri = new URL(reference, base);
  const origin = new URL(base);
  if (uri.protocol !== origin.protocol || uri.host !== origin.host || uri.host === '') return undefined;
  uri.hash = '';
  uri.username = '';
  uri.password = '';
  return uri.href;
}
