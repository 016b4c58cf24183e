/** The tree of the suite on npm still has what its repository has dropped since: a cache of the Edge Architecture. */
const surrogate = 'Surrogate-Control, which RFC 9213 has replaced and the suite has dropped';
/** RFC 9111 §5.1, published after this tree: what is no number is ignored, and of several members the first counts. */
const age =
  'asks for stale where RFC 9111 §5.1 asks to ignore a value that is no number, and to take the first of several';
const length = 'says a length that its body does not have: such a response is nobody else’s (RFC 9112 §6.3)';
const disconnect =
  'wants an origin that cuts the connection; a handler in this process fails with a response, or throws';

/** Why a required test of the suite cannot pass: it asks for what the RFC says otherwise, or for what no handler can do. */
export const cannotPass: Readonly<Record<string, string>> = {
  '304-etag-update-response-Content-Length': length,
  '304-etag-update-response-Content-MD5':
    'asks not to update it, which RFC 9111 §3.2 does of every field but those that are withheld or speak of the body',
  '304-etag-update-response-ETag':
    'a 304 with another strong entity tag: RFC 9111 §4.3.4 updates nothing with it, and the suite wants the response fresh',
  'age-parse-dup-0': age,
  'age-parse-dup-0-twoline': age,
  'age-parse-dup-old': age,
  'age-parse-float': age,
  'age-parse-negative': age,
  'age-parse-nonnumeric': age,
  'age-parse-prefix-twoline': age,
  'headers-store-Content-Length': length,
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
  '304-etag-update-response-Set-Cookie': 'storeCookies, as below',
  'headers-store-Set-Cookie': 'storeCookies: a cookie is for one visitor until somebody says that it is for all',
};
