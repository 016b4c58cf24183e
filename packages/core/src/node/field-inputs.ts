// What a read of each request field means to a cached view. The tables are the whole of that knowledge.

/**
 * What becomes of a response whose producer has read an input: it is not stored; the input selects among variants; it
 * does so for few values only; or nothing.
 */
export type DefaultAction = 'refuse' | 'vary' | 'learn' | 'ignore';

/**
 * Who is asking, or from where: a response that was shaped by one of these belongs to one visitor. The last three have
 * a value for each browser, so that a variant for each would fill the store with pages for nobody else.
 */
const IDENTITY: ReadonlySet<string> = new Set(
  (
    'cookie authorization proxy-authorization x-api-key x-access-token x-auth-token remote-user x-user x-user-id ' +
    'x-forwarded-for forwarded x-forwarded forwarded-for x-real-ip x-client-ip cf-connecting-ip cf-pseudo-ipv4 ' +
    'true-client-ip fastly-client-ip fly-client-ip x-cluster-client-ip x-appengine-user-ip ' +
    'user-agent referer referrer from'
  ).split(' '),
);

/** Small enumerations: a handful of values each, as browsers and the common libraries for them send them. */
const ENUMERATIONS: ReadonlySet<string> = new Set(
  (
    'accept accept-language accept-encoding accept-charset origin x-requested-with sec-ch-ua-mobile ' +
    'sec-ch-prefers-color-scheme save-data dnt sec-gpc sec-fetch-mode sec-fetch-dest sec-fetch-site hx-request ' +
    'hx-boosted turbo-frame x-inertia x-inertia-version x-pjax rsc'
  ).split(' '),
);

/** What the cache answers for itself, what is in the key already, and what only tracing reads. */
const IGNORED: ReadonlySet<string> = new Set(
  (
    'host connection keep-alive proxy-connection te trailer transfer-encoding upgrade expect content-length ' +
    'content-type content-encoding date max-forwards via if-match if-none-match if-modified-since ' +
    'if-unmodified-since if-range range cache-control pragma traceparent tracestate baggage sentry-trace b3 ' +
    'x-b3-traceid x-b3-spanid x-b3-sampled x-b3-parentspanid x-b3-flags uber-trace-id x-cloud-trace-context ' +
    'x-amzn-trace-id x-request-id x-correlation-id cf-ray cdn-loop x-no-compression priority'
  ).split(' '),
);

/** What libraries ask any object for, to learn what it is. */
const PROBES: ReadonlySet<string> = new Set(
  (
    'length then get has set append delete entries keys values raw size inspect next on pipe map filter prototype ' +
    'buffer nodetype domain name type'
  ).split(' '),
);

/** What a field means where nobody has said otherwise. */
export function fieldAction(name: string): DefaultAction {
  if (IDENTITY.has(name) || name.endsWith('-token') || name.includes('csrf')) return 'refuse';
  if (ENUMERATIONS.has(name)) return 'vary';
  return isIgnored(name) ? 'ignore' : 'learn';
}

/** Those of them that a request had as a field, and a handler has asked for: from then on its absence says something. */
const seen = new Set<string>();

/** Node gives field names in lower case: anything else that is asked for is no field, unless the request has it. */
export function isFieldName(name: string, fields: object): boolean {
  if (PROBES.has(name)) {
    if (Object.hasOwn(fields, name)) seen.add(name);
    return seen.has(name);
  }
  return name === name.toLowerCase() && (!(name in Object.prototype) || Object.hasOwn(fields, name));
}

function isIgnored(name: string): boolean {
  return IGNORED.has(name) || name.startsWith('sec-websocket-');
}
