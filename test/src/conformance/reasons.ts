/** The tree of the suite on npm still has what its repository has dropped since: a cache of the Edge Architecture. */
const surrogate = 'Surrogate-Control, which RFC 9213 has replaced and the suite has dropped';
/** RFC 9111 §5.1, published after this tree: what is no number is ignored, and of several members the first counts. */
const age =
  'asks for stale where RFC 9111 §5.1 asks to ignore a value that is no number, and to take the first of several';
const disconnect =
  'wants an origin that cuts the connection; a handler in this process fails with a response, or throws';
const validation = 'a stale stored response is not validated yet';

/** Why a required test of the suite cannot pass. Each is a failure that has to stay one: passing would break the RFC. */
export const cannotPass: Readonly<Record<string, string>> = {
  '304-etag-update-response-Cache-Control': validation,
  '304-etag-update-response-Clear-Site-Data': validation,
  '304-etag-update-response-Content-Encoding': validation,
  '304-etag-update-response-Content-Foo': validation,
  '304-etag-update-response-Content-Length': validation,
  '304-etag-update-response-Content-Location': validation,
  '304-etag-update-response-Content-MD5': validation,
  '304-etag-update-response-Content-Range': validation,
  '304-etag-update-response-Content-Security-Policy': validation,
  '304-etag-update-response-Content-Type': validation,
  '304-etag-update-response-ETag': validation,
  '304-etag-update-response-Expires': validation,
  '304-etag-update-response-Public-Key-Pins': validation,
  '304-etag-update-response-Set-Cookie': validation,
  '304-etag-update-response-Set-Cookie2': validation,
  '304-etag-update-response-Test-Header': validation,
  '304-etag-update-response-X-Content-Foo': validation,
  '304-etag-update-response-X-Frame-Options': validation,
  '304-etag-update-response-X-Test-Header': validation,
  '304-etag-update-response-X-XSS-Protection': validation,
  '304-lm-use-stored-Test-Header': validation,
  'age-parse-dup-0': age,
  'age-parse-dup-0-twoline': age,
  'age-parse-dup-old': age,
  'age-parse-float': age,
  'age-parse-negative': age,
  'age-parse-nonnumeric': age,
  'age-parse-prefix-twoline': age,
  'cc-resp-must-revalidate-stale': validation,
  'conditional-etag-vary-headers': validation,
  'headers-store-Content-Length':
    "says a length that its body does not have: such a response is nobody else's (RFC 9112 §6.3)",
  'stale-close-must-revalidate': disconnect,
  'stale-close-no-cache': disconnect,
  'stale-close-proxy-revalidate': disconnect,
  'stale-close-s-maxage=2': disconnect,
  'surrogate-fresh-cc-nostore': surrogate,
  'surrogate-max-age-0': surrogate,
  'surrogate-max-age-0-expires': surrogate,
  'surrogate-max-age-age': surrogate,
  'surrogate-max-age-long-cc-max-age': surrogate,
  'surrogate-max-age-other-target': surrogate,
  'surrogate-no-store-cc-fresh': surrogate,
};

/** Required tests that pass only where an option says so by name, because it may give one visitor's response to another. */
export const demandsAsking: Readonly<Record<string, string>> = {
  'headers-store-Set-Cookie': 'storeCookies: a cookie is for one visitor until somebody says that it is for all',
};
